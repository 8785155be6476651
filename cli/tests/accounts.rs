//! Accounts in `sotto`, against a real gateway.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::fs;

use base64ct::{Base64UrlUnpadded, Encoding};
use rusqlite::Connection;
use support::{Gateway, PASSWORD, User};

const NEW_PASSWORD: &str = "seven purple elephants";

#[test]
fn a_second_device_signs_in_with_the_password_and_no_other() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let account = anna.object(&["whoami"]);
    assert_eq!(account["name"], "anna");
    assert_eq!(account["recovery_code_waits"], false, "a script has it");
    anna.sotto(&["signup", "anna2"]).fails(6);

    let phone = User::with_password(&gateway);
    phone.sotto(&["devices"]).fails(6);
    phone.write("wrong", "incorrect horse battery");
    let wrong = ["--password-file", "wrong", "login", "anna"];
    phone.refused(&wrong, 5, "login_failed");
    phone.refused(&["login", "nobody"], 5, "login_failed");
    phone
        .sotto(&["login", "anna", "--device-name", "Attic"])
        .ok();
    let devices = phone.sotto(&["--json", "devices"]).ok().objects();
    assert_eq!(devices.len(), 2);
    assert_eq!(devices[0]["name"], "Attic");
    assert_eq!(devices[0]["this"], true);
    assert!(
        devices[1]["name"]
            .as_str()
            .unwrap()
            .starts_with("Terminal on ")
    );
    assert!(devices.iter().all(|device| device["certified"] == true));
    phone
        .sotto(&["rename-device", "Cellar", "--device", "Attic"])
        .ok();
    let devices = anna.sotto(&["--json", "devices"]).ok().objects();
    assert_eq!(devices[1]["name"], "Cellar");
}

#[test]
fn the_password_locks_the_profile_unless_it_is_left_unlocked() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let locked = User::at(&["--server", &gateway.tcp]);
    let whoami = |user: &User, arguments: &[&str]| {
        let mut command = user.command(&[arguments, &["whoami"]].concat());
        support::run(command.env("SOTTO_PROFILE", anna.profile()), "")
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
    support::run(forget.env("SOTTO_PROFILE", anna.profile()), "").ok();
    anna.sotto(&["whoami"]).fails(6);
    anna.sotto(&["login", "anna", "--stay-unlocked"]).ok();
    whoami(&locked, &[]).ok();
}

#[test]
fn five_wrong_passwords_lock_the_login_and_say_until_when() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let mallory = User::with_password(&gateway);
    mallory.write("wrong", "incorrect horse battery");
    let wrong = ["--password-file", "wrong", "login", "anna"];
    for _ in 0..5 {
        mallory.refused(&wrong, 5, "login_failed");
    }
    let error = mallory.refused(&["login", "anna"], 13, "locked");
    let seconds = error["retry_after"].as_u64().unwrap();
    assert!((1..=900).contains(&seconds), "{seconds}");
    // Known devices go on.
    anna.sotto(&["devices"]).ok();
    gateway.operate(&["user", "reset-login", "anna"]).ok();
    mallory.sotto(&["login", "anna"]).ok();
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
fn a_revoked_device_is_cut_off_and_says_why() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    phone.sotto(&["rename-device", "Phone"]).ok();
    let this = anna.object(&["whoami"])["device"].clone();
    let this = this.as_str().unwrap();
    anna.sotto(&["revoke", this]).fails(4);
    anna.sotto(&["revoke", "Phone", "no such device"]).fails(4);
    anna.sotto(&["revoke", "Phone"]).ok();
    let error = phone.refused(&["people"], 9, "revoked");
    assert!(
        error["text"].as_str().unwrap().contains("sotto logout"),
        "{error}"
    );
    let whoami = phone.object(&["whoami"]);
    assert_eq!(whoami["session"], "ended");
    assert_eq!(whoami["reason"], "revoked");
    phone.sotto(&["logout", "--yes"]).ok();
    phone.sotto(&["whoami"]).fails(6);
    phone.sotto(&["login", "anna"]).ok();
    phone.sotto(&["revoke", "--all-others"]).ok();
    anna.refused(&["people"], 9, "revoked");
}

