//! What went wrong, what to do about it, and the exit code that says so to scripts.

use std::io;

use sotto_engine::api::{
    AccountFailure, ConversationFailure, Failure, NotSent, SendFailure, SessionEnd,
};

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
    /// The password, passphrase or recovery code is wrong or missing.
    Passphrase = 5,
    /// Not before registering or signing in, or not after it.
    Phase = 6,
    /// The profile is in use, damaged or of another version.
    Profile = 7,
    /// The server is not one to trust: its certificate, or what it tells of keys.
    Untrusted = 8,
    /// The device was revoked, or the account is gone.
    SessionEnded = 9,
    /// The password was changed on another device.
    PasswordChanged = 10,
    /// A contact's account key has changed.
    KeyChanged = 11,
    /// A safety code does not fit.
    Different = 12,
    /// Too many attempts.
    TryLater = 13,
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
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "password_changed",
            Self::KeyChanged => "key_changed",
            Self::Different => "different",
            Self::TryLater => "try_later",
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
    /// Why in one word, where scripts may want to tell cases apart.
    pub(crate) reason: Option<&'static str>,
    /// Seconds until it may be tried again.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
            reason: None,
            retry_after: None,
        }
    }

    /// Says why in a word.
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Adds a sentence.
    pub(crate) fn and(mut self, text: &str) -> Self {
        let end = if self.text.ends_with(['.', '?']) {
            " "
        } else {
            ". "
        };
        self.text.push_str(end);
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
                "the password or passphrase is wrong; nothing was changed".to_owned(),
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
            Failure::Account(failure) => return failure.into(),
            Failure::Conversation(failure) => return failure.into(),
        };
        Self::new(exit, text)
    }
}

impl From<AccountFailure> for Problem {
    fn from(failure: AccountFailure) -> Self {
        use AccountFailure as Account;
        let (exit, reason) = match &failure {
            Account::WeakPassword(_) => (Exit::Passphrase, "weak_password"),
            Account::LoginFailed => (Exit::Passphrase, "login_failed"),
            Account::CodeMistyped { .. } => (Exit::Passphrase, "code_mistyped"),
            Account::Locked { .. } => (Exit::TryLater, "locked"),
            Account::RateLimited { .. } => (Exit::TryLater, "rate_limited"),
            Account::NameTaken(_) => (Exit::Refused, "name_taken"),
            Account::RegistrationClosed => (Exit::Refused, "registration_closed"),
            Account::InvitationInvalid => (Exit::Refused, "invitation_invalid"),
            Account::TooManyDevices => (Exit::Refused, "too_many_devices"),
            Account::TooManyInvitations => (Exit::Refused, "too_many_invitations"),
            Account::NoBridge => (Exit::Refused, "no_bridge"),
            Account::NoSuchContact => (Exit::Refused, "no_such_contact"),
            Account::CannotLock => (Exit::Refused, "cannot_lock"),
            Account::Gateway { .. } => (Exit::Refused, "gateway"),
            Account::AccountDisabled => (Exit::SessionEnded, "account_disabled"),
            Account::Offline => (Exit::NotConnected, "offline"),
            Account::Interrupted => (Exit::NotConnected, "interrupted"),
            Account::VaultBroken => (Exit::Untrusted, "vault_broken"),
            Account::NotCertified => (Exit::Untrusted, "not_certified"),
            Account::KeyChanged(_) => (Exit::KeyChanged, "key_changed"),
            Account::WrongPhase => (Exit::Phase, "wrong_phase"),
            Account::BadAnswer => (Exit::Failed, "bad_answer"),
            Account::PasswordSetOnly => (Exit::Failed, "password_set_only"),
        };
        let problem = Self::new(exit, failure.to_string()).because(reason);
        match failure {
            Account::CodeMistyped { group: Some(group) } => {
                problem.and(&format!("The mistake is in group {group}"))
            }
            Account::Locked { retry_after } | Account::RateLimited { retry_after } => Self {
                retry_after: Some(retry_after),
                ..problem
            },
            Account::KeyChanged(_) => problem.and(LOOK_AT_KEY),
            Account::PasswordSetOnly => problem.and("Use `sotto login NAME`"),
            Account::NameTaken(_) => problem.and("`sotto login NAME` signs in, if it is yours"),
            _ => problem,
        }
    }
}

