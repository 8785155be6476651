//! Own commits: staged and written down, then sent until it is known what became of them.

use sotto_shared::sotto::group::{ClaimKeyPackages, ClaimedKeyPackage, Stored};
use sotto_shared::sotto::{Error, ErrorCode, Request};
use sotto_shared::{GroupId, SendId};

use super::plan::Plan;
use super::stored::{Stage, Staged};
use super::{Asked, At, Context, Conversations, RETRY_LONG};
use crate::api::{Cause, ConversationFailure, Happening, Seq};
use crate::mls::{Change, Device, KeyPackage, MlsError};

impl Conversations {
    /// Does what a plan says: first come the key packages of those who are to be added.
    pub(super) fn carry_out(&mut self, id: GroupId, plan: Plan, context: Context<'_>) {
        let Some(conversation) = self.all.get(&id) else {
            return;
        };
        let packages = &conversation.live.packages;
        let has = |device: &Device| {
            let mut packages = packages.iter();
            packages.any(|package| package.certificate.client == device.client)
        };
        let missing: Vec<Device> = plan.add.iter().copied().filter(|it| !has(it)).collect();
        match missing.is_empty() {
            true => self.commit(id, plan, context),
            false => self.claim(id, missing),
        }
    }

    fn claim(&mut self, id: GroupId, mut devices: Vec<Device>) {
        let suite = self.all.get(&id).and_then(|it| it.stored.suite());
        let Some(suite) = suite else {
            return;
        };
        devices.truncate(sotto_shared::limits::KEY_PACKAGES_MAX);
        let request = ClaimKeyPackages {
            suite: suite.id(),
            clients: devices.iter().map(|device| device.client).collect(),
        };
        self.ask_of(
            id,
            Asked::Claim(id, devices),
            Request::ClaimKeyPackages(request),
        );
    }

    /// Takes key packages that were asked for. A device without one that can be used is left out,
    /// and tried again later.
    pub(super) fn claimed(
        &mut self,
        id: GroupId,
        asked: &[Device],
        told: &[ClaimedKeyPackage],
        context: Context<'_>,
    ) {
        let (Some(mls), Some(conversation)) = (&self.mls, self.all.get_mut(&id)) else {
            return;
        };
        let Some(suite) = conversation.stored.suite() else {
            return;
        };
        for device in asked {
            let told = told.iter().find(|it| it.client == device.client);
            let read = |told: &ClaimedKeyPackage| {
                let now = context.now;
                mls.read_key_package(&told.package, *device, suite, now, &context)
                    .ok()
            };
            match told.and_then(read) {
                Some(package) => conversation.live.packages.push(package),
                None => {
                    let again = context.now + RETRY_LONG;
                    conversation.live.unreachable.insert(device.client, again);
                }
            }
        }
    }

    fn commit(&mut self, id: GroupId, plan: Plan, context: Context<'_>) {
        let (Some(mls), Some(conversation)) = (&mut self.mls, self.all.get_mut(&id)) else {
            return;
        };
        let wanted = |it: &KeyPackage| {
            plan.add
                .iter()
                .any(|device| device.client == it.certificate.client)
        };
        let mut add = core::mem::take(&mut conversation.live.packages);
        add.retain(wanted);
        let change = Change {
            add,
            remove: plan.remove,
            revocations: plan.revocations,
            policy: plan.policy,
        };
        match mls.commit(id, &change, context.now) {
            Ok(staged) => {
                let send_id = SendId::random(&mut self.rng);
                conversation.stored.staged = Some(Staged::new(send_id, staged, false));
                self.dirty.insert(id);
                self.send_commit(id);
            }
            Err(MlsError::State(error)) => self.step.error = Some(error),
            Err(MlsError::Refused(_)) => {
                conversation.hold(context.now);
                if conversation.stored.wishes.resign() {
                    self.dirty.insert(id);
                    self.fail(ConversationFailure::NotAdmin);
                }
            }
            Err(_) => conversation.hold(context.now),
        }
    }

    /// Transmits the staged commit, for the first time or again.
    pub(super) fn send_commit(&mut self, id: GroupId) {
        let staged = self.all.get(&id).and_then(|it| it.stored.staged.as_ref());
        if let Some(staged) = staged {
            let (send_id, request) = (staged.id, staged.request(id));
            self.ask_of(
                id,
                Asked::Commit(id, send_id),
                Request::Commit(Box::new(request)),
            );
        }
    }

    /// The staged commit, if it is this one.
    fn take_staged(&mut self, id: GroupId, send_id: SendId) -> Option<Staged> {
        let stored = &mut self.all.get_mut(&id)?.stored;
        let staged = stored.staged.take_if(|it| it.id == send_id)?;
        self.dirty.insert(id);
        Some(staged)
    }

