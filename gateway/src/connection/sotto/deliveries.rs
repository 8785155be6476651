//! How far a mailbox is delivered on this connection.

use sotto_shared::ClientId;
use sotto_shared::limits::{DELIVERIES_MAX, DELIVERY_WINDOW};
use sotto_shared::sotto::group::Delivery;

/// Bytes of contents that are asked of the storage, and pushed, at once. A single entry may be
/// larger.
pub const DELIVERY_BYTES: usize = 256 * 1024;

/// A question for a mailbox's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Whose.
    pub mailbox: ClientId,
    /// Only entries behind this one.
    pub after: u64,
    /// No more than these.
    pub limit: usize,
    /// No more bytes of contents than these, but for one entry.
    pub bytes_max: usize,
}

/// How far a device's mailbox is delivered. One batch is under way at a time, and the next is asked
/// for when it is written, so that a peer that reads slowly holds no memory but for one batch.
#[derive(Debug)]
pub(in crate::connection) struct Deliveries {
    mailbox: ClientId,
    /// The last entry that was pushed.
    pushed: u64,
    /// The last one that is known to be stored at the client.
    acknowledged: u64,
    /// There may be something behind `pushed`.
    more: bool,
    is_fetching: bool,
    /// The byte of all output at which the last batch ends.
    end: u64,
}

impl Deliveries {
    pub(in crate::connection) const fn new(mailbox: ClientId) -> Self {
        Self {
            mailbox,
            pushed: 0,
            acknowledged: 0,
            more: true,
            is_fetching: false,
            end: 0,
        }
    }

    /// Something new waits.
    pub(in crate::connection) const fn mail(&mut self) {
        self.more = true;
    }

    /// What to ask for, if there is reason to, with so many bytes of output written.
    pub(in crate::connection) fn next_fetch(&mut self, written: u64) -> Option<Fetch> {
        let waiting = self.pushed.saturating_sub(self.acknowledged);
        let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
        let room = DELIVERY_WINDOW.saturating_sub(waiting);
        if self.is_fetching || !self.more || room == 0 || written < self.end {
            return None;
        }
        self.is_fetching = true;
        self.more = false;
        Some(Fetch {
            mailbox: self.mailbox,
            after: self.pushed,
            limit: room.min(DELIVERIES_MAX),
            bytes_max: DELIVERY_BYTES,
        })
    }

    /// What came of it, and whether there may be more.
    pub(in crate::connection) fn fetched(&mut self, entries: &[Delivery], more: bool) {
        self.is_fetching = false;
        self.more |= more;
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            // What is missing before the first was acknowledged on another connection.
            let before = first.number.saturating_sub(1);
            if before > self.pushed {
                self.acknowledged = self.acknowledged.max(before);
            }
            self.pushed = self.pushed.max(last.number);
        }
    }

    /// Those entries are in the output up to this byte.
    pub(in crate::connection) const fn put(&mut self, end: u64) {
        self.end = end;
    }

    /// Everything up to this entry was acknowledged.
    pub(in crate::connection) fn acknowledge(&mut self, up_to: u64) {
        self.acknowledged = self.acknowledged.max(up_to.min(self.pushed));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sotto_shared::GroupId;
    use sotto_shared::sotto::group::{DeliveryKind, Epoch, GroupSeq};

    use super::*;

    fn entries(numbers: core::ops::RangeInclusive<u64>) -> Vec<Delivery> {
        let entry = |number| Delivery {
            number,
            group: GroupId::ZERO,
            sequence: GroupSeq(number),
            epoch: Epoch(1),
            kind: DeliveryKind::Message,
            sender: ClientId::ZERO,
            time: 0,
            payload: Bytes::new(),
        };
        numbers.map(entry).collect()
    }

    fn limit(deliveries: &mut Deliveries) -> Option<(u64, usize)> {
        let fetch = deliveries.next_fetch(u64::MAX)?;
        Some((fetch.after, fetch.limit))
    }

    #[test]
    fn one_batch_is_under_way_and_the_next_waits_until_it_is_written() {
        let mut deliveries = Deliveries::new(ClientId::ZERO);
        assert_eq!(limit(&mut deliveries), Some((0, DELIVERIES_MAX)));
        assert_eq!(limit(&mut deliveries), None);
        deliveries.fetched(&entries(1..=2), true);
        deliveries.put(100);
        assert_eq!(deliveries.next_fetch(99), None);
        assert_eq!(deliveries.next_fetch(100).map(|it| it.after), Some(2));
        deliveries.fetched(&[], false);
        assert_eq!(limit(&mut deliveries), None);
        deliveries.mail();
        assert!(limit(&mut deliveries).is_some());
        // What comes while it is looked for is looked for again.
        deliveries.mail();
        deliveries.fetched(&[], false);
        assert_eq!(limit(&mut deliveries), Some((2, DELIVERIES_MAX)));
    }

    #[test]
    fn the_window_holds_what_is_not_acknowledged() {
        let mut deliveries = Deliveries::new(ClientId::ZERO);
        let window = u64::try_from(DELIVERY_WINDOW).unwrap();
        let batch = u64::try_from(DELIVERIES_MAX).unwrap();
        // Ten were acknowledged on another connection.
        let mut next = 11;
        while next < 11 + window {
            let (_, room) = limit(&mut deliveries).unwrap();
            assert_eq!(room, DELIVERIES_MAX);
            deliveries.fetched(&entries(next..=next + batch - 1), true);
            next += batch;
        }
        assert_eq!(next, 11 + window);
        assert_eq!(limit(&mut deliveries), None);
        deliveries.acknowledge(11);
        assert_eq!(limit(&mut deliveries), Some((10 + window, 1)));
        deliveries.fetched(&entries(11 + window..=11 + window), true);
        deliveries.acknowledge(5);
        assert_eq!(limit(&mut deliveries), None);
        deliveries.acknowledge(u64::MAX);
        assert_eq!(limit(&mut deliveries), Some((11 + window, DELIVERIES_MAX)));
    }
}
