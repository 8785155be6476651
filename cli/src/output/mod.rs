//! What commands print: for people, or one JSON object a line for scripts.

mod accounts;
mod conversations;
mod human;
mod json;
mod time;

pub(crate) use accounts::{Invited, invitation_id};
pub(crate) use conversations::{Shown, cause_text, happening_text, not_sent_text};
pub(crate) use time::{clock, day, minutes};

use std::io::{self, Write};
use std::path::Path;

use sotto_engine::api::{KeyState, Message, Person, SendFailure, State};
use sotto_shared::{ClientId, UserName};

use crate::problem::Problem;

/// Prints to standard output, and problems to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    /// In JSON, or for people.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Who the user is.
    pub(crate) fn identity(
        self,
        name: &UserName,
        client: ClientId,
        fingerprint: &str,
    ) -> io::Result<()> {
        self.line(
            || json::identity(name, client, fingerprint),
            || human::identity(name, client, fingerprint),
        )
    }

    /// Somebody registered; `weak` says so of a classic client among accounts.
    pub(crate) fn person(self, person: &Person, weak: bool) -> io::Result<()> {
        self.line(|| json::person(person), || human::person(person, weak))
    }

    /// Somebody's keys.
    pub(crate) fn key(self, person: &Person) -> io::Result<()> {
        self.line(|| json::person(person), || human::key(person))
    }

    /// A line of a conversation; `saved` is where its file was put.
    pub(crate) fn message(
        self,
        with: &Person,
        message: &Message,
        saved: Option<&Path>,
    ) -> io::Result<()> {
        self.line(
            || json::message(with, message, saved),
            || human::message(with, message, saved),
        )
    }

    /// A message that was sent, or that waits.
    pub(crate) fn sent(self, to: &Person, message: &Message) -> io::Result<()> {
        self.line(
            || json::message(to, message, None),
            || human::sent(to, message),
        )
    }

    /// A file that was written.
    pub(crate) fn written(self, path: &Path) -> io::Result<()> {
        self.line(|| json::written(path), || human::written(path))
    }

    /// Something done that has nothing to show.
    pub(crate) fn done(self, what: &str) -> io::Result<()> {
        self.line(|| json::done(what), || what.to_owned())
    }

    /// Something by the way, on standard error; not in JSON.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            // There is nobody to tell if this fails.
            let _ = writeln!(io::stderr(), "{}", crate::sanitize::line(text));
        }
    }

    /// Whether it prints for scripts.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// What went wrong, on standard error.
    pub(crate) fn problem(self, problem: &Problem) {
        let line = match self.json {
            true => json::problem(problem),
            false => format!("sotto: {}", crate::sanitize::line(&problem.text)),
        };
        // There is nobody to tell if this fails.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn line(self, json: impl FnOnce() -> String, human: impl FnOnce() -> String) -> io::Result<()> {
        let line = if self.json { json() } else { human() };
        let mut output = io::stdout().lock();
        writeln!(output, "{line}")?;
        output.flush()
    }
}

/// The word for a key's state, in both forms of output.
fn key_word(key: KeyState) -> &'static str {
    match key {
        KeyState::None => "none",
        KeyState::Requested => "requested",
        KeyState::Sending => "sending",
        KeyState::Established => "established",
    }
}

/// The words for a message's state, and why it failed.
fn state_words(state: &State) -> (&'static str, Option<&'static str>) {
    match state {
        State::Received => ("received", None),
        State::WaitingForKey => ("waiting_for_key", None),
        State::Queued => ("queued", None),
        State::Sending => ("sending", None),
        State::Stored => ("stored", None),
        State::Failed(failure) => {
            let why = match failure {
                SendFailure::Refused => "refused",
                SendFailure::InDoubt => "in_doubt",
                SendFailure::UnusableKey => "unusable_key",
            };
            ("failed", Some(why))
        }
    }
}
