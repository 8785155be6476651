//! Keys of timelines and of the search.
//!
//! | key | value |
//! | --- | --- |
//! | `f`, `f` slot 1 | number of the search's open segment, and its entries |
//! | `i` number 8 | something that is to change a timeline, once what it needs is read |
//! | `j` group 16 | what is kept in memory of a timeline: how far it is seen |
//! | `s` number 8 | a closed segment of the search |
//! | `v` group 16, content 16, seq 8 | nothing: the line that has this content |
//! | `x` time 8, group 16, seq 8 | nothing: the line goes then |

use sotto_shared::{ContentId, GroupId};

use crate::api::Seq;
use crate::time::Timestamp;

/// What keys of timelines begin with.
pub(crate) const TIMELINES: &[u8] = b"j";
/// What keys of queued changes begin with.
pub(crate) const QUEUED: &[u8] = b"i";
/// Number of the search's open segment, and what its entries' keys begin with.
pub(crate) const SEARCH: &[u8] = b"f";
/// All closed segments of the search.
pub(crate) const SEGMENTS: (&[u8], &[u8]) = (b"s", b"t");
/// All lines that go at some time, in that order.
pub(crate) const EXPIRIES: (&[u8], &[u8]) = (b"x", b"y");

pub(crate) fn open_entry(slot: u8) -> Vec<u8> {
    [SEARCH, &[slot]].concat()
}

pub(crate) fn segment(number: u64) -> Vec<u8> {
    [b"s", number.to_be_bytes().as_slice()].concat()
}

pub(crate) fn timeline(id: GroupId) -> Vec<u8> {
    [TIMELINES, id.as_bytes().as_slice()].concat()
}

pub(crate) fn queued(number: u64) -> Vec<u8> {
    [QUEUED, number.to_be_bytes().as_slice()].concat()
}

pub(crate) fn content(conversation: GroupId, content: ContentId, seq: Seq) -> Vec<u8> {
    let (group, content) = (conversation.as_bytes(), content.as_bytes());
    [b"v", group.as_slice(), content, &seq.0.to_be_bytes()].concat()
}

pub(crate) fn expiry(at: Timestamp, conversation: GroupId, seq: Seq) -> Vec<u8> {
    let group = conversation.as_bytes().as_slice();
    [
        b"x",
        at.0.to_be_bytes().as_slice(),
        group,
        &seq.0.to_be_bytes(),
    ]
    .concat()
}

/// The sequence number at the end of a key.
pub(crate) fn seq_of(key: &[u8]) -> Option<Seq> {
    Some(Seq(u64::from_be_bytes(*key.last_chunk()?)))
}

/// The conversation of a [`timeline`].
pub(crate) fn timeline_of(key: &[u8]) -> Option<GroupId> {
    Some(GroupId::from_bytes(*key.get(1..)?.first_chunk()?))
}

/// Time, conversation and place of an [`expiry`].
pub(crate) fn expiry_of(key: &[u8]) -> Option<(Timestamp, GroupId, Seq)> {
    let (at, rest) = key.get(1..)?.split_first_chunk()?;
    let group = rest.first_chunk::<16>()?;
    let at = Timestamp(u64::from_be_bytes(*at));
    Some((at, GroupId::from_bytes(*group), seq_of(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::item;

    #[test]
    fn keys_sort_by_place_and_time_and_can_be_read_back() {
        let (group, id) = (GroupId::from_bytes([1; 16]), ContentId::from_bytes([2; 16]));
        assert!(item(group, Seq(255)) < item(group, Seq(256)));
        assert!(expiry(Timestamp(9), group, Seq(9)) < expiry(Timestamp(10), group, Seq(1)));
        let key = expiry(Timestamp(9), group, Seq(8));
        assert_eq!(expiry_of(&key), Some((Timestamp(9), group, Seq(8))));
        assert_eq!(timeline_of(&timeline(group)), Some(group));
        assert_eq!(seq_of(&content(group, id, Seq(7))), Some(Seq(7)));
        assert!(content(group, id, Seq(7)).len() <= 64, "what a store takes");
        assert_eq!(
            (expiry_of(b"x"), timeline_of(b"j"), seq_of(b"u")),
            (None, None, None)
        );
    }

    #[test]
    fn what_is_kept_in_memory_lies_in_the_range_that_is_read_at_the_start() {
        let (from, to) = crate::record::RESIDENT;
        let is_resident = |key: &[u8]| from <= key && key < to;
        let group = GroupId::from_bytes([1; 16]);
        assert!(is_resident(SEARCH) && is_resident(&open_entry(255)));
        assert!(is_resident(&timeline(group)) && is_resident(&queued(1)));
        assert!(!is_resident(&item(group, Seq(1))) && !is_resident(&segment(1)));
    }
}
