//! TLS: handshakes, certificates that change, and the same sessions as without it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use sotto_gateway::config::TlsSource;
use sotto_shared::ClientId;
use sotto_shared::classic::{RequestBody, Response, Version};
use sotto_shared::wire::ByteOrder;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::support::{
    PATIENCE, TestGateway, contents, frame, message, parse, registration, send_once, stored,
    waiting,
};

pub(crate) type Encrypted = StreamOwned<ClientConnection, TcpStream>;

pub(crate) const BOTH: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

/// A certificate for the loopback, in two files of a folder.
struct Pair {
    cert: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn make(folder: &Path) -> Self {
        let pair = Self {
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        pair.renew();
        pair
    }

    /// Writes another certificate over it.
    fn renew(&self) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(&self.cert, made.cert.pem()).unwrap();
        std::fs::write(&self.key, made.signing_key.serialize_pem()).unwrap();
    }

    fn source(&self) -> Option<TlsSource> {
        Some(TlsSource::Files {
            cert: self.cert.clone(),
            key: self.key.clone(),
        })
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.cert).unwrap()
    }
}

fn self_signed() -> Option<TlsSource> {
    Some(TlsSource::SelfSigned { names: Vec::new() })
}

/// The self-signed certificate of a gateway.
fn kept_certificate(gateway: &TestGateway) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(gateway.data.path().join("tls/self-signed.crt")).unwrap()
}

