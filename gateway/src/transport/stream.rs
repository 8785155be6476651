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

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
    use std::io::Read as _;
    use std::sync::Arc;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    type Peer = StreamOwned<ClientConnection, std::net::TcpStream>;

    /// Both ends of a connection under TLS.
    async fn pair() -> (Stream, Peer) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = tokio::task::spawn_blocking(move || {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
            while connection.is_handshaking() {
                connection.complete_io(&mut socket).unwrap();
            }
            let patience = Some(Duration::from_millis(500));
            socket.set_read_timeout(patience).unwrap();
            StreamOwned::new(connection, socket)
        });
        let (socket, _) = listener.accept().await.unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let stream = acceptor.accept(socket).await.unwrap();
        (stream.into(), peer.await.unwrap())
    }

    fn is_blocked(result: &io::Result<usize>) -> bool {
        matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    #[tokio::test]
    async fn what_counts_as_written_is_on_the_network_whole() {
        let (mut stream, mut peer) = pair().await;
        let bytes: Vec<u8> = (0..64_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut written = 0;
        let mut arrived = 0;
        let mut buffer = vec![0; 100_000];
        for _ in 0..5 {
            loop {
                // The system wakes a writer only when there is much room.
                let patience = Duration::from_millis(50);
                drop(tokio::time::timeout(patience, stream.ready(false, true)).await);
                let result = stream.try_write(&bytes[written..]);
                if is_blocked(&result) {
                    break;
                }
                written += result.unwrap();
            }
            // The peer takes a little, and the network with it.
            peer.read_exact(&mut buffer).unwrap();
            arrived += buffer.len();
        }
        assert!(written < bytes.len(), "the network was never full");
        // Without another step of the writer.
        while let Ok(n @ 1..) = peer.read(&mut buffer) {
            assert_eq!(&buffer[..n], &bytes[arrived..arrived + n]);
            arrived += n;
        }
        assert!(arrived >= written, "{arrived} arrived, {written} counted");
        assert!(arrived - written <= SEALED_MAX, "{arrived}, {written}");
    }

    #[tokio::test]
    async fn a_cut_is_an_error_and_a_good_bye_is_the_end() {
        let mut buffer = vec![0; 1000];
        let (mut stream, peer) = pair().await;
        peer.sock.shutdown(std::net::Shutdown::Write).unwrap();
        stream.ready(true, false).await.unwrap();
        let cut = stream.try_read(&mut buffer, |_| {}).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);

        let (mut stream, mut peer) = pair().await;
        peer.conn.send_close_notify();
        peer.conn.complete_io(&mut peer.sock).unwrap();
        stream.ready(true, false).await.unwrap();
        let end = stream.try_read(&mut buffer, |_| {}).unwrap();
        assert!(end.is_end && end.plain == 0 && end.wire > 0, "{end:?}");
    }
}
