//! What went wrong, what to do about it, and the exit code that says so to scripts.

use std::io;

use sotto_engine::api::{Failure, SendFailure};

use crate::store::OpenError;

/// Exit codes, documented in `docs/cli.md`. They never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something else failed, as reading or writing a file.
    Failed = 1,
    /// The command line makes no sense (also clap's own code).
    Usage = 2,
    /// The server could not be reached or did not answer.
    NotConnected = 3,
    /// The server, or Sotto itself, says no: name taken, unknown person, message refused.
    Refused = 4,
    /// The passphrase is wrong or missing.
    Passphrase = 5,
    /// Not before registering, or not after it.
    Phase = 6,
    /// The profile is in use, damaged or of another version.
    Profile = 7,
    /// The server's certificate is not one to trust; nothing was sent.
    Untrusted = 8,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The word for it in JSON.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotConnected => "not_connected",
            Self::Refused => "refused",
            Self::Passphrase => "passphrase",
            Self::Phase => "phase",
            Self::Profile => "profile",
            Self::Untrusted => "untrusted",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A command that could not be done: how to exit, and a sentence or two for the user.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Problem {
    pub(crate) exit: Exit,
    pub(crate) text: String,
}

impl Problem {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
        }
    }

    /// Adds a sentence.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.text.push_str(". ");
        self.text.push_str(text);
        self
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Exit::Failed, format!("{}: {error}", path.display()))
    }

    /// Whoever read the output has left: nothing to complain about.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.text == BROKEN_PIPE
    }
}

const BROKEN_PIPE: &str = "the output was closed";

/// From writing to the terminal.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Failed, BROKEN_PIPE);
        }
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        let hint = match error {
            OpenError::InUse(_) => "Stop the other one, or give --profile for another profile",
            OpenError::Newer { .. } => "Use the newer sotto for it",
            OpenError::Foreign(_) => "Nothing was changed in it; give another --profile",
            OpenError::Folder { .. } | OpenError::Sqlite { .. } => "Nothing was changed",
        };
        Self::new(Exit::Profile, error.to_string()).and(hint)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let (exit, text) = match failure {
            Failure::NameRefused { name } => (
                Exit::Refused,
                format!(
                    "the server refuses the name {name}: it is taken or not allowed there. Choose another"
                ),
            ),
            Failure::BadText => (
                Exit::Usage,
                format!(
                    "the text is blank, or longer than {} bytes",
                    sotto_engine::api::TEXT_MAX
                ),
            ),
            Failure::FileTooLarge { size, limit } => (
                Exit::Refused,
                format!("the file has {size} bytes, {limit} are the limit"),
            ),
            Failure::NoSuchFile => (Exit::Refused, "the file is not there any more".to_owned()),
            Failure::WrongPhase => (
                Exit::Phase,
                "that is not possible now: see `sotto whoami`".to_owned(),
            ),
            Failure::NoSuchPerson => (Exit::Refused, "nobody has this id".to_owned()),
            Failure::WrongPassphrase => (
                Exit::Passphrase,
                "the passphrase is wrong; nothing was changed".to_owned(),
            ),
            Failure::BadImport { reason } => (Exit::Refused, reason),
            Failure::Storage { reason } => (
                Exit::Profile,
                format!("the profile did not take the change: {reason}"),
            ),
            Failure::KeyGeneration => (Exit::Failed, "no keys could be made".to_owned()),
            Failure::UnknownToServer => (
                Exit::Refused,
                "the server does not know you: this profile belongs to another server, or its \
                 database was replaced. Check --server"
                    .to_owned(),
            ),
            Failure::Account(failure) => (Exit::Refused, failure.to_string()),
        };
        Self::new(exit, text)
    }
}

impl From<SendFailure> for Problem {
    fn from(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Refused => Self::new(
                Exit::Refused,
                "the server refused the message: the addressee is gone, their mailbox is full, \
                 or it is too large",
            ),
            SendFailure::InDoubt => Self::new(
                Exit::NotConnected,
                "the connection broke before the server answered: it may or may not have the \
                 message",
            ),
            SendFailure::UnusableKey => Self::new(
                Exit::Refused,
                "the addressee's public key cannot be used, so nothing can be sent to them",
            ),
        }
    }
}
