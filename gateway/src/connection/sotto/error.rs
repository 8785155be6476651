//! Errors of version 3: a code for programs and a sentence for people.

use core::time::Duration;

use sotto_shared::limits::{DEVICES_MAX, ERROR_TEXT_MAX, GROUP_DEVICES_MAX};
use sotto_shared::sotto::{Error, ErrorCode, Malformed};

/// An error with the sentence that belongs to its code.
pub fn error(code: ErrorCode) -> Error {
    Error {
        code,
        message: sentence(code),
        retry_after: None,
    }
}

/// An error that passes by itself.
pub fn error_until(code: ErrorCode, retry_after: Duration) -> Error {
    Error {
        // Whole milliseconds go over the wire: rather too late than too early.
        retry_after: Some(retry_after + Duration::from_millis(1)),
        ..error(code)
    }
}

/// What a payload that cannot be read is answered with.
pub(super) fn malformed(malformed: &Malformed) -> Error {
    let Malformed::Code(code) = malformed else {
        let mut message = format!("The request cannot be read: {malformed}.");
        while message.len() > ERROR_TEXT_MAX {
            message.pop();
        }
        return Error {
            code: ErrorCode::BadRequest,
            message,
            retry_after: None,
        };
    };
    Error {
        code: ErrorCode::UnknownRequest,
        message: format!("This gateway knows no request {code}."),
        retry_after: None,
    }
}

/// What a payload that is too large is answered with.
pub(super) fn too_large(declared: usize, limit: usize) -> Error {
    Error {
        code: ErrorCode::TooLarge,
        message: format!("The request has {declared} bytes, {limit} are the limit here."),
        retry_after: None,
    }
}

fn sentence(code: ErrorCode) -> String {
    let text = match code {
        ErrorCode::BadRequest => "The request cannot be read.",
        ErrorCode::UnknownRequest => "This gateway does not know this request.",
        ErrorCode::TooLarge => "The request is too large.",
        ErrorCode::ExpectedHello => "The first request has to be a hello, and only the first.",
        ErrorCode::UnsupportedVersion => {
            "This gateway speaks version 3 only. The program is too old or too new for it."
        }
        ErrorCode::NotAuthenticated => "Sign in first.",
        ErrorCode::LoginNeeded => "Enter the password or the recovery code first.",
        ErrorCode::LoginFailed => "The name or the password is wrong.",
        ErrorCode::LoginLocked => "Too many failed logins. Wait a little, then try again.",
        ErrorCode::RateLimited => "Too many requests. Wait a little, then try again.",
        ErrorCode::NonceUsed => "The connection's proof was used before, or is too old.",
        ErrorCode::BadSignature => "A signature does not fit.",
        ErrorCode::UnknownDevice => "This device is not known here.",
        ErrorCode::DeviceRevoked => "This device was removed from the account.",
        ErrorCode::AccountDisabled => "The account was disabled by the gateway's operator.",
        ErrorCode::NameTaken => "This name is taken.",
        ErrorCode::RegistrationClosed => "Nobody can sign up at this gateway.",
        ErrorCode::InvitationInvalid => "Signing up takes an invitation that is still good.",
        ErrorCode::TooManyDevices => {
            return format!("An account has at most {DEVICES_MAX} devices. Remove one first.");
        }
        ErrorCode::TooManyInvitations => "There are too many open invitations. Take one back.",
        ErrorCode::Conflict => "Something has changed meanwhile. Start over.",
        ErrorCode::NotAllowed => "This is not allowed here.",
        ErrorCode::ProofFailed => "The id is in use, or the proof for the old account is wrong.",
        ErrorCode::UnknownGroup => "There is no such group.",
        ErrorCode::NotMember => "This device is no member of the group.",
        ErrorCode::StaleEpoch => "The group has moved on. Read what waits, and try again.",
        ErrorCode::MailboxFull => "The mailboxes of all others are full.",
        ErrorCode::GroupFull => {
            return format!("A group has at most {GROUP_DEVICES_MAX} devices.");
        }
        ErrorCode::Unavailable | ErrorCode::Other(_) => {
            "The gateway cannot do this now. Nothing was changed; try again."
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_that_a_client_keeps_whole() {
        for code in ErrorCode::ALL {
            let text = error(*code).message;
            assert!(text.ends_with('.'), "{text}");
            assert!(text.len() <= ERROR_TEXT_MAX, "{text}");
        }
    }

    #[test]
    fn an_unreadable_payload_is_described_within_bounds() {
        let error = malformed(&Malformed::Missing("name"));
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert!(error.message.contains("name"), "{error}");
        let error = malformed(&Malformed::Code(3999));
        assert_eq!(error.code, ErrorCode::UnknownRequest);
        assert!(error.message.contains("3999"), "{error}");
    }
}
