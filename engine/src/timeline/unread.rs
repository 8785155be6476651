//! How many messages were not seen: a pure function of the read cursor and of the lines that count.

use serde::{Deserialize, Serialize};

use crate::api::Seq;

/// Unseen messages that are counted exactly; one more stands for "more than that".
pub(crate) const UNREAD_EXACT: usize = 999;
/// Unseen messages that are kept in memory, the newest.
const KEEP: usize = 2_048;

/// The unseen messages of a conversation.
pub(crate) type Unread = Tracked<UNREAD_EXACT, KEEP>;

/// As [`Unread`], with its bounds. `KEEP` is larger than `EXACT`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tracked<const EXACT: usize, const KEEP: usize> {
    read: Seq,
    /// Behind `read`, in order: if there are more than `KEEP`, the newest.
    kept: Vec<Line>,
    /// Whether there may be older ones behind `read` that are not kept.
    more: bool,
}

/// A line that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) seq: Seq,
    /// Whether it mentions the user.
    pub(crate) mention: bool,
}

impl<const EXACT: usize, const KEEP: usize> Tracked<EXACT, KEEP> {
    /// Last place that was seen.
    pub(crate) fn read(&self) -> Seq {
        self.read
    }

    /// Unseen messages, exact up to `EXACT`; `EXACT + 1` for any more.
    pub(crate) fn count(&self) -> u32 {
        count(self.kept.len().min(EXACT + 1))
    }

    /// Those of them that mention the user, as far as they are kept.
    pub(crate) fn mentions(&self) -> u32 {
        let mentions = self.kept.iter().filter(|line| line.mention).count();
        count(mentions.min(EXACT + 1))
    }

    /// Whether so many have gone that the count is not known any more: [`Self::recount`] is due.
    pub(crate) fn is_vague(&self) -> bool {
        self.more && self.kept.len() <= EXACT
    }

    /// A line that counts is there; said again, it replaces what was said.
    pub(crate) fn add(&mut self, line: Line) {
        if line.seq <= self.read {
            return;
        }
        match self.kept.binary_search_by_key(&line.seq, |kept| kept.seq) {
            Ok(at) => {
                if let Some(kept) = self.kept.get_mut(at) {
                    *kept = line;
                }
            }
            // Older than what is kept: it is among those that are not.
            Err(0) if self.more => {}
            Err(at) => self.kept.insert(at, line),
        }
        if self.kept.len() > KEEP {
            self.kept.remove(0);
            self.more = true;
        }
    }

    /// A line is gone, or does not count any more.
    pub(crate) fn remove(&mut self, seq: Seq) {
        if let Ok(at) = self.kept.binary_search_by_key(&seq, |kept| kept.seq) {
            self.kept.remove(at);
        }
    }

    /// Everything up to this place was seen; whether that is news. Nothing becomes unseen again.
    pub(crate) fn mark_read(&mut self, up_to: Seq) -> bool {
        if up_to <= self.read {
            return false;
        }
        self.read = up_to;
        let seen = self.kept.partition_point(|line| line.seq <= up_to);
        // All that are not kept are older than those that are.
        self.more &= seen == 0;
        self.kept.drain(..seen);
        true
    }

    /// Takes over what was read from the store: the newest lines that count behind the read cursor,
    /// newest first, and whether there are more.
    pub(crate) fn recount(&mut self, newest_first: impl IntoIterator<Item = Line>, more: bool) {
        let read = self.read;
        let mut lines = newest_first.into_iter().filter(|line| line.seq > read);
        self.kept = lines.by_ref().take(KEEP).collect();
        self.more = more || lines.next().is_some();
        self.kept.reverse();
    }

    /// Lines that [`Self::recount`] takes over.
    pub(crate) const fn recount_limit() -> usize {
        KEEP
    }
}

fn count(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Arrive(u64, bool),
        Late(u64, bool),
        Remove(u64),
        RemoveNewest(usize),
        Read(u64),
        Reload,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (1u64..4, any::<bool>()).prop_map(|(gap, mention)| Step::Arrive(gap, mention)),
            1 => (1u64..200, any::<bool>()).prop_map(|(seq, mention)| Step::Late(seq, mention)),
            3 => (1u64..200).prop_map(Step::Remove),
            1 => (1usize..10).prop_map(Step::RemoveNewest),
            1 => (1u64..200).prop_map(Step::Read),
            1 => Just(Step::Reload),
        ]
    }

    proptest! {
        #[test]
        fn unread_is_a_function_of_the_cursor_and_the_lines(
            steps in proptest::collection::vec(step(), 1..200),
        ) {
            const EXACT: usize = 5;
            let mut unread = Tracked::<EXACT, 9>::default();
            // What counts, as a naive reader would keep it.
            let mut lines = BTreeMap::<u64, bool>::new();
            let mut read = 0;
            let mut newest = 0;
            for step in steps {
                match step {
                    Step::Arrive(gap, mention) => {
                        newest += gap;
                        lines.insert(newest, mention);
                        unread.add(Line { seq: Seq(newest), mention });
                    }
                    Step::Late(seq, mention) => {
                        lines.insert(seq, mention);
                        newest = newest.max(seq);
                        unread.add(Line { seq: Seq(seq), mention });
                    }
                    Step::Remove(seq) => {
                        lines.remove(&seq);
                        unread.remove(Seq(seq));
                    }
                    Step::RemoveNewest(some) => {
                        for _ in 0..some {
                            if let Some((seq, _)) = lines.pop_last() {
                                unread.remove(Seq(seq));
                            }
                        }
                    }
                    Step::Read(seq) => {
                        read = read.max(seq);
                        unread.mark_read(Seq(seq));
                    }
                    Step::Reload => {
                        let bytes = postcard::to_allocvec(&unread).unwrap();
                        unread = postcard::from_bytes(&bytes).unwrap();
                    }
                }
                if unread.is_vague() {
                    let all = lines.iter().rev();
                    let all = all.map(|(seq, mention)| Line { seq: Seq(*seq), mention: *mention });
                    unread.recount(all, false);
                }
                let naive: Vec<bool> = lines.range(read + 1..).map(|(_, mention)| *mention).collect();
                prop_assert_eq!(unread.count() as usize, naive.len().min(EXACT + 1));
                if naive.len() <= EXACT {
                    let mentions = naive.iter().filter(|mention| **mention).count();
                    prop_assert_eq!(unread.mentions() as usize, mentions);
                }
                prop_assert!(unread.kept.len() <= 9);
            }
        }
    }

    #[test]
    fn counts_are_exact_up_to_their_bound() {
        let mut unread = Unread::default();
        for seq in 1..=999 {
            unread.add(Line {
                seq: Seq(seq),
                mention: false,
            });
        }
        assert_eq!(unread.count(), 999);
        unread.add(Line {
            seq: Seq(1_000),
            mention: false,
        });
        assert_eq!(unread.count(), 1_000);
        unread.add(Line {
            seq: Seq(1_001),
            mention: false,
        });
        assert_eq!(unread.count(), 1_000, "more than 999");
    }
}
