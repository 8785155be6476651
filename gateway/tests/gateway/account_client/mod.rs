//! A client of version 3, small and without manners.

mod person;

use std::collections::VecDeque;
use std::io::Read as _;

use rand_core::OsRng;
use sotto_shared::account::opaque::{Identifiers, LoginStart, RegistrationStart};
use sotto_shared::account::statement::login_signature;
use sotto_shared::account::vault::{VaultKey, seal_vault, wrap_vault_key};
use sotto_shared::account::{
    AccountKey, AccountName, DeviceCertificate, DeviceKey, DeviceRevocation, Nonce, Slot,
};
use sotto_shared::sotto::request::{
    self, AddDevice, Authenticate, ClientHello, CredentialsFinish, CredentialsStart,
    RegisterFinish, RegisterStart,
};
use sotto_shared::sotto::response::{Hello, LoggedIn, RegisterStarted, Session};
use sotto_shared::sotto::types::{CarryOver, Credential, OpaqueMessage};
use sotto_shared::sotto::{
    Error, ErrorCode, Part, Push, Request, Response, ResponseFrame, ResponseSplitter,
};
use sotto_shared::{AccountId, ClientId, GatewayId};
use tokio_tungstenite::tungstenite::Message;

use crate::account_support::label;
use crate::support::{Client, TestGateway, WsClient};

pub(crate) use person::{Device, Person};

/// A connection that speaks version 3.
pub(crate) struct Line {
    pub(crate) link: Link,
    /// What the headers name.
    pub(crate) client: ClientId,
    pub(crate) pushes: VecDeque<Push>,
    pub(crate) hello: Option<Hello>,
}

pub(crate) enum Link {
    Tcp(Client, ResponseSplitter),
    WebSocket(Box<WsClient>),
}

impl Line {
    fn new(link: Link) -> Self {
        Self {
            link,
            client: ClientId::ZERO,
            pushes: VecDeque::new(),
            hello: None,
        }
    }

    pub(crate) fn tcp(gateway: &TestGateway) -> Self {
        Self::new(Link::Tcp(gateway.connect(), ResponseSplitter::default()))
    }

    /// A connection to a gateway in another process, that has said hello.
    pub(crate) fn open_at(address: std::net::SocketAddr) -> Self {
        let link = Link::Tcp(Client::connect(address), ResponseSplitter::default());
        let mut line = Self::new(link);
        line.say_hello();
        line
    }

    pub(crate) fn websocket(gateway: &TestGateway) -> Self {
        Self::new(Link::WebSocket(Box::new(gateway.websocket())))
    }

    /// A connection that has said hello.
    pub(crate) fn open(gateway: &TestGateway) -> Self {
        let mut line = Self::tcp(gateway);
        line.say_hello();
        line
    }

