//! One request, one answer.

use std::io;
use std::time::Duration;

use sotto_shared::classic::{Request, Response, ResponseDecoder};
use tokio::runtime::Runtime;

use crate::transport::{PerRequest, Transport};

/// How long a server may be silent before an answer is whole.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks a server.
pub(crate) trait Wire {
    /// Sends a request and waits for the whole answer.
    fn exchange(&mut self, request: &Request) -> io::Result<Response>;
}

/// Asks over TCP: a connection and a write for every request.
#[derive(Debug)]
pub(crate) struct TcpWire {
    runtime: Runtime,
    transport: PerRequest,
}

impl TcpWire {
    /// To `HOST:PORT`; connects when there is something to ask.
    pub(crate) fn new(address: String) -> io::Result<Self> {
        Ok(Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            transport: PerRequest::new(address),
        })
    }
}

impl Wire for TcpWire {
    fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        let transport = &mut self.transport;
        self.runtime.block_on(async {
            transport.connect().await?;
            transport.transmit(&request.to_bytes(), &|_| {}).await?;
            let mut decoder = ResponseDecoder::default();
            loop {
                let bytes = tokio::time::timeout(PATIENCE, transport.receive())
                    .await
                    .map_err(|_| {
                        let text = format!("no answer within {} seconds", PATIENCE.as_secs());
                        io::Error::new(io::ErrorKind::TimedOut, text)
                    })??;
                decoder.push(&bytes);
                if let Some(response) = decoder.next_response().map_err(io::Error::other)? {
                    return Ok(response);
                }
            }
        })
    }
}