#[test]
fn signing_out_revokes_the_device_and_leaves_the_account() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    phone.sotto(&["logout"]).fails(2);
    phone.sotto(&["logout", "--yes"]).ok();
    phone.sotto(&["whoami"]).fails(6);
    assert_eq!(anna.sotto(&["--json", "devices"]).ok().objects().len(), 1);
    phone.sotto(&["login", "anna"]).ok();
}

#[test]
fn a_password_changed_elsewhere_is_asked_for() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
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
fn safety_codes_tell_whether_they_fit() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::signed_up("anna", &gateway),
        User::signed_up("ben", &gateway),
    );
    let carol = User::signed_up("carol", &gateway);
    let shown_to_anna = anna.object(&["verify", "ben"]);
    let shown_to_ben = ben.object(&["verify", "anna"]);
    assert_eq!(shown_to_anna["digits"], shown_to_ben["digits"]);
    assert_eq!(shown_to_anna["digits"].as_str().unwrap().len(), 71);
    let (code_of_anna, code_of_ben) = (
        shown_to_anna["code"].as_str().unwrap(),
        shown_to_ben["code"].as_str().unwrap(),
    );

    let code_of_carol = carol.object(&["verify", "anna"])["code"].clone();
    let compare = |code: &str, exit, reason| {
        anna.refused(&["verify", "ben", "--code", code], exit, reason);
        assert_eq!(trust_of(&anna, "ben"), "unverified");
    };
    compare("hello", 2, "not_a_code");
    compare(code_of_carol.as_str().unwrap(), 4, "somebody_elses");
    compare(code_of_anna, 4, "your_own");
    compare(&forged(code_of_ben), 12, "different");
    anna.sotto(&["verify", "ben", "--code", code_of_ben]).ok();
    assert_eq!(trust_of(&anna, "ben"), "verified");
    ben.sotto_with_input(&["verify", "anna", "--code", "-"], code_of_anna)
        .ok();
    assert_eq!(trust_of(&ben, "anna"), "verified");
    anna.sotto(&["verify", "ben", "--unmark"]).ok();
    assert_eq!(trust_of(&anna, "ben"), "unverified");
    anna.sotto(&["verify", "ben", "--mark"]).ok();
    assert_eq!(trust_of(&anna, "ben"), "verified");
    anna.refused(&["verify", "nobody"], 4, "no_such_contact");
    let plain = anna.sotto(&["verify", "ben"]).ok().stdout;
    assert!(!plain.contains('█'), "no drawing without a terminal");
}

#[test]
fn a_changed_account_key_stops_messages_until_it_is_accepted() {
    let mut gateway = Gateway::start();
    let (anna, ben) = (
        User::signed_up("anna", &gateway),
        User::signed_up("ben", &gateway),
    );
    for user in [&anna, &ben] {
        user.sotto(&["bridge", "on"]).ok();
    }
    anna.sotto(&["send", "ben", "before"]).ok();
    anna.sotto(&["verify", "ben", "--mark"]).ok();
    anna.sotto(&["accept-key", "ben", "--yes"]).fails(4);

    // The gateway lies: it shows carol's key as ben's.
    User::signed_up("carol", &gateway);
    gateway.kill();
    let database = Connection::open(gateway.database()).unwrap();
    let changed = database.execute(
        "UPDATE accounts SET AccountKey = (SELECT AccountKey FROM accounts WHERE Name = 'carol')
         WHERE Name = 'ben'",
        [],
    );
    assert_eq!(changed, Ok(1));
    drop(database);
    gateway.restart();

    let error = anna.refused(&["send", "ben", "after"], 11, "key_changed");
    assert!(
        error["text"].as_str().unwrap().contains("sotto accept-key"),
        "{error}"
    );
    assert_eq!(trust_of(&anna, "ben"), "changed");
    let id = contact(&anna, "ben")["account"].clone();
    anna.refused(&["send", id.as_str().unwrap(), "by id"], 11, "key_changed");
    anna.refused(&["verify", "ben", "--mark"], 11, "key_changed");
    anna.sotto(&["accept-key", "ben"]).fails(2);
    let accepted = anna.object(&["accept-key", "ben", "--yes"]);
    assert_eq!(accepted["trust"], "unverified");
    // The mailbox is not by the new key: the lie is still one.
    anna.refused(&["people"], 8, "not_certified");
}

