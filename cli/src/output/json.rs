//! For scripts: one object a line. Fields keep their names and meanings; new ones may come.

use std::path::Path;

use serde_json::{Value, json};
use sotto_engine::api::{Body, Message, Person, UndecryptableCause};
use sotto_shared::{ClientId, UserName};

use super::{key_word, state_words};
use crate::problem::Problem;
use crate::sanitize;

pub(super) fn identity(name: &UserName, client: ClientId, fingerprint: &str) -> String {
    write(&json!({
        "type": "identity",
        "name": name.as_str(),
        "id": client.to_string(),
        "fingerprint": fingerprint,
    }))
}

pub(super) fn person(person: &Person) -> String {
    write(&json!({
        "type": "person",
        "id": person.client.to_string(),
        "name": person.name.as_str(),
        "listed": person.listed,
        "key": key_word(person.key),
        "fingerprint": person.fingerprint,
        "unread": person.unread,
        "account": person.account.map(|account| account.to_string()),
    }))
}

pub(super) fn message(with: &Person, message: &Message, saved: Option<&Path>) -> String {
    let (state, failure) = state_words(&message.state);
    let mut object = json!({
        "type": "message",
        "with": with.client.to_string(),
        "name": with.name.as_str(),
        "seq": message.seq.0,
        "at": message.at.0,
        "mine": message.mine,
        "state": state,
    });
    let mut set = |field: &str, value: Value| {
        if let Some(fields) = object.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
    };
    if let Some(failure) = failure {
        set("failure", json!(failure));
    }
    match &message.body {
        Body::Text(text) => {
            set("kind", json!("text"));
            set("text", json!(text));
        }
        Body::File { name, size, .. } => {
            set("kind", json!("file"));
            set("file_name", json!(name));
            set("size", json!(size));
            set("path", json!(saved.map(|path| path.to_string_lossy())));
        }
        Body::KeyRequest => set("kind", json!("key_request")),
        Body::Key => set("kind", json!("key")),
        Body::Undecryptable { file, cause } => {
            set("kind", json!("undecryptable"));
            set("file", json!(file));
            let cause = match cause {
                UndecryptableCause::NoKey => "no_key",
                UndecryptableCause::WrongKey => "wrong_key",
                UndecryptableCause::BadKey => "bad_key",
            };
            set("cause", json!(cause));
        }
        Body::Unknown { kind } => {
            set("kind", json!("unknown"));
            set("number", json!(kind));
        }
    }
    write(&object)
}

pub(super) fn written(path: &Path) -> String {
    write(&json!({ "type": "file", "path": path.to_string_lossy() }))
}

pub(super) fn done(what: &str) -> String {
    write(&json!({ "type": "done", "what": what }))
}

pub(super) fn problem(problem: &Problem) -> String {
    let mut object = json!({
        "type": "error",
        "error": problem.exit.word(),
        "exit": problem.exit as u8,
        "text": problem.text,
    });
    if let Some(fields) = object.as_object_mut() {
        if let Some(reason) = problem.reason {
            fields.insert("reason".to_owned(), json!(reason));
        }
        if let Some(seconds) = problem.retry_after {
            fields.insert("retry_after".to_owned(), json!(seconds));
        }
    }
    write(&object)
}

pub(super) fn write(object: &Value) -> String {
    sanitize::json(&object.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::{KeyState, Media, Seq, State};
    use sotto_engine::time::Timestamp;

    /// Scripts rely on these: fields may be added, never changed.
    #[test]
    fn fields_stay_as_documented() {
        let bob = Person {
            client: ClientId::ZERO,
            name: "bob".parse().unwrap(),
            listed: true,
            key: KeyState::Established,
            fingerprint: None,
            unread: 2,
            last: None,
            account: None,
        };
        let id = "00000000000000000000000000000000";
        assert_eq!(
            person(&bob),
            format!(
                r#"{{"account":null,"fingerprint":null,"id":"{id}","key":"established","listed":true,"name":"bob","type":"person","unread":2}}"#
            )
        );
        let mut said = Message {
            seq: Seq(7),
            at: Timestamp(1_000),
            mine: false,
            body: Body::Text("a\u{9b}b".to_owned()),
            state: State::Received,
        };
        assert_eq!(
            message(&bob, &said, None),
            format!(
                r#"{{"at":1000,"kind":"text","mine":false,"name":"bob","seq":7,"state":"received","text":"a\u009bb","type":"message","with":"{id}"}}"#
            )
        );
        said.body = Body::File {
            name: None,
            size: 3,
            media: Media::Other,
        };
        assert_eq!(
            message(&bob, &said, Some(Path::new("/tmp/bob-file"))),
            format!(
                r#"{{"at":1000,"file_name":null,"kind":"file","mine":false,"name":"bob","path":"/tmp/bob-file","seq":7,"size":3,"state":"received","type":"message","with":"{id}"}}"#
            )
        );
        let refused = Problem::new(crate::problem::Exit::Refused, "no");
        assert_eq!(
            problem(&refused),
            r#"{"error":"refused","exit":4,"text":"no","type":"error"}"#
        );
    }
}
