//! Who the user is: name, id and private key, and how they move between clients.

use base64ct::{Base64, Encoding};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::crypto::PrivateKey;
use sotto_shared::{ClientId, UserName};
use zeroize::{Zeroize, Zeroizing};

use crate::api::Passphrase;
use crate::contact::Contact;
use crate::record;
use crate::vault::PassphraseBox;

/// A registered user with the private key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Registered name.
    pub name: UserName,
    /// Id that the server made.
    pub client: ClientId,
    /// The private key.
    pub private_key: PrivateKey,
}

/// Why a file is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A line that is missing or not what it should be.
    #[error("line {line} of the identity file should be {wanted}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What should be there.
        wanted: &'static str,
    },
    /// A sealed file needs its passphrase.
    #[error("this identity file is sealed: its passphrase is needed")]
    PassphraseNeeded,
    /// Wrong passphrase, or a damaged file.
    #[error("wrong passphrase, or the file is damaged")]
    WrongPassphrase,
    /// Neither of the two forms.
    #[error("this is no identity file of Sotto or MessageU")]
    Unknown,
    /// A sealed file of a newer Sotto.
    #[error("this identity file cannot be read: {0}")]
    Unreadable(String),
}

impl Identity {
    /// Reads the seed's `my.info`: name, id in 32 hex digits, then Base64 of the PKCS#8 private
    /// key over one or more lines. Line ends and blanks around lines do not matter.
    ///
    /// # Errors
    /// [`IdentityError::Line`].
    pub fn from_my_info(text: &str) -> Result<Self, IdentityError> {
        let at = |line, wanted| IdentityError::Line { line, wanted };
        let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let name = lines
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or(at(1, "a name of 1 to 254 bytes"))?;
        let client = lines
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or(at(2, "an id of 32 hexadecimal digits"))?;
        let wanted = "the Base64 form of a PKCS#8 RSA-1024 private key";
        let base64 = Zeroizing::new(lines.collect::<String>());
        let der = Base64::decode_vec(&base64)
            .map(Zeroizing::new)
            .map_err(|_| at(3, wanted))?;
        let private_key = PrivateKey::from_pkcs8_der(&der).map_err(|_| at(3, wanted))?;
        Ok(Self {
            name,
            client,
            private_key,
        })
    }

    /// Writes the seed's `my.info`. It is not encrypted.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`] if the key has no DER form, which does not happen.
    pub fn to_my_info(&self) -> Result<Zeroizing<String>, IdentityError> {
        let der = self
            .private_key
            .to_pkcs8_der()
            .map_err(|_| IdentityError::Unknown)?;
        let base64 = Zeroizing::new(Base64::encode_string(&der));
        Ok(Zeroizing::new(format!(
            "{}\n{}\n{}\n",
            self.name, self.client, *base64
        )))
    }
}