#[test]
fn the_bridge_reaches_classic_clients_while_it_is_on() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let ben = User::registered("ben", &gateway);
    assert_eq!(anna.object(&["whoami"])["bridge"], serde_json::Value::Null);
    let off = anna.sotto(&["send", "ben", "hi"]).fails(6);
    assert!(off.stderr.contains("sotto bridge on"), "{off:?}");
    anna.sotto(&["receive"]).fails(6);
    ben.sotto(&["send", "anna", "hi"]).fails(4);

    anna.sotto(&["bridge", "on"]).ok();
    let bridge = anna.object(&["whoami"])["bridge"].clone();
    assert_eq!(bridge["here"], true);
    anna.sotto(&["send", "ben", "hello"]).ok();
    assert_eq!(ben.news(), ["anna: hello"]);
    ben.sotto(&["send", "anna", "hello back"]).ok();
    assert_eq!(anna.news(), ["ben: hello back"]);
    let people = anna.sotto(&["people"]).ok().stdout;
    assert!(
        people.contains("ben  classic, weakly encrypted"),
        "{people}"
    );
    let phone = User::signed_in("anna", &gateway);
    let elsewhere = phone.sotto(&["send", "ben", "hi"]).fails(6);
    assert!(
        elsewhere.stderr.contains("the device that"),
        "{elsewhere:?}"
    );

    anna.sotto(&["bridge", "off"]).ok();
    anna.sotto(&["send", "ben", "hi"]).fails(6);
    ben.sotto(&["send", "anna", "hi"]).fails(4);
    let history = anna.sotto(&["--json", "history", "ben"]).ok().objects();
    assert!(history.iter().any(|it| it["text"] == "hello back"));
}

#[test]
fn accounts_write_to_each_other_by_name_and_id() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::signed_up("anna", &gateway),
        User::signed_up("ben", &gateway),
    );
    anna.sotto(&["bridge", "on"]).ok();
    let none = anna.sotto(&["send", "ben", "hi"]).fails(4);
    assert!(none.stderr.contains("no classic mailbox"), "{none:?}");
    ben.sotto(&["bridge", "on"]).ok();
    anna.sotto(&["send", "ben", "by name"]).ok();
    let id = contact(&anna, "ben")["account"].clone();
    anna.sotto(&["send", id.as_str().unwrap(), "by id"]).ok();
    assert_eq!(contact(&ben, "anna")["unread"], 2);
    assert_eq!(ben.news(), ["anna: by name", "anna: by id"]);
    ben.sotto(&["bridge", "off"]).ok();
    anna.sotto(&["send", "ben", "too late"]).fails(4);
    let said = anna.sotto(&["--json", "history", "ben"]).ok().objects();
    assert!(said.iter().any(|it| it["text"] == "by id"), "{said:?}");
}