/// A gateway with a self-signed certificate on all its listeners.
fn start() -> (TestGateway, CertificateDer<'static>) {
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

fn try_connect(to: SocketAddr, config: ClientConfig) -> std::io::Result<Encrypted> {
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

fn connect(to: SocketAddr, trusted: &CertificateDer<'static>) -> Encrypted {
    try_connect(to, client_config(trusted.clone(), BOTH)).unwrap()
}

fn request(client: ClientId, body: RequestBody) -> Vec<u8> {
    frame(client, body, Version::V2, ByteOrder::Little)
}

fn answer(stream: &mut Encrypted) -> Response {
    let mut bytes = vec![0; 7];
    stream.read_exact(&mut bytes).unwrap();
    let size = u32::from_le_bytes(bytes[3..7].try_into().unwrap());
    let mut payload = vec![0; size as usize];
    stream.read_exact(&mut payload).unwrap();
    bytes.extend(payload);
    parse(&bytes, ByteOrder::Little)
}

fn ask(stream: &mut Encrypted, client: ClientId, body: RequestBody) -> Response {
    stream.write_all(&request(client, body)).unwrap();
    answer(stream)
}

fn register(stream: &mut Encrypted, name: &str) -> ClientId {
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

fn websocket(to: SocketAddr, trusted: &CertificateDer<'static>) -> WebSocket<Encrypted> {
    let stream = connect(to, trusted);
    let (socket, _) = tungstenite::client(format!("wss://{to}/ws"), stream).unwrap();
    socket
}

#[test]
fn tls_1_2_and_1_3_are_spoken_on_both_listeners() {
    let (gateway, trusted) = start();
    for version in BOTH {
        for to in [gateway.addresses.http, gateway.addresses.tls_tcp.unwrap()] {
            let stream = try_connect(to, client_config(trusted.clone(), &[version])).unwrap();
            let spoken = stream.conn.protocol_version().unwrap();
            assert_eq!(spoken, version.version);
        }
    }
}

/// A `ClientHello` as clients of another time send it: a version, suites, and no extension but
/// those that TLS 1.2 servers ask for.
fn client_hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend((suites.len() as u16 * 2).to_be_bytes());
    suites
        .iter()
        .for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    let mut extensions = Vec::new();
    // supported_groups: x25519, secp256r1; ec_point_formats: uncompressed; signature_algorithms:
    // ecdsa_secp256r1_sha256, rsa_pkcs1_sha256; extended_master_secret.
    extensions.extend([0, 10, 0, 6, 0, 4, 0, 29, 0, 23]);
    extensions.extend([0, 11, 0, 2, 1, 0]);
    extensions.extend([0, 13, 0, 6, 0, 4, 4, 3, 4, 1]);
    extensions.extend([0, 23, 0, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut handshake = vec![1];
    handshake.extend(&(body.len() as u32).to_be_bytes()[1..]);
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend((handshake.len() as u16).to_be_bytes());
    record.extend(handshake);
    record
}

#[test]
fn older_versions_and_cbc_suites_are_refused() {
    const ECDHE_ECDSA_AES_128_GCM: u16 = 0xc02b;
    const ECDHE_ECDSA_AES_128_CBC: u16 = 0xc009;
    const ECDHE_ECDSA_AES_128_CBC_SHA256: u16 = 0xc023;
    const RSA_AES_128_GCM: u16 = 0x009c;
    const SERVER_HELLO: (u8, u8) = (22, 2);
    let (gateway, _) = start();
    let first_answer = |to: SocketAddr, hello: &[u8]| {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(hello).unwrap();
        let mut head = [0; 6];
        stream.read_exact(&mut head).unwrap();
        (head[0], head[5])
    };
    let alert = |answer: (u8, u8)| answer.0 == 21;
    for to in [gateway.addresses.http, gateway.addresses.tls_tcp.unwrap()] {
        // The same hello is good with what is allowed, so that it is the rest that is refused.
        let good = client_hello(0x0303, &[ECDHE_ECDSA_AES_128_GCM]);
        assert_eq!(first_answer(to, &good), SERVER_HELLO);
        for bad in [
            client_hello(0x0302, &[ECDHE_ECDSA_AES_128_GCM, ECDHE_ECDSA_AES_128_CBC]),
            client_hello(0x0301, &[ECDHE_ECDSA_AES_128_CBC]),
            client_hello(0x0300, &[ECDHE_ECDSA_AES_128_CBC]),
            client_hello(0x0303, &[ECDHE_ECDSA_AES_128_CBC]),
            client_hello(0x0303, &[ECDHE_ECDSA_AES_128_CBC_SHA256]),
            client_hello(0x0303, &[RSA_AES_128_GCM]),
        ] {
            assert!(alert(first_answer(to, &bad)), "{bad:?}");
        }
    }
}

#[test]
fn sessions_over_tcp_and_websocket_meet_under_tls() {
    let (gateway, trusted) = start();
    let mut tcp = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut tcp, "alice");
    let bob = gateway.register("bob");

    let mut ws = websocket(gateway.addresses.http, &trusted);
    let ws_ask = |ws: &mut WebSocket<Encrypted>, client, body| {
        ws.send(Message::binary(request(client, body))).unwrap();
        match ws.read().unwrap() {
            Message::Binary(bytes) => parse(&bytes, ByteOrder::Little),
            other => panic!("{other:?}"),
        }
    };
    stored(ws_ask(
        &mut ws,
        bob,
        RequestBody::Send(message(alice, b"hello under TLS")),
    ));
    let got = waiting(ask(&mut tcp, alice, RequestBody::Pull));
    assert_eq!(contents(&got), [b"hello under TLS"]);
    stored(ask(&mut tcp, alice, send_once(bob, b"and back", 1)));
    let got = waiting(ws_ask(&mut ws, bob, RequestBody::Pull));
    assert_eq!(contents(&got), [b"and back"]);
}

#[test]
fn many_small_frames_and_a_large_one_go_through_tls_in_order() {
    const SMALL: usize = 2_000;
    let large: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    let bob = register(&mut stream, "bob");

    // Pipelined, and cut into records anyhow.
    let mut frames = Vec::new();
    for n in 0..SMALL {
        let body = RequestBody::Send(message(bob, format!("number {n}").as_bytes()));
        frames.extend(request(alice, body));
    }
    let mut writer = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    for piece in frames.chunks(40_001) {
        writer.write_all(piece).unwrap();
    }
    for _ in 0..SMALL {
        stored(answer(&mut writer));
    }
    stored(ask(
        &mut writer,
        alice,
        RequestBody::Send(message(bob, &large)),
    ));
    let got = waiting(ask(&mut stream, bob, RequestBody::Pull));
    assert_eq!(got.len(), SMALL + 1);
    for (n, message) in got[..SMALL].iter().enumerate() {
        assert_eq!(message.content, format!("number {n}").as_bytes());
    }
    assert!(got[SMALL].content == large, "the large one came whole");
    // What was delivered whole is deleted.
    assert!(waiting(ask(&mut stream, bob, RequestBody::Pull)).is_empty());

    let mut ws = websocket(gateway.addresses.http, &trusted);
    ws.send(Message::binary(request(
        alice,
        RequestBody::Send(message(bob, &large)),
    )))
    .unwrap();
    ws.read().unwrap();
    ws.send(Message::binary(request(bob, RequestBody::Pull)))
        .unwrap();
    match ws.read().unwrap() {
        Message::Binary(bytes) => {
            let got = waiting(parse(&bytes, ByteOrder::Little));
            assert!(got.len() == 1 && got[0].content == large);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_that_was_cut_off_under_tls_is_delivered_again() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    let bob = register(&mut stream, "bob");
    let large = vec![9; 32_000_000];
    stored(ask(
        &mut stream,
        alice,
        RequestBody::Send(message(bob, &large)),
    ));
    // Reads a little of the answer and leaves: what the gateway had encrypted by then does not
    // count as delivered.
    let mut leaving = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    leaving.write_all(&request(bob, RequestBody::Pull)).unwrap();
    leaving.read_exact(&mut [0; 1000]).unwrap();
    drop(leaving);
    let got = waiting(ask(&mut stream, bob, RequestBody::Pull));
    assert!(got.len() == 1 && got[0].content == large);
}

#[test]
fn what_came_with_the_handshake_is_not_lost() {
    // The request rides in the flight that ends the handshake, so that TLS has decrypted it before
    // the session begins.
    let (gateway, trusted) = start();
    for _ in 0..20 {
        let to = gateway.addresses.tls_tcp.unwrap();
        let mut socket = TcpStream::connect(to).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let config = Arc::new(client_config(trusted.clone(), BOTH));
        let mut connection = ClientConnection::new(config, name).unwrap();
        let early = request(ClientId::from_bytes([1; 16]), RequestBody::ListClients);
        connection.writer().write_all(&early).unwrap();
        connection.write_tls(&mut socket).unwrap();
        while connection.is_handshaking() {
            connection.read_tls(&mut socket).unwrap();
            connection.process_new_packets().unwrap();
        }
        let mut last_flight = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut last_flight).unwrap();
        }
        socket.write_all(&last_flight).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        assert_eq!(answer(&mut stream), crate::support::error());
    }
}

#[test]
fn a_peer_that_closes_gets_what_it_asked_for_first() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    stream
        .write_all(&request(alice, RequestBody::Pull))
        .unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    assert!(waiting(answer(&mut stream)).is_empty());
    // The gateway says good-bye in its turn, so that nobody can cut the end off unseen.
    assert_eq!(stream.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn a_record_that_was_tampered_with_ends_the_connection() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    stream
        .conn
        .writer()
        .write_all(&request(alice, RequestBody::Pull))
        .unwrap();
    let mut record = Vec::new();
    stream.conn.write_tls(&mut record).unwrap();
    *record.last_mut().unwrap() ^= 1;
    stream.sock.write_all(&record).unwrap();
    let error = stream.read(&mut [0; 10]).unwrap_err();
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
}

/// Waits until new connections get a certificate; the gateway looks at its files now and then.
fn wait_for(to: SocketAddr, certificate: &CertificateDer<'static>) {
    let end = Instant::now() + PATIENCE;
    while try_connect(to, client_config(certificate.clone(), BOTH)).is_err() {
        assert!(Instant::now() < end, "the new certificate is not used");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_new_certificate_is_used_without_dropping_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::make(folder.path());
    let gateway = TestGateway::with(|config| {
        config.tls = pair.source();
        config.tls_tcp = Some("127.0.0.1:0".parse().unwrap());
    });
    let (http, tcp) = (gateway.addresses.http, gateway.addresses.tls_tcp.unwrap());
    let old = pair.der();
    let mut before = connect(tcp, &old);
    let mut ws_before = websocket(http, &old);
    let alice = register(&mut before, "alice");

    // Half of a pair, then nonsense: the old one stays.
    let key = std::fs::read(&pair.key).unwrap();
    pair.renew();
    let (new, new_key) = (pair.der(), std::fs::read(&pair.key).unwrap());
    std::fs::write(&pair.key, &key).unwrap();
    std::thread::sleep(Duration::from_secs(6));
    drop(connect(tcp, &old));
    std::fs::write(&pair.key, "nonsense").unwrap();
    std::thread::sleep(Duration::from_secs(6));
    drop(connect(http, &old));

    std::fs::write(&pair.key, new_key).unwrap();
    wait_for(tcp, &new);
    wait_for(http, &new);
    assert!(try_connect(tcp, client_config(old, BOTH)).is_err());
    assert!(waiting(ask(&mut before, alice, RequestBody::Pull)).is_empty());
    ws_before
        .send(Message::binary(request(alice, RequestBody::Pull)))
        .unwrap();
    assert!(matches!(ws_before.read().unwrap(), Message::Binary(_)));
}

#[test]
fn a_self_signed_certificate_is_kept_and_its_key_is_the_owners_alone() {
    let (gateway, trusted) = start();
    let folder = gateway.data.path().join("tls");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("self-signed.key")), 0o600);
    }
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |config| config.tls = self_signed());
    assert_eq!(kept_certificate(&gateway), trusted);
    assert_eq!(
        https(gateway.addresses.http, &trusted, "/healthz").1,
        b"ok\n"
    );
}

