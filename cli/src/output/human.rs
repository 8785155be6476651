//! For people.

use std::path::Path;

use sotto_engine::api::{Body, Message, Person, State, UndecryptableCause};
use sotto_shared::{ClientId, UserName};

use super::time::minutes;
use super::{key_word, state_words};
use crate::sanitize;

pub(super) fn identity(name: &UserName, client: ClientId, fingerprint: &str) -> String {
    let name = sanitize::line(name.as_str());
    format!("name         {name}\nid           {client}\nfingerprint  {fingerprint}")
}

pub(super) fn person(person: &Person, weak: bool) -> String {
    let mut line = format!("{}  {}", person.client, name(person));
    if weak {
        line.push_str("  classic, weakly encrypted");
    }
    if person.unread > 0 {
        line.push_str(&format!("  ({} new)", person.unread));
    }
    if !person.listed {
        line.push_str("  (not listed by the server)");
    }
    line
}

pub(super) fn key(person: &Person) -> String {
    let fingerprint = person.fingerprint.as_deref().unwrap_or("not known");
    format!(
        "name         {}\nid           {}\nfingerprint  {fingerprint}\nkey          {}",
        name(person),
        person.client,
        key_word(person.key)
    )
}

/// The first line tells when and who; what strangers wrote is set in from the second on, so that
/// no text can pass for another message.
pub(super) fn message(with: &Person, message: &Message, saved: Option<&Path>) -> String {
    let who = if message.mine {
        format!("you to {}", name(with))
    } else {
        name(with)
    };
    let state = match (message.mine, &message.state) {
        (false, _) | (true, State::Stored) => String::new(),
        (true, state) => format!("  [{}]", state_text(state)),
    };
    let what = body(&message.body, message.mine, saved).replace('\n', "\n    ");
    format!("[{}Z] {who}: {what}{state}", minutes(message.at))
}

pub(super) fn sent(to: &Person, message: &Message) -> String {
    format!("{}: {}", name(to), state_text(&message.state))
}

pub(super) fn written(path: &Path) -> String {
    sanitize::line(&path.display().to_string())
}

fn name(person: &Person) -> String {
    sanitize::line(person.name.as_str())
}

fn body(body: &Body, mine: bool, saved: Option<&Path>) -> String {
    match body {
        Body::Text(text) => sanitize::text(text),
        Body::File { name, size, .. } => {
            let name = name.as_deref().map(sanitize::line).unwrap_or_default();
            let saved = saved.map(|path| format!(" saved as {}", written(path)));
            let parts = format!("file {name} ({size} bytes){}", saved.unwrap_or_default());
            parts.replace("  ", " ")
        }
        Body::KeyRequest if mine => "you asked for a symmetric key".to_owned(),
        Body::KeyRequest => "asks for a symmetric key".to_owned(),
        Body::Key => "symmetric key sent".to_owned(),
        Body::Undecryptable { file, cause } => {
            let what = if *file { "a file" } else { "a message" };
            let why = match cause {
                UndecryptableCause::NoKey => "there is no key from them: try `key NAME --request`",
                UndecryptableCause::WrongKey => {
                    "no key that is here fits: try `key NAME --request`"
                }
                UndecryptableCause::BadKey => "the key was not made for you",
            };
            format!("{what} that cannot be decrypted; {why}")
        }
        Body::Unknown { kind } => format!("a message of the unknown kind {kind}"),
    }
}

fn state_text(state: &State) -> String {
    match state_words(state) {
        ("waiting_for_key", _) => "waits until a key is exchanged".to_owned(),
        ("queued", _) => "waits for the connection".to_owned(),
        ("stored", _) => "stored at the server".to_owned(),
        (word, Some(why)) => format!("{word}: {}", why.replace('_', " ")),
        (word, None) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::{KeyState, Seq};
    use sotto_engine::time::Timestamp;

    fn bob() -> Person {
        Person {
            client: ClientId::ZERO,
            name: "bob".parse().unwrap(),
            listed: true,
            key: KeyState::None,
            fingerprint: None,
            unread: 0,
            last: None,
            account: None,
        }
    }

    #[test]
    fn no_text_passes_for_another_message() {
        let text = "hi\n[1970-01-01 00:00Z] carol: I owe you\u{1b}[2J";
        let line = message(
            &bob(),
            &Message {
                seq: Seq(1),
                at: Timestamp(0),
                mine: false,
                body: Body::Text(text.to_owned()),
                state: State::Received,
            },
            None,
        );
        assert_eq!(
            line,
            "[1970-01-01 00:00Z] bob: hi\n    [1970-01-01 00:00Z] carol: I owe you\u{fffd}[2J"
        );
    }

    #[test]
    fn own_messages_tell_how_far_they_came() {
        let own = |state| Message {
            seq: Seq(1),
            at: Timestamp(0),
            mine: true,
            body: Body::Text("hi".to_owned()),
            state,
        };
        assert_eq!(
            message(&bob(), &own(State::Stored), None),
            "[1970-01-01 00:00Z] you to bob: hi"
        );
        assert!(message(&bob(), &own(State::Queued), None).ends_with("[waits for the connection]"));
        let refused = State::Failed(sotto_engine::api::SendFailure::InDoubt);
        assert_eq!(sent(&bob(), &own(refused)), "bob: failed: in doubt");
    }
}
