//! Switching the classic mailbox on and off.
//!
//! Its key is made here and written down before the gateway hears of it; if the answer is lost,
//! the next session tells whether the gateway took it.

use sotto_shared::account::BridgeCertificate;
use sotto_shared::crypto::PrivateKey;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::types::Bridge;
use sotto_shared::{ClientId, UserName};

use super::{Accounts, Asked};
use crate::api::{AccountFailure, Deed, Failure, SessionState};
use crate::identity::{Identity, StoredIdentity};
use crate::record;
use crate::store::StoreError;
use crate::time::Timestamp;

/// A mailbox that is being switched on.
pub(super) enum Bridging {
    /// Its key is made with the next tick.
    MakesKey,
    /// The gateway was asked.
    Asked(Box<Identity>),
}

/// What becomes of the classic client here.
pub(in crate::machine) enum Mailbox {
    /// It is this one from now on.
    Adopt(Box<Identity>),
    /// The account has none any more; this was it.
    Abandon(ClientId),
}

impl Bridging {
    pub(super) fn restore(value: &[u8]) -> Result<Self, StoreError> {
        let stored: StoredIdentity = record::decode(value)?;
        let broken = |_| StoreError::Unreadable("its classic mailbox is damaged".to_owned());
        Ok(Self::Asked(Box::new(stored.open().map_err(broken)?)))
    }

    pub(super) fn works(&self) -> bool {
        matches!(self, Self::MakesKey)
    }
}

impl Accounts {
    pub(super) fn bridge_on(&mut self, classic: Option<&Identity>) -> Result<(), AccountFailure> {
        self.check_open()?;
        if !self.gateway.is_some_and(|gateway| gateway.bridge) {
            return Err(AccountFailure::NoBridge);
        }
        if self.bridging.is_some() {
            return Err(AccountFailure::WrongPhase);
        }
        let here = classic.map(|identity| identity.client);
        if here.is_some() && self.owns_classic(here) {
            self.done(Deed::BridgeSet);
            return Ok(());
        }
        self.bridging = Some(Bridging::MakesKey);
        Ok(())
    }

    /// Makes the mailbox's key, certifies and announces it.
    pub(super) fn make_bridge_key(&mut self, now: Timestamp) {
        if !self.bridging.as_ref().is_some_and(Bridging::works) {
            return;
        }
        self.bridging = None;
        let (Some(stored), SessionState::Open) = (&self.stored, self.session) else {
            return self.step.fail(AccountFailure::Offline);
        };
        let made = PrivateKey::generate(&mut self.rng)
            .and_then(|private_key| Ok((private_key.public().to_wire()?, private_key)));
        let name: Result<UserName, _> = stored.name.as_str().parse();
        let (Ok((public_key, private_key)), Ok(name)) = (made, name) else {
            return self.step.fail_classic(Failure::KeyGeneration);
        };
        let client = ClientId::random(&mut self.rng);
        let digest = BridgeCertificate::digest(&public_key);
        let certificate = BridgeCertificate::issue(
            &stored.account_key,
            stored.account,
            client,
            digest,
            now.0 / 1000,
        );
        let identity = Identity {
            name,
            client,
            private_key,
        };
        match StoredIdentity::new(&identity) {
            Ok(stored) => self.step.put(record::BRIDGE_PENDING.to_vec(), &stored),
            Err(_) => return self.step.fail_classic(Failure::KeyGeneration),
        }
        self.bridging = Some(Bridging::Asked(Box::new(identity)));
        let request = Request::SetBridge(Some(Bridge {
            certificate,
            public_key,
        }));
        self.ask(Asked::BridgeOn, &request, now);
    }

    pub(super) fn bridge_off(&mut self, now: Timestamp) -> Result<(), AccountFailure> {
        self.check_open()?;
        if self.bridging.is_some() {
            return Err(AccountFailure::WrongPhase);
        }
        self.ask(Asked::BridgeOff, &Request::SetBridge(None), now);
        Ok(())
    }

    pub(super) fn bridge_is_on(&mut self) {
        let Some(Bridging::Asked(identity)) = self.bridging.take() else {
            return;
        };
        self.step.batch.delete(record::BRIDGE_PENDING);
        let client = identity.client;
        self.mailbox = Some(Mailbox::Adopt(identity));
        self.change(|stored| stored.bridge = Some(client));
        self.done(Deed::BridgeSet);
    }

    pub(super) fn bridge_is_off(&mut self) {
        if let Some(client) = self.stored.as_ref().and_then(|stored| stored.bridge) {
            self.mailbox = Some(Mailbox::Abandon(client));
        }
        self.change(|stored| stored.bridge = None);
        self.done(Deed::BridgeSet);
    }

    /// A new session tells whether the gateway took a mailbox whose answer was lost.
    pub(super) fn resolve_bridging(&mut self) {
        let Some(Bridging::Asked(identity)) = &self.bridging else {
            return;
        };
        match self.stored.as_ref().and_then(|stored| stored.bridge) {
            Some(client) if client == identity.client => self.bridge_is_on(),
            _ => self.forget_bridging(),
        }
    }

    pub(super) fn forget_bridging(&mut self) {
        self.bridging = None;
        self.step.batch.delete(record::BRIDGE_PENDING);
    }
}
