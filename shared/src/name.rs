//! User names.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::{NAME_FIELD, NAME_MAX};

/// A classic user name: 1 to 254 bytes of printable UTF-8.
///
/// Printable means: no control characters, no line or paragraph separators, and none of the
/// invisible characters that reorder or hide text. Names compare case-sensitively.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// Why bytes are not a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing before the first NUL.
    #[error("a name cannot be empty")]
    Empty,
    /// More than [`NAME_MAX`] bytes.
    #[error("a name has at most {NAME_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Bytes of the name in UTF-8.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("a name is UTF-8 text")]
    NotUtf8,
    /// A control or invisible formatting character.
    #[error("a name cannot hold the character U+{codepoint:04X}")]
    Unprintable {
        /// The first such character.
        codepoint: u32,
    },
}

impl UserName {
    /// Reads the zero-padded field of the wire: what stands before the first NUL, or all of it.
    ///
    /// # Errors
    /// Any [`NameError`].
    pub fn from_field(field: &[u8]) -> Result<Self, NameError> {
        core::str::from_utf8(before_nul(field))
            .map_err(|_| NameError::NotUtf8)?
            .parse()
    }

    /// Reads a name that some other server let in, whatever it holds: what cannot be shown is
    /// replaced by U+FFFD, and no name at all by `?`.
    pub fn from_field_lossy(field: &[u8]) -> Self {
        let mut name = printable_prefix(field, NAME_MAX);
        if name.is_empty() {
            name.push('?');
        }
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zero-padded field of the wire; its last byte is always NUL.
    pub fn to_field(&self) -> [u8; NAME_FIELD] {
        let mut field = [0; NAME_FIELD];
        field
            .iter_mut()
            .zip(self.0.bytes())
            .for_each(|(slot, byte)| *slot = byte);
        field
    }
}

/// Foreign text up to the first NUL, cut to `max` bytes; what cannot be shown becomes U+FFFD.
pub(crate) fn printable_prefix(bytes: &[u8], max: usize) -> String {
    let mut text = String::new();
    for c in String::from_utf8_lossy(before_nul(bytes)).chars() {
        let c = if is_printable(c) {
            c
        } else {
            char::REPLACEMENT_CHARACTER
        };
        if text.len() + c.len_utf8() > max {
            break;
        }
        text.push(c);
    }
    text
}

fn before_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whether a character may stand in a name: no controls (Unicode category Cc), separators of lines
/// and paragraphs, bidirectional controls, nor anything else that shows as nothing (Unicode's
/// `Default_Ignorable_Code_Point`) and would let two names look the same. Variation selectors are
/// let in, because emoji and some Han characters are typed with them.
pub(crate) fn is_printable(c: char) -> bool {
    const BLANK_BRAILLE: char = '\u{2800}';
    !c.is_control()
        && c != BLANK_BRAILLE
        && !matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

impl FromStr for UserName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_MAX {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        match text.chars().find(|c| !is_printable(*c)) {
            Some(c) => Err(NameError::Unprintable {
                codepoint: c.into(),
            }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for UserName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_the_nul_are_ignored() {
        let mut field = [b'x'; NAME_FIELD];
        field[..6].copy_from_slice(b"alice\0");
        assert_eq!(UserName::from_field(&field).unwrap().as_str(), "alice");
    }

    #[test]
    fn names_of_254_bytes_pass_and_255_do_not() {
        assert!(UserName::from_field(&[b'a'; 254]).is_ok());
        assert_eq!(
            UserName::from_field(&[b'a'; 255]),
            Err(NameError::TooLong { bytes: 255 })
        );
    }

    #[test]
    fn spaces_and_utf8_are_welcome_controls_are_not() {
        assert!("Michael Jackson".parse::<UserName>().is_ok());
        assert!("Zoë 🦊 משה".parse::<UserName>().is_ok());
        for text in [
            "a\nb",
            "\u{7f}",
            "a\u{202e}b",
            "\u{200b}",
            "\u{1b}[2J",
            "a\u{85}",
        ] {
            assert!(
                matches!(text.parse::<UserName>(), Err(NameError::Unprintable { .. })),
                "{text:?}"
            );
        }
        assert_eq!(UserName::from_field(&[0; 255]), Err(NameError::Empty));
        assert_eq!(UserName::from_field(&[0xff, 0xfe]), Err(NameError::NotUtf8));
    }

    #[test]
    fn no_name_looks_like_another_by_invisible_characters() {
        for c in [
            '\u{34f}',
            '\u{115f}',
            '\u{17b4}',
            '\u{2800}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0100}',
        ] {
            let taken = format!("alice{c}").parse::<UserName>().is_ok();
            assert_eq!(taken, c == '\u{e0100}', "U+{:04X}", u32::from(c));
        }
        assert!(
            "❤\u{fe0f}".parse::<UserName>().is_ok(),
            "emoji as they are typed"
        );
    }

    #[test]
    fn foreign_names_are_always_shown_somehow() {
        assert_eq!(
            UserName::from_field_lossy(b"a\x01\xffb").as_str(),
            "a\u{fffd}\u{fffd}b"
        );
        assert_eq!(UserName::from_field_lossy(&[]).as_str(), "?");
        assert!(UserName::from_field_lossy(&[0xff; 255]).as_str().len() <= NAME_MAX);
    }

    #[test]
    fn field_round_trips() {
        let name: UserName = "bob the builder".parse().unwrap();
        assert_eq!(UserName::from_field(&name.to_field()), Ok(name));
    }
}
