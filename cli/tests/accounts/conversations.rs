//! Conversations of version 3, one command at a time.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use crate::support::{Gateway, PATIENCE, User};

/// Shows what is new until it is dropped.
struct Listener {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

impl Listener {
    fn of(user: &User) -> Self {
        let mut child = user
            .command(&["--json", "listen"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next text, as `name: text`.
    #[track_caller]
    fn next(&self) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a text in time");
            if let Some(text) = in_short(&line) {
                return text;
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn in_short(line: &Value) -> Option<String> {
    let text = line["text"].as_str()?;
    Some(format!("{}: {text}", line["name"].as_str()?))
}

/// The texts that a command prints.
#[track_caller]
fn texts(user: &User, arguments: &[&str]) -> Vec<String> {
    let ran = user.sotto(&[&["--json"], arguments].concat()).ok();
    ran.objects().iter().filter_map(in_short).collect()
}

fn two(gateway: &Gateway) -> (User, User) {
    let (anna, ben) = (
        User::signed_up("anna", gateway),
        User::signed_up("ben", gateway),
    );
    (anna, ben)
}

#[test]
fn two_write_to_each_other_and_each_text_is_shown_once() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    let sent = anna.object(&["send", "ben", "hello"]);
    assert_eq!(sent["state"], "stored", "{sent}");
    assert_eq!(sent["conversation_kind"], "direct");
    assert_eq!(texts(&ben, &["listen", "--once"]), ["anna: hello"]);
    assert!(texts(&ben, &["listen", "--once"]).is_empty());
    ben.sotto(&["send", "anna", "hello back"]).ok();
    assert_eq!(texts(&anna, &["listen", "--once"]), ["ben: hello back"]);
    let said = ["anna: hello", "ben: hello back"];
    assert_eq!(texts(&anna, &["history", "ben"]), said);
    assert_eq!(texts(&ben, &["history", "anna"]), said);
    assert_eq!(texts(&ben, &["history", "anna", "--limit", "1"]), said[1..]);
}

#[test]
fn what_is_said_without_a_connection_goes_with_the_next_one() {
    let mut gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    anna.sotto(&["send", "ben", "one"]).ok();
    gateway.kill();
    let kept = anna.sotto(&["send", "ben", "two"]).fails(3);
    assert!(kept.stderr.contains("is kept"), "{kept:?}");
    gateway.restart();
    anna.sotto(&["send", "ben", "three"]).ok();
    let said = ["anna: one", "anna: two", "anna: three"];
    assert_eq!(texts(&ben, &["listen", "--once"]), said);
}

#[test]
fn whoever_listens_hears_at_once() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    let listener = Listener::of(&ben);
    for text in ["one", "two", "three"] {
        anna.sotto(&["send", "ben", text]).ok();
        assert_eq!(listener.next(), format!("anna: {text}"));
    }
}

#[test]
fn an_account_is_never_written_to_by_the_classic_protocol_unasked() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    anna.sotto(&["bridge", "on"]).ok();
    ben.sotto(&["bridge", "on"]).ok();
    anna.sotto(&["send", "ben", "strong"]).ok();
    assert!(ben.news().is_empty());
    assert_eq!(texts(&ben, &["listen", "--once"]), ["anna: strong"]);
    anna.sotto(&["send", "--classic", "ben", "weak"]).ok();
    assert_eq!(ben.news(), ["anna: weak"]);
}

#[test]
fn a_group_has_members_that_come_and_go() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    let carla = User::signed_up("carla", &gateway);
    let team = anna.object(&["group", "create", "Team", "ben"]);
    assert_eq!(
        (&team["name"], &team["members"]),
        (&"Team".into(), &2.into())
    );
    anna.sotto(&["send", "Team", "before carla"]).ok();
    assert_eq!(texts(&ben, &["listen", "--once"]), ["anna: before carla"]);
    let refused = ben.refused(&["group", "add", "Team", "carla"], 4, "not_admin");
    assert!(refused["text"].as_str().unwrap().contains("admins"));
    anna.sotto(&["group", "add", "Team", "carla"]).ok();
    anna.sotto(&["send", "Team", "with carla"]).ok();
    assert_eq!(texts(&carla, &["listen", "--once"]), ["anna: with carla"]);
    let members = carla.sotto(&["--json", "group", "members", "Team"]).ok();
    let members = members.objects();
    let names: Vec<_> = members
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["anna", "ben", "carla"]);
    anna.sotto(&["group", "rename", "Team", "Crew"]).ok();
    anna.sotto(&["group", "remove", "Crew", "carla"]).ok();
    anna.sotto(&["send", "Crew", "without carla"]).ok();
    assert!(texts(&carla, &["listen", "--once"]).is_empty());
    assert_eq!(
        texts(&ben, &["listen", "--once"]),
        ["anna: with carla", "anna: without carla"]
    );
    ben.sotto(&["send", "Crew", "yes"]).ok();
    ben.sotto(&["group", "leave", "Crew"]).ok();
    assert_eq!(texts(&anna, &["listen", "--once"]), ["ben: yes"]);
    let none = anna.refused(&["group", "members", "Nobody"], 4, "no_such_conversation");
    assert!(none["text"].as_str().unwrap().contains("Nobody"));
}

#[test]
fn the_lobby_is_open_to_everybody() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    anna.refused(&["send", "lobby", "hello?"], 4, "not_in_lobby");
    let first = anna.object(&["lobby", "join"]);
    let second = ben.object(&["lobby", "join"]);
    assert_eq!(first["conversation"], second["conversation"]);
    assert_eq!(second["kind"], "lobby");
    anna.sotto(&["send", "lobby", "hello all"]).ok();
    assert_eq!(texts(&ben, &["listen", "--once"]), ["anna: hello all"]);
}

#[test]
fn nobody_takes_an_accounts_name_for_a_group() {
    let gateway = Gateway::start();
    let (anna, ben) = two(&gateway);
    let mallory = User::signed_up("mallory", &gateway);
    mallory.sotto(&["group", "create", "ben", "anna"]).ok();
    anna.sotto(&["listen", "--once"]).ok();
    anna.sotto(&["send", "ben", "a secret"]).ok();
    assert_eq!(texts(&ben, &["listen", "--once"]), ["anna: a secret"]);
    assert!(texts(&mallory, &["listen", "--once"]).is_empty());
}

#[test]
fn without_a_terminal_there_is_help_and_no_screen() {
    let nobody = User::at(&[]);
    let help = nobody.sotto(&[]).fails(2);
    assert!(help.stderr.contains("Usage: sotto"), "{help:?}");
    assert!(help.stdout.is_empty());
}
