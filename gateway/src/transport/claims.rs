//! One delivery that deletes at a time for each mailbox: so that a client which pulls again on a
//! new connection, before the deletion is durable, gets nothing twice.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sotto_shared::ClientId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Table = Arc<Mutex<HashMap<ClientId, Arc<AsyncMutex<()>>>>>;

/// The mailboxes that are being delivered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    table: Table,
}

/// The right to deliver and delete a mailbox's messages, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    table: Table,
    mailbox: ClientId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Claims {
    /// Waits for a mailbox, up to `wait`. After that the claim is given all the same: a message
    /// twice is better than none.
    pub(crate) async fn claim(&self, mailbox: ClientId, wait: Duration) -> Claim {
        let lock = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(table.entry(mailbox).or_default())
        };
        let guard = tokio::time::timeout(wait, lock.lock_owned()).await.ok();
        Claim {
            table: Arc::clone(&self.table),
            mailbox,
            guard,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.guard = None;
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits holds another reference, taken under this table's lock.
        if let Some(lock) = table.get(&self.mailbox)
            && Arc::strong_count(lock) == 1
        {
            table.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILBOX: ClientId = ClientId::from_bytes([1; 16]);

    #[tokio::test(start_paused = true)]
    async fn a_second_delivery_waits_for_the_first_but_not_for_ever() {
        let claims = Claims::default();
        let first = claims.claim(MAILBOX, Duration::from_secs(5)).await;
        let second = tokio::spawn({
            let claims = claims.clone();
            async move { claims.claim(MAILBOX, Duration::from_secs(5)).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap();
        assert!(second.guard.is_some());
        let third = claims.claim(MAILBOX, Duration::from_secs(5)).await;
        assert!(third.guard.is_none());
        drop((second, third));
        assert!(claims.table.lock().unwrap().is_empty());
    }
}