    pub(crate) fn say_hello(&mut self) {
        match self.ask(&hello()) {
            Response::Hello(hello) => self.hello = Some(*hello),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn gateway(&self) -> GatewayId {
        self.hello.as_ref().unwrap().gateway
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.hello.as_ref().unwrap().nonce
    }

    pub(crate) fn send(&mut self, request: &Request) {
        let frame = request.to_frame(self.client).to_bytes();
        self.write(frame.to_vec());
    }

    pub(crate) fn write(&mut self, frame: Vec<u8>) {
        match &mut self.link {
            Link::Tcp(client, _) => client.write(&frame),
            Link::WebSocket(client) => client.write(frame),
        }
    }

    /// The next frame; none when the gateway has closed.
    pub(crate) fn frame(&mut self) -> Option<ResponseFrame> {
        let (client, splitter) = match &mut self.link {
            Link::Tcp(client, splitter) => (client, splitter),
            Link::WebSocket(client) => match client.socket.read().ok()? {
                Message::Binary(bytes) => {
                    let mut splitter = ResponseSplitter::default();
                    splitter.push(&bytes);
                    let Ok(Some(Part::Sotto(frame))) = splitter.next_part() else {
                        panic!("not one frame: {bytes:?}");
                    };
                    assert_eq!(frame.encoded_len(), bytes.len(), "one message, one frame");
                    return Some(frame);
                }
                _ => return None,
            },
        };
        loop {
            match splitter.next_part().unwrap() {
                Some(Part::Sotto(frame)) => return Some(frame),
                Some(Part::Classic(bytes)) => panic!("{bytes:?}"),
                None => {
                    let mut bytes = [0; 4096];
                    match client.stream.read(&mut bytes) {
                        Ok(0) | Err(_) => return None,
                        Ok(n) => splitter.push(&bytes[..n]),
                    }
                }
            }
        }
    }

    /// The next response. Pushes before it are kept.
    pub(crate) fn response(&mut self) -> Response {
        loop {
            let frame = self.frame().expect("the gateway has closed");
            if Push::is_push(frame.code) {
                self.pushes.push_back(Push::decode(frame).unwrap());
            } else {
                return Response::decode(frame).unwrap();
            }
        }
    }

    pub(crate) fn push(&mut self) -> Push {
        if let Some(push) = self.pushes.pop_front() {
            return push;
        }
        let frame = self.frame().expect("the gateway has closed");
        Push::decode(frame).unwrap()
    }

    /// The next push that is none of the directory's.
    pub(crate) fn own_push(&mut self) -> Push {
        loop {
            match self.push() {
                Push::AccountChanged { .. } | Push::AccountLeft(_) => {}
                push => return push,
            }
        }
    }

    /// Whether nothing but pushes comes before the gateway closes.
    pub(crate) fn is_over(&mut self) -> bool {
        while let Some(frame) = self.frame() {
            assert!(Push::is_push(frame.code), "{frame:?}");
            self.pushes.push_back(Push::decode(frame).unwrap());
        }
        true
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Response {
        self.send(request);
        self.response()
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, request: &Request) -> Error {
        error_of(self.ask(request))
    }

    #[track_caller]
    pub(crate) fn done(&mut self, request: &Request) {
        assert_eq!(self.ask(request), Response::Done);
    }

    /// Authenticates as a device; what it is answered.
    pub(crate) fn authenticate(&mut self, device: &Device) -> Response {
        let (gateway, nonce) = (self.gateway(), self.nonce());
        self.authenticate_by(device.client, device.sign(&gateway, &nonce))
    }

    pub(crate) fn authenticate_by(
        &mut self,
        client: ClientId,
        signature: sotto_shared::account::Signature,
    ) -> Response {
        let response = self.ask(&Request::Authenticate(Authenticate { client, signature }));
        self.follow(response)
    }

    fn follow(&mut self, response: Response) -> Response {
        if let Response::Session(session) = &response {
            self.client = session.client;
        }
        response
    }

    pub(crate) fn login(
        &mut self,
        name: &str,
        slot: Slot,
        secret: &[u8],
    ) -> Result<LoggedIn, Error> {
        let (started, request) = LoginStart::new(&mut OsRng, secret).unwrap();
        let answer = match self.ask(&login_start(name, slot, request)) {
            Response::LoginStarted(answer) => answer,
            other => return Err(error_of(other)),
        };
        let identifiers = Identifiers::new(&account_name(name), slot, self.gateway());
        let finalization = match started.finish(&mut OsRng, &answer.0, &identifiers) {
            Ok(done) => done.finalization,
            // Somebody who guesses asks the gateway what it thinks of nonsense.
            Err(_) => vec![7; 64],
        };
        match self.ask(&Request::LoginFinish(OpaqueMessage(finalization.into()))) {
            Response::LoggedIn(logged_in) => Ok(*logged_in),
            other => Err(error_of(other)),
        }
    }

    pub(crate) fn log_in(&mut self, user: &Person) -> LoggedIn {
        self.login(&user.name, Slot::Password, user.password.as_bytes())
            .unwrap()
    }

    pub(crate) fn add_device(&mut self, certificate: DeviceCertificate) -> Response {
        let device = label("another");
        let response = self.ask(&Request::AddDevice(AddDevice {
            certificate,
            device,
        }));
        self.follow(response)
    }

    /// Sets another password, after a login.
    pub(crate) fn change_password(
        &mut self,
        user: &Person,
        password: &str,
        revocations: Vec<DeviceRevocation>,
    ) -> Response {
        let (started, request) = RegistrationStart::new(&mut OsRng, password.as_bytes()).unwrap();
        let start = Request::CredentialsStart(CredentialsStart {
            password: Some(OpaqueMessage(request.into())),
            recovery: None,
        });
        let answer = match self.ask(&start) {
            Response::CredentialsStarted(started) => started.password.unwrap(),
            other => return other,
        };
        let gateway = self.gateway();
        let password = user.credential(Slot::Password, started, &answer, gateway);
        self.ask(&Request::CredentialsFinish(CredentialsFinish {
            password: Some(password),
            recovery: None,
            revocations,
        }))
    }
}

pub(crate) fn hello() -> Request {
    Request::Hello(ClientHello {
        versions: vec![3],
        agent: "tests/1".to_owned(),
    })
}

pub(crate) fn account_name(name: &str) -> AccountName {
    name.parse().unwrap()
}

pub(crate) fn login_start(name: &str, slot: Slot, request: Vec<u8>) -> Request {
    Request::LoginStart(request::LoginStart {
        name: account_name(name),
        slot,
        request: OpaqueMessage(request.into()),
    })
}

#[track_caller]
pub(crate) fn error_of(response: Response) -> Error {
    match response {
        Response::Error(error) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn code_of(response: Response) -> ErrorCode {
    error_of(response).code
}

#[track_caller]
pub(crate) fn session_of(response: Response) -> Session {
    match response {
        Response::Session(session) => session,
        other => panic!("{other:?}"),
    }
}