#[test]
fn plain_http_is_sent_to_https_and_hsts_is_for_certificates_that_somebody_signed() {
    let (gateway, trusted) = start();
    let (http, redirect) = (gateway.addresses.http, gateway.addresses.redirect.unwrap());
    let (head, _) = crate::support::http(redirect, "GET", "/ui.js?a=b", "");
    assert!(head.starts_with("HTTP/1.1 308"), "{head}");
    assert!(
        head.contains(&format!("location: https://{http}/ui.js?a=b\r\n")),
        "{head}"
    );
    assert!(
        !head.contains("strict-transport-security"),
        "not in plain text"
    );
    let (head, _) = crate::support::http(redirect, "GET", "/.well-known/acme-challenge/x", "");
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (head, _) = https(http, &trusted, "/");
    assert!(!head.contains("strict-transport-security"), "{head}");

    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::make(folder.path());
    let gateway = TestGateway::with(|config| config.tls = pair.source());
    let (head, _) = https(gateway.addresses.http, &pair.der(), "/");
    assert!(
        head.contains("strict-transport-security: max-age=31536000\r\n"),
        "{head}"
    );
    let plain = TestGateway::start();
    let (head, _) = plain.http("/", "");
    assert!(!head.contains("strict-transport-security"), "{head}");
}

