//! A TCP connection for every request, as some servers want it: they take what one `recv` gives
//! them for one request, answer, and close.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::dial::{dial, read_some};
use super::{AnswerMeter, Step, Transport};

/// How long a connection that was made to see whether the server is there may serve the first
/// request. An older one may have been cut by the server meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// A TCP connection for every request.
#[derive(Debug)]
pub(crate) struct PerRequest {
    address: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Given up, or never made.
    Down,
    /// The server was reached; no connection is open.
    Between,
    /// Made at that moment, nothing sent yet.
    Fresh(TcpStream, Instant),
    /// A request is under way.
    Asked(TcpStream, AnswerMeter),
}

impl PerRequest {
    /// To `HOST:PORT`.
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            state: State::Down,
        }
    }
}

impl Transport for PerRequest {
    fn connect(&mut self) -> Step<'_, ()> {
        Box::pin(async {
            self.state = State::Down;
            self.state = State::Fresh(dial(&self.address).await?, Instant::now());
            Ok(())
        })
    }

    fn transmit<'a>(&'a mut self, frame: &'a [u8], progress: &'a dyn Fn(usize)) -> Step<'a, ()> {
        Box::pin(async move {
            let mut stream = match std::mem::replace(&mut self.state, State::Down) {
                State::Fresh(stream, since) if since.elapsed() < FRESH => stream,
                _ => dial(&self.address).await?,
            };
            // One write, so that a small request arrives as one piece.
            stream.write_all(frame).await?;
            progress(frame.len());
            self.state = State::Asked(stream, AnswerMeter::default());
            Ok(())
        })
    }

    fn receive(&mut self) -> Step<'_, Vec<u8>> {
        Box::pin(async {
            match &mut self.state {
                State::Down => Err(super::ended()),
                State::Between => std::future::pending().await,
                State::Fresh(_, since) => {
                    tokio::time::sleep(FRESH.saturating_sub(since.elapsed())).await;
                    self.state = State::Between;
                    std::future::pending().await
                }
                State::Asked(stream, meter) => {
                    let bytes = match read_some(stream).await {
                        Ok(bytes) => bytes,
                        Err(error) => {
                            self.state = State::Down;
                            return Err(error);
                        }
                    };
                    if meter.push(&bytes) > 0 {
                        self.state = State::Between;
                    }
                    Ok(bytes)
                }
            }
        })
    }

    fn disconnect(&mut self) {
        self.state = State::Down;
    }
}
