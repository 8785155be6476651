//! Decisions out of arbitrary bytes; when they are used up, zeros follow.

/// A cursor over the fuzzer's bytes.
pub(crate) struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.u16()) % bound.max(1)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array
            .iter_mut()
            .zip(taken)
            .for_each(|(to, from)| *to = *from);
        array
    }

    /// Up to `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(n.min(self.rest.len()));
        self.rest = rest;
        head
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// Changes a few bytes; returns whether any is another now.
    pub(crate) fn perturb(&mut self, bytes: &mut [u8]) -> bool {
        let before = bytes.to_vec();
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len());
            let flip = self.u8();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip;
            }
        }
        before != bytes
    }
}
