//! What the page says about accounts.

use sotto_engine::api::{
    AccountFailure, Presence, ScanResult, SessionEnd, SignInStep, Trust, WeakPassword,
};
use sotto_shared::account::name::{
    ACCOUNT_NAME_MAX, ACCOUNT_NAME_MIN, AccountNameError, DISPLAY_NAME_MAX_BYTES,
    DISPLAY_NAME_MAX_CHARS, DisplayNameError,
};
use sotto_shared::account::password::{PASSWORD_MIN_CHARS, check_password};

/// Characters from which on a password is called strong.
const STRONG_CHARS: usize = 16;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Why what was typed is no user name.
pub(crate) fn account_name_problem(error: AccountNameError) -> String {
    match error {
        AccountNameError::TooShort { .. } => {
            format!("A user name has at least {ACCOUNT_NAME_MIN} characters.")
        }
        AccountNameError::TooLong { chars } => {
            format!("A user name has at most {ACCOUNT_NAME_MAX} characters; this one has {chars}.")
        }
        AccountNameError::Character { .. } => {
            "A user name is made of small letters a–z, digits, dot, hyphen and underscore."
                .to_owned()
        }
        AccountNameError::Edge { .. } => {
            "A user name begins and ends with a letter or a digit.".to_owned()
        }
    }
}

/// Why what was typed is no display name.
pub(crate) fn display_name_problem(error: DisplayNameError) -> String {
    match error {
        DisplayNameError::Empty => "Type a name.".to_owned(),
        DisplayNameError::TooManyChars { chars } => format!(
            "A display name has at most {DISPLAY_NAME_MAX_CHARS} characters; this one has {chars}."
        ),
        DisplayNameError::TooManyBytes { bytes } => format!(
            "This name is too long: {bytes} bytes, and at most {DISPLAY_NAME_MAX_BYTES} fit."
        ),
        DisplayNameError::Unprintable { .. } => {
            "This name holds an invisible character. Please type it anew.".to_owned()
        }
    }
}

/// Why a new password is not good enough.
pub(crate) fn weak_password(weak: WeakPassword) -> String {
    match weak {
        WeakPassword::TooShort { chars, min } => {
            format!("A password has at least {min} characters; this one has {chars}.")
        }
        WeakPassword::TooLong { max, .. } => format!("A password has at most {max} bytes."),
        WeakPassword::TooFewDistinct { min, .. } => {
            format!("Use at least {min} different characters.")
        }
        WeakPassword::ContainsName { .. } => {
            "Your user name does not make the password stronger. Add to it.".to_owned()
        }
    }
}

/// How good a new password is, as it is typed: whether it is let in, and a line about it.
pub(crate) fn strength(password: &str, name: &str) -> (bool, String) {
    let chars = password.chars().count();
    if chars == 0 {
        return (
            false,
            format!("At least {PASSWORD_MIN_CHARS} characters. A few words in a row are good."),
        );
    }
    // Without a name yet, any other stands for it.
    let name = name.parse().or_else(|_| "000".parse());
    let checked = name.map(|name| check_password(password, &name));
    match checked {
        Ok(Err(WeakPassword::TooShort { chars, min })) => {
            let more = min.saturating_sub(chars);
            let noun = if more == 1 { "character" } else { "characters" };
            (false, format!("{more} more {noun}."))
        }
        Ok(Err(weak)) => (false, weak_password(weak)),
        _ if chars >= STRONG_CHARS => (true, "Strong.".to_owned()),
        _ => (true, "Good. A longer one is better.".to_owned()),
    }
}

/// What is under way.
pub(crate) fn step(step: SignInStep) -> &'static str {
    match step {
        SignInStep::Connecting => "Connecting to the server…",
        SignInStep::Password => "Working with your password. This takes a moment.",
        SignInStep::Keys => "Preparing your keys…",
        SignInStep::Storing => "Almost done…",
    }
}

/// Name and recovery code do not belong together.
pub(crate) fn wrong_code() -> String {
    "The name or the recovery code is wrong.".to_owned()
}

/// Why a command about the account could not be done.
pub(crate) fn account_failure(failure: &AccountFailure) -> String {
    match failure {
        AccountFailure::WeakPassword(weak) => weak_password(*weak),
        AccountFailure::CodeMistyped { group: Some(group) } => {
            format!("Group {group} of the recovery code is mistyped. Please compare it.")
        }
        other => other.to_string(),
    }
}

/// Whether somebody is there, or when they were.
pub(crate) fn presence(presence: Presence, now: u64) -> String {
    match presence {
        Presence { online: true, .. } => "Online".to_owned(),
        Presence {
            last_seen: Some(at),
            ..
        } => format!("Last seen {}", ago(at, now)),
        Presence {
            last_seen: None, ..
        } => "Offline".to_owned(),
    }
}

/// How long something is past, roughly.
pub(crate) fn ago(at: u64, now: u64) -> String {
    match now.saturating_sub(at) {
        0..MINUTE => "just now".to_owned(),
        past @ MINUTE..HOUR => format!("{} min ago", past / MINUTE),
        past @ HOUR..DAY => format!("{} h ago", past / HOUR),
        past @ DAY.. if past < 2 * DAY => "a day ago".to_owned(),
        past => format!("{} days ago", past / DAY),
    }
}

