//! One contact, and what is taken over of what the gateway says of them.

use sotto_shared::account::BridgeCertificate;
use sotto_shared::sotto::types::AccountEntry;

use crate::account::stored::StoredContact;
use crate::api::{Contact, Presence, Trust};

pub(super) struct Known {
    pub(super) stored: StoredContact,
    pub(super) presence: Option<Presence>,
    /// Whether the gateway still has them, as far as known.
    pub(super) is_there: bool,
    /// Whether the gateway says that their bridge is on, as far as known.
    has_bridge: bool,
}

/// What taking over an entry has changed.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) is_new: bool,
    pub(super) shown: bool,
    pub(super) stored: bool,
    /// The gateway tells of a mailbox that is not theirs, or not any more.
    pub(super) uncertified: bool,
}

impl Known {
    pub(super) fn new(stored: StoredContact) -> Self {
        Self {
            has_bridge: stored.bridge.is_some(),
            stored,
            presence: None,
            is_there: true,
        }
    }

    pub(super) fn shown(&self) -> Contact {
        let stored = &self.stored;
        let was_verified = stored.verified;
        let trust = match (stored.changed, was_verified) {
            (Some(_), was_verified) => Trust::Changed { was_verified },
            (None, true) => Trust::Verified,
            (None, false) => Trust::Unverified,
        };
        let bridge = stored.bridge.as_ref().filter(|_| self.has_bridge);
        Contact {
            account: stored.account,
            name: stored.name.clone(),
            display_name: stored.display_name.clone(),
            presence: self.presence,
            trust,
            classic: bridge.map(|certificate| certificate.client),
        }
    }

    /// Takes over what the gateway says. A name stays as it was first told, and nothing is taken
    /// over under another key than the pinned one. An alarm stays until the user ends it, also when
    /// the gateway tells the pinned key again. `may_claim` is whether the mailbox is nobody else's.
    pub(super) fn take(&mut self, entry: &AccountEntry, may_claim: bool) -> Taken {
        let before = (self.shown(), self.stored.clone());
        let mut taken = Taken {
            shown: !self.is_there,
            ..Taken::default()
        };
        self.is_there = true;
        self.presence = entry.presence;
        if entry.account_key == self.stored.pinned && self.stored.changed.is_none() {
            self.stored.display_name = entry.display_name.clone();
            taken.uncertified = !self.take_bridge(entry.bridge.as_ref(), may_claim);
        } else {
            self.stored.changed = Some(entry.account_key);
            // Another key than the user may be looking at.
            taken.shown |= before.1.changed != self.stored.changed;
        }
        taken.shown |= before.0 != self.shown();
        taken.stored = before.1 != self.stored;
        taken
    }

    /// Takes a mailbox if the pinned key has certified it, not before the one that is known. One
    /// that was proven once stays proven when the gateway tells of none: it is only not shown.
    fn take_bridge(&mut self, told: Option<&BridgeCertificate>, may_claim: bool) -> bool {
        let Some(told) = told else {
            self.has_bridge = false;
            return true;
        };
        let (account, key) = (self.stored.account, &self.stored.pinned);
        let known = self.stored.bridge.as_ref();
        let is_outdated = known.is_some_and(|known| told.created_at < known.created_at);
        if !may_claim || is_outdated || told.verify_for(&account, key).is_err() {
            return false;
        }
        self.has_bridge = true;
        self.stored.lost = self.stored.lost.filter(|lost| *lost != told.client);
        self.stored.bridge = Some(told.clone());
        true
    }
}
