//! Codes of invitations. The gateway keeps their digests only.

use core::fmt;

use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Characters of a code, 5 random bits each: nobody tries 2^100.
pub const CODE_CHARS: usize = 20;
/// Characters between two dashes.
const GROUP: usize = 5;

/// Crockford's base 32: without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code to be given to whoever is invited.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode(Zeroizing<String>);

impl InvitationCode {
    /// A new random code, as in `7YXQ2-M0C9K-4TVBD-1EHZ8`.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = Zeroizing::new([0; CODE_CHARS]);
        rng.fill_bytes(&mut bytes[..]);
        let mut code = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP));
        for (position, byte) in bytes.iter().enumerate() {
            if position > 0 && position % GROUP == 0 {
                code.push('-');
            }
            let character = ALPHABET.get(usize::from(byte & 31)).copied();
            code.push(char::from(character.unwrap_or_default()));
        }
        Self(code)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn digest(&self) -> [u8; 32] {
        digest(self.as_str())
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(..)")
    }
}

/// SHA-256 of a code as people type it: either case, any spaces and dashes, O for 0, I or L for 1.
/// Text that is no code has a digest that no invitation has.
pub fn digest(code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for c in code.chars() {
        let c = match c.to_ascii_uppercase() {
            c if c == '-' || c.is_whitespace() => continue,
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        hash.update(c.encode_utf8(&mut [0; 4]));
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;
    use sotto_shared::limits::INVITATION_MAX;

    #[test]
    fn codes_differ_fit_the_wire_and_never_print() {
        let (code, other) = (
            InvitationCode::generate(&mut OsRng),
            InvitationCode::generate(&mut OsRng),
        );
        assert_ne!(code, other);
        assert_ne!(code.digest(), other.digest());
        assert_eq!(code.as_str().len(), CODE_CHARS + 3);
        assert!(code.as_str().len() <= INVITATION_MAX);
        assert_eq!(format!("{code:?}"), "InvitationCode(..)");
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = digest("10ABC-DEFGH-00000-11111");
        assert_eq!(digest(" ioabc defgh 0o0O0 1iIlL\n"), code);
        assert_ne!(digest("10ABC-DEFGH-00000-11112"), code);
        assert_ne!(digest(""), code);
    }
}