#[test]
fn a_slow_handshake_is_cut() {
    let gateway = TestGateway::with(|config| {
        config.tls = self_signed();
        config.tls_tcp = Some("127.0.0.1:0".parse().unwrap());
        config.limits.handshake = Duration::from_millis(300);
    });
    for to in [gateway.addresses.http, gateway.addresses.tls_tcp.unwrap()] {
        for begun in [&b""[..], &client_hello(0x0303, &[0xc02b])[..20]] {
            let mut stream = TcpStream::connect(to).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(begun).unwrap();
            assert!(!matches!(stream.read(&mut [0; 1]), Ok(1..)), "cut");
        }
    }
    // The line is written right after the socket is closed.
    let end = Instant::now() + PATIENCE;
    while gateway.audit_log().matches("\"handshake\"").count() < 4 {
        assert!(Instant::now() < end, "{}", gateway.audit_log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_peer_without_tls_gets_nowhere_and_does_no_harm() {
    let (gateway, trusted) = start();
    for to in [gateway.addresses.http, gateway.addresses.tls_tcp.unwrap()] {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let asked = request(ClientId::from_bytes([1; 16]), RequestBody::ListClients);
        stream.write_all(&asked).unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        // At most an alert.
        assert!(answer.len() <= 7, "{answer:?}");
        assert!(answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
    }
    drop(connect(gateway.addresses.tls_tcp.unwrap(), &trusted));
}

#[test]
fn the_binary_tells_the_fingerprint_and_refuses_public_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |given: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sotto-gateway"));
        command.arg("serve").current_dir(folder.path()).env_clear();
        for option in ["--http", "--tcp"] {
            if !given.contains(&option) {
                command.args([option, "127.0.0.1:0"]);
            }
        }
        command.args(given);
        command
    };
    for (given, says) in [
        (&["--http", "0.0.0.0:0"][..], "--insecure-public"),
        (&["--tcp", "0.0.0.0:0"], "--tls-tcp"),
        (&["--metrics", "0.0.0.0:0"], "metrics"),
        (&["--tls-tcp", "127.0.0.1:0"], "--tls-self-signed"),
        (&["--tls-cert", "missing.pem"], "--tls-key"),
        (
            &["--tls-cert", "missing.pem", "--tls-key", "missing.key"],
            "missing.pem",
        ),
        (&["--tls-acme", "chat.example.org"], "--http-redirect"),
    ] {
        let output = serve(given).output().unwrap();
        assert!(!output.status.success(), "{given:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(says), "{given:?}: {said}");
    }

    let started = |given: &[&str]| {
        let mut child = serve(given)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = vec![String::new(); 3];
        for line in &mut lines {
            out.read_line(line).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut log = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (lines, log)
    };
    let given = [
        "--tls-self-signed",
        "--tls-name",
        "chat.lan",
        "--tls-tcp",
        "127.0.0.1:0",
        "--http-redirect",
        "127.0.0.1:0",
    ];
    let (lines, log) = started(&given);
    assert!(
        lines[0].starts_with("listening http=127.0.0.1:"),
        "{lines:?}"
    );
    for key in [" tcp=", " tls_tcp=", " redirect="] {
        assert!(lines[0].contains(key), "{lines:?}");
    }
    let fingerprint = lines[1].strip_prefix("fingerprint sha256:").unwrap().trim();
    assert_eq!(fingerprint.split(':').count(), 32);
    assert!(log.contains(fingerprint), "{log}");
    assert!(
        lines[2].starts_with("Sotto is ready: open https://127.0.0.1:"),
        "{lines:?}"
    );
    let (again, _) = started(&given);
    assert_eq!(again[1], lines[1], "the same certificate after a restart");
}
