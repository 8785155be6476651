//! Other people: safety numbers, changed keys, the directory.

use base64ct::{Base64UrlUnpadded, Encoding};
use rusqlite::Connection;

use crate::support::{Gateway, User};
use crate::{contact, trust_of};

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
    anna.sotto(&["send", "--classic", "ben", "before"]).ok();
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

    let error = anna.refused(&["send", "--classic", "ben", "after"], 11, "key_changed");
    assert!(
        error["text"].as_str().unwrap().contains("sotto accept-key"),
        "{error}"
    );
    assert_eq!(trust_of(&anna, "ben"), "changed");
    let id = contact(&anna, "ben")["account"].clone();
    anna.refused(
        &["send", "--classic", id.as_str().unwrap(), "by id"],
        11,
        "key_changed",
    );
    anna.refused(&["verify", "ben", "--mark"], 11, "key_changed");
    anna.sotto(&["accept-key", "ben"]).fails(2);
    let accepted = anna.object(&["accept-key", "ben", "--yes"]);
    assert_eq!(accepted["trust"], "unverified");
    // The mailbox is not by the new key: the lie is still one.
    anna.refused(&["people"], 8, "not_certified");
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

/// The code as it is if somebody sits in between: of the same people, but another key.
fn forged(code: &str) -> String {
    let (prefix, payload) = code.rsplit_once(':').unwrap();
    let mut bytes = Base64UrlUnpadded::decode_vec(payload).unwrap();
    bytes[20] ^= 1;
    format!("{prefix}:{}", Base64UrlUnpadded::encode_string(&bytes))
}
