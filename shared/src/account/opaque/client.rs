//! The side that has the password.

use core::fmt;

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, RegistrationResponse,
};
use rand_core::CryptoRngCore;
use sha2::Sha512;
use sha2::digest::Output;
use zeroize::{Zeroize, Zeroizing};

use super::suite::{CONTEXT, Suite};
use super::{
    ExportKey, Identifiers, LOGIN_RESPONSE, Message, OpaqueError, REGISTRATION_RESPONSE, SessionKey,
};
use crate::account::password::PASSWORD_MAX_BYTES;

const REGISTRATION_ANSWER: Message = Message("registration response", REGISTRATION_RESPONSE);
const LOGIN_ANSWER: Message = Message("login response", LOGIN_RESPONSE);

/// A registration that waits for the gateway's answer.
pub struct RegistrationStart {
    state: ClientRegistration<Suite>,
    password: Zeroizing<Vec<u8>>,
}

/// A registration that only has to be uploaded.
pub struct RegistrationDone {
    /// For the gateway, [`REGISTRATION_UPLOAD`](super::REGISTRATION_UPLOAD) bytes. About as secret
    /// as a hash of the password.
    pub upload: Zeroizing<Vec<u8>>,
    /// For the vault's key.
    pub export_key: ExportKey,
}

impl RegistrationStart {
    /// Begins; gives the request for the gateway.
    ///
    /// # Errors
    /// [`OpaqueError::PasswordTooLong`].
    pub fn new(
        rng: &mut impl CryptoRngCore,
        password: &[u8],
    ) -> Result<(Self, Vec<u8>), OpaqueError> {
        let password = checked_password(password)?;
        let start = ClientRegistration::start(rng, &password).map_err(|_| OpaqueError::Internal)?;
        let request = start.message.serialize().to_vec();
        let state = start.state;
        Ok((Self { state, password }, request))
    }

    /// Goes on with the gateway's answer. Takes the time and memory of Argon2id.
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn finish(
        self,
        rng: &mut impl CryptoRngCore,
        response: &[u8],
        identifiers: &Identifiers,
    ) -> Result<RegistrationDone, OpaqueError> {
        let message = REGISTRATION_ANSWER.parse(response, RegistrationResponse::deserialize)?;
        let params = ClientRegistrationFinishParameters::new(identifiers.as_opaque(), None);
        let done = self
            .state
            .finish(rng, &self.password, message, params)
            .map_err(|error| OpaqueError::of_message(error, REGISTRATION_ANSWER, response.len()))?;
        Ok(RegistrationDone {
            upload: Zeroizing::new(done.message.serialize().to_vec()),
            export_key: ExportKey::from_bytes(into_secret(done.export_key)),
        })
    }
}

/// A login that waits for the gateway's answer.
pub struct LoginStart {
    state: ClientLogin<Suite>,
    password: Zeroizing<Vec<u8>>,
}

/// A login that only has to be shown to the gateway.
pub struct LoginDone {
    /// For the gateway, [`LOGIN_FINALIZATION`](super::LOGIN_FINALIZATION) bytes.
    pub finalization: Vec<u8>,
    /// For the vault's key.
    pub export_key: ExportKey,
    /// Shared with the gateway.
    pub session_key: SessionKey,
}

impl LoginStart {
    /// Begins; gives the request for the gateway.
    ///
    /// # Errors
    /// [`OpaqueError::PasswordTooLong`].
    pub fn new(
        rng: &mut impl CryptoRngCore,
        password: &[u8],
    ) -> Result<(Self, Vec<u8>), OpaqueError> {
        let password = checked_password(password)?;
        let start = ClientLogin::start(rng, &password).map_err(|_| OpaqueError::Internal)?;
        let request = start.message.serialize().to_vec();
        let state = start.state;
        Ok((Self { state, password }, request))
    }

    /// Goes on with the gateway's answer. Takes the time and memory of Argon2id.
    ///
    /// # Errors
    /// [`OpaqueError::WrongPassword`], [`OpaqueError::Malformed`].
    pub fn finish(
        self,
        rng: &mut impl CryptoRngCore,
        response: &[u8],
        identifiers: &Identifiers,
    ) -> Result<LoginDone, OpaqueError> {
        let message = LOGIN_ANSWER.parse(response, CredentialResponse::deserialize)?;
        let params = ClientLoginFinishParameters::new(Some(CONTEXT), identifiers.as_opaque(), None);
        let done = self
            .state
            .finish(rng, &self.password, message, params)
            .map_err(|error| OpaqueError::of_message(error, LOGIN_ANSWER, response.len()))?;
        Ok(LoginDone {
            finalization: done.message.serialize().to_vec(),
            export_key: ExportKey::from_bytes(into_secret(done.export_key)),
            session_key: SessionKey::from_bytes(into_secret(done.session_key)),
        })
    }
}

fn checked_password(password: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpaqueError> {
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(OpaqueError::PasswordTooLong {
            bytes: password.len(),
        });
    }
    Ok(Zeroizing::new(password.to_vec()))
}

/// The bytes of a library's secret, which is wiped.
pub(super) fn into_secret(mut output: Output<Sha512>) -> [u8; 64] {
    let bytes = output.into();
    output.as_mut_slice().zeroize();
    bytes
}

macro_rules! hide {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

hide!(RegistrationStart, RegistrationDone, LoginStart, LoginDone);
