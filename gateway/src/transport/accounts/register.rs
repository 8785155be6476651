//! Signing up.

use std::time::Instant;

use rand_core::OsRng;
use sotto_shared::ClientId;
use sotto_shared::account::carry_over::carry_over_answer;
use sotto_shared::account::{BridgeCertificate, Slot};
use sotto_shared::crypto::{PublicKey, SymmetricKey};
use sotto_shared::sotto::request::{RegisterFinish, RegisterStart};
use sotto_shared::sotto::response::RegisterStarted;
use sotto_shared::sotto::types::{CarryOver, Credential, RegistrationPolicy};
use sotto_shared::sotto::{Error, ErrorCode, Response};

use super::opaque::upload;
use super::peer::{Challenge, Registration};
use super::{Answer, Ask, read};
use crate::audit::Event;
use crate::connection::sotto::error;
use crate::invitation;
use crate::metrics::LimitHit;
use crate::storage::account::{Change, NewAccount, StoredCredential};

impl Ask<'_> {
    pub(super) async fn register_start(&mut self, request: RegisterStart) -> Answer {
        self.peer.registration = None;
        let starts = &self.services.registration_starts;
        if !starts.take(self.address, Instant::now()) {
            self.services
                .limit_hit(LimitHit::Registrations, self.address);
            return Err(error(ErrorCode::RateLimited));
        }
        let invitation = self.check_invitation(&request.invitation).await?;
        let opaque = &self.accounts.opaque;
        let password = opaque.register(&request.password, &request.name, Slot::Password)?;
        let recovery = opaque.register(&request.recovery, &request.name, Slot::Recovery)?;
        let (carry_over, challenge) = match request.carry_over {
            None => (None, None),
            Some(client) => {
                let (carry_over, challenge) = self.challenge(client).await?;
                (Some(carry_over), Some(challenge))
            }
        };
        self.peer.registration = Some(Registration {
            name: request.name,
            invitation,
            carry_over,
        });
        Ok(Response::RegisterStarted(RegisterStarted {
            password,
            recovery,
            challenge,
        })
        .into())
    }

    /// Whether signing up is open to this peer; the digest of the invitation that it uses up.
    async fn check_invitation(&self, code: &str) -> Result<Option<[u8; 32]>, Error> {
        match self.accounts.policy.registration {
            RegistrationPolicy::Open => Ok(None),
            RegistrationPolicy::Closed => Err(error(ErrorCode::RegistrationClosed)),
            RegistrationPolicy::Invitation => {
                let digest = invitation::digest(code);
                if code.is_empty()
                    || !read(self.accounts.storage.invitation_is_open(digest)).await?
                {
                    return Err(error(ErrorCode::InvitationInvalid));
                }
                Ok(Some(digest))
            }
        }
    }

    /// What only the classic client's private key can read.
    async fn challenge(&self, client: ClientId) -> Result<(Challenge, [u8; 128]), Error> {
        let refused = || error(ErrorCode::ProofFailed);
        let key = read(self.accounts.storage.classic_key(client)).await?;
        let key = key.ok_or_else(refused)?;
        let secret = SymmetricKey::generate(&mut OsRng);
        let wrapped = PublicKey::from_wire(&key)
            .and_then(|key| key.wrap_key(&mut OsRng, &secret))
            .map_err(|_| refused())?;
        let challenge = Challenge {
            client,
            key_digest: BridgeCertificate::digest(&key),
            secret,
        };
        Ok((challenge, wrapped))
    }

    pub(super) async fn register_finish(&mut self, request: RegisterFinish) -> Answer {
        let registration = self.peer.registration.take();
        let registration = registration
            .filter(|registration| registration.name == request.name)
            .ok_or_else(|| error(ErrorCode::Conflict))?;
        let new = new_account(&registration, request)?;
        if !self
            .services
            .registrations
            .take(self.address, Instant::now())
        {
            self.services
                .limit_hit(LimitHit::Registrations, self.address);
            return Err(error(ErrorCode::RateLimited));
        }
        let (account, client) = (new.certificate.account, new.certificate.client);
        let used_invitation = new.invitation.is_some();
        let has_bridge = new.carry_over.is_some();
        let turn = self.accounts.turn(account).await;
        let applied = self.accounts.apply(Change::Register(Box::new(new))).await;
        drop(turn);
        if let Err(refused) = applied {
            if refused.code == ErrorCode::Unavailable {
                self.services.registrations.give_back(self.address);
                self.peer.registration = Some(registration);
            } else {
                self.event(Event::RegistrationRefused);
            }
            return Err(refused);
        }
        self.event(Event::AccountRegistered { account });
        if used_invitation {
            self.event(Event::InvitationUsed { account });
        }
        if has_bridge {
            self.event(Event::BridgeOn { account });
        }
        self.accounts.notices.joined(self.services, account);
        self.enter_new(account, client).await
    }
}

/// The account that is to be, if everything about it is proved.
fn new_account(registration: &Registration, request: RegisterFinish) -> Result<NewAccount, Error> {
    let certificate = request.certificate;
    if certificate.verify().is_err() {
        return Err(error(ErrorCode::BadSignature));
    }
    if certificate.client == ClientId::ZERO {
        return Err(error(ErrorCode::BadRequest));
    }
    let carry_over = match (&registration.carry_over, request.carry_over) {
        (None, None) => None,
        (
            Some(challenge),
            Some(CarryOver {
                answer,
                certificate: bridge,
            }),
        ) => {
            let expected =
                carry_over_answer(&challenge.secret, certificate.account, challenge.client)
                    .map_err(|_| error(ErrorCode::Unavailable))?;
            // Symmetric keys compare in constant time.
            let is_proved = SymmetricKey::from_bytes(answer) == SymmetricKey::from_bytes(expected)
                && bridge.client == challenge.client
                && bridge.key_digest == challenge.key_digest
                && bridge
                    .verify_for(&certificate.account, &certificate.account_key)
                    .is_ok();
            if !is_proved {
                return Err(error(ErrorCode::ProofFailed));
            }
            Some(bridge)
        }
        _ => return Err(error(ErrorCode::Conflict)),
    };
    Ok(NewAccount {
        name: request.name,
        display_name: request.display_name,
        password: stored(&request.password)?,
        recovery: stored(&request.recovery)?,
        vault: request.vault,
        certificate,
        label: request.device,
        invitation: registration.invitation,
        carry_over,
    })
}

/// A credential as it is kept, if it is one.
pub(super) fn stored(credential: &Credential) -> Result<StoredCredential, Error> {
    Ok(StoredCredential {
        password_file: upload(&credential.upload)?,
        wrapped_vault_key: credential.wrapped_vault_key.clone(),
    })
}
