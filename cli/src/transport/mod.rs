//! Ways to a server: raw TCP (kept open, or a connection per request) and WebSocket, and TLS below
//! either.

mod answer_meter;
mod dial;
mod per_request;
mod tcp;
mod tls;
mod ws;

use std::io;
use std::pin::Pin;
use std::time::Duration;

pub(crate) use answer_meter::AnswerMeter;
pub(crate) use dial::Dialer;
pub(crate) use per_request::PerRequest;
pub(crate) use tcp::Tcp;
pub(crate) use tls::{Fingerprint, Tls, Untrusted};
pub(crate) use ws::Ws;

/// How long a connection may take to come about.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Bytes read or written at a time.
const CHUNK: usize = 64 * 1024;

/// A step that can be waited for.
pub(crate) type Step<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + 'a>>;

/// Carries frames to a server, and brings bytes back.
pub(crate) trait Transport {
    /// Makes a connection; an earlier one is given up.
    fn connect(&mut self) -> Step<'_, ()>;

    /// Sends one frame, and tells `progress` how many bytes of it are gone.
    fn transmit<'a>(&'a mut self, frame: &'a [u8], progress: &'a dyn Fn(usize)) -> Step<'a, ()>;

    /// Waits for bytes. Nothing is lost if the wait is given up. A connection that ended, or that
    /// is not there, is an error of the kind [`io::ErrorKind::UnexpectedEof`].
    fn receive(&mut self) -> Step<'_, Vec<u8>>;

    /// Gives the connection up.
    fn disconnect(&mut self);
}

/// Gives a step up after a time.
async fn within<T>(patience: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(patience, step)
        .await
        .unwrap_or_else(|_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer within {} seconds", patience.as_secs()),
            ))
        })
}

fn ended() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the server closed the connection",
    )
}
