//! A peer's bytes, over plain TCP or under TLS alike.

use std::io::{self, BufRead as _, Write as _};

use rustls::ServerConnection;
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Plaintext that is encrypted ahead of the network: four full records (RFC 8446, 5.1). No more is
/// held encrypted for one connection.
const SEALED_MAX: usize = 64 * 1024;

/// Where a peer's bytes come from and go to. Nothing waits but [`Stream::ready`] and
/// [`Stream::shutdown`].
#[derive(Debug)]
pub(crate) enum Stream {
    /// As they are on the network.
    Plain(TcpStream),
    /// Under TLS. Boxed, so that a plain connection needs no room for it.
    Tls(Box<Tls>),
}

/// A TLS connection whose handshake is done.
#[derive(Debug)]
pub(crate) struct Tls {
    socket: TcpStream,
    connection: ServerConnection,
    /// Plaintext that is encrypted already and not on the network yet; its records are in the
    /// connection's buffer.
    sealed: usize,
}

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Received {
    /// Bytes for the connection core.
    pub(crate) plain: usize,
    /// Bytes from the network.
    pub(crate) wire: usize,
    /// The peer sends nothing more.
    pub(crate) is_end: bool,
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }
}

impl From<TlsStream<TcpStream>> for Stream {
    fn from(stream: TlsStream<TcpStream>) -> Self {
        let (socket, connection) = stream.into_inner();
        Self::Tls(Box::new(Tls {
            socket,
            connection,
            sealed: 0,
        }))
    }
}

impl Stream {
    /// Gives `take` what was decrypted before this stream was made.
    pub(super) fn take_early(&mut self, take: impl FnMut(&[u8])) -> io::Result<Received> {
        match self {
            Self::Plain(_) => Ok(Received::default()),
            Self::Tls(tls) => tls.open(&[], take),
        }
    }

    /// Waits until the network can be read from or written to; whether it can be read from.
    pub(super) async fn ready(&self, reads: bool, writes: bool) -> io::Result<bool> {
        let writes = writes || self.has_unsent();
        let interest = match (reads, writes) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return core::future::pending().await,
        };
        let ready = self.socket().ready(interest).await?;
        Ok(ready.is_readable())
    }

    /// Reads from the network once, by way of `buffer`, and gives `take` what came.
    pub(super) fn try_read(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<Received> {
        let wire = self.socket().try_read(buffer)?;
        let bytes = buffer.get(..wire).unwrap_or_default();
        match self {
            Self::Plain(_) => {
                take(bytes);
                Ok(Received {
                    plain: wire,
                    wire,
                    is_end: wire == 0,
                })
            }
            // Whoever cuts the network connection must not be taken for the peer's own end.
            Self::Tls(_) if wire == 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            Self::Tls(tls) => tls.open(bytes, take),
        }
    }

    /// Writes as much as the network takes; how much of `bytes` that was. After
    /// [`io::ErrorKind::WouldBlock`] it must be called with the same bytes again, and maybe more
    /// behind them.
    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.try_write(bytes),
            Self::Tls(tls) => tls.seal(bytes),
        }
    }

    /// Tries to send what TLS itself has to say.
    pub(super) fn try_flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => match tls.flush() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                flushed => flushed,
            },
        }
    }

    /// Tells the peer that nothing more comes.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        if let Self::Tls(tls) = self {
            tls.connection.send_close_notify();
            while let Err(error) = tls.flush() {
                if error.kind() != io::ErrorKind::WouldBlock {
                    return Err(error);
                }
                tls.socket.writable().await?;
            }
        }
        match self {
            Self::Plain(socket) => socket.shutdown().await,
            Self::Tls(tls) => tls.socket.shutdown().await,
        }
    }

    /// The socket below.
    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => &tls.socket,
        }
    }

    fn has_unsent(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.connection.wants_write())
    }
}

impl Tls {
    /// Decrypts what came from the network, and gives it to `take`. Nothing decrypted stays here.
    fn open(&mut self, mut wire: &[u8], mut take: impl FnMut(&[u8])) -> io::Result<Received> {
        let mut received = Received {
            wire: wire.len(),
            ..Received::default()
        };
        loop {
            let state = match self.connection.process_new_packets() {
                Ok(state) => state,
                Err(error) => {
                    // The peer is told why, if the network takes it.
                    drop(self.flush());
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            };
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let mut reader = self.connection.reader();
                let chunk = reader.fill_buf()?;
                take(chunk);
                let length = chunk.len();
                reader.consume(length);
                received.plain += length;
                left = left.saturating_sub(length.max(1));
            }
            if state.peer_has_closed() {
                received.is_end = true;
                return Ok(received);
            }
            if wire.is_empty() {
                return Ok(received);
            }
            if self.connection.read_tls(&mut wire)? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Encrypts and sends. Bytes count as written only when their records are on the network
    /// whole, since what was written is deleted from the mailbox.
    fn seal(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.sealed == 0 {
            self.flush()?;
            let chunk = bytes.get(..SEALED_MAX).unwrap_or(bytes);
            self.sealed = self.connection.writer().write(chunk)?;
        }
        self.flush()?;
        Ok(core::mem::take(&mut self.sealed))
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            let mut network = Network(&self.socket);
            if self.connection.write_tls(&mut network)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

/// A socket that never waits.
struct Network<'a>(&'a TcpStream);

impl io::Write for Network<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
