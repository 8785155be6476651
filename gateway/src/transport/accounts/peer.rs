//! What a connection's requests remember for each other.

use std::sync::Arc;

use bytes::Bytes;
use sotto_shared::account::opaque::LoginState;
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::crypto::SymmetricKey;
use sotto_shared::{AccountId, ClientId};

use crate::audit::{Audit, Event};
use crate::connection::sotto::Device;
use crate::metrics::{LoginResult, Metrics};
use crate::storage::account::Change;
use crate::transport::Services;
use crate::transport::sessions::SessionNumber;

/// What a connection's requests remember for each other. Made by the first of them.
#[derive(Debug, Default)]
pub(in crate::transport) struct Peer {
    /// Between the steps of signing up.
    pub(super) registration: Option<Registration>,
    /// Between the steps of a login.
    pub(super) login: Option<PendingLogin>,
    /// The login that succeeded last.
    pub(super) proved: Option<Proved>,
    /// Between the steps of a change of credentials: whether there is one for the password, and
    /// for the recovery code.
    pub(super) renewal: Option<(bool, bool)>,
    /// The device's session.
    pub(super) ticket: Option<Ticket>,
}

#[derive(Debug)]
pub(super) struct Registration {
    pub(super) name: AccountName,
    /// Digest of the invitation's code.
    pub(super) invitation: Option<[u8; 32]>,
    pub(super) carry_over: Option<Challenge>,
}

/// What a classic client has to prove.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) client: ClientId,
    /// Of its public key.
    pub(super) key_digest: [u8; 32],
    /// What was wrapped under that key.
    pub(super) secret: SymmetricKey,
}

/// A login that is known by its credential: with another one it is void.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) account: AccountId,
    pub(super) name: AccountName,
    pub(super) slot: Slot,
    pub(super) password_file: Bytes,
}

/// A login that waits for its second step. Until that succeeds it has failed, also if it never
/// comes: the audit log says so when this is dropped.
#[derive(Debug)]
pub(super) struct PendingLogin {
    pub(super) name: AccountName,
    pub(super) slot: Slot,
    /// Nothing once it was tried.
    pub(super) state: Option<LoginState>,
    /// Account and password file, if the name is known.
    pub(super) known: Option<(AccountId, Bytes)>,
    pub(super) failure: Failure,
}

/// A failed login that is yet to be written down.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) audit: Audit,
    pub(super) metrics: Arc<Metrics>,
    pub(super) address: std::net::IpAddr,
    pub(super) account: Option<AccountId>,
    /// Whether it is the last one before the name is locked.
    pub(super) locks: bool,
    pub(super) succeeded: bool,
}

impl Drop for Failure {
    fn drop(&mut self) {
        if self.succeeded {
            self.metrics.login(LoginResult::Done);
            return;
        }
        self.metrics.login(LoginResult::Failed);
        let account = self.account;
        let failed = Event::LoginFailed { account };
        self.audit.record(failed, Some(self.address));
        if self.locks {
            let locked = Event::LoginLocked { account };
            self.audit.record(locked, Some(self.address));
        }
    }
}

/// A device's session, until it is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) services: Arc<Services>,
    pub(super) device: Device,
    pub(super) number: SessionNumber,
}

impl Ticket {
    pub(super) fn is_current(&self) -> bool {
        let sessions = &self.services.accounts.sessions;
        sessions.is_current(self.device.client, self.number)
    }
}

/// What a connection remembers whose device has authenticated.
#[cfg(test)]
pub(in crate::transport) fn peer_of(
    services: &Arc<Services>,
    device: Device,
) -> (Box<Peer>, crate::transport::sessions::Inbox) {
    let (number, inbox) = services.accounts.sessions.enter(device);
    let ticket = Ticket {
        services: Arc::clone(services),
        device,
        number,
    };
    let peer = Peer {
        ticket: Some(ticket),
        ..Peer::default()
    };
    (Box::new(peer), inbox)
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let accounts = &self.services.accounts;
        let Device { account, client } = self.device;
        accounts.sessions.leave(client, self.number);
        // Nobody waits for it.
        drop(accounts.storage.apply(Change::Seen(vec![client])));
        if !accounts.sessions.is_online(account) {
            accounts.notices.presence(&self.services, account);
        }
    }
}