/// How long something is to come, roughly and rounded up.
pub(crate) fn in_time(at: u64, now: u64) -> String {
    match at.saturating_sub(now) {
        0 => "now".to_owned(),
        left @ 1..HOUR => format!("in {} min", left.div_ceil(MINUTE)),
        left @ HOUR..DAY => format!("in {} h", left.div_ceil(HOUR)),
        left => format!("in {} days", left.div_ceil(DAY)),
    }
}

/// Minutes until the local store locks by itself.
pub(crate) fn auto_lock(minutes: Option<u16>) -> String {
    match minutes {
        None => "Never".to_owned(),
        Some(1) => "1 minute".to_owned(),
        Some(60) => "1 hour".to_owned(),
        Some(minutes) if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        Some(minutes) => format!("{minutes} minutes"),
    }
}

/// What is known of a contact's key.
pub(crate) fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Verified => "Verified: you have compared the safety number.",
        Trust::Unverified => {
            "Not verified: compare the safety number to be sure that nobody sits between you."
        }
        Trust::Changed { .. } => "Their key has changed.",
    }
}

/// The key before a change, and the one that the server tells now.
pub(crate) fn key_change(was_verified: bool) -> [&'static str; 2] {
    let before = if was_verified {
        "A key that you had verified."
    } else {
        "A key that you had not verified."
    };
    [before, "Another key, which nobody has compared."]
}

/// What came of comparing a safety code.
pub(crate) fn scan(result: ScanResult, name: &str) -> String {
    match result {
        ScanResult::Match => format!("It fits. {name} is verified: nobody sits between you."),
        ScanResult::Different => format!(
            "It does not fit. Somebody may sit between you and {name}, or one of you sees an old key. Do not write anything secret until you have found out."
        ),
        ScanResult::SomebodyElses => format!(
            "This is somebody else’s code. Scan the one that {name}’s device shows for you."
        ),
        ScanResult::YourOwn => {
            format!("This is your own code. Scan the one that {name}’s device shows.")
        }
        ScanResult::NotACode => "This is no safety code of Sotto.".to_owned(),
    }
}

/// Why the session of this device is over: a title, and what to do.
pub(crate) fn session_end(end: SessionEnd) -> [&'static str; 2] {
    match end {
        SessionEnd::Revoked => [
            "This device was signed out",
            "One of your other devices has revoked it. Erase this browser’s copy; then you can sign in again with your password.",
        ],
        SessionEnd::AccountDeleted => [
            "Your account was deleted",
            "It is gone for good, and so is everything of it on the server. Erase this browser’s copy, too.",
        ],
        SessionEnd::AccountDisabled => [
            "Your account is disabled",
            "The people who run this server have disabled it. Ask them why. Your messages are still in this browser.",
        ],
        SessionEnd::Unknown => [
            "The server does not know this device",
            "Its database is another one than before. Ask the people who run it. If it stays so, erase this browser’s copy and sign in anew.",
        ],
        SessionEnd::OtherGateway => [
            "This is another server",
            "It is not the one that your account belongs to, though it has the same address. Ask the people who run it before you go on: nothing was sent to it.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_past_and_to_come_read_naturally() {
        for (past, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (5 * MINUTE, "5 min ago"),
            (HOUR, "1 h ago"),
            (DAY, "a day ago"),
            (9 * DAY, "9 days ago"),
        ] {
            assert_eq!(ago(10 * DAY - past, 10 * DAY), text);
        }
        assert_eq!(ago(10, 5), "just now", "clocks differ");
        for (left, text) in [
            (0, "now"),
            (1, "in 1 min"),
            (HOUR + 1, "in 2 h"),
            (6 * DAY, "in 6 days"),
        ] {
            assert_eq!(in_time(DAY + left, DAY), text);
        }
    }

    #[test]
    fn presence_tells_only_what_is_known() {
        let told = |online, last_seen| presence(Presence { online, last_seen }, 1000);
        assert_eq!(told(true, Some(1)), "Online");
        assert_eq!(told(false, Some(700)), "Last seen 5 min ago");
        assert_eq!(told(false, None), "Offline");
    }

    #[test]
    fn the_strength_line_says_good_exactly_when_the_password_is_let_in() {
        assert_eq!(strength("", "ada"), (false, strength("", "").1));
        assert_eq!(strength("123456789", "ada").1, "1 more character.");
        assert_eq!(strength("12345678", "").1, "2 more characters.");
        assert!(strength("1234567890", "ada").0);
        assert!(!strength("lovelace12", "lovelace").0);
        assert!(!strength("aaaaaaaaaaaa", "ada").0);
        assert_eq!(
            strength("correct horse battery", "ada"),
            (true, "Strong.".to_owned())
        );
    }

    #[test]
    fn auto_lock_times_have_units() {
        for (minutes, text) in [
            (None, "Never"),
            (Some(5), "5 minutes"),
            (Some(60), "1 hour"),
            (Some(240), "4 hours"),
            (Some(90), "90 minutes"),
        ] {
            assert_eq!(auto_lock(minutes), text);
        }
    }
}
