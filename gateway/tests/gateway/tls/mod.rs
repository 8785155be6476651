//! TLS: handshakes, certificates that change, and the same sessions as without it.

mod certificates;
mod handshakes;
mod sessions;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use sotto_gateway::config::TlsSource;
use sotto_shared::ClientId;
use sotto_shared::classic::{RequestBody, Response, Version};
use sotto_shared::wire::ByteOrder;
use tokio_tungstenite::tungstenite::{self, WebSocket};

use crate::support::{PATIENCE, TestGateway, frame, parse, registration};

pub(crate) type Encrypted = StreamOwned<ClientConnection, TcpStream>;

pub(crate) const BOTH: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

pub(crate) fn self_signed() -> Option<TlsSource> {
    Some(TlsSource::SelfSigned { names: Vec::new() })
}

/// The self-signed certificate of a gateway.
pub(crate) fn kept_certificate(gateway: &TestGateway) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(gateway.data.path().join("tls/self-signed.crt")).unwrap()
}

/// A gateway with a self-signed certificate on all its listeners.
pub(crate) fn start() -> (TestGateway, CertificateDer<'static>) {
    let gateway = TestGateway::with(|config| {
        config.tls = self_signed();
        config.tls_tcp = Some("127.0.0.1:0".parse().unwrap());
        config.http_redirect = Some("127.0.0.1:0".parse().unwrap());
    });
    let certificate = kept_certificate(&gateway);
    (gateway, certificate)
}

pub(crate) fn client_config(
    trusted: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn try_connect(to: SocketAddr, config: ClientConfig) -> std::io::Result<Encrypted> {
    try_connect_as("127.0.0.1", to, config)
}

pub(crate) fn try_connect_as(
    name: &'static str,
    to: SocketAddr,
    config: ClientConfig,
) -> std::io::Result<Encrypted> {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from(name).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

pub(crate) fn connect(to: SocketAddr, trusted: &CertificateDer<'static>) -> Encrypted {
    try_connect(to, client_config(trusted.clone(), BOTH)).unwrap()
}

pub(crate) fn request(client: ClientId, body: RequestBody) -> Vec<u8> {
    frame(client, body, Version::V2, ByteOrder::Little)
}

pub(crate) fn answer(stream: &mut Encrypted) -> Response {
    let mut bytes = vec![0; 7];
    stream.read_exact(&mut bytes).unwrap();
    let size = u32::from_le_bytes(bytes[3..7].try_into().unwrap());
    let mut payload = vec![0; size as usize];
    stream.read_exact(&mut payload).unwrap();
    bytes.extend(payload);
    parse(&bytes, ByteOrder::Little)
}

pub(crate) fn ask(stream: &mut Encrypted, client: ClientId, body: RequestBody) -> Response {
    stream.write_all(&request(client, body)).unwrap();
    answer(stream)
}

pub(crate) fn register(stream: &mut Encrypted, name: &str) -> ClientId {
    match ask(
        stream,
        ClientId::ZERO,
        RequestBody::Register(registration(name, 7)),
    ) {
        Response::Registered(registered) => registered.client,
        other => panic!("{other:?}"),
    }
}

/// One HTTP answer: status line and headers, and the body.
pub(crate) fn https(
    to: SocketAddr,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> (String, Vec<u8>) {
    let mut stream = connect(to, trusted);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(end + 4);
    (String::from_utf8(bytes).unwrap(), body)
}

pub(crate) fn websocket(to: SocketAddr, trusted: &CertificateDer<'static>) -> WebSocket<Encrypted> {
    let stream = connect(to, trusted);
    let (socket, _) = tungstenite::client(format!("wss://{to}/ws"), stream).unwrap();
    socket
}