    /// The gateway has taken a commit.
    pub(super) fn commit_stored(
        &mut self,
        id: GroupId,
        send_id: SendId,
        at: Stored,
        context: Context<'_>,
    ) {
        let Some(staged) = self.take_staged(id, send_id) else {
            return;
        };
        let Some(mls) = &mut self.mls else {
            return;
        };
        if mls.merge(id).is_err() {
            return self.break_off(id, Cause::NoState, context);
        }
        let own = self.own_account();
        let mut was_member = false;
        self.change(id, |it| {
            it.live.failures = 0;
            it.live.stale = None;
            it.stored.sent_since = 0;
            it.stored.keys_since = context.now;
            it.stored.wishes.update = false;
            if staged.external {
                was_member = it.stored.stage == Stage::Joining { again: true };
                it.stored.stage = Stage::Member;
                it.stored.last_seq = at.sequence;
                it.stored.counters.clear();
            }
            for device in &staged.added {
                it.stored.counters.remove(&device.client);
            }
        });
        let added = staged.added.iter().map(|it| it.client).collect();
        let wishes = self.all.get(&id).map(|it| it.stored.wishes.remove.clone());
        let left: Vec<_> = staged
            .removed
            .iter()
            .map(|it| it.account)
            .filter(|account| !wishes.as_ref().is_some_and(|them| them.contains(account)))
            .collect();
        let place = At {
            seq: Seq(at.sequence.0),
            time: at.time,
            now: context.now,
        };
        self.epoch_began(id, place, own, added, &left, context);
        if staged.external {
            self.forget_waiting(id, at.sequence.0);
            if was_member {
                self.mailbox.rejoined += 1;
                self.mailbox_dirty = true;
                self.happened(id, place, own, Happening::Rejoined);
            }
        }
        self.read_waiting(id, context);
    }

    /// The gateway has not taken a commit.
    pub(super) fn commit_refused(
        &mut self,
        id: GroupId,
        send_id: SendId,
        error: &Error,
        context: Context<'_>,
    ) {
        let passes = matches!(
            error.code,
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::NotAuthenticated
        );
        if passes {
            return self.hold(id, error, context.now);
        }
        let Some(staged) = self.take_staged(id, send_id) else {
            return;
        };
        if let Some(mls) = &mut self.mls {
            // It is gone already where another commit came before the answer.
            let _ = mls.discard(id);
        }
        match error.code {
            // The winner comes in the mailbox; then it is planned anew.
            ErrorCode::StaleEpoch if !staged.external => {
                self.change(id, |it| {
                    it.live.stale = Some(staged.epoch);
                    it.live.hold = Some(context.now + RETRY_LONG);
                });
            }
            ErrorCode::StaleEpoch => {}
            ErrorCode::NotMember | ErrorCode::UnknownGroup if !staged.external => {
                self.not_member(id, context);
            }
            // Revoked meanwhile: its account is asked for anew.
            ErrorCode::UnknownDevice => {
                for certificate in &staged.added {
                    self.directory.forget(certificate.account);
                }
                self.change(id, |it| it.hold(context.now));
            }
            ErrorCode::GroupFull => {
                self.change(id, |it| {
                    it.stored.wishes.add.clear();
                    it.hold(context.now);
                });
                self.fail(ConversationFailure::GroupFull);
            }
            _ => {
                self.change(id, |it| {
                    it.hold(context.now);
                });
                self.refused(error);
            }
        }
        self.read_waiting(id, context);
    }

    pub(super) fn refused(&mut self, error: &Error) {
        self.fail(ConversationFailure::Gateway {
            message: error.message.clone(),
        });
    }

    /// Tries again after a pause, at least that which the gateway asks for.
    pub(super) fn hold(&mut self, id: GroupId, error: &Error, now: crate::time::Timestamp) {
        if let Some(conversation) = self.all.get_mut(&id) {
            conversation.hold(now);
            if let Some(pause) = error.retry_after {
                let until = now + pause.min(RETRY_LONG);
                conversation.live.hold = conversation.live.hold.max(Some(until));
            }
        }
    }

    /// The gateway says that this device is no member. The mailbox may have yet to say why; a
    /// device that is none after that joins anew.
    pub(super) fn not_member(&mut self, id: GroupId, context: Context<'_>) {
        let failures = self.all.get(&id).map_or(0, |it| it.live.failures);
        match failures {
            0..3 => self.change(id, |it| it.hold(context.now)),
            _ => self.break_off(id, Cause::NoState, context),
        }
    }
}
