//! What all dialects share: the two headers, byte order, and the version byte.
//!
//! Request header, 23 bytes: client id 16 | version u8 | code u16 | payload size u32.
//! Response header, 7 bytes: version u8 | code u16 | payload size u32.
//! On TCP frames follow each other; on WebSocket one binary message is exactly one frame.

use crate::id::ClientId;

/// Size of a request header.
pub const REQUEST_HEADER: usize = 23;
/// Size of a response header.
pub const RESPONSE_HEADER: usize = 7;

/// Order of the bytes in integers. The protocol is little-endian; some clients are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// Least significant byte first, as specified.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// Reads a u16.
    pub const fn read_u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// Reads a u32.
    pub const fn read_u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Writes a u16.
    pub const fn write_u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// Writes a u32.
    pub const fn write_u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

/// What the version byte selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Versions 1 and 2.
    Classic(crate::classic::Version),
    /// Version 3, Sotto's own.
    Sotto,
    /// No dialect that Sotto knows.
    Unknown(u8),
}

impl Dialect {
    /// Selects the dialect by a version byte.
    pub const fn of(version: u8) -> Self {
        match version {
            1 => Self::Classic(crate::classic::Version::V1),
            2 => Self::Classic(crate::classic::Version::V2),
            3 => Self::Sotto,
            other => Self::Unknown(other),
        }
    }
}

/// A request header as it stands on the wire: its integers not yet read, since their byte order
/// shows only in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawRequestHeader {
    pub(crate) client: ClientId,
    pub(crate) version: u8,
    pub(crate) code: [u8; 2],
    pub(crate) payload_size: [u8; 4],
}

impl RawRequestHeader {
    /// Reads the header, or nothing while fewer than [`REQUEST_HEADER`] bytes are there.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Some(Self {
            client: ClientId::from_bytes(reader.array()?),
            version: reader.u8()?,
            code: reader.array()?,
            payload_size: reader.array()?,
        })
    }
}

/// A cursor over bytes whose every step may find too few.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }
}