/// Fingerprint of a public key: SHA-256 of its 160 bytes, the first 20 hex digits in groups of 4.
pub fn fingerprint(key: &PublicKeyBytes) -> String {
    let digest = Sha256::digest(key.0);
    let groups = digest.chunks(2).take(5);
    let hex = groups.map(|pair| {
        pair.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    hex.collect::<Vec<_>>().join(" ")
}

/// An identity as it lies in the store.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredIdentity {
    name: UserName,
    client: ClientId,
    private_key: Vec<u8>,
}

impl StoredIdentity {
    pub(crate) fn new(identity: &Identity) -> Result<Self, IdentityError> {
        let der = identity
            .private_key
            .to_pkcs8_der()
            .map_err(|_| IdentityError::Unknown)?;
        let (name, client) = (identity.name.clone(), identity.client);
        Ok(Self {
            name,
            client,
            private_key: der.to_vec(),
        })
    }

    pub(crate) fn open(&self) -> Result<Identity, IdentityError> {
        let private_key =
            PrivateKey::from_pkcs8_der(&self.private_key).map_err(|_| IdentityError::Unknown)?;
        Ok(Identity {
            name: self.name.clone(),
            client: self.client,
            private_key,
        })
    }
}

impl Drop for StoredIdentity {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

/// First line of a sealed identity file.
const MAGIC: &[u8] = b"sotto-identity\n";
const PURPOSE: &[u8] = b"sotto identity file v1";

/// What a sealed identity file holds: identity, contacts, and the keys with them; no history.
#[derive(Serialize, Deserialize)]
struct SealedContents {
    identity: StoredIdentity,
    contacts: Vec<Contact>,
}

/// Writes a sealed identity file: the magic line, then a record with the passphrase box.
pub(crate) fn seal_file(
    identity: &Identity,
    contacts: Vec<Contact>,
    passphrase: &Passphrase,
    rng: &mut ChaCha20Rng,
) -> Result<Vec<u8>, IdentityError> {
    let unreadable = |error: crate::store::StoreError| IdentityError::Unreadable(error.to_string());
    let contents = SealedContents {
        identity: StoredIdentity::new(identity)?,
        contacts,
    };
    let plain = Zeroizing::new(record::encode(&contents).map_err(unreadable)?);
    let sealed = PassphraseBox::seal(passphrase, PURPOSE, &plain, rng)
        .map_err(|_| IdentityError::WrongPassphrase)?;
    Ok([MAGIC, &record::encode(&sealed).map_err(unreadable)?].concat())
}

/// Reads either form of an identity file.
pub(crate) fn open_file(
    file: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<(Identity, Vec<Contact>), IdentityError> {
    let unreadable = |error: crate::store::StoreError| IdentityError::Unreadable(error.to_string());
    let Some(sealed) = file.strip_prefix(MAGIC) else {
        let text = core::str::from_utf8(file).map_err(|_| IdentityError::Unknown)?;
        return Ok((Identity::from_my_info(text)?, Vec::new()));
    };
    let passphrase = passphrase.ok_or(IdentityError::PassphraseNeeded)?;
    let sealed: PassphraseBox = record::decode(sealed).map_err(unreadable)?;
    let plain = sealed
        .open(passphrase, PURPOSE)
        .map_err(|_| IdentityError::WrongPassphrase)?;
    let contents: SealedContents = record::decode(&plain).map_err(unreadable)?;
    Ok((contents.identity.open()?, contents.contacts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    fn identity() -> Identity {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        Identity {
            name: "Michael Jackson".parse().unwrap(),
            client: ClientId::random(&mut rng),
            private_key: PrivateKey::generate(&mut rng).unwrap(),
        }
    }

    fn same(a: &Identity, b: &Identity) {
        assert_eq!((&a.name, a.client), (&b.name, b.client));
        assert_eq!(
            a.private_key.to_pkcs8_der().unwrap().as_slice(),
            b.private_key.to_pkcs8_der().unwrap().as_slice()
        );
    }

    #[test]
    fn my_info_round_trips_with_any_line_ends_and_wrapping() {
        let identity = identity();
        let text = identity.to_my_info().unwrap();
        same(&identity, &Identity::from_my_info(&text).unwrap());
        let mut lines = text.lines();
        let (name, id, key) = (
            lines.next().unwrap(),
            lines.next().unwrap(),
            lines.next().unwrap(),
        );
        let wrapped: Vec<&str> = key
            .as_bytes()
            .chunks(64)
            .map(|line| core::str::from_utf8(line).unwrap())
            .collect();
        let windows = format!(
            "\u{feff}{name}\r\n{}\r\n{}\r\n\r\n",
            id.to_uppercase(),
            wrapped.join("\r\n")
        );
        same(&identity, &Identity::from_my_info(&windows).unwrap());
    }

    #[test]
    fn a_broken_my_info_names_its_line() {
        let text = identity().to_my_info().unwrap();
        let line = |text: &str| match Identity::from_my_info(text) {
            Err(IdentityError::Line { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(""), 1);
        assert_eq!(line("bob\nnot an id\n"), 2);
        assert_eq!(line(&text[..text.len() / 2]), 3);
    }

    #[test]
    fn sealed_file_needs_its_passphrase() {
        let identity = identity();
        let passphrase = Passphrase("correct horse".to_owned());
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let file = seal_file(&identity, Vec::new(), &passphrase, &mut rng).unwrap();
        same(&identity, &open_file(&file, Some(&passphrase)).unwrap().0);
        assert_eq!(
            open_file(&file, None).unwrap_err(),
            IdentityError::PassphraseNeeded
        );
        let wrong = Passphrase("battery staple".to_owned());
        assert_eq!(
            open_file(&file, Some(&wrong)).unwrap_err(),
            IdentityError::WrongPassphrase
        );
        assert!(matches!(
            open_file(b"\xff\xfe", None),
            Err(IdentityError::Unknown)
        ));
    }
}
