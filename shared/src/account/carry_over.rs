//! Proof that a classic client's key is here, without lending that key to whoever asks.
//!
//! Classic clients have no signing key: theirs only decrypts. So the gateway wraps a random
//! challenge under the classic public key, as symmetric keys are wrapped in the classic dialect.
//! What was decrypted never goes back as it is: a gateway that stored somebody's wrapped key could
//! ask for it in place of a challenge. The answer is derived from it, one way.

use hkdf::Hkdf;
use sha2::Sha512;

use super::vault::VaultError;
use crate::crypto::SymmetricKey;
use crate::{AccountId, ClientId};

/// Size of an answer in bytes.
pub const CARRY_OVER_ANSWER: usize = 16;

const DOMAIN: &[u8] = b"sotto/3 carry over\0";

/// The answer to a challenge: HKDF-SHA-512 (RFC 5869) of what was decrypted, no salt, info
/// `sotto/3 carry over` 00, account 16, client 16.
///
/// # Errors
/// [`VaultError::Seal`], which does not happen.
pub fn carry_over_answer(
    challenge: &SymmetricKey,
    account: AccountId,
    client: ClientId,
) -> Result<[u8; CARRY_OVER_ANSWER], VaultError> {
    let mut answer = [0; CARRY_OVER_ANSWER];
    Hkdf::<Sha512>::new(None, challenge.expose())
        .expand_multi_info(
            &[DOMAIN, account.as_bytes(), client.as_bytes()],
            &mut answer,
        )
        .map_err(|_| VaultError::Seal)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_does_not_give_away_what_was_decrypted() {
        let challenge = SymmetricKey::from_bytes([7; 16]);
        let (account, client) = (
            AccountId::from_bytes([1; 16]),
            ClientId::from_bytes([2; 16]),
        );
        let answer = carry_over_answer(&challenge, account, client).unwrap();
        assert_ne!(answer, [7; 16]);
        assert_eq!(
            carry_over_answer(&challenge, account, client).unwrap(),
            answer
        );
    }

    #[test]
    fn an_answer_is_for_one_account_and_one_client() {
        let challenge = SymmetricKey::from_bytes([7; 16]);
        let answer = |account: u8, client: u8| {
            let (account, client) = ([account; 16], [client; 16]);
            carry_over_answer(
                &challenge,
                AccountId::from_bytes(account),
                ClientId::from_bytes(client),
            )
            .unwrap()
        };
        assert_ne!(answer(1, 2), answer(1, 3));
        assert_ne!(answer(1, 2), answer(3, 2));
    }
}
