//! Signing up, in and out.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::support::{Gateway, PASSWORD, User};

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
    // Fifteen minutes, rounded up.
    assert!((1..=901).contains(&seconds), "{seconds}");
    // Known devices go on.
    anna.sotto(&["devices"]).ok();
    gateway.operate(&["user", "reset-login", "anna"]).ok();
    mallory.sotto(&["login", "anna"]).ok();
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

#[test]
fn a_sign_up_that_was_cut_off_is_ended_by_the_next_one() {
    let gateway = Gateway::start();
    let mut pending = 0;
    // Before the gateway has said anything; and when it has all it needs, but for its last answer.
    for (number, answered) in [0, 300].into_iter().enumerate() {
        let name = format!("anna{number}");
        let anna = User::with_password(&gateway);
        let proxy = cutting_proxy(&gateway.tcp, answered);
        let sign_up = ["--json", "signup", &name, "--stay-unlocked"];
        anna.sotto(&[&["--server", &proxy], &sign_up[..]].concat())
            .fails(3);
        let nobody = anna.sotto(&["--server", "127.0.0.1:1", "whoami"]).fails(6);
        pending += usize::from(nobody.stderr.contains("awaits the gateway's answer"));
        let ended = anna.sotto(&sign_up).ok().objects();
        assert_eq!(ended[0]["type"], "recovery_code", "{ended:?}");
        assert_eq!(ended[1]["name"], *name);
    }
    assert_eq!(pending, 1, "the gateway had the account already");
}

/// Carries one connection to a server, and cuts it when so many bytes were answered; nobody gets
/// through after that.
fn cutting_proxy(server: &str, answered: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = server.to_owned();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        drop(listener);
        let mut upstream = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut left = answered;
        let mut buffer = [0; 4096];
        while left > 0 {
            let size = upstream.read(&mut buffer).unwrap_or(0);
            if size == 0 || client.write_all(&buffer[..size.min(left)]).is_err() {
                break;
            }
            left = left.saturating_sub(size);
        }
        // The last answer may still be on its way.
        let _ = upstream.read(&mut buffer);
        let _ = client.shutdown(Shutdown::Both);
        let _ = upstream.shutdown(Shutdown::Both);
    });
    address
}

fn operators_invitation(gateway: &Gateway) -> String {
    let invited = gateway.operate(&["invite"]).ok().stdout;
    let mut words = invited.split_whitespace();
    words.find(|word| word.len() == 23).unwrap().to_owned()
}
