//! The safety number: what two people compare to know that nobody sits between them.
//!
//! Signal's numeric fingerprint, version 0: for each side, SHA-512 over version u16 (0) | key |
//! account id | key, then 5,199 times SHA-512 over the last digest | key. The first 30 bytes give
//! six groups of five digits: each five bytes as a big-endian number modulo 100,000. The smaller
//! side stands first, so that both people see the same 60 digits. The stable identifier is the
//! account id, the key the 32 bytes of the account key.
//!
//! For a QR code or the clipboard there is a text: `sotto:verify:1:` and, in base64url without
//! padding, the id 16 and fingerprint 32 of who shows it, then the id 16 and fingerprint 32 of
//! whom it is shown to. A fingerprint there is the first 32 bytes of the digest above.

use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha512};

use super::key::AccountPublicKey;
use crate::AccountId;

/// How often SHA-512 is applied: makes a search for a similar number 5,200 times as dear.
pub const ITERATIONS: u32 = 5200;
/// Digits of a safety number.
pub const DIGITS: usize = 60;
/// Digits in a group.
pub const DIGITS_IN_GROUP: usize = 5;

const VERSION: [u8; 2] = [0, 0];
const FINGERPRINT: usize = 32;
const CODE_PREFIX: &str = "sotto:verify:";
const CODE_VERSION: &str = "1";
/// Two ids and two fingerprints.
const CODE_SIZE: usize = 2 * (16 + FINGERPRINT);

/// An account and its key.
pub type Identity = (AccountId, AccountPublicKey);

/// The safety number of two accounts.
#[derive(Clone, PartialEq, Eq)]
pub struct SafetyNumber {
    mine: Side,
    theirs: Side,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Side {
    account: AccountId,
    fingerprint: [u8; FINGERPRINT],
}

/// Why a scanned or pasted text does not verify a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Some other text.
    #[error("this is not a safety number")]
    NotASafetyNumber,
    /// Made by a version of the program that counts otherwise.
    #[error("this safety number is of another version of Sotto; update the older one of the two")]
    OtherVersion,
    /// Of these two people, but of other keys: somebody may sit between them.
    #[error("the safety numbers differ")]
    Different,
    /// Of another pair of people.
    #[error("this safety number belongs to somebody else")]
    SomebodyElses,
    /// The user's own code, and not the contact's.
    #[error("this is your own code; scan the one that your contact shows")]
    YourOwn,
}

impl SafetyNumber {
    /// The number of two accounts, a few milliseconds of work.
    pub fn new(mine: Identity, theirs: Identity) -> Self {
        Self {
            mine: Side::new(mine),
            theirs: Side::new(theirs),
        }
    }

    /// The 60 digits, the same on both sides.
    pub fn digits(&self) -> String {
        let (mine, theirs) = (self.mine.digits(), self.theirs.digits());
        if mine <= theirs {
            mine + &theirs
        } else {
            theirs + &mine
        }
    }

    /// The text of the QR code to show to the contact.
    pub fn to_qr(&self) -> String {
        let payload = [self.mine.to_bytes(), self.theirs.to_bytes()].concat();
        let payload = Base64UrlUnpadded::encode_string(&payload);
        format!("{CODE_PREFIX}{CODE_VERSION}:{payload}")
    }

    /// Checks what the contact's device shows.
    ///
    /// # Errors
    /// A [`ScanError`]; only [`ScanError::Different`] is a reason for alarm.
    pub fn check(&self, text: &str) -> Result<(), ScanError> {
        let [shown_by, shown_to] = parse_code(text)?;
        if shown_by.account == self.mine.account && shown_to.account == self.theirs.account {
            return Err(ScanError::YourOwn);
        }
        if shown_by.account != self.theirs.account || shown_to.account != self.mine.account {
            return Err(ScanError::SomebodyElses);
        }
        if shown_by == self.theirs && shown_to == self.mine {
            Ok(())
        } else {
            Err(ScanError::Different)
        }
    }
}

/// Checks what the contact's device shows, without a number at hand.
///
/// # Errors
/// A [`ScanError`]; only [`ScanError::Different`] is a reason for alarm.
pub fn scan(text: &str, mine: Identity, theirs: Identity) -> Result<(), ScanError> {
    SafetyNumber::new(mine, theirs).check(text)
}

impl fmt::Display for SafetyNumber {
    /// 12 groups of 5 digits, with a space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in self.digits().chars().enumerate() {
            if at > 0 && at % DIGITS_IN_GROUP == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafetyNumber({self})")
    }
}

