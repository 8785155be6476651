//! As an account's classic mailbox: whose mailboxes others are, and which one this is.

use sotto_shared::ClientId;
use sotto_shared::account::BridgeCertificate;
use sotto_shared::classic::PublicKeyBytes;

use super::{Classic, Mailboxes, Owner, PullState};
use crate::api::{AccountFailure, SendFailure};
use crate::identity::{Identity, StoredIdentity};
use crate::record;

impl Classic {
    /// Who is registered here.
    pub(in crate::machine) fn identity(&self) -> Option<&Identity> {
        match &self.owner {
            Owner::Ready(identity) => Some(identity),
            Owner::None { .. } | Owner::MakingKeys { .. } | Owner::Registering(_) => None,
        }
    }

    /// Becomes this client, who has no keys with anybody yet. What was said stays.
    pub(in crate::machine) fn adopt(&mut self, identity: Identity) {
        let Ok(stored) = StoredIdentity::new(&identity) else {
            return;
        };
        self.sleep();
        self.fail_outbox();
        self.put(record::IDENTITY.to_vec(), &stored);
        self.owner = Owner::Ready(identity);
        self.pull = PullState::default();
        self.step.batch.delete(record::PULL);
        let people: Vec<ClientId> = self.people.keys().copied().collect();
        for client in people {
            self.contact(client).forget_keys();
            self.rewrite_contact(client);
        }
        self.tell_people();
        self.tell_status();
    }

    /// Is this client no more. What was said stays.
    pub(in crate::machine) fn abandon(&mut self, client: ClientId) {
        if self.identity().is_some_and(|it| it.client == client) {
            self.sleep();
            self.fail_outbox();
            self.owner = Owner::None { spare: None };
            self.step.batch.delete(record::IDENTITY);
            self.tell_status();
        }
    }

    /// Whether this client is not the account's: nothing is sent then.
    pub(in crate::machine) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Writes a contact down from whom something was taken away.
    fn rewrite_contact(&mut self, client: ClientId) {
        self.step.batch.delete(record::contact(client));
        self.put_contact(client);
    }

    fn fail_outbox(&mut self) {
        let waiting: Vec<ClientId> = self.outbox.values().map(|item| item.to).collect();
        for to in waiting {
            self.fail_all(to, SendFailure::Refused);
        }
    }

    /// Takes what accounts prove about mailboxes. A public key that is proven to be another than
    /// the one that was pinned was never theirs: whatever was sent under it is not secret, and the
    /// keys that were exchanged with it are given up.
    pub(in crate::machine) fn certify(&mut self, mailboxes: Mailboxes) {
        let before = core::mem::replace(&mut self.certified, mailboxes.certified);
        self.lost = mailboxes.lost;
        let names = mailboxes.names.iter().map(|name| name.as_str().to_owned());
        self.account_names.extend(names);
        let clients: Vec<ClientId> = before
            .keys()
            .chain(self.certified.keys())
            .copied()
            .collect();
        for client in clients {
            let now = self.certified.get(&client).copied();
            if now == before.get(&client).copied() {
                continue;
            }
            let pinned = self.people.get(&client).and_then(|it| it.public_key());
            if pinned.is_some_and(|key| !self.is_certified_key(client, &key)) {
                self.contact(client).forget_public_key();
                self.contact(client).forget_keys();
                self.rewrite_contact(client);
            }
            self.tell_person(client);
        }
    }

    /// Whether a public key may be this client's, as far as anything is proven about it.
    pub(super) fn is_certified_key(&self, client: ClientId, key: &PublicKeyBytes) -> bool {
        self.certified
            .get(&client)
            .is_none_or(|proven| proven.key_digest == BridgeCertificate::digest(key))
    }

    /// What stops whatever goes to this client: a changed account key; or a certificate that is
    /// missing, where there is an account of that name. The gateway keeps that name for the
    /// account, so it is not telling all, or has put somebody else there.
    pub(super) fn blocked_by(&self, client: ClientId) -> Option<AccountFailure> {
        if let Some(proven) = self.certified.get(&client) {
            let account = proven.account;
            return proven
                .blocked
                .then_some(AccountFailure::KeyChanged(account));
        }
        let has_account_name = || {
            let name = self.people.get(&client)?.name.as_ref()?;
            let name = name.as_str().to_ascii_lowercase();
            self.account_names.contains(&name).then_some(())
        };
        let is_blocked = self.lost.contains(&client) || has_account_name().is_some();
        is_blocked.then_some(AccountFailure::NotCertified)
    }
}
