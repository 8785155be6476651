//! One TCP connection, kept open, with TLS or without.

use tokio::io::AsyncWriteExt;

use super::dial::{Dialer, Stream, read_some};
use super::{CHUNK, Step, Transport, ended};

/// One TCP connection, kept open.
#[derive(Debug)]
pub(crate) struct Tcp {
    dialer: Dialer,
    stream: Option<Box<dyn Stream>>,
}

impl Tcp {
    /// To the server that is dialled.
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self {
            dialer,
            stream: None,
        }
    }
}

impl Transport for Tcp {
    fn connect(&mut self) -> Step<'_, ()> {
        Box::pin(async {
            self.stream = None;
            self.stream = Some(self.dialer.dial().await?);
            Ok(())
        })
    }

    fn transmit<'a>(&'a mut self, frame: &'a [u8], progress: &'a dyn Fn(usize)) -> Step<'a, ()> {
        Box::pin(async move {
            let stream = self.stream.as_mut().ok_or_else(ended)?;
            let mut sent = 0;
            for chunk in frame.chunks(CHUNK) {
                stream.write_all(chunk).await?;
                // TLS may hold some of it.
                stream.flush().await?;
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
