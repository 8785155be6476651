//! One connection to the gateway, over TCP or WebSocket.

mod websocket;

use core::fmt;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use clap::ValueEnum;
use sotto_shared::classic::{Request, Response, ResponseDecoder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use crate::gateway::Gateway;

/// How frames travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Raw TCP.
    Tcp,
    /// WebSocket at `/ws`.
    #[value(name = "ws")]
    WebSocket,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::WebSocket => "WebSocket",
        })
    }
}

impl Transport {
    /// Where the gateway listens for it.
    pub(crate) fn address(self, gateway: &Gateway) -> SocketAddr {
        match self {
            Self::Tcp => gateway.tcp,
            Self::WebSocket => gateway.http,
        }
    }

    /// Appends a request as it stands on this transport.
    pub(crate) fn encode(self, request: &Request, out: &mut BytesMut) {
        match self {
            Self::Tcp => request.encode(out),
            Self::WebSocket => websocket::encode(&request.to_bytes(), out),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    transport: Transport,
    reader: LinkReader,
    writer: OwnedWriteHalf,
}

/// The half that reads answers.
#[derive(Debug)]
pub(crate) struct LinkReader {
    stream: OwnedReadHalf,
    buffer: BytesMut,
    unwrapper: Option<websocket::Unwrapper>,
    decoder: ResponseDecoder,
}

impl Link {
    /// Connects.
    pub(crate) async fn open(transport: Transport, to: SocketAddr) -> Result<Self> {
        Self::open_from(transport, to, None).await
    }

    /// Connects from a certain address.
    pub(crate) async fn open_from(
        transport: Transport,
        to: SocketAddr,
        from: Option<SocketAddr>,
    ) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(from) = from {
            socket.bind(from).context("cannot bind a source address")?;
        }
        let mut stream = socket
            .connect(to)
            .await
            .with_context(|| format!("cannot connect to {to}"))?;
        stream.set_nodelay(true)?;
        let mut reader_buffer = BytesMut::new();
        let unwrapper = match transport {
            Transport::Tcp => None,
            Transport::WebSocket => {
                upgrade(&mut stream, to, &mut reader_buffer).await?;
                Some(websocket::Unwrapper::default())
            }
        };
        let (read, writer) = stream.into_split();
        let mut reader = LinkReader {
            stream: read,
            buffer: BytesMut::new(),
            unwrapper,
            decoder: ResponseDecoder::default(),
        };
        reader.take_in(&reader_buffer)?;
        Ok(Self {
            transport,
            reader,
            writer,
        })
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Response> {
        self.send(request).await?;
        self.reader.next().await
    }

    /// Sends a request.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<()> {
        let mut out = BytesMut::new();
        self.transport.encode(request, &mut out);
        Ok(self.writer.write_all(&out).await?)
    }

    /// The two halves, for pipelining.
    pub(crate) fn split(self) -> (LinkReader, OwnedWriteHalf) {
        (self.reader, self.writer)
    }
}

/// Bytes read at once; none are held by an idle connection.
const READ_SIZE: usize = 16 * 1024;

impl LinkReader {
    /// The next answer.
    pub(crate) async fn next(&mut self) -> Result<Response> {
        loop {
            if let Some(response) = self.decoder.next_response()? {
                return Ok(response);
            }
            self.read().await?;
        }
    }

    /// Waits for bytes, and gives the number of receipts (2103) that they complete. Any other
    /// answer is an error.
    pub(crate) async fn receipts(&mut self) -> Result<usize> {
        let mut count = 0;
        while count == 0 {
            self.read().await?;
            while let Some(response) = self.decoder.next_response()? {
                match response {
                    Response::Stored(_) => count += 1,
                    other => bail!("the gateway answered a send with {}", other.code()),
                }
            }
        }
        Ok(count)
    }

    async fn read(&mut self) -> Result<()> {
        self.stream.readable().await?;
        self.buffer.reserve(READ_SIZE);
        match self.stream.try_read_buf(&mut self.buffer) {
            Ok(0) => bail!("the gateway closed the connection"),
            Ok(_) => {
                let read = core::mem::take(&mut self.buffer);
                self.take_in(&read)?;
                if self.decoder.buffered() > 0 {
                    // More is to come: keep the memory.
                    self.buffer = read;
                    self.buffer.clear();
                }
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.unwrapper {
            None => self.decoder.push(bytes),
            Some(unwrapper) => {
                unwrapper.push(bytes);
                while let Some(payload) = unwrapper.next_payload()? {
                    self.decoder.push(&payload);
                }
            }
        }
        Ok(())
    }
}

/// Asks for the WebSocket and reads the answer's head; what stands behind it is left in `rest`.
async fn upgrade(stream: &mut TcpStream, to: SocketAddr, rest: &mut BytesMut) -> Result<()> {
    stream
        .write_all(websocket::upgrade_request(to).as_bytes())
        .await?;
    loop {
        if let Some(end) = websocket::head_end(rest) {
            let head = rest.split_to(end);
            return websocket::check_upgrade(&head);
        }
        if rest.len() > 8192 || stream.read_buf(rest).await? == 0 {
            bail!("the gateway did not answer the WebSocket's opening");
        }
    }
}