#[test]
fn a_follower_ends_with_the_reason_when_its_device_is_revoked() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    phone.sotto(&["bridge", "on"]).ok();
    let device = phone.object(&["whoami"])["device"].clone();
    let mut follow = phone.command(&["--json", "receive", "--follow"]);
    let following = std::thread::spawn(move || support::run(&mut follow, ""));
    loop {
        let devices = anna.sotto(&["--json", "devices"]).ok().objects();
        if devices[1]["online"] == true {
            break;
        }
    }
    anna.sotto(&["revoke", device.as_str().unwrap()]).ok();
    let ended = following.join().unwrap().fails(9);
    assert!(ended.stderr.contains(r#""reason":"revoked""#), "{ended:?}");
}

#[test]
fn a_classic_identity_is_carried_over_with_all_that_was_said() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    ben.sotto(&["send", "anna", "before"]).ok();
    assert_eq!(anna.news(), ["ben: before"]);
    let id = anna.object(&["whoami"])["id"].clone();
    anna.write("password", PASSWORD);
    anna.sotto(&["--json", "--password-file", "password", "signup", "anna"])
        .ok();
    let account = |arguments: &[&str]| {
        let ran = anna.sotto(&[&["--password-file", "password", "--json"], arguments].concat());
        ran.ok().objects()
    };
    assert_eq!(account(&["whoami"])[0]["bridge"]["id"], id);
    ben.sotto(&["send", "anna", "after"]).ok();
    assert_eq!(account(&["receive"])[0]["text"], "after");
    let said = account(&["history", "ben"]);
    assert!(said.iter().any(|it| it["text"] == "before"));
    // The name of an account is nobody else's.
    User::at(&["--server", &gateway.tcp])
        .sotto(&["register", "Anna"])
        .fails(4);
}

#[test]
fn a_gateway_by_invitation_lets_in_those_who_have_one() {
    let gateway = Gateway::start_with(false, &["--registration", "invitation"]);
    let anna = User::with_password(&gateway);
    anna.refused(&["signup", "anna"], 4, "invitation_invalid");
    let code = operators_invitation(&gateway);
    anna.sotto(&["--json", "signup", "anna", "--invite", &code])
        .ok();

    let (first, second) = (anna.object(&["invite"]), anna.object(&["invite"]));
    let open = anna.sotto(&["--json", "invitations"]).ok();
    assert_eq!(open.objects().len(), 2);
    assert!(!open.stdout.contains(first["code"].as_str().unwrap()));
    let beginning = &first["id"].as_str().unwrap()[..8];
    anna.sotto(&["cancel-invitation", beginning]).ok();
    let ben = User::with_password(&gateway);
    let sign_up = |invitation: &str| {
        let arguments = ["--json", "signup", "ben", "--invite", "-"];
        ben.sotto_with_input(&arguments, invitation)
    };
    sign_up(first["code"].as_str().unwrap()).fails(4);
    sign_up(&code).fails(4);
    let link = format!(
        "https://example.org/#invite={}\n",
        second["code"].as_str().unwrap()
    );
    sign_up(&link).ok();
    assert!(
        anna.sotto(&["--json", "invitations"])
            .ok()
            .objects()
            .is_empty()
    );
}

#[test]
fn where_everybody_may_sign_up_nobody_is_invited() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let error = anna.refused(&["invite"], 4, "no_invitations");
    assert!(error["text"].as_str().unwrap().contains("everybody"));
}

#[test]
fn people_are_found_by_whole_name_where_nobody_is_listed() {
    let gateway = Gateway::start_with(false, &["--directory", "exact"]);
    let (anna, ben) = (
        User::signed_up("anna", &gateway),
        User::signed_up("ben", &gateway),
    );
    ben.sotto(&["profile", "--display-name", "Ben \u{1f98a}"])
        .ok();
    assert!(anna.sotto(&["--json", "people"]).ok().objects().is_empty());
    anna.refused(&["find", "be.n"], 4, "no_such_contact");
    assert_eq!(
        anna.object(&["find", "ben"])["display_name"],
        "Ben \u{1f98a}"
    );
    assert_eq!(anna.sotto(&["--json", "people"]).ok().objects().len(), 1);
}

