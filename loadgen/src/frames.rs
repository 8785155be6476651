//! Sends that are made once and sent again and again.

use bytes::{Bytes, BytesMut};
use rand_core::{OsRng, RngCore};
use sotto_shared::ClientId;
use sotto_shared::classic::request::Send;
use sotto_shared::classic::{MessageKind, RequestBody};

use crate::clients::request;
use crate::wire::Transport;

/// A ring of frames of one sender, each to another mailbox.
#[derive(Debug)]
pub(crate) struct Ring {
    bytes: Bytes,
    frame: usize,
    next: usize,
}

impl Ring {
    /// `count` frames with contents of `size` bytes, to `mailboxes` from the `first` on.
    pub(crate) fn new(
        transport: Transport,
        from: ClientId,
        mailboxes: &[ClientId],
        first: usize,
        count: usize,
        size: usize,
    ) -> Self {
        let mut content = vec![0; size];
        OsRng.fill_bytes(&mut content);
        let content = Bytes::from(content);
        let mut out = BytesMut::new();
        for to in mailboxes.iter().cycle().skip(first).take(count) {
            let body = RequestBody::Send(Send {
                to: *to,
                kind: MessageKind::TEXT,
                content: content.clone(),
            });
            transport.encode(&request(from, body), &mut out);
        }
        Self {
            frame: out.len() / count.max(1),
            bytes: out.freeze(),
            next: 0,
        }
    }

    /// The next frames as one piece: `count` of them, or fewer where the ring ends.
    pub(crate) fn take(&mut self, count: usize) -> (Bytes, usize) {
        let left = self.bytes.len() / self.frame - self.next;
        let count = count.min(left);
        let begin = self.next * self.frame;
        let piece = self.bytes.slice(begin..begin + count * self.frame);
        self.next = if count == left { 0 } else { self.next + count };
        (piece, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_goes_round() {
        let mailboxes = [ClientId::from_bytes([1; 16]), ClientId::from_bytes([2; 16])];
        let sender = ClientId::from_bytes([9; 16]);
        for (transport, frame) in [(Transport::Tcp, 54), (Transport::WebSocket, 60)] {
            let mut ring = Ring::new(transport, sender, &mailboxes, 1, 3, 10);
            assert_eq!(ring.take(2).1, 2);
            let (last, count) = ring.take(2);
            assert_eq!((last.len(), count), (frame, 1));
            assert_eq!(ring.take(5).1, 3);
        }
    }
}
