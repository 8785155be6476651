//! Connecting, with TLS or without.

use std::fmt::Debug;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

use super::tls::Tls;
use super::{CHUNK, CONNECT_PATIENCE, ended, within};

/// Bytes to and from a server.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Debug + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Unpin> Stream for T {}

/// A server, and how to get there.
#[derive(Debug)]
pub(crate) struct Dialer {
    /// `HOST:PORT`.
    address: String,
    tls: Option<Tls>,
}

impl Dialer {
    /// In plain text.
    pub(crate) fn plain(address: String) -> Self {
        Self { address, tls: None }
    }

    /// Under TLS.
    pub(crate) fn encrypted(address: String, tls: Tls) -> Self {
        let tls = Some(tls);
        Self { address, tls }
    }

    pub(super) async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        match &self.tls {
            None => Ok(Box::new(dial(&self.address).await?)),
            Some(tls) => Ok(Box::new(tls.dial(&self.address).await?)),
        }
    }
}

/// Connects, with the delay of small writes off.
pub(super) async fn dial(address: &str) -> io::Result<TcpStream> {
    let stream = within(CONNECT_PATIENCE, TcpStream::connect(address)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What has arrived, at least one byte. Loses nothing when given up.
pub(super) async fn read_some(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(CHUNK);
    match stream.read_buf(&mut bytes).await? {
        0 => Err(ended()),
        _ => Ok(bytes),
    }
}