#[test]
fn who_hides_is_neither_there_nor_away() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::signed_up("anna", &gateway),
        User::signed_up("ben", &gateway),
    );
    assert_eq!(contact(&anna, "ben")["online"], false);
    ben.sotto(&["profile", "--hide-presence"]).ok();
    let hidden = contact(&anna, "ben");
    assert!(hidden["online"].is_null() && hidden["last_seen"].is_null());
    ben.sotto(&["profile", "--show-presence"]).ok();
    assert_eq!(contact(&anna, "ben")["online"], false);
}

#[test]
fn a_deleted_account_is_gone_everywhere() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    anna.sotto(&["delete-account"]).fails(2);
    anna.sotto(&["delete-account", "--confirm", "ben"]).fails(4);
    anna.sotto(&["delete-account", "--confirm", "anna"]).ok();
    anna.sotto(&["whoami"]).fails(6);
    phone.sotto(&["devices"]).fails(9);
    phone.sotto(&["logout", "--yes"]).ok();
    phone.refused(&["login", "anna"], 5, "login_failed");
    phone.sotto(&["--json", "signup", "anna"]).ok();
}

#[test]
fn a_disabled_account_says_so() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    gateway.operate(&["user", "disable", "anna"]).ok();
    anna.refused(&["devices"], 9, "account_disabled");
    gateway.operate(&["user", "enable", "anna"]).ok();
    anna.sotto(&["devices"]).ok();
}

#[test]
fn accounts_want_a_gateway_of_sottos() {
    let gateway = Gateway::start();
    let anna = User::with_password(&gateway);
    anna.sotto(&["--seed-server", "signup", "anna"]).fails(2);
    anna.sotto(&["--server", "127.0.0.1:1", "signup", "anna"])
        .fails(3);
    anna.sotto(&["whoami"]).fails(6);
    let ben = User::registered("ben", &gateway);
    ben.sotto(&["login", "ben"]).fails(6);
    ben.sotto(&["devices"]).fails(6);
}

#[test]
fn accounts_work_over_websocket_under_tls_too() {
    let gateway = Gateway::start_with(true, &["--registration", "invitation"]);
    let ca = gateway.certificate();
    let ca = ca.to_str().unwrap();
    let anna = User::at(&[
        "--ws",
        &gateway.wss,
        "--ca-file",
        ca,
        "--password-file",
        "password",
    ]);
    anna.write("password", PASSWORD);
    anna.write("invitation", &operators_invitation(&gateway));
    anna.sotto(&["--json", "signup", "anna", "--invite-file", "invitation"])
        .ok();
    anna.sotto(&["devices"]).ok();
    let invited = anna.object(&["invite"]);
    let link = invited["link"].as_str().unwrap();
    let web = gateway.wss.replace("wss", "https").replace("/ws", "");
    let code = invited["code"].as_str().unwrap();
    assert_eq!(link, format!("{web}/#invite={code}"));
}

fn operators_invitation(gateway: &Gateway) -> String {
    let invited = gateway.operate(&["invite"]).ok().stdout;
    let mut words = invited.split_whitespace();
    words.find(|word| word.len() == 23).unwrap().to_owned()
}

/// What is known of somebody, by name.
#[track_caller]
fn contact(user: &User, name: &str) -> serde_json::Value {
    let people = user.sotto(&["--json", "people"]).ok().objects();
    let mut people = people.into_iter();
    people.find(|it| it["name"] == name).unwrap()
}

#[track_caller]
fn trust_of(user: &User, name: &str) -> serde_json::Value {
    contact(user, name)["trust"].clone()
}

/// The code as it is if somebody sits in between: of the same people, but another key.
fn forged(code: &str) -> String {
    let (prefix, payload) = code.rsplit_once(':').unwrap();
    let mut bytes = Base64UrlUnpadded::decode_vec(payload).unwrap();
    bytes[20] ^= 1;
    format!("{prefix}:{}", Base64UrlUnpadded::encode_string(&bytes))
}
