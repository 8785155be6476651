//! What everybody is told about an account: gathered, so that it is told once in a while, and what
//! is told is how it stands then. So nobody hears that somebody is online after they have left.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sotto_shared::AccountId;
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Push;
use sotto_shared::sotto::types::{AccountEntry, DirectoryPolicy, Presence};
use tokio::sync::Mutex as AsyncMutex;

use super::{Accounts, read};
use crate::transport::Services;

/// An account's changes are told at most once in this time.
pub const NOTICE_PAUSE: Duration = Duration::from_secs(1);
/// Accounts online beyond which nobody is told of others: everybody to everybody is too much then,
/// and clients ask when they want to know.
pub const PRESENCE_PUSH_MAX: usize = 1_000;

/// What is yet to be told.
#[derive(Debug, Default)]
pub(super) struct Notices {
    pending: Mutex<HashMap<AccountId, Notice>>,
    /// Held from reading how accounts stand until that is told.
    telling: AsyncMutex<()>,
}

#[derive(Debug, Default)]
struct Notice {
    joined: bool,
    /// More than presence has changed.
    changed: bool,
    /// It is deleted or disabled.
    left: bool,
}

impl Notices {
    /// An account is new.
    pub(super) fn joined(&self, services: &Arc<Services>, account: AccountId) {
        self.note(services, account, |notice| notice.joined = true);
    }

    /// Its profile or bridge has changed.
    pub(super) fn changed(&self, services: &Arc<Services>, account: AccountId) {
        self.note(services, account, |notice| notice.changed = true);
    }

    /// It is deleted or disabled.
    pub(super) fn left(&self, services: &Arc<Services>, account: AccountId) {
        self.note(services, account, |notice| notice.left = true);
    }

    /// It came or went.
    pub(super) fn presence(&self, services: &Arc<Services>, account: AccountId) {
        self.note(services, account, |_| {});
    }

    fn note(&self, services: &Arc<Services>, account: AccountId, change: impl FnOnce(&mut Notice)) {
        // None while the gateway's runtime is being taken down.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = pending.is_empty();
        change(pending.entry(account).or_default());
        if is_first {
            let services = Arc::downgrade(services);
            runtime.spawn(async move {
                tokio::time::sleep(NOTICE_PAUSE).await;
                if let Some(services) = services.upgrade() {
                    services.accounts.tell().await;
                }
            });
        }
    }
}

impl Accounts {
    async fn tell(&self) {
        let _telling = self.notices.telling.lock().await;
        let mut pending = {
            let pending = &self.notices.pending;
            core::mem::take(&mut *pending.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let ids: Vec<_> = pending.keys().copied().collect();
        for page in ids.chunks(DIRECTORY_PAGE_MAX) {
            let found = self.storage.find_accounts(Vec::new(), page.to_vec());
            for mut entry in read(found).await.unwrap_or_default() {
                if let Some(notice) = pending.remove(&entry.account) {
                    self.fill_presence(&mut entry);
                    self.tell_of(entry, &notice);
                }
            }
        }
        // Those that were not found.
        let left = pending.into_iter().filter(|(_, notice)| notice.left);
        if self.tells_everybody() {
            for (account, _) in left {
                self.sessions.push_all(Push::AccountLeft(account));
            }
        }
    }

    fn tell_of(&self, entry: AccountEntry, notice: &Notice) {
        let is_told = notice.joined || notice.changed;
        // Whoever hides when they are here must not be given away by a push that says nothing.
        if !is_told && entry.presence.is_none() {
            return;
        }
        let account = entry.account;
        let push = Push::AccountChanged {
            account: Box::new(entry),
            joined: notice.joined,
        };
        if self.tells_everybody() {
            self.sessions.push_all(push);
        } else if notice.changed {
            self.sessions.push(account, None, push);
        }
    }

    fn tells_everybody(&self) -> bool {
        tells_everybody(self.policy.directory, self.sessions.accounts())
    }

    /// Adds who is here to what the storage knows.
    pub(super) fn fill_presence(&self, entry: &mut AccountEntry) {
        if let Some(Presence { online, .. }) = &mut entry.presence {
            *online = self.sessions.is_online(entry.account);
        }
    }
}

/// Whether everybody is told of everybody, with so many accounts online.
fn tells_everybody(directory: DirectoryPolicy, online: usize) -> bool {
    directory == DirectoryPolicy::Listed && online <= PRESENCE_PUSH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_of_everybody_up_to_the_limit_only() {
        assert!(tells_everybody(DirectoryPolicy::Listed, PRESENCE_PUSH_MAX));
        assert!(!tells_everybody(
            DirectoryPolicy::Listed,
            PRESENCE_PUSH_MAX + 1
        ));
        assert!(!tells_everybody(DirectoryPolicy::Exact, 1));
    }
}
