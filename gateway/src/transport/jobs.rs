//! Carries a connection's jobs to the storage.

mod mail;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use sotto_shared::classic::response::{CLIENT_RECORD, WAITING_PREFIX};

use super::Services;
use super::accounts::{self, Peer};
use super::claims::Claim;
use super::limits::Share;
use super::sessions::Inbox;
use crate::audit::Event;
use crate::connection::sotto::AccountWork;
use crate::connection::{Alone, AloneResult, Connection, Job};
use crate::metrics::LimitHit;
use crate::stop::Stop;
use crate::storage::{Closed, MailboxSize, Pending, ReadError, Refusal, Write, Written};
use mail::{Fetched, fetch};

/// Batches of sends that one connection has in the storage's hands; further sends gather into the
/// next one meanwhile.
const BATCHES: usize = 2;

/// The jobs of one connection that are under way.
pub(super) struct Jobs {
    sends: VecDeque<Sends>,
    alone: Option<AloneJob>,
    /// A look into the device's mailbox.
    fetch: Option<FetchJob>,
    /// What version 3 remembers; away while one of its requests is under way.
    peer: Option<Box<Peer>>,
}

/// Gives nothing if it broke down.
type AloneJob = Pin<Box<dyn Future<Output = Option<Box<Finished>>> + Send>>;

/// Gives nothing if the mailbox cannot be read.
type FetchJob = Pin<Box<dyn Future<Output = Option<Fetched>> + Send>>;

struct Sends {
    first: u64,
    count: usize,
    pending: Pending<Vec<Written>>,
}

/// A finished [`Alone`].
pub(super) struct Finished {
    result: AloneResult,
    claim: Option<Claim>,
    share: Option<Share>,
    peer: Option<Box<Peer>>,
    inbox: Option<Inbox>,
}

impl Finished {
    fn of_account(finished: accounts::Finished) -> Option<Self> {
        Some(Self {
            result: AloneResult::Account(Box::new(finished.result?)),
            claim: None,
            share: None,
            peer: Some(finished.peer),
            inbox: finished.inbox,
        })
    }
}

/// What finished.
pub(super) enum Done {
    Sends {
        first: u64,
        written: Vec<Written>,
    },
    Alone(Box<Finished>),
    Fetched(Fetched),
    /// Nobody knows what became of a request: the connection has to end without an answer.
    Lost,
}

impl Jobs {
    pub(super) fn new() -> Self {
        Self {
            sends: VecDeque::new(),
            alone: None,
            fetch: None,
            peer: None,
        }
    }

    /// Gives up the device's session, and whatever is under way; but for a change to accounts,
    /// which is carried through without the connection.
    pub(super) fn end(&mut self) {
        self.alone = None;
        self.fetch = None;
        self.peer = None;
    }

    /// Whether the peer is owed nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.sends.is_empty() && self.alone.is_none()
    }

    /// Submits what the connection has to do.
    pub(super) fn submit(
        &mut self,
        core: &mut Connection,
        services: &Arc<Services>,
        address: IpAddr,
        stop: &Stop,
    ) {
        while self.sends.len() < BATCHES
            && let Some(job) = core.next_job()
        {
            match job {
                Job::Sends { first, batch } => self.sends.push_back(Sends {
                    first,
                    count: batch.len(),
                    pending: services.storage.write(batch),
                }),
                Job::Alone(Alone::Account(work)) => {
                    self.submit_account(*work, services, address, stop);
                }
                Job::Alone(work) => {
                    self.alone = {
                        let work = run(work, Arc::clone(services), address);
                        Some(Box::pin(async move { Some(Box::new(work.await)) }))
                    }
                }
            }
        }
        if self.fetch.is_none()
            && let Some(wanted) = core.next_fetch()
        {
            self.fetch = Some(Box::pin(fetch(wanted, Arc::clone(services))));
        }
    }

    /// Starts a task of its own: a change that the storage has takes effect on sessions, pushes
    /// and the audit log also if the connection dies meanwhile. The gateway waits for it.
    fn submit_account(
        &mut self,
        work: AccountWork,
        services: &Arc<Services>,
        address: IpAddr,
        stop: &Stop,
    ) {
        let peer = self.peer.take().unwrap_or_default();
        let connection = Arc::new(());
        let asker = Arc::downgrade(&connection);
        let services = Arc::clone(services);
        let stop = stop.clone();
        let task = tokio::spawn(async move {
            let finished = accounts::run(work, peer, services, address, asker).await;
            drop(stop);
            finished
        });
        self.alone = Some(Box::pin(async move {
            let finished = task.await.ok();
            drop(connection);
            finished.and_then(Finished::of_account).map(Box::new)
        }));
    }

    /// Waits for the next job to finish. Never ends while there is none.
    pub(super) fn next_done(&mut self) -> NextDone<'_> {
        NextDone { jobs: self }
    }
}

/// See [`Jobs::next_done`].
pub(super) struct NextDone<'a> {
    jobs: &'a mut Jobs,
}

