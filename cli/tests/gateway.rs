//! `sotto` against a real gateway.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{Gateway, User};

#[test]
fn names_are_registered_once() {
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    let whoami = anna.sotto(&["--json", "whoami"]).ok().objects();
    assert_eq!(whoami[0]["name"], "anna");
    assert_eq!(whoami[0]["id"].as_str().unwrap().len(), 32);
    anna.sotto(&["register", "anna2"]).fails(6);

    let ben = User::at(&["--server", &gateway.tcp]);
    ben.sotto(&["people"]).fails(6);
    let taken = ben.sotto(&["--json", "register", "anna"]).fails(4);
    assert!(taken.stderr.contains(r#""error":"refused""#), "{taken:?}");
    ben.sotto(&["register", "ben the 2nd"]).ok();
    let people = anna.sotto(&["--json", "people"]).ok().objects();
    assert_eq!(people.len(), 1);
    assert_eq!(people[0]["name"], "ben the 2nd");
}

#[test]
fn texts_and_files_go_both_ways_and_show_once() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let sent = anna
        .sotto(&["--json", "send", "ben", "hello"])
        .ok()
        .objects();
    assert_eq!(sent[0]["state"], "stored");
    anna.sotto_with_input(&["send", "ben", "-"], "two\nlines\n")
        .ok();
    let content: Vec<u8> = (0..5_000_000_u32).flat_map(|n| [(n % 251) as u8]).collect();
    fs::write(anna.path("picture.bin"), &content).unwrap();
    anna.sotto(&["send-file", "ben", "picture.bin"]).ok();
    anna.sotto(&["send-file", "ben", "picture.bin"]).ok();

    let received = ben
        .sotto(&["--json", "receive", "--files", "got"])
        .ok()
        .objects();
    let kinds: Vec<_> = received
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "text", "file", "file"]);
    assert_eq!(received[1]["text"], "two\nlines");
    let paths: Vec<_> = received[2..]
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    assert_ne!(paths[0], paths[1]);
    for path in paths {
        assert!(path.starts_with("got/anna-"), "{path}");
        assert_eq!(fs::read(ben.path(path)).unwrap(), content);
    }
    assert!(ben.news().is_empty(), "shown once");

    ben.sotto(&["send", "anna", "-- no options --"]).fails(2);
    ben.sotto(&["send", "anna", "--", "-- no options --"]).ok();
    assert_eq!(anna.news(), ["ben: -- no options --"]);
    let history = anna.sotto(&["--json", "history", "ben"]).ok().objects();
    let kinds: Vec<_> = history
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["key", "text", "text", "file", "file", "text"]);
    assert_eq!(
        anna.sotto(&["--json", "history", "ben", "--limit", "2"])
            .objects()
            .len(),
        2
    );
}

#[test]
fn messages_fetched_by_another_command_are_still_shown() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    for n in 0..3 {
        anna.sotto(&["send", "ben", &format!("number {n}")]).ok();
    }
    ben.sotto(&["people"]).ok();
    let people = ben.sotto(&["--json", "people"]).ok().objects();
    assert_eq!(people[0]["unread"], 3);
    assert_eq!(
        ben.news(),
        ["anna: number 0", "anna: number 1", "anna: number 2"]
    );
    let people = ben.sotto(&["--json", "people"]).ok().objects();
    assert_eq!(people[0]["unread"], 0);
}

#[test]
fn following_shows_messages_as_they_come_across_a_crash_of_the_gateway() {
    let mut gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let follower = ben.follow();
    anna.sotto(&["send", "ben", "one"]).ok();
    assert_eq!(follower.next(), "anna: one");

    // The profile is taken meanwhile.
    let busy = ben.sotto(&["history", "anna"]).fails(7);
    assert!(busy.stderr.contains("in use by another sotto"), "{busy:?}");

    gateway.kill();
    let kept = anna.sotto(&["--json", "send", "ben", "two"]).fails(3);
    assert_eq!(kept.objects()[0]["state"], "queued");
    gateway.restart();
    anna.sotto(&["send", "ben", "three"]).ok();
    assert_eq!(follower.next(), "anna: two");
    assert_eq!(follower.next(), "anna: three");
    #[cfg(unix)]
    assert!(follower.interrupt().success());
    assert!(ben.news().is_empty());
}

