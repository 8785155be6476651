//! What waits for a device, read piece by piece.

use std::sync::Arc;

use sotto_shared::sotto::group::Delivery;

use super::super::Services;
use super::super::limits::Share;
use super::super::session::FREE_BYTES;
use crate::connection::sotto::Fetch;
use crate::metrics::LimitHit;
use crate::storage::delivery::Entries;

/// Bytes of an entry of a mailbox in memory and on the wire beside its content, rounded up.
const ENTRY_OVERHEAD: usize = 256;

/// Entries of a mailbox, and room in memory for them.
pub(in crate::transport) struct Fetched {
    pub(super) entries: Entries,
    pub(super) share: Share,
}

/// Looks into a mailbox. Few do at once, and what was found is held only if there is room for it:
/// so that the memory for it is bounded, however many devices come at once. A little always goes, so
/// that nobody's messages wait for those who read slowly.
pub(super) async fn fetch(wanted: Fetch, services: Arc<Services>) -> Option<Fetched> {
    let mut share = Share::new(&services.budget);
    loop {
        let entries = read_mailbox(wanted, &services).await?;
        let size = |entry: &Delivery| entry.payload.len() + ENTRY_OVERHEAD;
        let bytes = entries.entries.iter().map(size).sum();
        if bytes <= FREE_BYTES || share.resize(bytes, false) {
            let count = u64::try_from(entries.entries.len()).unwrap_or(u64::MAX);
            services.metrics.conversations.delivered.add(count);
            return Some(Fetched { entries, share });
        }
        drop(entries);
        drop(share);
        share = loop {
            let wait = services.limits.pull_wait;
            match Share::reserve(&services.budget, bytes, wait).await {
                Some(share) => break share,
                None => services.metrics.refused(LimitHit::InFlight),
            }
        };
    }
}

async fn read_mailbox(wanted: Fetch, services: &Services) -> Option<Entries> {
    let conversations = &services.accounts.conversations;
    let _permit = conversations.fetches.acquire().await.ok()?;
    let Fetch {
        mailbox,
        after,
        limit,
        bytes_max,
    } = wanted;
    let storage = &conversations.storage;
    let entries = storage.entries(mailbox, after, limit, bytes_max);
    entries.await.ok()?.ok()
}
