//! A WebSocket connection: one binary message is one frame.

use std::io;

use futures_util::{SinkExt, StreamExt};
use sotto_shared::limits::RESPONSE_MAX;
use sotto_shared::wire::RESPONSE_HEADER;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::dial::{Dialer, Stream};
use super::{CONNECT_PATIENCE, Step, Transport, ended, within};

/// A WebSocket connection.
#[derive(Debug)]
pub(crate) struct Ws {
    url: String,
    dialer: Dialer,
    socket: Option<WebSocketStream<Box<dyn Stream>>>,
}

impl Ws {
    /// To a `ws://` or `wss://` address, whose host the dialer reaches.
    pub(crate) fn new(url: String, dialer: Dialer) -> Self {
        Self {
            url,
            dialer,
            socket: None,
        }
    }
}

fn config() -> WebSocketConfig {
    let largest = RESPONSE_HEADER + RESPONSE_MAX;
    WebSocketConfig::default()
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest))
}

fn to_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => ended(),
        Error::Http(response) => io::Error::other(format!(
            "the address answers {} instead of a WebSocket: is the path right (usually /ws)?",
            response.status()
        )),
        other => io::Error::other(other.to_string()),
    }
}

impl Transport for Ws {
    fn connect(&mut self) -> Step<'_, ()> {
        Box::pin(async {
            self.socket = None;
            let stream = self.dialer.dial().await?;
            let opening = client_async_with_config(self.url.as_str(), stream, Some(config()));
            let connected = within(CONNECT_PATIENCE, async { opening.await.map_err(to_io) });
            self.socket = Some(connected.await?.0);
            Ok(())
        })
    }

    fn transmit<'a>(&'a mut self, frame: &'a [u8], progress: &'a dyn Fn(usize)) -> Step<'a, ()> {
        Box::pin(async move {
            let socket = self.socket.as_mut().ok_or_else(ended)?;
            let message = Message::Binary(Bytes::copy_from_slice(frame));
            socket.send(message).await.map_err(to_io)?;
            progress(frame.len());
            Ok(())
        })
    }

    fn receive(&mut self) -> Step<'_, Vec<u8>> {
        Box::pin(async {
            let socket = self.socket.as_mut().ok_or_else(ended)?;
            loop {
                match socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => return Ok(bytes.into()),
                    Some(Ok(Message::Text(_))) => {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "the server sent text where a frame was expected",
                        ));
                    }
                    // Pings are answered by the library; the end shows as `None`.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(to_io(error)),
                    None => return Err(ended()),
                }
            }
        })
    }

    fn disconnect(&mut self) {
        self.socket = None;
    }
}
