//! What the page says about things, in plain words.

mod account;
mod chat;

pub(crate) use self::account::*;
pub(crate) use self::chat::*;
use sotto_engine::api::{
    Connection, Failure, KeyState, Preview, SendFailure, State, UndecryptableCause,
};
use sotto_shared::name::NameError;

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of the unit; the unit grows until three digits are enough.
    let mut tenths = bytes.saturating_mul(10).saturating_add(512) / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    while tenths >= 10_240 {
        let Some(next) = units.next() else { break };
        unit = next;
        tenths /= 1024;
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, _) if whole >= 100 => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

/// Last thing said, in a few words.
pub(crate) fn preview(preview: &Preview) -> String {
    match preview {
        Preview::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Preview::File(Some(name)) => name.clone(),
        Preview::File(None) => "File".to_owned(),
        Preview::Key => "Key exchange".to_owned(),
        Preview::Undecryptable => "Could not be decrypted".to_owned(),
    }
}

/// Why what was typed is not a name.
pub(crate) fn name_problem(error: NameError) -> String {
    match error {
        NameError::Empty => "Type a name, so that others can find you.".to_owned(),
        NameError::TooLong { bytes } => format!(
            "This name is too long: {bytes} bytes, and at most {} fit.",
            sotto_shared::limits::NAME_MAX
        ),
        NameError::NotUtf8 => "This name is not text.".to_owned(),
        NameError::Unprintable { .. } => {
            "This name holds an invisible character. Please type it anew.".to_owned()
        }
    }
}

/// Symmetric key with a person, as it stands in the list and above the conversation.
pub(crate) fn key_state(state: KeyState) -> &'static str {
    match state {
        KeyState::None => "No key yet",
        KeyState::Requested => "Waiting for their key",
        KeyState::Sending => "Sending a key",
        KeyState::Established => "Key exchanged",
    }
}

/// How far an own message came; nothing for received ones.
pub(crate) fn message_state(state: &State) -> Option<String> {
    Some(match state {
        State::Received => return None,
        State::WaitingForKey => "Waiting for key".to_owned(),
        State::Queued => "Queued".to_owned(),
        State::Sending => "Sending".to_owned(),
        State::Stored => "Stored on the server".to_owned(),
        State::Failed(failure) => format!("Not sent: {}", send_failure(*failure)),
    })
}

/// The same for machines: the value of `data-state`.
pub(crate) fn state_token(state: &State) -> &'static str {
    match state {
        State::Received => "received",
        State::WaitingForKey => "waiting-for-key",
        State::Queued => "queued",
        State::Sending => "sending",
        State::Stored => "stored",
        State::Failed(_) => "failed",
    }
}

fn send_failure(failure: SendFailure) -> &'static str {
    match failure {
        SendFailure::Refused => {
            "the server refused it. The other side may be gone, their mailbox full, or this too large."
        }
        SendFailure::InDoubt => {
            "the connection broke before the server answered. It may have arrived; sending again may double it."
        }
        SendFailure::UnusableKey => "the other side’s public key cannot be used.",
    }
}

/// Why a message could not be decrypted, and what to do about it.
pub(crate) fn undecryptable(cause: UndecryptableCause, name: &str) -> String {
    match cause {
        UndecryptableCause::NoKey => format!(
            "There was no key from {name} here when it arrived. Ask for one, then have them send it again."
        ),
        UndecryptableCause::WrongKey => format!(
            "It was encrypted with a key that is not here any more. Ask {name} for a new key, then have them send it again."
        ),
        UndecryptableCause::BadKey => format!(
            "{name} sent a key that was made for another identity than yours. Ask them for a new one."
        ),
    }
}

/// Why a command could not be done.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::NameRefused { name } => format!(
            "“{name}” is taken, or the server does not let it in. Please choose another name."
        ),
        Failure::BadText => "This message is blank or too long.".to_owned(),
        Failure::FileTooLarge { size: bytes, limit } => too_large(*bytes, *limit),
        Failure::NoSuchFile => "This file is not here any more.".to_owned(),
        Failure::WrongPhase => "That is not possible right now.".to_owned(),
        Failure::NoSuchPerson => "Nobody by that id is known here.".to_owned(),
        Failure::WrongPassphrase => "Wrong passphrase. Nothing was changed; try again.".to_owned(),
        Failure::BadImport { reason } => format!("This file cannot be imported: {reason}"),
        Failure::Storage { reason } => {
            format!("This browser’s storage did not take the change: {reason}")
        }
        Failure::UnknownToServer => {
            "The server does not know you any more: its database is another one. Nothing here was changed."
                .to_owned()
        }
        Failure::KeyGeneration => "No keys could be made. Please try again.".to_owned(),
        Failure::Account(failure) => account_failure(failure),
        Failure::Conversation(failure) => failure.to_string(),
    }
}

/// A file over the limit.
pub(crate) fn too_large(bytes: u64, limit: u64) -> String {
    format!(
        "This file is {}; at most {} can be sent.",
        size(bytes),
        size(limit)
    )
}

/// Connection in a word or two.
pub(crate) fn connection(connection: Connection) -> &'static str {
    match connection {
        Connection::Online => "Online",
        Connection::Connecting => "Connecting…",
        Connection::Offline { .. } => "Offline",
    }
}

/// When the connection is tried again.
pub(crate) fn retry_in(seconds: u64) -> String {
    match seconds {
        0 => "Trying again…".to_owned(),
        1..60 => format!("Next try in {seconds} s"),
        _ => format!("Next try in {} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_naturally() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KB"),
            (1536, "1.5 KB"),
            (5 * 1024 * 1024, "5 MB"),
            (64 * 1024 * 1024 - 16, "64 MB"),
            (1024 * 1024 - 1, "1 MB"),
            (1023 * 1024 * 1024, "1023 MB"),
            (123_456_789, "117 MB"),
            (u64::MAX, "1677721 TB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn previews_stand_on_one_line() {
        assert_eq!(preview(&Preview::Text(" a\n\nb ".to_owned())), "a b");
    }
}
