//! A connection of version 3.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use sotto_shared::ClientId;
use sotto_shared::account::DeviceKey;
use sotto_shared::account::statement::login_signature;
use sotto_shared::sotto::request::{Authenticate, ClientHello};
use sotto_shared::sotto::{Part, Push, Request, Response, ResponseSplitter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A device: its key and mailbox.
pub(super) struct Device {
    pub(super) key: DeviceKey,
    pub(super) client: ClientId,
}

/// A connection of version 3 over TCP.
pub(super) struct Line {
    stream: TcpStream,
    splitter: ResponseSplitter,
    client: ClientId,
    buffer: Vec<u8>,
}

/// What the gateway says.
pub(super) enum Said {
    Response(Response),
    Push(Push),
}

impl Line {
    /// Connects and authenticates.
    pub(super) async fn open(to: SocketAddr, device: &Device) -> Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let mut line = Self {
            stream,
            splitter: ResponseSplitter::default(),
            client: ClientId::ZERO,
            buffer: vec![0; 16 * 1024],
        };
        let hello = Request::Hello(ClientHello {
            versions: vec![3],
            agent: "sotto-loadgen".to_owned(),
        });
        let Response::Hello(hello) = line.ask(&hello).await? else {
            bail!("no hello");
        };
        let client = device.client;
        let signature = login_signature(&device.key, &hello.gateway, &hello.nonce, client);
        let request = Request::Authenticate(Authenticate { client, signature });
        match line.ask(&request).await? {
            Response::Session(_) => line.client = client,
            other => bail!("a device was answered with {other:?}"),
        }
        Ok(line)
    }

    /// Asks, and skips what is pushed before the answer.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Response> {
        self.send(request).await?;
        loop {
            if let Said::Response(response) = self.next().await? {
                return Ok(response);
            }
        }
    }

    pub(super) async fn send(&mut self, request: &Request) -> Result<()> {
        let frame = request.to_frame(self.client).to_bytes();
        Ok(self.stream.write_all(&frame).await?)
    }

    /// The next thing that is said. Nothing is lost when it is not waited for.
    pub(super) async fn next(&mut self) -> Result<Said> {
        loop {
            match self.splitter.next_part()? {
                Some(Part::Sotto(frame)) if Push::is_push(frame.code) => {
                    return Ok(Said::Push(Push::decode(frame)?));
                }
                Some(Part::Sotto(frame)) => return Ok(Said::Response(Response::decode(frame)?)),
                Some(Part::Classic(_)) => bail!("the gateway answered in the classic dialect"),
                None => match self.stream.read(&mut self.buffer).await? {
                    0 => bail!("the gateway closed the connection"),
                    n => {
                        let bytes = self
                            .buffer
                            .get(..n)
                            .context("more than there is room for")?;
                        self.splitter.push(bytes);
                    }
                },
            }
        }
    }
}
