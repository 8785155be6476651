//! Which account name a classic name is, without regard to case.

use sotto_shared::account::AccountName;

/// The account name that a classic user name reads as; empty if it is none.
///
/// Upper case first: so that letters with more than one lower case, and signs that stand for
/// letters (the long `ſ`, the dotless `ı`, the Kelvin sign), meet the letter that they read as.
pub(super) fn account_name_of(user_name: &str) -> String {
    let folded: String = user_name
        .trim()
        .chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    match AccountName::parse(&folded) {
        Ok(name) => name.into(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_without_regard_to_case() {
        for name in [
            "kiss.me",
            "KISS.me",
            "Kiss.Me",
            "\u{212a}i\u{17f}s.me",
            " kiss.me ",
        ] {
            assert_eq!(account_name_of(name), "kiss.me", "{name}");
        }
        for name in ["", "bo", "Alice K", "zoë", "алиса", ".bob"] {
            assert_eq!(account_name_of(name), "", "{name}");
        }
    }
}
