//! Account names, by which people are found, and display names, which are shown.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::is_printable;

/// Fewest characters of an account name.
pub const ACCOUNT_NAME_MIN: usize = 3;
/// Most characters of an account name; they are bytes, too.
pub const ACCOUNT_NAME_MAX: usize = 32;
/// Most characters of a display name.
pub const DISPLAY_NAME_MAX_CHARS: usize = 64;
/// Most bytes of a display name in UTF-8.
pub const DISPLAY_NAME_MAX_BYTES: usize = 255;

/// An account's unique name: 3 to 32 of `a-z 0-9 . _ -`, begins and ends with a letter or a digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Why text is no account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNameError {
    /// Fewer than [`ACCOUNT_NAME_MIN`] characters.
    #[error("a user name has at least {ACCOUNT_NAME_MIN} characters, this one has {chars}")]
    TooShort {
        /// How many there were.
        chars: usize,
    },
    /// More than [`ACCOUNT_NAME_MAX`] characters.
    #[error("a user name has at most {ACCOUNT_NAME_MAX} characters, this one has {chars}")]
    TooLong {
        /// How many there were.
        chars: usize,
    },
    /// A character that names do not have.
    #[error(
        "a user name is made of a-z, 0-9, dot, underscore and hyphen; character {position} is U+{codepoint:04X}"
    )]
    Character {
        /// Its place, counted from 1.
        position: usize,
        /// What it is.
        codepoint: u32,
    },
    /// A dot, underscore or hyphen at the begin or end.
    #[error(
        "a user name begins and ends with a letter or a digit; character {position} is neither"
    )]
    Edge {
        /// Its place, counted from 1.
        position: usize,
    },
}

impl AccountName {
    /// Reads a name. Nothing is trimmed or changed.
    ///
    /// # Errors
    /// Any [`AccountNameError`].
    pub fn parse(text: &str) -> Result<Self, AccountNameError> {
        // Characters first: who typed a capital letter is to hear of it, whatever the length.
        let chars = text.chars().count();
        if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| !is_name_char(*c)) {
            return Err(AccountNameError::Character {
                position: at + 1,
                codepoint: c.into(),
            });
        }
        if chars < ACCOUNT_NAME_MIN {
            return Err(AccountNameError::TooShort { chars });
        }
        if chars > ACCOUNT_NAME_MAX {
            return Err(AccountNameError::TooLong { chars });
        }
        if text.starts_with(is_separator) {
            return Err(AccountNameError::Edge { position: 1 });
        }
        if text.ends_with(is_separator) {
            return Err(AccountNameError::Edge { position: chars });
        }
        Ok(Self(text.to_owned()))
    }

    /// The nearest name to a free text, such as an old user name or a display name:
    /// `Zoë Klein` gives `zoe.klein`. None if too little of it can be kept.
    pub fn suggest(text: &str) -> Option<Self> {
        let mut name = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' => name.push(c),
                _ if is_separator(c) => push_separator(&mut name, c),
                _ if c.is_whitespace() => push_separator(&mut name, '.'),
                _ => name.push_str(plain_letters(c)),
            }
            if name.len() >= ACCOUNT_NAME_MAX {
                name.truncate(ACCOUNT_NAME_MAX);
                break;
            }
        }
        Self::parse(name.trim_end_matches(is_separator)).ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || is_separator(c)
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

/// One separator between letters, none at the begin.
fn push_separator(name: &mut String, separator: char) {
    if !name.is_empty() && !name.ends_with(is_separator) {
        name.push(separator);
    }
}

/// The letters a-z of a lower-case Latin letter with marks; of anything else, none.
fn plain_letters(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// A free name to show: 1 to 64 characters and at most 255 bytes of printable Unicode, without
/// white space at its ends. What is printable is the same as for [`UserName`](crate::UserName).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

/// Why text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Nothing but white space.
    #[error("a display name cannot be empty")]
    Empty,
    /// More than [`DISPLAY_NAME_MAX_CHARS`] characters.
    #[error("a display name has at most {DISPLAY_NAME_MAX_CHARS} characters, this one has {chars}")]
    TooManyChars {
        /// How many there were.
        chars: usize,
    },
    /// More than [`DISPLAY_NAME_MAX_BYTES`] bytes.
    #[error("a display name has at most {DISPLAY_NAME_MAX_BYTES} bytes, this one has {bytes}")]
    TooManyBytes {
        /// How many there were.
        bytes: usize,
    },
    /// A control or invisible formatting character.
    #[error("a display name cannot hold the character U+{codepoint:04X}")]
    Unprintable {
        /// The first such character.
        codepoint: u32,
    },
}