#[test]
fn a_killed_client_leaves_a_profile_that_opens_with_everything_in_it() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let follower = ben.follow();
    anna.sotto(&["send", "ben", "one"]).ok();
    assert_eq!(follower.next(), "anna: one");
    drop(follower); // kill -9
    anna.sotto(&["send", "ben", "two"]).ok();
    // It may have been killed between printing and marking as read.
    let news = ben.news();
    assert!(
        news.ends_with(&["anna: two".to_owned()]) && news.len() <= 2,
        "{news:?}"
    );
    let history = ben.sotto(&["--json", "history", "anna"]).ok().objects();
    assert_eq!(history.len(), 3, "a key and two texts");
}

#[test]
fn websocket_and_tcp_are_the_same_server() {
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    let ben = User::at(&["--ws", &gateway.ws]);
    ben.sotto(&["register", "ben"]).ok();
    fs::write(ben.path("f"), vec![7; 2_000_000]).unwrap();
    ben.sotto(&["send", "anna", "hi"]).ok();
    ben.sotto(&["send-file", "anna", "f"]).ok();
    assert_eq!(anna.news(), ["ben: hi", "ben: file"]);
    anna.sotto(&["send-file", "ben", "profile/received/ben-file-3.txt"])
        .fails(1);
    let wrong = ben
        .sotto(&["--ws", "ws://127.0.0.1:1/ws", "people"])
        .fails(3);
    assert!(wrong.stderr.contains("cannot be reached"), "{wrong:?}");
}

#[test]
fn keys_are_shown_asked_for_and_sent() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let key = |user: &User, arguments: &[&str]| {
        let arguments = [&["--json", "key"], arguments].concat();
        user.sotto(&arguments).ok().objects().remove(0)
    };
    let ben_key = key(&anna, &["ben"]);
    let own = ben.sotto(&["--json", "whoami"]).ok().objects().remove(0);
    assert_eq!(ben_key["fingerprint"], own["fingerprint"]);
    assert_eq!(ben_key["key"], "none");
    assert_eq!(key(&anna, &["ben", "--request"])["key"], "requested");
    ben.sotto(&["receive"]).ok();
    anna.sotto(&["receive"]).ok();
    assert_eq!(key(&anna, &["ben"])["key"], "established");
    assert_eq!(key(&ben, &["anna"])["key"], "established");
    assert_eq!(key(&ben, &["anna", "--send"])["key"], "established");
    ben.sotto(&["send", "anna", "under the new key"]).ok();
    assert_eq!(anna.news(), ["ben: under the new key"]);
}

#[test]
fn people_are_found_by_id_and_never_by_guessing() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let id = ben.sotto(&["--json", "whoami"]).ok().objects()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    // Somebody takes ben's id for a name.
    let _mallory = User::registered(&id, &gateway);
    anna.sotto(&["send", &id.to_uppercase(), "hi"]).ok();
    assert_eq!(ben.news(), ["anna: hi"]);
    let near = anna.sotto(&["send", "Ben", "hi"]).fails(4);
    assert!(near.stderr.contains("did you mean ben?"), "{near:?}");
    anna.sotto(&["send", "nobody", "hi"]).fails(4);
    anna.sotto(&["send", "ben", " "]).fails(2);
    anna.sotto(&["send-file", "ben", "no such file"]).fails(1);
}

#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
    anna.sotto(&["send", "ben", evil]).ok();
    for arguments in [&["--json", "receive"][..], &["history", "anna"]] {
        let printed = ben.sotto(arguments).ok().stdout;
        assert!(
            !printed.chars().any(|c| c != '\n' && c.is_control()),
            "{printed:?}"
        );
    }
}

