//! Other people's clients, through the gateway, with `sotto` at the other end.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{Foreigner, Gateway, User, has_python, python};

#[test]
fn the_foreign_cryptography_gives_the_published_answers() {
    if !has_python() {
        return;
    }
    support::run(python().arg("check.py"), "").ok();
}

#[test]
fn plain_clients_talk_both_ways() {
    converse(&[]);
}

#[test]
fn packet_mode_clients_talk_both_ways() {
    converse(&["--packet"]);
}

#[test]
fn big_endian_clients_talk_both_ways() {
    converse(&["--big-endian"]);
}

#[test]
fn clients_with_a_careless_payload_size_talk_both_ways() {
    converse(&["--careless"]);
}

/// Keys in both directions, texts and files, with a client of these habits.
fn converse(habits: &[&str]) {
    if !has_python() {
        return;
    }
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    let zed = Foreigner::at(&gateway.tcp, habits);
    zed.run(&["register", "anna"]).fails(9);
    zed.run(&["register", "zed"]).ok();
    assert_eq!(zed.run(&["list"]).ok().stdout.trim(), r#"["anna"]"#);

    // A key of theirs.
    zed.run(&["send-key", "anna"]).ok();
    zed.run(&["text", "anna", "hello from zed"]).ok();
    let content: Vec<u8> = (0..3_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = zed.folder.path().join("file");
    fs::write(&path, &content).unwrap();
    zed.run(&["file", "anna", path.to_str().unwrap()]).ok();
    let got = anna.sotto(&["--json", "receive"]).ok().objects();
    assert_eq!(got[0]["text"], "hello from zed");
    assert_eq!(fs::read(got[1]["path"].as_str().unwrap()).unwrap(), content);

    // An answer under it.
    anna.sotto(&["send", "zed", "hello from anna"]).ok();
    fs::write(anna.path("f"), &content).unwrap();
    anna.sotto(&["send-file", "zed", "f"]).ok();
    let got = zed.pull();
    assert_eq!(got[0]["text"], "hello from anna");
    assert_eq!(fs::read(got[1]["path"].as_str().unwrap()).unwrap(), content);

    // A key that they ask for.
    zed.run(&["request-key", "anna"]).ok();
    anna.sotto(&["receive"]).ok();
    assert_eq!(zed.pull()[0]["type"], 2);
    zed.run(&["text", "anna", "under your key"]).ok();
    assert_eq!(anna.news(), ["zed: under your key"]);
}

#[test]
fn a_key_of_ours_reaches_them_before_what_it_encrypts() {
    if !has_python() {
        return;
    }
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    for habits in [&[][..], &["--packet"], &["--big-endian"]] {
        let zed = Foreigner::at(&gateway.tcp, habits);
        let name = format!("zed{}", habits.concat());
        zed.run(&["register", &name]).ok();
        anna.sotto(&["send", &name, "first words"]).ok();
        let got = zed.pull();
        assert_eq!(got[0]["type"], 2);
        assert_eq!(got[1]["text"], "first words");
    }
}

#[test]
fn the_classic_menu_and_the_one_shot_commands_understand_each_other() {
    let gateway = Gateway::start();
    let anna = User::registered("anna", &gateway);
    let old = User::at(&[]);
    fs::write(old.path("server.info"), &gateway.tcp).unwrap();
    let classic = |lines: &str| old.sotto_with_input(&["classic"], lines).ok().stdout;
    let said = classic("110\nold\n152\nanna\n150\nanna\nhello anna\n0\n");
    assert_eq!(said.matches("sent\n").count(), 2, "{said}");
    assert_eq!(anna.news(), ["old: hello anna"]);
    anna.sotto(&["key", "old", "--send"]).ok();
    anna.sotto(&["send", "old", "hello old"]).ok();
    fs::write(anna.path("f"), vec![3; 100_000]).unwrap();
    anna.sotto(&["send-file", "old", "f"]).ok();
    let got = classic("140\n");
    assert!(got.contains("From: anna\nContent:\nhello old\n"), "{got}");
    assert_eq!(fs::read(old.path("anna-file")).unwrap(), vec![3; 100_000]);

    // The menu's my.info moves into a profile.
    old.sotto(&["--server", &gateway.tcp, "import", "my.info"])
        .ok();
    anna.sotto(&["key", "old", "--send"]).ok();
    anna.sotto(&["send", "old", "still there?"]).ok();
    let got = old
        .sotto(&["--server", &gateway.tcp, "receive"])
        .ok()
        .stdout;
    assert!(got.contains("anna: still there?"), "{got}");
}
