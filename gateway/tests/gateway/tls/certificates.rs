//! Where the certificate comes from, how it changes, and what is said about it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::support::waiting;

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
