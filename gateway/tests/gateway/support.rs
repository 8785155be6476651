//! A gateway to test against, and clients that speak to it byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sotto_gateway::config::Config;
use sotto_gateway::{Addresses, Gateway};
use sotto_shared::classic::request::{Register, Send, SendOnce};
use sotto_shared::classic::response::WaitingMessage;
use sotto_shared::classic::{
    MessageKind, PublicKeyBytes, Request, RequestBody, Response, ResponseDecoder, Version,
};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, SendId};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// Longer than anything takes, so that a test which hangs fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway in this process.
pub(crate) struct TestGateway {
    runtime: Runtime,
    gateway: Option<Gateway>,
    pub(crate) addresses: Addresses,
    pub(crate) data: TempDir,
}

impl TestGateway {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(tempfile::tempdir().unwrap(), change)
    }

    pub(crate) fn on(data: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::on_free_ports(data.path());
        change(&mut config);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let gateway = runtime.block_on(Gateway::start(config)).unwrap();
        Self {
            addresses: *gateway.addresses(),
            runtime,
            gateway: Some(gateway),
            data,
        }
    }

    /// Stops it gracefully; whether nothing had to be cut.
    pub(crate) fn stop(mut self) -> (bool, TempDir) {
        let gateway = self.gateway.take().unwrap();
        let finished = self.runtime.block_on(gateway.stop());
        (finished, self.data)
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.addresses.tcp)
    }

    /// A registered client's id.
    pub(crate) fn register(&self, name: &str) -> ClientId {
        self.connect().register(name)
    }

    pub(crate) fn audit_log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("audit.log")).unwrap()
    }

    /// One HTTP request; status line and headers, and the body.
    pub(crate) fn http(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        http(self.addresses.http, "GET", path, headers)
    }

    pub(crate) fn websocket(&self) -> WsClient {
        WsClient::connect(self.addresses.http)
    }
}

pub(crate) fn http(to: SocketAddr, method: &str, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap(), body)
}

/// A client over TCP.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) version: Version,
    pub(crate) order: ByteOrder,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            version: Version::V2,
            order: ByteOrder::Little,
        }
    }

    pub(crate) fn big_endian(mut self) -> Self {
        self.order = ByteOrder::Big;
        self
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn read(&mut self, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Everything until the gateway closes.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Whether the gateway has closed or cut the connection.
    pub(crate) fn is_cut(&mut self) -> bool {
        !matches!(self.stream.read(&mut [0]), Ok(1..))
    }

    /// One answer's bytes.
    pub(crate) fn answer_bytes(&mut self) -> Vec<u8> {
        let mut bytes = self.read(7);
        let size = self.order.read_u32(bytes[3..7].try_into().unwrap());
        bytes.extend(self.read(size as usize));
        bytes
    }

    pub(crate) fn answer(&mut self) -> Response {
        let bytes = self.answer_bytes();
        parse(&bytes, self.order)
    }

    pub(crate) fn frame(&self, client: ClientId, body: RequestBody) -> Vec<u8> {
        frame(client, body, self.version, self.order)
    }

    pub(crate) fn ask(&mut self, client: ClientId, body: RequestBody) -> Response {
        let frame = self.frame(client, body);
        self.write(&frame);
        self.answer()
    }

    pub(crate) fn register(&mut self, name: &str) -> ClientId {
        match self.ask(ClientId::ZERO, RequestBody::Register(registration(name, 7))) {
            Response::Registered(registered) => registered.client,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub(crate) fn send(&mut self, from: ClientId, to: ClientId, content: &[u8]) -> MessageId {
        stored(self.ask(from, RequestBody::Send(message(to, content))))
    }

    pub(crate) fn pull(&mut self, client: ClientId) -> Vec<WaitingMessage> {
        waiting(self.ask(client, RequestBody::Pull))
    }
}

pub(crate) fn frame(
    client: ClientId,
    body: RequestBody,
    version: Version,
    order: ByteOrder,
) -> Vec<u8> {
    let request = Request {
        client,
        version,
        order,
        body,
    };
    request.to_bytes().to_vec()
}

pub(crate) fn parse(bytes: &[u8], order: ByteOrder) -> Response {
    let mut decoder = ResponseDecoder::new(order);
    decoder.push(bytes);
    decoder.next_response().unwrap().unwrap()
}

pub(crate) fn registration(name: &str, key: u8) -> Register {
    Register {
        name: name.parse().unwrap(),
        public_key: PublicKeyBytes([key; 160]),
    }
}

pub(crate) fn message(to: ClientId, content: &[u8]) -> Send {
    Send {
        to,
        kind: MessageKind::TEXT,
        content: content.to_vec().into(),
    }
}

pub(crate) fn send_once(to: ClientId, content: &[u8], send_id: u8) -> RequestBody {
    RequestBody::SendOnce(SendOnce {
        send_id: SendId::from_bytes([send_id; 16]),
        send: message(to, content),
    })
}

#[track_caller]
pub(crate) fn stored(response: Response) -> MessageId {
    match response {
        Response::Stored(Some(stored)) => stored.message,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn waiting(response: Response) -> Vec<WaitingMessage> {
    match response {
        Response::Waiting(messages) => messages,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn contents(messages: &[WaitingMessage]) -> Vec<&[u8]> {
    messages
        .iter()
        .map(|message| &message.content[..])
        .collect()
}

/// The gateway's only error.
pub(crate) fn error() -> Response {
    Response::Error(String::new())
}

/// A client over WebSocket.
pub(crate) struct WsClient {
    pub(crate) socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl WsClient {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let (socket, _) = tungstenite::connect(format!("ws://{to}/ws")).unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        Self { socket }
    }

    pub(crate) fn write(&mut self, frame: Vec<u8>) {
        self.socket.send(Message::binary(frame)).unwrap();
    }

    pub(crate) fn answer(&mut self) -> Response {
        match self.socket.read().unwrap() {
            Message::Binary(bytes) => parse(&bytes, ByteOrder::Little),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ask(&mut self, client: ClientId, body: RequestBody) -> Response {
        self.write(frame(client, body, Version::V2, ByteOrder::Little));
        self.answer()
    }

    /// The code with which the gateway closes.
    pub(crate) fn close_code(&mut self) -> u16 {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(close))) => return close.code.into(),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
