//! One TCP connection, kept open.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{CHUNK, CONNECT_PATIENCE, Step, Transport, ended, within};

/// One TCP connection, kept open.
#[derive(Debug)]
pub(crate) struct Tcp {
    address: String,
    stream: Option<TcpStream>,
}

impl Tcp {
    /// To `HOST:PORT`.
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            stream: None,
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
pub(super) async fn read_some(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(CHUNK);
    match stream.read_buf(&mut bytes).await? {
        0 => Err(ended()),
        _ => Ok(bytes),
    }
}

impl Transport for Tcp {
    fn connect(&mut self) -> Step<'_, ()> {
        Box::pin(async {
            self.stream = None;
            self.stream = Some(dial(&self.address).await?);
            Ok(())
        })
    }

    fn transmit<'a>(&'a mut self, frame: &'a [u8], progress: &'a dyn Fn(usize)) -> Step<'a, ()> {
        Box::pin(async move {
            let stream = self.stream.as_mut().ok_or_else(ended)?;
            let mut sent = 0;
            for chunk in frame.chunks(CHUNK) {
                stream.write_all(chunk).await?;
                sent += chunk.len();
                progress(sent);
            }
            Ok(())
        })
    }

    fn receive(&mut self) -> Step<'_, Vec<u8>> {
        Box::pin(async {
            let stream = self.stream.as_mut().ok_or_else(ended)?;
            read_some(stream).await
        })
    }

    fn disconnect(&mut self) {
        self.stream = None;
    }
}