impl From<ConversationFailure> for Problem {
    fn from(failure: ConversationFailure) -> Self {
        use ConversationFailure as Conversation;
        let (exit, reason) = match &failure {
            Conversation::SignedOut => (Exit::Phase, "signed_out"),
            Conversation::BadText => (Exit::Usage, "bad_text"),
            Conversation::BadName => (Exit::Usage, "bad_name"),
            Conversation::BadPicture => (Exit::Usage, "bad_picture"),
            Conversation::NoSuchConversation => (Exit::Refused, "no_such_conversation"),
            Conversation::NoSuchMessage => (Exit::Refused, "no_such_message"),
            Conversation::NotAdmin => (Exit::Refused, "not_admin"),
            Conversation::LastAdmin => (Exit::Refused, "last_admin"),
            Conversation::NotHere => (Exit::Refused, "not_here"),
            Conversation::NotReachable(_) => (Exit::Refused, "not_reachable"),
            Conversation::NoSuchContact(_) => (Exit::Refused, "no_such_contact"),
            Conversation::GroupFull => (Exit::Refused, "group_full"),
            Conversation::Gateway { .. } => (Exit::Refused, "gateway"),
            Conversation::KeyChanged(_) => (Exit::KeyChanged, "key_changed"),
        };
        let problem = Self::new(exit, failure.to_string()).because(reason);
        match failure {
            Conversation::KeyChanged(_) => problem.and(LOOK_AT_KEY),
            _ => problem,
        }
    }
}

impl From<NotSent> for Problem {
    fn from(why: NotSent) -> Self {
        let (exit, reason, text) = match why {
            NotSent::MailboxFull => (
                Exit::Refused,
                "mailbox_full",
                "the mailboxes of all others are full",
            ),
            NotSent::NotMember => (Exit::Refused, "not_member", "you are no member any more"),
            NotSent::KeyChanged(_) => (
                Exit::KeyChanged,
                "key_changed",
                "the account key of a member has changed; nothing was sent",
            ),
            NotSent::Broken => (
                Exit::Refused,
                "broken",
                "the conversation has to be joined anew first: Alt-J in `sotto`",
            ),
            NotSent::Refused => (Exit::Refused, "refused", "the gateway does not take it"),
        };
        let problem = Self::new(exit, text).because(reason);
        match why {
            NotSent::KeyChanged(_) => problem.and(LOOK_AT_KEY),
            _ => problem,
        }
    }
}

/// What to do about a changed account key.
pub(crate) const LOOK_AT_KEY: &str = "Compare with `sotto verify NAME`, on a way that is not \
     this gateway, and take the new key with `sotto accept-key NAME`";

impl From<SessionEnd> for Problem {
    fn from(end: SessionEnd) -> Self {
        let (reason, text) = match end {
            SessionEnd::Revoked => ("revoked", "this device was revoked by another one of yours"),
            SessionEnd::AccountDeleted => ("account_deleted", "the account was deleted"),
            SessionEnd::AccountDisabled => (
                "account_disabled",
                "the account was disabled by the gateway's operator",
            ),
            SessionEnd::Unknown => (
                "unknown",
                "the gateway does not know this device: its database is another one",
            ),
            SessionEnd::OtherGateway => (
                "other_gateway",
                "this is not the gateway that this device belongs to",
            ),
        };
        let problem = Self::new(Exit::SessionEnded, text).because(reason);
        match end {
            SessionEnd::AccountDisabled => problem.and("What is here can still be read"),
            SessionEnd::OtherGateway => problem.and("Check --server; nothing was sent"),
            SessionEnd::Revoked | SessionEnd::AccountDeleted | SessionEnd::Unknown => problem.and(
                "What is here can still be read; `sotto logout` erases it, and frees the profile",
            ),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_joined_as_sentences() {
        let problem = Problem::new(Exit::Failed, "one").and("Two.").and("Three");
        assert_eq!(problem.text, "one. Two. Three");
    }

    #[test]
    fn who_was_revoked_is_told_so_and_what_to_do() {
        let problem = Problem::from(SessionEnd::Revoked);
        assert_eq!(problem.exit as u8, 9);
        assert_eq!(problem.reason, Some("revoked"));
        assert!(problem.text.contains("was revoked") && problem.text.contains("sotto logout"));
    }

    #[test]
    fn a_locked_login_tells_scripts_when_to_come_back() {
        let problem = Problem::from(AccountFailure::Locked { retry_after: 600 });
        assert_eq!(problem.exit as u8, 13);
        assert_eq!(problem.retry_after, Some(600));
        assert!(problem.text.contains("10 minutes"));
    }

    #[test]
    fn a_changed_key_is_refused_with_what_to_do() {
        let account = sotto_shared::AccountId::from_bytes([1; 16]);
        let problem = Problem::from(Failure::Account(AccountFailure::KeyChanged(account)));
        assert_eq!(problem.exit as u8, 11);
        assert!(problem.text.contains("sotto verify") && problem.text.contains("sotto accept-key"));
    }

    #[test]
    fn a_mistyped_code_tells_the_group() {
        let problem = Problem::from(AccountFailure::CodeMistyped { group: Some(3) });
        assert_eq!(problem.exit as u8, 5);
        assert!(problem.text.ends_with("group 3"));
    }
}
