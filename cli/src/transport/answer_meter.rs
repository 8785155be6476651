//! Where answers end in a stream of bytes.

use sotto_shared::sotto::{Push, VERSION};
use sotto_shared::wire::{ByteOrder, RESPONSE_HEADER};

/// Counts whole answers without keeping them. Zeros between answers belong to none, and pushes of
/// version 3 answer nothing.
#[derive(Debug, Default)]
pub(crate) struct AnswerMeter {
    /// The header as far as it came.
    header: Vec<u8>,
    /// Bytes of payload still to come, once the header is whole.
    left: Option<usize>,
    /// Bytes of payload in all.
    total: usize,
    /// Nobody asked for what is arriving.
    is_push: bool,
}

impl AnswerMeter {
    /// Takes bytes as they arrived; tells how many answers ended in them.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> usize {
        let mut ended = 0;
        loop {
            let left = match self.left {
                Some(left) => left,
                None => match self.take_header(&mut bytes) {
                    Some(size) => {
                        self.total = size;
                        size
                    }
                    None => return ended,
                },
            };
            let now = left.min(bytes.len());
            bytes = bytes.get(now..).unwrap_or_default();
            if now < left {
                self.left = Some(left - now);
                return ended;
            }
            self.left = None;
            ended += usize::from(!self.is_push);
        }
    }

    /// Of the answer that is arriving: bytes of payload that came, and in all.
    pub(crate) fn arriving(&self) -> Option<(usize, usize)> {
        self.left.map(|left| (self.total - left, self.total))
    }

    /// Forgets a connection that ended.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The payload size, once the header is whole.
    fn take_header(&mut self, bytes: &mut &[u8]) -> Option<usize> {
        while let Some((byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if !self.header.is_empty() || *byte != 0 {
                self.header.push(*byte);
            }
            if self.header.len() == RESPONSE_HEADER {
                let size = self.header.last_chunk().copied().unwrap_or_default();
                self.is_push = is_push(&self.header);
                self.header.clear();
                let size = ByteOrder::Little.read_u32(size);
                return Some(usize::try_from(size).unwrap_or(usize::MAX));
            }
        }
        None
    }
}

fn is_push(header: &[u8]) -> bool {
    match header {
        [VERSION, low, high, ..] => Push::is_push(u16::from_le_bytes([*low, *high])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_answer_nothing() {
        let frame = |version, code: u16| {
            let [low, high] = code.to_le_bytes();
            [version, low, high, 1, 0, 0, 0, 7]
        };
        let mut meter = AnswerMeter::default();
        assert_eq!(meter.push(&frame(3, 5000)), 0);
        assert_eq!(meter.push(&frame(3, 4000)), 1);
        assert_eq!(meter.push(&frame(3, 5999)), 0);
        assert_eq!(meter.push(&frame(2, 5000)), 1);
    }

    #[test]
    fn answers_are_counted_wherever_the_bytes_are_cut() {
        let mut stream = Vec::new();
        stream.extend_from_slice(&[2, 0x28, 0x23, 0, 0, 0, 0]);
        stream.extend_from_slice(&[0; 1017]);
        stream.extend_from_slice(&[2, 0x34, 0x08, 16, 0, 0, 0]);
        stream.extend_from_slice(&[7; 16]);
        stream.extend_from_slice(&[0; 9]);
        for cut in 1..40 {
            let mut meter = AnswerMeter::default();
            let ended: usize = stream.chunks(cut).map(|chunk| meter.push(chunk)).sum();
            assert_eq!(ended, 2, "chunks of {cut}");
            assert_eq!(meter.arriving(), None);
        }
    }

    #[test]
    fn an_answer_begun_is_noticed() {
        let mut meter = AnswerMeter::default();
        assert_eq!(meter.push(&[2, 0x34, 0x08, 16, 0, 0, 0, 1]), 0);
        assert_eq!(meter.arriving(), Some((1, 16)));
    }
}