impl Side {
    fn new((account, key): Identity) -> Self {
        Self {
            account,
            fingerprint: fingerprint(account.as_bytes(), key.as_bytes()),
        }
    }

    fn digits(&self) -> String {
        self.fingerprint
            .chunks_exact(5)
            .map(|chunk| {
                let number = chunk
                    .iter()
                    .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                format!("{:05}", number % 100_000)
            })
            .collect()
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.account.as_bytes().as_slice(), &self.fingerprint].concat()
    }
}

fn fingerprint(stable_id: &[u8], key: &[u8]) -> [u8; FINGERPRINT] {
    let mut digest = Sha512::new()
        .chain_update(VERSION)
        .chain_update(key)
        .chain_update(stable_id)
        .chain_update(key)
        .finalize();
    for _ in 1..ITERATIONS {
        digest = Sha512::new()
            .chain_update(digest)
            .chain_update(key)
            .finalize();
    }
    let mut fingerprint = [0; FINGERPRINT];
    fingerprint
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    fingerprint
}

/// Who shows the code, and to whom.
fn parse_code(text: &str) -> Result<[Side; 2], ScanError> {
    let (version, payload) = text
        .trim()
        .strip_prefix(CODE_PREFIX)
        .and_then(|rest| rest.split_once(':'))
        .ok_or(ScanError::NotASafetyNumber)?;
    if version != CODE_VERSION {
        let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if is_number {
            ScanError::OtherVersion
        } else {
            ScanError::NotASafetyNumber
        });
    }
    let mut bytes = [0; CODE_SIZE];
    let decoded =
        Base64UrlUnpadded::decode(payload, &mut bytes).map_err(|_| ScanError::NotASafetyNumber)?;
    if decoded.len() != CODE_SIZE {
        return Err(ScanError::NotASafetyNumber);
    }
    let (by, to) = bytes.split_at(CODE_SIZE / 2);
    let side = |half: &[u8]| {
        let (account, rest) = half.split_first_chunk::<16>()?;
        Some(Side {
            account: AccountId::from_bytes(*account),
            fingerprint: *rest.first_chunk::<FINGERPRINT>()?,
        })
    };
    match (side(by), side(to)) {
        (Some(by), Some(to)) => Ok([by, to]),
        _ => Err(ScanError::NotASafetyNumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountKey;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    const RFC_8032_SEEDS: [[u8; 32]; 2] = [
        [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ],
        [
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11,
            0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed,
            0x4f, 0xb8, 0xa6, 0xfb,
        ],
    ];

    fn identity(seed: u64) -> Identity {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let account = AccountId::random(&mut rng);
        (account, AccountKey::generate(&mut rng).public())
    }

    /// The vector that Signal's libraries are tested with (libsignal-protocol-c,
    /// `tests/test_fingerprint.c`): keys with their type byte, telephone numbers as identifiers.
    #[test]
    fn the_digits_are_those_of_signal() {
        let alice = [
            0x05, 0x06, 0x86, 0x3b, 0xc6, 0x6d, 0x02, 0xb4, 0x0d, 0x27, 0xb8, 0xd4, 0x9c, 0xa7,
            0xc0, 0x9e, 0x92, 0x39, 0x23, 0x6f, 0x9d, 0x7d, 0x25, 0xd6, 0xfc, 0xca, 0x5c, 0xe1,
            0x3c, 0x70, 0x64, 0xd8, 0x68,
        ];
        let bob = [
            0x05, 0xf7, 0x81, 0xb6, 0xfb, 0x32, 0xfe, 0xd9, 0xba, 0x1c, 0xf2, 0xde, 0x97, 0x8d,
            0x4d, 0x5d, 0xa2, 0x8d, 0xc3, 0x40, 0x46, 0xae, 0x81, 0x44, 0x02, 0xb5, 0xc0, 0xdb,
            0xd9, 0x6f, 0xda, 0x90, 0x7b,
        ];
        let side = |stable_id: &[u8], key: &[u8]| Side {
            account: AccountId::ZERO,
            fingerprint: fingerprint(stable_id, key),
        };
        let number = SafetyNumber {
            mine: side(b"+14152222222", &alice),
            theirs: side(b"+14153333333", &bob),
        };
        let digits = "300354477692869396892869876765458257569162576843440918079131";
        assert_eq!(number.digits(), digits);
        let (mine, theirs) = (number.theirs, number.mine);
        assert_eq!(SafetyNumber { mine, theirs }.digits(), digits);
    }

    #[test]
    fn both_sides_see_the_same_sixty_digits() {
        let number = SafetyNumber::new(identity(1), identity(2));
        let shown = number.to_string();
        assert_eq!(
            shown,
            SafetyNumber::new(identity(2), identity(1)).to_string()
        );
        let groups: Vec<_> = shown.split(' ').collect();
        assert_eq!(groups.len(), DIGITS / DIGITS_IN_GROUP);
        assert!(groups.iter().all(|group| group.len() == DIGITS_IN_GROUP));
        assert_eq!(groups.concat(), number.digits());
    }

    /// Computed by another program, from the description above.
    #[test]
    fn known_keys_have_a_known_number_and_code() {
        let known = |id: u8, seed: &[u8; 32]| {
            let key = AccountKey::from_bytes(seed).public();
            (AccountId::from_bytes([id; 16]), key)
        };
        // The keys of RFC 8032, section 7.1, tests 1 and 2.
        let number = SafetyNumber::new(known(1, &RFC_8032_SEEDS[0]), known(2, &RFC_8032_SEEDS[1]));
        assert_eq!(
            number.to_string(),
            "42004 44005 65808 50480 98935 49945 44714 83187 46337 05482 47186 92692"
        );
        assert_eq!(
            number.to_qr(),
            "sotto:verify:1:AQEBAQEBAQEBAQEBAQEBAaJy_d30AsaoKWXL_PTY0Dip4MxwUlR271cxzYmuuUomAgICAgICAgICAgICAgICAjxCJk9qaLDYltNAi0lW4SP_5EWqmpc-7VKF7JRONB_7"
        );
    }

    #[test]
    fn another_key_or_another_account_has_another_number() {
        let (mine, theirs) = (identity(1), identity(2));
        let number = SafetyNumber::new(mine, theirs);
        let other = identity(3);
        assert_ne!(
            number.digits(),
            SafetyNumber::new(mine, (theirs.0, other.1)).digits()
        );
        assert_ne!(
            number.digits(),
            SafetyNumber::new(mine, (other.0, theirs.1)).digits()
        );
    }

    #[test]
    fn what_the_contact_shows_verifies() {
        let (mine, theirs) = (identity(1), identity(2));
        let shown = SafetyNumber::new(theirs, mine).to_qr();
        assert_eq!(scan(&shown, mine, theirs), Ok(()));
        assert_eq!(scan(&format!(" {shown}\n"), mine, theirs), Ok(()));
    }

    #[test]
    fn a_lying_gateway_is_found_whichever_key_it_swapped() {
        let (mine, theirs, gateway) = (identity(1), identity(2), identity(3));
        let forged = |(account, _): Identity| (account, gateway.1);
        let shown = SafetyNumber::new(theirs, mine).to_qr();
        assert_eq!(
            scan(&shown, mine, forged(theirs)),
            Err(ScanError::Different)
        );
        assert_eq!(
            scan(&shown, forged(mine), theirs),
            Err(ScanError::Different)
        );
        let shown = SafetyNumber::new(theirs, forged(mine)).to_qr();
        assert_eq!(scan(&shown, mine, theirs), Err(ScanError::Different));
    }

    #[test]
    fn another_pairs_code_is_told_apart_from_an_attack() {
        let (mine, theirs, other) = (identity(1), identity(2), identity(3));
        for shown in [
            (other, mine),
            (theirs, other),
            (other, theirs),
            (mine, other),
        ] {
            let shown = SafetyNumber::new(shown.0, shown.1).to_qr();
            assert_eq!(scan(&shown, mine, theirs), Err(ScanError::SomebodyElses));
        }
    }

    #[test]
    fn ones_own_code_verifies_nothing() {
        let (mine, theirs) = (identity(1), identity(2));
        let shown = SafetyNumber::new(mine, theirs).to_qr();
        assert_eq!(scan(&shown, mine, theirs), Err(ScanError::YourOwn));
    }

    #[test]
    fn other_texts_and_other_versions_are_told_apart() {
        let (mine, theirs) = (identity(1), identity(2));
        let shown = SafetyNumber::new(theirs, mine).to_qr();
        for text in [
            "",
            "sotto:verify:",
            "sotto:verify::",
            "sotto:verify:1:",
            "sotto:verify:one:AAAA",
            "https://example.org",
            &shown[..shown.len() - 1],
            &format!("{shown}A"),
            &shown.replace("sotto", "SOTTO"),
        ] {
            assert_eq!(
                scan(text, mine, theirs),
                Err(ScanError::NotASafetyNumber),
                "{text}"
            );
        }
        for version in ["0", "2", "10"] {
            let text = shown.replacen(":1:", &format!(":{version}:"), 1);
            assert_eq!(
                scan(&text, mine, theirs),
                Err(ScanError::OtherVersion),
                "{text}"
            );
        }
    }
}
