//! The side that must not learn the password.

use core::fmt;

use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload,
    ServerLogin, ServerLoginParameters, ServerRegistration,
};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::client::into_secret;
use super::suite::{CONTEXT, Suite};
use super::{
    CredentialId, Identifiers, LOGIN_FINALIZATION, LOGIN_REQUEST, Message, OpaqueError,
    REGISTRATION_REQUEST, REGISTRATION_UPLOAD, SERVER_SETUP, SessionKey,
};

const SETUP: Message = Message("server setup", SERVER_SETUP);
const REGISTRATION: Message = Message("registration request", REGISTRATION_REQUEST);
const UPLOAD: Message = Message("registration upload", REGISTRATION_UPLOAD);
const LOGIN: Message = Message("login request", LOGIN_REQUEST);
const FINALIZATION: Message = Message("login finalization", LOGIN_FINALIZATION);

/// A gateway's long-term secrets: the seed of all OPRF keys, and its key of the key exchange.
///
/// Without it no registration can log in again, so it is kept as long as the accounts are; who
/// steals it together with the password files can try passwords, one Argon2id each.
pub struct ServerSetup(opaque_ke::ServerSetup<Suite>);

impl ServerSetup {
    /// The secrets of a new gateway.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        Self(opaque_ke::ServerSetup::new(rng))
    }

    /// Reads stored secrets.
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpaqueError> {
        SETUP
            .parse(bytes, opaque_ke::ServerSetup::deserialize)
            .map(Self)
    }

    /// The [`SERVER_SETUP`] bytes to store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = self.0.serialize();
        let stored = Zeroizing::new(bytes.to_vec());
        zeroize::Zeroize::zeroize(bytes.as_mut_slice());
        stored
    }

    /// Answers the first message of a registration.
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn register(
        &self,
        request: &[u8],
        credential: &CredentialId,
    ) -> Result<Vec<u8>, OpaqueError> {
        let message = REGISTRATION.parse(request, RegistrationRequest::deserialize)?;
        let start = ServerRegistration::start(&self.0, message, credential.as_bytes())
            .map_err(|error| OpaqueError::of_message(error, REGISTRATION, request.len()))?;
        Ok(start.message.serialize().to_vec())
    }

    /// Answers the first message of a login. Without a password file the answer is a fake of the
    /// same form, to which no password fits (RFC 9807, section 6.3.2.2).
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn login(
        &self,
        rng: &mut impl CryptoRngCore,
        file: Option<&PasswordFile>,
        request: &[u8],
        credential: &CredentialId,
        identifiers: &Identifiers,
    ) -> Result<(LoginState, Vec<u8>), OpaqueError> {
        let message = LOGIN.parse(request, CredentialRequest::deserialize)?;
        let start = ServerLogin::start(
            rng,
            &self.0,
            file.map(|file| file.0.clone()),
            message,
            credential.as_bytes(),
            parameters(identifiers),
        )
        .map_err(|error| OpaqueError::of_message(error, LOGIN, request.len()))?;
        let response = start.message.serialize().to_vec();
        let state = LoginState {
            state: start.state,
            identifiers: identifiers.clone(),
        };
        Ok((state, response))
    }
}

/// What a gateway stores of a password.
#[derive(Clone)]
pub struct PasswordFile(ServerRegistration<Suite>);

impl PasswordFile {
    /// Reads a registration's upload, or a stored file.
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpaqueError> {
        let upload = UPLOAD.parse(bytes, RegistrationUpload::deserialize)?;
        Ok(Self(ServerRegistration::finish(upload)))
    }

    /// The [`REGISTRATION_UPLOAD`] bytes to store. About as secret as a hash of the password.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }
}

/// A login that waits for the client's second message.
pub struct LoginState {
    state: ServerLogin<Suite>,
    identifiers: Identifiers,
}

impl LoginState {
    /// Checks that the client knew the password.
    ///
    /// # Errors
    /// [`OpaqueError::WrongPassword`], [`OpaqueError::Malformed`].
    pub fn finish(self, finalization: &[u8]) -> Result<SessionKey, OpaqueError> {
        let message = FINALIZATION.parse(finalization, CredentialFinalization::deserialize)?;
        let done = self
            .state
            .finish(message, parameters(&self.identifiers))
            .map_err(|error| OpaqueError::of_message(error, FINALIZATION, finalization.len()))?;
        Ok(SessionKey::from_bytes(into_secret(done.session_key)))
    }
}

fn parameters(identifiers: &Identifiers) -> ServerLoginParameters<'_, '_> {
    ServerLoginParameters {
        context: Some(CONTEXT),
        identifiers: identifiers.as_opaque(),
    }
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

hide!(ServerSetup, PasswordFile, LoginState);
