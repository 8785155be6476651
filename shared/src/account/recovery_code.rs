//! The recovery code: 160 random bits on paper.
//!
//! Shown as 8 groups of 5 characters of Crockford's base 32 (digits and letters without I, L, O
//! and U): 4 that hold 20 bits of the secret, then one check character. The check is Luhn's
//! algorithm modulo 32 over the group's number (0 to 7) and its 4 characters, so that a slip of
//! the pen or two groups in the wrong order are told apart from a code that is wrong.

use core::fmt;

use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Size of the secret in bytes.
pub const RECOVERY_SECRET: usize = 20;
/// How many groups are shown.
pub const RECOVERY_GROUPS: usize = 8;
/// Characters in a group, with its check character.
pub const RECOVERY_GROUP: usize = 5;
/// Characters of a code, without what stands between groups.
pub const RECOVERY_CHARS: usize = RECOVERY_GROUPS * RECOVERY_GROUP;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Opens an account whose password is lost.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; RECOVERY_SECRET]);

/// Why text is no recovery code. Nothing of the text is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// A character that codes do not have.
    #[error("group {group} of the recovery code has a character that no code has")]
    Character {
        /// The group in which it stands, counted from 1.
        group: usize,
    },
    /// Too many or too few characters.
    #[error("a recovery code has {RECOVERY_CHARS} letters and digits, this one has {chars}")]
    Length {
        /// How many there were.
        chars: usize,
    },
    /// A group's check character does not fit.
    #[error("group {group} of the recovery code is mistyped")]
    Group {
        /// The first such group, counted from 1.
        group: usize,
    },
}

impl RecoveryCode {
    /// A new random code.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut code = Self([0; RECOVERY_SECRET]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// Reads a code as people type it: either case, any spaces and dashes, O for 0, I or L for 1.
    ///
    /// # Errors
    /// A [`RecoveryCodeError`] that says where to look.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        let mut symbols = Zeroizing::new([0; RECOVERY_CHARS]);
        let mut chars = 0;
        let mut wrong = None;
        for c in text.chars().filter(|c| !is_filler(*c)) {
            match (symbols.get_mut(chars), symbol(c)) {
                (Some(place), Some(value)) => *place = value,
                (Some(_), None) => wrong = wrong.or(Some(chars / RECOVERY_GROUP + 1)),
                (None, _) => {}
            }
            chars += 1;
        }
        if let Some(group) = wrong {
            return Err(RecoveryCodeError::Character { group });
        }
        if chars != RECOVERY_CHARS {
            return Err(RecoveryCodeError::Length { chars });
        }
        let mut code = Self([0; RECOVERY_SECRET]);
        let mut bits = BitWriter::new(&mut code.0);
        for (index, group) in symbols.chunks_exact(RECOVERY_GROUP).enumerate() {
            let (data, check) = group.split_at(RECOVERY_GROUP - 1);
            if check != [check_symbol(index, data)] {
                return Err(RecoveryCodeError::Group { group: index + 1 });
            }
            data.iter().for_each(|symbol| bits.push(*symbol));
        }
        Ok(code)
    }

    /// The code as it is shown and printed: `XXXXX-XXXXX-…`.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Of this capacity, so that no piece of it stays behind when it grows.
        let mut text = Zeroizing::new(String::with_capacity(RECOVERY_CHARS + RECOVERY_GROUPS));
        let mut symbols = Zeroizing::new([0; RECOVERY_SECRET * 8 / 5]);
        for (at, symbol) in symbols.iter_mut().enumerate() {
            *symbol = five_bits(&self.0, at * 5);
        }
        for (index, data) in symbols.chunks_exact(RECOVERY_GROUP - 1).enumerate() {
            if index > 0 {
                text.push('-');
            }
            data.iter().for_each(|symbol| text.push(letter(*symbol)));
            text.push(letter(check_symbol(index, data)));
        }
        text
    }

    /// What goes into OPAQUE as the password of the slot
    /// [`Recovery`](super::opaque::Slot::Recovery).
    pub fn as_secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// What people and programs put between groups.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '_' | '.' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
        )
}

fn symbol(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    (0..)
        .zip(ALPHABET)
        .find(|(_, letter)| char::from(**letter) == c)
        .map(|(value, _)| value)
}

fn letter(symbol: u8) -> char {
    ALPHABET
        .get(usize::from(symbol))
        .map_or('0', |letter| char::from(*letter))
}

/// Luhn's algorithm modulo 32 over the group's number and its characters.
fn check_symbol(index: usize, data: &[u8]) -> u8 {
    let number = u8::try_from(index).unwrap_or(u8::MAX);
    let sum: u32 = data
        .iter()
        .rev()
        .chain([&number])
        .zip([2, 1].into_iter().cycle())
        .map(|(symbol, factor)| {
            let product = u32::from(*symbol) * factor;
            product / 32 + product % 32
        })
        .sum();
    u8::try_from((32 - sum % 32) % 32).unwrap_or_default()
}

