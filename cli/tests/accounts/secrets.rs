//! Passwords and recovery codes.

use std::fs;

use crate::NEW_PASSWORD;
use crate::support::{Gateway, PASSWORD, User};

#[test]
fn the_password_locks_the_profile_unless_it_is_left_unlocked() {
    let gateway = Gateway::start();
    let anna = User::locked("anna", &gateway);
    let locked = User::at(&["--server", &gateway.tcp]);
    let whoami = |user: &User, arguments: &[&str]| {
        let mut command = user.command(&[arguments, &["whoami"]].concat());
        crate::support::run(command.env("SOTTO_PROFILE", anna.profile()), "")
    };
    let asked = whoami(&locked, &[]).fails(5);
    assert!(asked.stderr.contains("--password-file"), "{asked:?}");
    locked.write("wrong", "incorrect horse battery");
    whoami(&locked, &["--password-file", "wrong"]).fails(5);
    anna.sotto(&["passphrase", "--remove"]).ok();
    whoami(&locked, &[]).ok();
    anna.sotto(&["passphrase"]).ok();
    whoami(&locked, &[]).fails(5);
    anna.sotto(&["logout", "--forget"]).fails(2);

    // Who has forgotten the password starts anew.
    let mut forget = locked.command(&["logout", "--forget", "--yes"]);
    crate::support::run(forget.env("SOTTO_PROFILE", anna.profile()), "").ok();
    anna.sotto(&["whoami"]).fails(6);
    anna.sotto(&["login", "anna", "--stay-unlocked"]).ok();
    whoami(&locked, &[]).ok();
}

#[test]
fn a_password_changed_elsewhere_is_asked_for() {
    let gateway = Gateway::start();
    let anna = User::locked("anna", &gateway);
    let phone = User::with_password(&gateway);
    phone.sotto(&["login", "anna"]).ok();
    anna.write("new", NEW_PASSWORD);
    anna.sotto(&["password"]).fails(5);
    anna.sotto(&["password", "--new-password-file", "new"]).ok();
    anna.sotto(&["whoami"]).fails(5);
    anna.write("password", NEW_PASSWORD);
    anna.sotto(&["devices"]).ok();

    let stopped = phone.sotto(&["devices"]).fails(10);
    assert!(
        stopped.stderr.contains("sotto password --confirm"),
        "{stopped:?}"
    );
    phone.write("new", PASSWORD);
    let old = ["password", "--confirm", "--new-password-file", "new"];
    phone.refused(&old, 5, "login_failed");
    phone.write("new", NEW_PASSWORD);
    // Any command takes it.
    phone.sotto(&["devices", "--new-password-file", "new"]).ok();
    phone.sotto(&["devices"]).fails(5);
    phone.write("password", NEW_PASSWORD);
    phone.sotto(&["devices"]).ok();
}

