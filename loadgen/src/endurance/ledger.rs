//! What was sent, acknowledged and delivered, and what must never be seen.

use std::collections::HashMap;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use sotto_shared::ClientId;

/// Bytes of a content that say which message it is.
const STAMP: usize = 4 + 4;

/// One message: a sender's number and the message's number among that sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    pub(super) sender: u32,
    pub(super) number: u32,
}

impl Stamp {
    /// A content of `size` bytes that bears the stamp.
    pub(super) fn to_content(self, size: usize) -> Bytes {
        let mut content = BytesMut::with_capacity(size.max(STAMP));
        content.put_u32(self.sender);
        content.put_u32(self.number);
        content.resize(size.max(STAMP), 0x5a);
        content.freeze()
    }

    fn of_content(mut content: &[u8]) -> Option<Self> {
        Some(Self {
            sender: content.try_get_u32().ok()?,
            number: content.try_get_u32().ok()?,
        })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    to: usize,
    is_acknowledged: bool,
    delivered: u32,
}

/// Who sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    pub(super) client: ClientId,
    /// Whether its messages have to arrive in order. Not those of a sender that gives connections
    /// up and never repeats: what it left on the old one and what it says on the next one race.
    pub(super) keeps_order: bool,
}

/// All messages of a run.
#[derive(Debug)]
pub(super) struct Ledger {
    senders: Vec<Author>,
    entries: Vec<Vec<Entry>>,
    /// The last number that came from a sender to a receiver.
    last: HashMap<(u32, usize), u32>,
    strangers: u64,
    disordered: u64,
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// Messages that were written to a connection at least once.
    pub(super) sent: u64,
    /// Messages whose receipt arrived.
    pub(super) acknowledged: u64,
    /// Messages that arrived.
    pub(super) delivered: u64,
    /// Messages that arrived although their receipt was lost with the connection.
    pub(super) unacknowledged_delivered: u64,
    /// Messages that were acknowledged and never arrived.
    pub(super) lost: u64,
    /// Messages that arrived more than once.
    pub(super) doubled: u64,
    /// Messages that arrived after a later one of the same sender that keeps order.
    pub(super) disordered: u64,
    /// Messages that nobody sent, or not to there, or not in that name.
    pub(super) strangers: u64,
}

impl Verdict {
    pub(super) fn is_sound(&self) -> bool {
        [self.lost, self.doubled, self.disordered, self.strangers] == [0; 4]
    }
}

impl Ledger {
    pub(super) fn new(senders: Vec<Author>) -> Self {
        Self {
            entries: vec![Vec::new(); senders.len()],
            senders,
            last: HashMap::new(),
            strangers: 0,
            disordered: 0,
        }
    }

    /// Enters a message that is about to be sent.
    pub(super) fn send(&mut self, sender: u32, to: usize) -> Option<Stamp> {
        let entries = self.entries.get_mut(usize::try_from(sender).ok()?)?;
        let number = u32::try_from(entries.len()).ok()?;
        entries.push(Entry {
            to,
            ..Entry::default()
        });
        Some(Stamp { sender, number })
    }

    fn entry(&mut self, stamp: Stamp) -> Option<&mut Entry> {
        self.entries
            .get_mut(usize::try_from(stamp.sender).ok()?)?
            .get_mut(usize::try_from(stamp.number).ok()?)
    }

    /// Enters a receipt.
    pub(super) fn acknowledge(&mut self, stamp: Stamp) {
        if let Some(entry) = self.entry(stamp) {
            entry.is_acknowledged = true;
        }
    }

    /// Enters a message that a receiver got.
    pub(super) fn deliver(&mut self, receiver: usize, from: ClientId, content: &[u8]) {
        let known = Stamp::of_content(content).and_then(|stamp| {
            let author = self.senders.get(usize::try_from(stamp.sender).ok()?)?;
            (author.client == from).then_some((stamp, author.keeps_order))
        });
        let Some((stamp, keeps_order)) = known else {
            self.strangers += 1;
            return;
        };
        match self.entry(stamp) {
            Some(entry) if entry.to == receiver => entry.delivered += 1,
            _ => {
                self.strangers += 1;
                return;
            }
        }
        let last = self.last.insert((stamp.sender, receiver), stamp.number);
        if keeps_order && last.is_some_and(|last| last > stamp.number) {
            self.disordered += 1;
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict {
            strangers: self.strangers,
            disordered: self.disordered,
            ..Verdict::default()
        };
        for entry in self.entries.iter().flatten() {
            verdict.sent += 1;
            verdict.acknowledged += u64::from(entry.is_acknowledged);
            verdict.delivered += u64::from(entry.delivered > 0);
            verdict.unacknowledged_delivered +=
                u64::from(entry.delivered > 0 && !entry.is_acknowledged);
            verdict.lost += u64::from(entry.delivered == 0 && entry.is_acknowledged);
            verdict.doubled += u64::from(entry.delivered > 1);
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ClientId = ClientId::from_bytes([1; 16]);
    const BOB: ClientId = ClientId::from_bytes([2; 16]);

    fn ledger<const N: usize>(clients: [ClientId; N]) -> Ledger {
        let author = |client| Author {
            client,
            keeps_order: true,
        };
        Ledger::new(clients.map(author).to_vec())
    }

    #[test]
    fn what_goes_well_is_sound() {
        let mut ledger = ledger([ALICE, BOB]);
        let first = ledger.send(0, 5).unwrap();
        let second = ledger.send(1, 5).unwrap();
        let uncertain = ledger.send(1, 5).unwrap();
        ledger.acknowledge(first);
        ledger.acknowledge(second);
        ledger.deliver(5, BOB, &second.to_content(64));
        ledger.deliver(5, BOB, &uncertain.to_content(64));
        ledger.deliver(5, ALICE, &first.to_content(0));
        let verdict = ledger.verdict();
        assert!(verdict.is_sound(), "{verdict:?}");
        assert_eq!((verdict.sent, verdict.acknowledged), (3, 2));
        assert_eq!(verdict.unacknowledged_delivered, 1);
    }

    #[test]
    fn an_acknowledged_message_that_never_came_is_lost() {
        let mut ledger = ledger([ALICE]);
        let stamp = ledger.send(0, 0).unwrap();
        assert!(ledger.verdict().is_sound());
        ledger.acknowledge(stamp);
        assert_eq!(ledger.verdict().lost, 1);
    }

    #[test]
    fn doubles_and_disorder_are_seen() {
        let mut ledger = ledger([ALICE]);
        let stamps = [ledger.send(0, 0).unwrap(), ledger.send(0, 0).unwrap()];
        for stamp in [stamps[1], stamps[0], stamps[0]] {
            ledger.deliver(0, ALICE, &stamp.to_content(9));
        }
        let verdict = ledger.verdict();
        assert_eq!((verdict.doubled, verdict.disordered), (1, 1));
    }

    #[test]
    fn messages_that_nobody_sent_so_are_strangers() {
        let mut ledger = ledger([ALICE, BOB]);
        let stamp = ledger.send(0, 3).unwrap();
        ledger.deliver(3, BOB, &stamp.to_content(9));
        ledger.deliver(4, ALICE, &stamp.to_content(9));
        ledger.deliver(3, ALICE, b"short");
        let unsent = Stamp {
            sender: 0,
            number: 7,
        };
        ledger.deliver(3, ALICE, &unsent.to_content(9));
        assert_eq!(ledger.verdict().strangers, 4);
    }
}
