//! The HTTP side: files, headers, origin, health, metrics.

use std::net::SocketAddr;

use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, http};

use crate::support::{TestGateway, http as ask};

#[test]
fn every_answer_has_the_strict_policy_and_the_security_headers() {
    let gateway = TestGateway::start();
    let host = gateway.addresses.http;
    for path in ["/", "/healthz", "/nothing", "/ws"] {
        let (head, _) = gateway.http(path, "");
        for expected in [
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
             style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; \
             worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; connect-src 'self'",
            &format!(" ws://{host} wss://{host}\r\n"),
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
            "cross-origin-resource-policy: same-origin",
            "permissions-policy: ",
        ] {
            assert!(head.contains(expected), "{path}: {expected} in {head}");
        }
    }
}

#[test]
fn without_a_web_app_a_plain_page_says_so() {
    let gateway = TestGateway::start();
    let (head, body) = gateway.http("/", "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: text/html; charset=utf-8"));
    assert!(!body.is_empty());
}

#[test]
fn a_folders_files_are_served_with_brotli_caching_and_etags() {
    let web = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &[u8]| std::fs::write(web.path().join(name), content).unwrap();
    write("index.html", b"<html>");
    write("ui-0123456789abcdef.js", b"plain script");
    write("ui-0123456789abcdef.js.br", b"compressed script");
    write("ui-0123456789abcdef_bg.wasm", b"wasm");
    std::fs::write(web.path().parent().unwrap().join("secret.txt"), b"secret").unwrap();
    let folder = web.path().to_owned();
    let gateway = TestGateway::with(|config| config.web = Some(folder));

    let (head, body) = gateway.http("/", "");
    assert_eq!(body, b"<html>");
    assert!(head.contains("cache-control: no-cache"), "{head}");
    let etag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    let (head, body) = gateway.http("/", &format!("If-None-Match: \"x\", {etag}\r\n"));
    assert!(
        head.starts_with("HTTP/1.1 304") && body.is_empty(),
        "{head}"
    );

    let (head, body) = gateway.http("/ui-0123456789abcdef.js", "Accept-Encoding: gzip, br\r\n");
    assert_eq!(body, b"compressed script");
    for expected in [
        "content-encoding: br",
        "vary: accept-encoding",
        "cache-control: public, max-age=31536000, immutable",
        "content-type: text/javascript; charset=utf-8",
    ] {
        assert!(head.contains(expected), "{expected} in {head}");
    }
    let (head, body) = gateway.http("/ui-0123456789abcdef.js", "");
    assert_eq!(body, b"plain script");
    assert!(!head.contains("content-encoding"), "{head}");
    let (head, _) = gateway.http("/ui-0123456789abcdef_bg.wasm", "");
    assert!(head.contains("content-type: application/wasm") && head.contains("immutable"));

    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/./index.html",
        "/missing",
        "//index.html",
    ] {
        let (head, body) = gateway.http(path, "");
        assert!(
            head.starts_with("HTTP/1.1 404") || head.starts_with("HTTP/1.1 400"),
            "{path}: {head}"
        );
        assert_ne!(body, b"secret");
    }
    let (head, body) = ask(gateway.addresses.http, "HEAD", "/", "");
    assert!(
        head.contains("content-length: 6") && body.is_empty(),
        "{head}"
    );
    let (head, _) = ask(gateway.addresses.http, "POST", "/", "Content-Length: 0\r\n");
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
}

fn connect_from(to: SocketAddr, origin: &str) -> Result<(), tungstenite::Error> {
    let mut request = format!("ws://{to}/ws").into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    tungstenite::connect(request).map(drop)
}

#[test]
fn pages_of_other_sites_cannot_open_the_websocket() {
    let gateway =
        TestGateway::with(|config| config.origins = vec!["https://chat.example.org".into()]);
    let http = gateway.addresses.http;
    for good in [format!("http://{http}"), "https://chat.example.org".into()] {
        connect_from(http, &good).unwrap();
    }
    for bad in ["https://evil.example", "null", "http://127.0.0.1"] {
        match connect_from(http, bad) {
            Err(tungstenite::Error::Http(response)) => {
                assert_eq!(response.status(), http::StatusCode::FORBIDDEN);
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
    assert_eq!(gateway.audit_log().matches("origin_refused").count(), 3);
}

#[test]
fn health_readiness_and_metrics_answer() {
    let gateway = TestGateway::with(|config| config.metrics = Some("127.0.0.1:0".parse().unwrap()));
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    client.send(alice, bob, b"hello");
    assert_eq!(gateway.http("/healthz", "").1, b"ok\n");
    assert_eq!(gateway.http("/readyz", "").1, b"ready\n");
    assert!(
        gateway.http("/metrics", "").0.starts_with("HTTP/1.1 404"),
        "not for everyone"
    );
    let (_, text) = ask(gateway.addresses.metrics.unwrap(), "GET", "/metrics", "");
    let text = String::from_utf8(text).unwrap();
    for expected in [
        "sotto_requests_total{code=\"600\",result=\"done\"} 2\n",
        "sotto_requests_total{code=\"603\",result=\"done\"} 1\n",
        "sotto_clients 2\n",
        "sotto_waiting_messages 1\n",
        "sotto_waiting_bytes 5\n",
        "sotto_connections{transport=\"tcp\"} 1\n",
        "sotto_commit_changes_count 3\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("alice") && !text.contains(&alice.to_string()));
}

#[test]
fn a_trusted_proxys_peers_are_told_apart() {
    let gateway = TestGateway::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.limits.connections_per_address = 1;
    });
    let connect = |from: &str| {
        let mut request = format!("ws://{}/ws", gateway.addresses.http)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("x-forwarded-for", from.parse().unwrap());
        tungstenite::connect(request)
    };
    let first = connect("192.0.2.1").unwrap();
    let _second = connect("192.0.2.2").unwrap();
    assert!(connect("9.9.9.9, 192.0.2.1").is_err());
    drop(first);
}
