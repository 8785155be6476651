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