impl Future for NextDone<'_> {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Done> {
        let jobs = &mut *self.jobs;
        if let Some(sends) = jobs.sends.front_mut()
            && let Poll::Ready(written) = Pin::new(&mut sends.pending).poll(context)
        {
            let written = written.unwrap_or_else(|Closed| vec![Written::Failed; sends.count]);
            let first = sends.first;
            jobs.sends.pop_front();
            if jobs.sends.is_empty() {
                jobs.sends = VecDeque::new();
            }
            return Poll::Ready(Done::Sends { first, written });
        }
        if let Some(alone) = &mut jobs.alone
            && let Poll::Ready(finished) = alone.as_mut().poll(context)
        {
            jobs.alone = None;
            return Poll::Ready(finished.map_or(Done::Lost, Done::Alone));
        }
        if let Some(fetch) = &mut jobs.fetch
            && let Poll::Ready(fetched) = fetch.as_mut().poll(context)
        {
            jobs.fetch = None;
            return Poll::Ready(fetched.map_or(Done::Lost, Done::Fetched));
        }
        Poll::Pending
    }
}

impl Done {
    /// Gives the result to the connection; its mailbox, memory and pushes go to the session.
    /// Whether the connection goes on.
    pub(super) fn give(
        self,
        core: &mut Connection,
        jobs: &mut Jobs,
        claim: &mut Option<Claim>,
        share: &mut Share,
        inbox: &mut Option<Inbox>,
    ) -> bool {
        match self {
            Self::Lost => return false,
            Self::Sends { first, written } => core.sends_done(first, &written),
            Self::Fetched(fetched) => {
                share.absorb(fetched.share);
                core.fetched(fetched.entries.entries, fetched.entries.more);
            }
            Self::Alone(finished) => {
                if finished.claim.is_some() {
                    *claim = finished.claim;
                }
                if let Some(reserved) = finished.share {
                    share.absorb(reserved);
                }
                if finished.peer.is_some() {
                    jobs.peer = finished.peer;
                }
                if finished.inbox.is_some() {
                    *inbox = finished.inbox;
                }
                core.alone_done(finished.result);
            }
        }
        true
    }
}

async fn run(work: Alone, services: Arc<Services>, address: IpAddr) -> Finished {
    let storage = &services.storage;
    let plain = |result| Finished {
        result,
        claim: None,
        share: None,
        peer: None,
        inbox: None,
    };
    match work {
        // They have a future of their own.
        Alone::Account(_) => plain(AloneResult::Written(Written::Failed)),
        Alone::Register(write) => plain(AloneResult::Written(
            register(write, &services, address).await,
        )),
        Alone::Write(write) => plain(AloneResult::Written(
            write_one(storage.write(vec![write])).await,
        )),
        Alone::PublicKey { requester, wanted } => {
            let key = storage.public_key(requester, wanted).await;
            plain(AloneResult::PublicKey(flatten(key)))
        }
        Alone::Clients { requester } => {
            let records = usize::try_from(storage.client_count()).unwrap_or(usize::MAX);
            let Some(share) =
                reserve(&services, address, records.saturating_mul(CLIENT_RECORD)).await
            else {
                return plain(AloneResult::Clients(Err(ReadError::Failed)));
            };
            let clients = storage.clients(requester).await;
            Finished {
                share: Some(share),
                ..plain(AloneResult::Clients(flatten(clients)))
            }
        }
        Alone::Waiting { mailbox, deletes } => {
            let is_known = storage.mailbox_size(mailbox).is_some();
            let claim = if deletes && is_known {
                let wait = services.limits.pull_wait;
                Some(services.claims.claim(mailbox, wait).await)
            } else {
                None
            };
            let max = services.limits.pull_answer_max;
            let size = answer_size(storage.mailbox_size(mailbox).unwrap_or_default()).min(max);
            let Some(share) = reserve(&services, address, size).await else {
                return plain(AloneResult::Waiting(Err(ReadError::Failed)));
            };
            let waiting = storage.waiting(mailbox, max).await;
            Finished {
                claim,
                share: Some(share),
                ..plain(AloneResult::Waiting(flatten(waiting)))
            }
        }
    }
}

/// Room in memory for an answer.
async fn reserve(services: &Services, address: IpAddr, bytes: usize) -> Option<Share> {
    let wait = services.limits.pull_wait;
    let share = Share::reserve(&services.budget, bytes, wait).await;
    if share.is_none() {
        services.limit_hit(LimitHit::InFlight, address);
    }
    share
}

fn answer_size(size: MailboxSize) -> usize {
    let prefix = u64::try_from(WAITING_PREFIX).unwrap_or(u64::MAX);
    let bytes = size
        .bytes
        .saturating_add(size.messages.saturating_mul(prefix));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

async fn register(write: Write, services: &Services, address: IpAddr) -> Written {
    if !services.registrations.take(address, Instant::now()) {
        services.limit_hit(LimitHit::Registrations, address);
        return Written::Refused(Refusal::TooManyRegistrations);
    }
    let written = write_one(services.storage.write(vec![write])).await;
    match written {
        Written::Registered(_) => services.event(Event::Registered, address),
        _ => {
            services.registrations.give_back(address);
            services.event(Event::RegistrationRefused, address);
        }
    }
    written
}

async fn write_one(pending: Pending<Vec<Written>>) -> Written {
    match pending.await {
        Ok(written) => written.first().copied().unwrap_or(Written::Failed),
        Err(Closed) => Written::Failed,
    }
}

fn flatten<T>(result: Result<Result<T, ReadError>, Closed>) -> Result<T, ReadError> {
    result.unwrap_or(Err(ReadError::Failed))
}

#[cfg(test)]
mod tests;
