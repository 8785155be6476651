//! Which passwords are let in.
//!
//! Cheap rules without a dictionary: Argon2id and the gateway's lock-out stand behind them. A
//! password is taken as its UTF-8 bytes, just as typed: RFC 8265 would have it normalised to NFC,
//! whose tables would cost the browser more than the rest of this module; keyboards give NFC.

use serde::{Deserialize, Serialize};

use super::name::AccountName;

/// Fewest characters.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Most bytes in UTF-8.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// Fewest different characters.
pub const PASSWORD_MIN_DISTINCT: usize = 5;

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`PASSWORD_MIN_CHARS`] characters.
    #[error("a password has at least {min} characters, this one has {chars}")]
    TooShort {
        /// How many there were.
        chars: usize,
        /// How many it takes.
        min: usize,
    },
    /// More than [`PASSWORD_MAX_BYTES`] bytes.
    #[error("a password has at most {max} bytes, this one has {bytes}")]
    TooLong {
        /// How many there were.
        bytes: usize,
        /// How many there may be.
        max: usize,
    },
    /// Fewer than [`PASSWORD_MIN_DISTINCT`] different characters.
    #[error("a password has at least {min} different characters, this one has {distinct}")]
    TooFewDistinct {
        /// How many there were.
        distinct: usize,
        /// How many it takes.
        min: usize,
    },
    /// Without the user name in it, fewer than [`PASSWORD_MIN_CHARS`] characters are left.
    #[error("without the user name in it, the password has {chars} characters, and needs {min}")]
    ContainsName {
        /// How many are left.
        chars: usize,
        /// How many it takes.
        min: usize,
    },
}

/// Checks a new password for an account of that name.
///
/// # Errors
/// The first [`WeakPassword`] that applies.
pub fn check_password(password: &str, name: &AccountName) -> Result<(), WeakPassword> {
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(WeakPassword::TooLong {
            bytes: password.len(),
            max: PASSWORD_MAX_BYTES,
        });
    }
    let chars = password.chars().count();
    if chars < PASSWORD_MIN_CHARS {
        return Err(WeakPassword::TooShort {
            chars,
            min: PASSWORD_MIN_CHARS,
        });
    }
    let distinct = distinct_chars(password);
    if distinct < PASSWORD_MIN_DISTINCT {
        return Err(WeakPassword::TooFewDistinct {
            distinct,
            min: PASSWORD_MIN_DISTINCT,
        });
    }
    let left = chars - name.as_str().len() * occurrences(password, name.as_str());
    if left < PASSWORD_MIN_CHARS {
        return Err(WeakPassword::ContainsName {
            chars: left,
            min: PASSWORD_MIN_CHARS,
        });
    }
    Ok(())
}

/// Like [`occurrences`] without a copy: counts each character where it stands first.
fn distinct_chars(text: &str) -> usize {
    text.char_indices()
        .filter(|(at, c)| !text.get(..*at).is_some_and(|before| before.contains(*c)))
        .count()
}

/// How often a name of ASCII characters stands in the text, in either case, without overlaps. No
/// copy of the text is made: it is a password.
fn occurrences(text: &str, name: &str) -> usize {
    let (mut rest, name) = (text.as_bytes(), name.as_bytes());
    let mut count = 0;
    while rest.len() >= name.len() {
        let (head, tail) = rest.split_at(name.len());
        if head.eq_ignore_ascii_case(name) {
            count += 1;
            rest = tail;
        } else {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), WeakPassword> {
        check_password(password, &"alice".parse().unwrap())
    }

    #[test]
    fn passwords_of_10_characters_pass_and_9_do_not() {
        assert_eq!(check("qwertzuiop"), Ok(()));
        assert_eq!(check("קוד🦊öäüéàè"), Ok(()), "characters, not bytes");
        assert_eq!(
            check("qwertzuio"),
            Err(WeakPassword::TooShort { chars: 9, min: 10 })
        );
    }

    #[test]
    fn passwords_of_1024_bytes_pass_and_1025_do_not() {
        let longest = "abcdefgh".repeat(128);
        assert_eq!(check(&longest), Ok(()));
        assert_eq!(
            check(&(longest + "a")),
            Err(WeakPassword::TooLong {
                bytes: 1025,
                max: 1024
            })
        );
    }

    #[test]
    fn five_different_characters_pass_and_four_do_not() {
        assert_eq!(check("aaaaaaabcde"), Ok(()));
        assert_eq!(
            check("aaaaaaabbcd"),
            Err(WeakPassword::TooFewDistinct {
                distinct: 4,
                min: 5
            })
        );
    }

    #[test]
    fn the_name_in_a_password_does_not_count() {
        for (password, left) in [
            ("alice12345", 5),
            ("xxALICEyyAlicezzz", 7),
            ("alicealice", 0),
        ] {
            assert_eq!(
                check(password),
                Err(WeakPassword::ContainsName {
                    chars: left,
                    min: 10
                }),
                "{password}"
            );
        }
        assert_eq!(check("malice-in-wonder"), Ok(()), "enough is left");
    }
}