impl DisplayName {
    /// Reads a name; white space at its ends is dropped.
    ///
    /// # Errors
    /// Any [`DisplayNameError`].
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DisplayNameError::Empty);
        }
        if text.len() > DISPLAY_NAME_MAX_BYTES {
            return Err(DisplayNameError::TooManyBytes { bytes: text.len() });
        }
        let chars = text.chars().count();
        if chars > DISPLAY_NAME_MAX_CHARS {
            return Err(DisplayNameError::TooManyChars { chars });
        }
        match text.chars().find(|c| !is_printable(*c)) {
            Some(c) => Err(DisplayNameError::Unprintable {
                codepoint: c.into(),
            }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_traits {
    ($name:ident, $error:ident) => {
        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_traits!(AccountName, AccountNameError);
text_traits!(DisplayName, DisplayNameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_3_and_32_characters_pass_2_and_33_do_not() {
        assert!(AccountName::parse("bob").is_ok());
        assert!(AccountName::parse(&"a".repeat(32)).is_ok());
        assert_eq!(
            AccountName::parse("bo"),
            Err(AccountNameError::TooShort { chars: 2 })
        );
        assert_eq!(
            AccountName::parse(&"a".repeat(33)),
            Err(AccountNameError::TooLong { chars: 33 })
        );
        assert_eq!(
            AccountName::parse(""),
            Err(AccountNameError::TooShort { chars: 0 })
        );
    }

    #[test]
    fn a_name_is_never_changed_to_fit() {
        for (text, position) in [
            ("Alice", 1),
            ("alice ", 6),
            (" alice", 1),
            ("zoë", 3),
            ("al\u{0}ice", 3),
            ("аlice", 1),
        ] {
            let error = AccountName::parse(text).unwrap_err();
            assert!(
                matches!(error, AccountNameError::Character { position: at, .. } if at == position),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn names_begin_and_end_with_a_letter_or_digit() {
        assert!(AccountName::parse("0.a_b-9").is_ok());
        for name in [".bob", "_bob", "-bob"] {
            assert_eq!(
                AccountName::parse(name),
                Err(AccountNameError::Edge { position: 1 })
            );
        }
        for name in ["bob.", "bob_", "bob-"] {
            assert_eq!(
                AccountName::parse(name),
                Err(AccountNameError::Edge { position: 4 })
            );
        }
    }

    #[test]
    fn free_texts_suggest_near_names() {
        for (text, name) in [
            ("Zoë Klein", "zoe.klein"),
            ("  Michael   Jackson! ", "michael.jackson"),
            ("Straße_9", "strasse_9"),
            ("İstanbul", "istanbul"),
            ("..a--b__c..", "a-b_c"),
            ("ØREGAARD", "oregaard"),
        ] {
            assert_eq!(AccountName::suggest(text).unwrap().as_str(), name, "{text}");
        }
        let long = AccountName::suggest(&format!("{} bcd", "a".repeat(31))).unwrap();
        assert_eq!(long.as_str(), "a".repeat(31));
        for text in ["", "Bo", "משה", "🦊🦊🦊", "- . -"] {
            assert_eq!(AccountName::suggest(text), None, "{text}");
        }
    }

    #[test]
    fn display_names_of_64_characters_and_255_bytes_pass() {
        assert!(DisplayName::parse(&"é".repeat(64)).is_ok());
        assert_eq!(
            DisplayName::parse(&"a".repeat(65)),
            Err(DisplayNameError::TooManyChars { chars: 65 })
        );
        let full = format!("{}aaa", "🦊".repeat(63));
        assert_eq!(full.len(), 255);
        assert_eq!(
            DisplayName::parse(&full),
            Err(DisplayNameError::TooManyChars { chars: 66 })
        );
        assert!(DisplayName::parse(&format!("{}abc", "🦊".repeat(61))).is_ok());
        assert_eq!(
            DisplayName::parse(&"🦊".repeat(64)),
            Err(DisplayNameError::TooManyBytes { bytes: 256 })
        );
        assert_eq!(
            DisplayName::parse(" \u{3000}\n"),
            Err(DisplayNameError::Empty)
        );
    }

    #[test]
    fn display_names_hide_and_reorder_nothing() {
        assert_eq!(
            DisplayName::parse("  Zoë 🦊 משה ").unwrap().as_str(),
            "Zoë 🦊 משה"
        );
        for text in [
            "a\u{202e}b",
            "a\nb",
            "\u{200b}",
            "a\u{2066}b",
            "a\u{1b}[2J",
            "a\u{feff}b",
        ] {
            assert!(
                matches!(
                    DisplayName::parse(text),
                    Err(DisplayNameError::Unprintable { .. })
                ),
                "{text:?}"
            );
        }
    }

    #[test]
    fn stored_names_are_parsed_again() {
        let name = AccountName::parse("zoe.klein").unwrap();
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(json, "\"zoe.klein\"");
        assert_eq!(serde_json::from_str::<AccountName>(&json).unwrap(), name);
        assert!(serde_json::from_str::<AccountName>("\"Zoe\"").is_err());
        assert!(serde_json::from_str::<DisplayName>("\"\"").is_err());
    }
}
