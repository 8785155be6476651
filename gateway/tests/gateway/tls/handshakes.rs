//! Who gets through the handshake, and who does not.

use std::time::{Duration, Instant};

use super::*;

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