#[test]
fn a_recovery_code_is_shown_until_somebody_has_it() {
    let gateway = Gateway::start();
    let anna = User::with_password(&gateway);
    anna.write("weak", "aaaaaaaaaaaa");
    let weak = ["--password-file", "weak", "signup", "anna"];
    anna.refused(&weak, 5, "weak_password");
    let shown = anna.sotto(&["signup", "anna"]).ok();
    assert!(shown.stdout.contains("recovery code"), "{shown:?}");
    assert!(shown.stderr.contains("sotto recovery-code"), "{shown:?}");
    assert_eq!(anna.object(&["whoami"])["recovery_code_waits"], true);
    anna.write("taken", "mine");
    let over = ["recovery-code", "--recovery-code-file", "taken"];
    anna.sotto(&over).fails(1);
    assert_eq!(fs::read_to_string(anna.path("taken")).unwrap(), "mine\n");
    let written = anna
        .sotto(&["recovery-code", "--recovery-code-file", "code"])
        .ok();
    let code = fs::read_to_string(anna.path("code")).unwrap();
    assert!(!written.stdout.contains(code.trim()), "{written:?}");
    let groups: Vec<&str> = code.trim().split('-').collect();
    assert!(
        groups.iter().all(|group| shown.stdout.contains(group)),
        "the one that was shown"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(anna.path("code"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(anna.object(&["whoami"])["recovery_code_waits"], false);
    let new = anna.object(&["recovery-code"]);
    assert_ne!(new["code"], code.trim(), "nothing waits: a new one is made");
}

#[test]
fn a_lost_password_is_replaced_by_the_recovery_code_which_works_once() {
    let gateway = Gateway::start();
    let anna = User::with_password(&gateway);
    anna.sotto(&["signup", "anna", "--recovery-code-file", "code"])
        .ok();
    let code = fs::read_to_string(anna.path("code")).unwrap();

    let phone = User::with_password(&gateway);
    phone.write("new", NEW_PASSWORD);
    let recover = [
        "recover",
        "anna",
        "--code-file",
        "code",
        "--new-password-file",
        "new",
    ];
    let last = if code.trim().ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &code.trim()[..code.trim().len() - 1]);
    phone.write("code", &mistyped);
    let error = phone.refused(&recover, 5, "code_mistyped");
    assert!(error["text"].as_str().unwrap().ends_with("group 8"));
    phone.write("code", code.trim());
    let recovered = phone.sotto(&[&["--json"], &recover[..]].concat()).ok();
    assert_eq!(recovered.objects()[0]["type"], "recovery_code");
    phone.write("password", NEW_PASSWORD);
    assert_eq!(phone.object(&["whoami"])["name"], "anna");

    let late = User::with_password(&gateway);
    late.refused(&["login", "anna"], 5, "login_failed");
    late.write("code", code.trim());
    late.write("new", NEW_PASSWORD);
    late.refused(&recover, 5, "login_failed");
    // The first device opens with the old password, and wants the new one.
    anna.sotto(&["devices"]).fails(10);
    anna.write("new", NEW_PASSWORD);
    anna.sotto(&["password", "--confirm", "--new-password-file", "new"])
        .ok();
    anna.sotto(&["whoami"]).fails(5);
    anna.sotto(&["--password-file", "new", "devices"]).ok();
}

#[test]
fn recovering_can_revoke_all_other_devices() {
    let gateway = Gateway::start();
    let anna = User::with_password(&gateway);
    anna.sotto(&["signup", "anna", "--recovery-code-file", "code"])
        .ok();
    let phone = User::at(&["--server", &gateway.tcp, "--password-file", "password"]);
    phone.write("password", NEW_PASSWORD);
    let code = anna.path("code");
    let code = code.to_str().unwrap();
    phone
        .sotto(&[
            "--json",
            "recover",
            "anna",
            "--code-file",
            code,
            "--revoke-others",
        ])
        .ok();
    anna.refused(&["devices"], 9, "revoked");
    assert_eq!(phone.sotto(&["--json", "devices"]).ok().objects().len(), 1);
}

#[test]
fn no_file_of_a_locked_profile_holds_the_password_or_the_code() {
    let gateway = Gateway::start();
    let anna = User::with_password(&gateway);
    // The code stays in the profile until somebody has it.
    let shown = anna.sotto(&["signup", "anna"]).ok().stdout;
    let is_code_line = |line: &&str| line.starts_with("    ") && line.contains('-');
    let lines: Vec<&str> = shown.lines().filter(is_code_line).collect();
    let code: String = lines.iter().map(|line| line.trim()).collect();
    assert_eq!(code.len(), 47, "{shown}");
    assert!(!shown.contains(PASSWORD));
    let mut looked_into = 0;
    for entry in fs::read_dir(anna.profile()).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        for secret in [PASSWORD, &code, &code[..5], &code[42..]] {
            let secret = secret.as_bytes();
            assert!(!content.windows(secret.len()).any(|it| it == secret));
        }
        looked_into += content.len();
    }
    assert!(looked_into > 1_000, "{looked_into}");
}
