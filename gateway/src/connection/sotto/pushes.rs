//! How much was pushed and is not written yet.

use std::collections::VecDeque;

/// Bytes of pushes that may wait for a peer to read them. Beyond it the session ends.
pub const PUSH_BACKLOG_MAX: usize = 64 * 1024;

/// The pushes in the output, each with the byte of all output at which it ends.
#[derive(Debug, Default)]
pub(in crate::connection) struct Pushes {
    waiting: VecDeque<(u64, usize)>,
    bytes: usize,
}

impl Pushes {
    /// Whether so many bytes more may wait.
    pub(in crate::connection) const fn has_room(&self, bytes: usize) -> bool {
        self.bytes.saturating_add(bytes) <= PUSH_BACKLOG_MAX
    }

    /// So many bytes were pushed; they are written when all output up to `end` is.
    pub(in crate::connection) fn add(&mut self, end: u64, bytes: usize) {
        self.waiting.push_back((end, bytes));
        self.bytes += bytes;
    }

    /// All output up to here was written.
    pub(in crate::connection) fn wrote(&mut self, through: u64) {
        while let Some((end, bytes)) = self.waiting.front()
            && *end <= through
        {
            self.bytes = self.bytes.saturating_sub(*bytes);
            self.waiting.pop_front();
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }
}
