//! What the gateway's errors mean to the user.

use core::time::Duration;

use sotto_shared::account::AccountName;
use sotto_shared::account::opaque::OpaqueError;
use sotto_shared::account::password::{PASSWORD_MAX_BYTES, WeakPassword};
use sotto_shared::account::recovery_code::RecoveryCodeError;
use sotto_shared::sotto::{Error, ErrorCode, Response};

use crate::api::AccountFailure;

/// What is waited when the gateway does not say how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(60);

/// A response that is not the one that was asked for: the gateway's error, or nonsense.
pub(crate) fn of(response: Response, name: &AccountName) -> AccountFailure {
    match response {
        Response::Error(error) => of_error(error, name),
        _ => AccountFailure::BadAnswer,
    }
}

/// The one place where error codes become failures. `name` is the account's that was asked for.
pub(crate) fn of_error(error: Error, name: &AccountName) -> AccountFailure {
    let retry_after = seconds_up(error.retry_after.unwrap_or(WAIT_DEFAULT));
    match error.code {
        ErrorCode::LoginFailed => AccountFailure::LoginFailed,
        ErrorCode::LoginLocked => AccountFailure::Locked { retry_after },
        ErrorCode::RateLimited => AccountFailure::RateLimited { retry_after },
        ErrorCode::NameTaken => AccountFailure::NameTaken(name.clone()),
        ErrorCode::RegistrationClosed => AccountFailure::RegistrationClosed,
        ErrorCode::InvitationInvalid => AccountFailure::InvitationInvalid,
        ErrorCode::TooManyDevices => AccountFailure::TooManyDevices,
        ErrorCode::TooManyInvitations => AccountFailure::TooManyInvitations,
        ErrorCode::AccountDisabled => AccountFailure::AccountDisabled,
        ErrorCode::BadRequest
        | ErrorCode::UnknownRequest
        | ErrorCode::TooLarge
        | ErrorCode::ExpectedHello
        | ErrorCode::UnsupportedVersion
        | ErrorCode::NotAuthenticated
        | ErrorCode::LoginNeeded
        | ErrorCode::NonceUsed
        | ErrorCode::BadSignature
        | ErrorCode::UnknownDevice
        | ErrorCode::DeviceRevoked
        | ErrorCode::Conflict
        | ErrorCode::NotAllowed
        | ErrorCode::ProofFailed
        | ErrorCode::Unavailable
        | ErrorCode::UnknownGroup
        | ErrorCode::NotMember
        | ErrorCode::StaleEpoch
        | ErrorCode::MailboxFull
        | ErrorCode::GroupFull
        | ErrorCode::Other(_) => AccountFailure::Gateway {
            message: printable(&error.message),
        },
    }
}

/// A login that OPAQUE refuses on this side.
pub(crate) fn of_login(error: OpaqueError) -> AccountFailure {
    match error {
        OpaqueError::WrongPassword | OpaqueError::PasswordTooLong { .. } => {
            AccountFailure::LoginFailed
        }
        OpaqueError::Malformed { .. } | OpaqueError::Internal => AccountFailure::BadAnswer,
    }
}

/// A new password that OPAQUE refuses on this side.
pub(crate) fn of_registration(error: OpaqueError) -> AccountFailure {
    match error {
        OpaqueError::PasswordTooLong { bytes } => {
            AccountFailure::WeakPassword(WeakPassword::TooLong {
                bytes,
                max: PASSWORD_MAX_BYTES,
            })
        }
        OpaqueError::WrongPassword | OpaqueError::Malformed { .. } | OpaqueError::Internal => {
            AccountFailure::BadAnswer
        }
    }
}

/// A code that cannot be one.
pub(crate) fn of_code(error: RecoveryCodeError) -> AccountFailure {
    let group = match error {
        RecoveryCodeError::Character { group } | RecoveryCodeError::Group { group } => {
            u8::try_from(group).ok()
        }
        RecoveryCodeError::Length { .. } => None,
    };
    AccountFailure::CodeMistyped { group }
}

fn seconds_up(time: Duration) -> u64 {
    time.as_secs()
        .saturating_add(u64::from(time.subsec_nanos() > 0))
}

/// Somebody else's text, for a screen.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: ErrorCode, retry_after: Option<Duration>) -> Response {
        Response::Error(Error {
            code,
            message: "no\u{1b}[31m".to_owned(),
            retry_after,
        })
    }

    fn failure(code: ErrorCode) -> AccountFailure {
        of(
            error(code, Some(Duration::from_millis(1_500))),
            &AccountName::parse("alice").unwrap(),
        )
    }

    #[test]
    fn every_code_has_a_failure_and_waits_are_rounded_up() {
        let name = AccountName::parse("alice").unwrap();
        assert_eq!(
            failure(ErrorCode::NameTaken),
            AccountFailure::NameTaken(name)
        );
        assert_eq!(
            failure(ErrorCode::LoginLocked),
            AccountFailure::Locked { retry_after: 2 }
        );
        for code in ErrorCode::ALL {
            assert_ne!(failure(*code), AccountFailure::BadAnswer, "{code:?}");
        }
    }

    #[test]
    fn a_gateways_sentence_cannot_steer_a_terminal() {
        assert_eq!(
            failure(ErrorCode::Other(99)),
            AccountFailure::Gateway {
                message: "no[31m".to_owned()
            }
        );
    }

    #[test]
    fn an_answer_to_something_else_is_none() {
        let name = AccountName::parse("alice").unwrap();
        assert_eq!(of(Response::Pong, &name), AccountFailure::BadAnswer);
    }
}
