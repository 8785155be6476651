//! The classic mailbox.

use crate::contact;
use crate::support::{Gateway, User};

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
    // As the protocol's first clients speak it.
    let dora = User::at(&["--server", &gateway.tcp, "--seed-server"]);
    dora.sotto(&["register", "dora"]).ok();
    dora.sotto(&["send", "anna", "plain"]).ok();
    assert_eq!(anna.news(), ["dora: plain"]);
    anna.sotto(&["send", "dora", "plainly"]).ok();
    assert_eq!(dora.news(), ["anna: plainly"]);
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
    let none = anna.sotto(&["send", "--classic", "ben", "hi"]).fails(4);
    assert!(none.stderr.contains("no classic mailbox"), "{none:?}");
    ben.sotto(&["bridge", "on"]).ok();
    anna.sotto(&["send", "--classic", "ben", "by name"]).ok();
    let id = contact(&anna, "ben")["account"].clone();
    anna.sotto(&["send", "--classic", id.as_str().unwrap(), "by id"])
        .ok();
    assert_eq!(contact(&ben, "anna")["unread"], 2);
    assert_eq!(ben.news(), ["anna: by name", "anna: by id"]);
    ben.sotto(&["bridge", "off"]).ok();
    anna.sotto(&["send", "--classic", "ben", "too late"])
        .fails(4);
    let said = anna.sotto(&["--json", "history", "--classic", "ben"]);
    let said = said.ok().objects();
    assert!(said.iter().any(|it| it["text"] == "by id"), "{said:?}");
}