#[test]
fn a_passphrase_keeps_the_profile_shut() {
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    fs::write(anna.path("new"), "correct horse\nsecond line\n").unwrap();
    fs::write(anna.path("wrong"), "battery staple\n").unwrap();
    anna.sotto(&["passphrase", "--new-passphrase-file", "new"])
        .ok();
    let asked = anna.sotto(&["whoami"]).fails(5);
    assert!(asked.stderr.contains("--passphrase-file"), "{asked:?}");
    anna.sotto(&["--passphrase-file", "wrong", "whoami"])
        .fails(5);
    anna.sotto(&["--passphrase-file", "new", "people"]).ok();
    let mut by_environment = anna.command(&["whoami"]);
    support::run(by_environment.env("SOTTO_PASSPHRASE", "correct horse"), "").ok();
    anna.sotto(&["--passphrase-file", "new", "passphrase", "--remove"])
        .ok();
    anna.sotto(&["whoami"]).ok();
}

#[test]
fn an_identity_moves_by_my_info_and_by_a_sealed_file() {
    let gateway = Gateway::start();
    let (anna, ben) = (
        User::registered("anna", &gateway),
        User::registered("ben", &gateway),
    );
    ben.sotto(&["send", "anna", "before"]).ok();
    assert_eq!(anna.news(), ["ben: before"]);
    fs::write(anna.path("secret"), "sealing wax").unwrap();
    let exported = anna
        .sotto(&[
            "--json",
            "export",
            "--sealed",
            "--file-passphrase-file",
            "secret",
        ])
        .ok();
    let sealed = exported.objects()[0]["path"].as_str().unwrap().to_owned();
    anna.sotto(&["export"]).ok();
    anna.sotto(&["export"]).fails(1);
    anna.sotto(&["import", "my.info"]).fails(6);
    let info = fs::read_to_string(anna.path("my.info")).unwrap();
    assert!(info.starts_with("anna\n"));
    assert_eq!(anna.sotto(&["export", "-"]).ok().stdout, info);

    for (file, arguments) in [
        ("my.info", &[][..]),
        (&sealed, &["--file-passphrase-file", "secret"][..]),
    ] {
        let elsewhere = User::at(&["--server", &gateway.tcp]);
        fs::copy(anna.path(file), elsewhere.path(file)).unwrap();
        fs::write(elsewhere.path("secret"), "sealing wax").unwrap();
        fs::write(elsewhere.path("wrong"), "?").unwrap();
        if !arguments.is_empty() {
            elsewhere.sotto(&["import", file]).fails(5);
            elsewhere
                .sotto(&["import", file, "--file-passphrase-file", "wrong"])
                .fails(5);
        }
        elsewhere
            .sotto(&[&["import", file], arguments].concat())
            .ok();
        elsewhere.sotto(&["import", file]).fails(6);
        ben.sotto(&["key", "anna", "--send"]).ok();
        ben.sotto(&["send", "anna", "after"]).ok();
        assert_eq!(elsewhere.news(), ["ben: after"]);
    }
    fs::write(ben.path("rubbish"), "rubbish").unwrap();
    let fresh = User::at(&["--server", &gateway.tcp]);
    fresh
        .sotto(&["import", ben.path("rubbish").to_str().unwrap()])
        .fails(4);
}

#[test]
fn without_a_server_the_reason_and_the_exit_code_are_clear() {
    let anna = User::at(&["--server", "127.0.0.1:1"]);
    let refused = anna.sotto(&["register", "anna"]).fails(3);
    assert!(refused.stderr.contains("cannot be reached"), "{refused:?}");
    anna.sotto(&["people"]).fails(6);
    anna.sotto(&["--timeout", "0.3", "register", "anna"])
        .fails(3);
    // What was begun goes on where there is a server; a later option wins over an earlier one.
    let gateway = Gateway::start();
    anna.sotto(&["--server", &gateway.tcp, "register", "anna"])
        .ok();
    anna.sotto(&["--timeout", "0.3", "people"]).fails(3);
    anna.sotto(&["whoami"]).ok();
    anna.sotto(&["nonsense"]).fails(2);
}

#[test]
fn a_server_that_stays_silent_is_given_up_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let anna = User::at(&["--server", &silent, "--timeout", "1"]);
    let late = anna.sotto(&["register", "anna"]).fails(3);
    assert!(
        late.stderr.contains("goes on when sotto next connects"),
        "{late:?}"
    );
    anna.sotto(&["whoami"]).fails(6);
    // Any command finishes the registration.
    let gateway = Gateway::start();
    anna.sotto(&["--server", &gateway.tcp, "people"]).ok();
    anna.sotto(&["whoami"]).ok();
}