/// Bits `at` to `at + 4`, the first bit of each byte being its highest.
fn five_bits(bytes: &[u8], at: usize) -> u8 {
    let byte = |index: usize| u16::from(bytes.get(index).copied().unwrap_or_default());
    let window = byte(at / 8) << 8 | byte(at / 8 + 1);
    let shifted = window >> (11 - at % 8);
    (shifted & 31).to_le_bytes()[0]
}

/// Puts 5 bits after 5 bits into bytes.
struct BitWriter<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> BitWriter<'a> {
    fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn push(&mut self, symbol: u8) {
        let [high, low] = (u16::from(symbol) << (11 - self.at % 8)).to_be_bytes();
        let index = self.at / 8;
        if let Some(byte) = self.bytes.get_mut(index) {
            *byte |= high;
        }
        if let Some(byte) = self.bytes.get_mut(index + 1) {
            *byte |= low;
        }
        self.at += 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    fn code(seed: u64) -> RecoveryCode {
        RecoveryCode::generate(&mut ChaCha8Rng::seed_from_u64(seed))
    }

    /// Worked out by hand: 20 bits to 4 characters, then Luhn modulo 32.
    #[test]
    fn known_secrets_have_known_codes() {
        let zeros = RecoveryCode([0; RECOVERY_SECRET]);
        assert_eq!(
            *zeros.to_text(),
            "00000-0000Y-0000W-0000T-0000R-0000P-0000M-0000J"
        );
        let mut bytes = [0; RECOVERY_SECRET];
        bytes[0] = 0b0000_1000;
        bytes[19] = 0b0001_1111;
        let text = RecoveryCode(bytes).to_text();
        assert!(text.starts_with("1000Z-"), "1, not doubled: 32 - 1");
        assert!(text.ends_with("-000ZK"), "31 and 7, doubled: 64 - 31 - 14");
    }

    #[test]
    fn codes_round_trip() {
        for seed in 0..200 {
            let code = code(seed);
            assert_eq!(RecoveryCode::parse(&code.to_text()), Ok(code));
        }
    }

    #[test]
    fn parsing_forgives_how_people_type() {
        let code = RecoveryCode([0b0000_1000; RECOVERY_SECRET]);
        let text = code.to_text();
        assert!(text.contains('0') && text.contains('1'));
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " \u{2013}\n"),
            text.replace('0', "O").replace('1', "l"),
            text.replace('0', "o").replace('1', "I"),
        ] {
            assert_eq!(RecoveryCode::parse(&typed).as_ref(), Ok(&code), "{typed}");
        }
    }

    #[test]
    fn every_single_typo_is_found_in_its_group() {
        let text = code(1).to_text().replace('-', "");
        for at in 0..RECOVERY_CHARS {
            for letter in ALPHABET {
                let mut typed = text.clone().into_bytes();
                if typed[at] == *letter {
                    continue;
                }
                typed[at] = *letter;
                assert_eq!(
                    RecoveryCode::parse(&String::from_utf8(typed).unwrap()),
                    Err(RecoveryCodeError::Group {
                        group: at / RECOVERY_GROUP + 1
                    })
                );
            }
        }
    }

    #[test]
    fn two_groups_in_the_wrong_order_are_found() {
        for seed in 0..50 {
            let text = code(seed).to_text();
            for first in 0..RECOVERY_GROUPS - 1 {
                let mut groups: Vec<_> = text.split('-').collect();
                groups.swap(first, first + 1);
                assert_eq!(
                    RecoveryCode::parse(&groups.join("-")),
                    Err(RecoveryCodeError::Group { group: first + 1 })
                );
            }
        }
    }

    #[test]
    fn letters_that_no_code_has_are_found_in_their_group() {
        let text = code(1).to_text();
        for c in ['U', 'u', '!', 'ß', 'Ⅷ'] {
            let typed: String = text
                .char_indices()
                .map(|(at, old)| if at == 13 { c } else { old })
                .collect();
            assert_eq!(
                RecoveryCode::parse(&typed),
                Err(RecoveryCodeError::Character { group: 3 }),
                "{c}"
            );
        }
    }

    #[test]
    fn a_cut_or_doubled_code_is_told_by_its_length() {
        let text = code(1).to_text();
        assert_eq!(
            RecoveryCode::parse(&text[..text.len() - 1]),
            Err(RecoveryCodeError::Length { chars: 39 })
        );
        assert_eq!(
            RecoveryCode::parse(&text.repeat(2)),
            Err(RecoveryCodeError::Length { chars: 80 })
        );
        assert_eq!(
            RecoveryCode::parse(""),
            Err(RecoveryCodeError::Length { chars: 0 })
        );
    }
}
