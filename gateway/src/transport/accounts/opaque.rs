//! The gateway's side of OPAQUE, with the same work for names that nobody has.

use rand_core::OsRng;
use sotto_shared::GatewayId;
use sotto_shared::account::opaque::{
    CredentialId, Identifiers, LoginState, OpaqueError, PasswordFile, REGISTRATION_UPLOAD,
    RegistrationStart, ServerSetup,
};
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::sotto::types::OpaqueMessage;
use sotto_shared::sotto::{Error, ErrorCode};

use crate::connection::sotto::error;

/// Size of a public key in a password file and in a registration's answer.
const PUBLIC_KEY: usize = 32;

/// The gateway's OPAQUE secrets.
#[derive(Debug)]
pub(super) struct Opaque {
    setup: ServerSetup,
    /// A password file of nobody, which is read where there is no other.
    decoy: Vec<u8>,
}

impl Opaque {
    /// Nothing if the stored set-up cannot be read.
    pub(super) fn new(stored: &[u8]) -> Option<Self> {
        let setup = ServerSetup::from_bytes(stored).ok()?;
        // Any public key will do, and the answer to a registration ends with one. The file is
        // client's public key | masking key | envelope (RFC 9807, section 5.1).
        let (_, request) = RegistrationStart::new(&mut OsRng, b"nobody").ok()?;
        let name = AccountName::parse("nobody").ok()?;
        let id = CredentialId::new(&name, Slot::Password);
        let answer = setup.register(&request, &id).ok()?;
        let mut decoy = answer.get(PUBLIC_KEY..)?.to_vec();
        decoy.resize(REGISTRATION_UPLOAD, 0);
        PasswordFile::from_bytes(&decoy).ok()?;
        Some(Self { setup, decoy })
    }

    /// Answers the first message of a registration.
    pub(super) fn register(
        &self,
        request: &OpaqueMessage,
        name: &AccountName,
        slot: Slot,
    ) -> Result<OpaqueMessage, Error> {
        let id = CredentialId::new(name, slot);
        let answer = self.setup.register(&request.0, &id);
        let answer = answer.map_err(|failed| error(code_of(failed)))?;
        Ok(OpaqueMessage(answer.into()))
    }

    /// Answers the first message of a login; without a stored file, so that no password fits.
    pub(super) fn login(
        &self,
        request: &OpaqueMessage,
        name: &AccountName,
        slot: Slot,
        gateway: GatewayId,
        stored: Option<&[u8]>,
    ) -> Result<(LoginState, OpaqueMessage), Error> {
        let file = PasswordFile::from_bytes(stored.unwrap_or(&self.decoy))
            .map_err(|_| error(ErrorCode::Unavailable))?;
        let (state, answer) = self
            .setup
            .login(
                &mut OsRng,
                stored.is_some().then_some(&file),
                &request.0,
                &CredentialId::new(name, slot),
                &Identifiers::new(name, slot, gateway),
            )
            .map_err(|failed| error(code_of(failed)))?;
        Ok((state, OpaqueMessage(answer.into())))
    }
}

/// An upload's bytes, if it is one.
pub(super) fn upload(message: &OpaqueMessage) -> Result<bytes::Bytes, Error> {
    match PasswordFile::from_bytes(&message.0) {
        Ok(file) => Ok(bytes::Bytes::copy_from_slice(&file.to_bytes())),
        Err(_) => Err(error(ErrorCode::BadRequest)),
    }
}

const fn code_of(failed: OpaqueError) -> ErrorCode {
    match failed {
        OpaqueError::Internal => ErrorCode::Unavailable,
        _ => ErrorCode::BadRequest,
    }
}
