//! What is done on every connection: key packages are kept in store, and groups that this account
//! is in and this device is not are joined.

use core::time::Duration;

use bytes::Bytes;
use sotto_shared::GroupId;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::group::{
    GroupKind, GroupSummary, KeyPackage, KeyPackagesLeft, PublishKeyPackages,
};

use super::stored::{Stage, StoredConversation};
use super::{Asked, Context, Conversation, Conversations};
use crate::machine::is_due;
use crate::mls::{MlsError, OwnKeyPackage, Suite};
use crate::time::Timestamp;

/// How long a welcome may be on its way before the group is joined without it.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// One-time key packages of each suite that wait at the gateway.
#[cfg(not(test))]
const PACKAGES: u32 = 32;
#[cfg(test)]
const PACKAGES: u32 = 3;
/// From so few on they are filled up.
const PACKAGES_LOW: u32 = PACKAGES / 2;

impl Conversations {
    /// The session stands.
    pub(super) fn opened(&mut self) {
        for suite in Suite::ALL {
            let id = suite.id();
            self.ask(Asked::CountPackages(id), Request::CountKeyPackages(id));
        }
        self.ask(Asked::Groups, Request::ListGroups(None));
    }

    /// Fills the own key packages up. What was published before this device had a store that knows
    /// of it, it has no private keys of.
    pub(super) fn packages_counted(&mut self, left: KeyPackagesLeft, context: Context<'_>) {
        let Some(suite) = Suite::from_id(left.suite) else {
            return;
        };
        let is_published = self.mailbox.published.contains(&left.suite.0);
        if is_published && left.one_time >= PACKAGES_LOW && left.last_resort {
            return;
        }
        let (one_time, last_resort) = match is_published {
            true => (PACKAGES.saturating_sub(left.one_time), !left.last_resort),
            false => (PACKAGES, true),
        };
        match self.make_packages(suite, one_time, last_resort, context.now) {
            Ok(packages) => {
                self.mailbox.published.insert(left.suite.0);
                self.mailbox_dirty = true;
                let request = PublishKeyPackages {
                    suite: left.suite,
                    packages,
                    replace: !is_published,
                };
                self.ask(
                    Asked::Publish(left.suite),
                    Request::PublishKeyPackages(request),
                );
            }
            Err(MlsError::State(error)) => self.step.error = Some(error),
            Err(_) => {}
        }
    }

    fn make_packages(
        &mut self,
        suite: Suite,
        one_time: u32,
        last_resort: bool,
        now: Timestamp,
    ) -> Result<Vec<KeyPackage>, MlsError> {
        let Some(mls) = &mut self.mls else {
            return Ok(Vec::new());
        };
        mls.forget_key_packages(now)?;
        let count = usize::try_from(one_time).unwrap_or(0);
        let mut made = mls.make_key_packages(suite, count, now)?;
        if last_resort {
            made.push(mls.make_last_resort(suite, now)?);
        }
        let publish = |package: OwnKeyPackage| KeyPackage {
            package: Bytes::from(package.bytes),
            last_resort: package.is_last_resort,
            expires_at: package.expires_at,
        };
        Ok(made.into_iter().map(publish).collect())
    }

    /// Takes a page of the list of groups.
    pub(super) fn groups_told(
        &mut self,
        groups: &[GroupSummary],
        more: bool,
        context: Context<'_>,
    ) {
        for summary in groups {
            self.group_told(summary, context);
        }
        if let Some(last) = groups.last().filter(|_| more) {
            self.ask(Asked::Groups, Request::ListGroups(Some(last.group)));
        }
    }

    fn group_told(&mut self, summary: &GroupSummary, context: Context<'_>) {
        if self.all.contains_key(&summary.group) || Suite::from_id(summary.suite).is_none() {
            return;
        }
        if summary.member {
            self.expected.entry(summary.group).or_insert(context.now);
        } else if summary.account_member || summary.kind == GroupKind::Direct {
            self.join_listed(summary.group, summary.kind, summary.suite.0, context.now);
        }
    }

    /// Begins to join a group by a commit of this device.
    pub(super) fn join_listed(&mut self, id: GroupId, kind: GroupKind, suite: u16, now: Timestamp) {
        let stage = Stage::Joining { again: false };
        let stored = StoredConversation::new(id, kind, suite, stage, now);
        self.all.insert(id, Conversation::new(stored));
        self.dirty.insert(id);
    }

    /// Joins groups whose welcome did not come.
    pub(super) fn expect(&mut self, now: Timestamp) {
        let late: Vec<GroupId> = self
            .expected
            .iter()
            .filter(|(_, since)| is_due(**since + PATIENCE, now, PATIENCE))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.expected.remove(&id);
            if !self.all.contains_key(&id) {
                // What it is, the group info tells.
                self.join_listed(id, GroupKind::Group, self.suite.id().0, now);
            }
        }
    }
}
