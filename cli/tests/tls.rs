//! `sotto` under TLS: whom it trusts, and what it says when it does not.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::fs;
use std::process::Stdio;

use support::{Gateway, Ran, User, run};

const UNTRUSTED: i32 = 8;

/// The fingerprint in what was said.
#[track_caller]
fn fingerprint(said: &str) -> String {
    let at = said.find("sha256:").unwrap_or_else(|| panic!("{said}"));
    let end = at + "sha256".len() + 32 * 3;
    said[at..end].to_owned()
}

fn known(user: &User) -> String {
    fs::read_to_string(user.profile().join("known_gateways")).unwrap_or_default()
}

/// The fingerprint of a gateway, as somebody learns it who asks without trusting.
fn learn(user: &User) -> String {
    let refused = user.sotto(&["register", "nobody"]).fails(UNTRUSTED);
    fingerprint(&refused.stderr)
}

#[test]
fn an_unknown_certificate_is_refused_with_its_fingerprint_and_the_ways_out() {
    let gateway = Gateway::start_tls();
    for options in [
        &["--server", &gateway.tls_tcp, "--tls"][..],
        &["--ws", &gateway.wss],
    ] {
        let anna = User::at(options);
        let refused = anna.sotto(&["register", "anna"]).fails(UNTRUSTED);
        for expected in ["sha256:", "--pin", "--ca-file", "issuer is unknown"] {
            assert!(refused.stderr.contains(expected), "{refused:?}");
        }
        assert_eq!(known(&anna), "");
        let refused = anna.sotto(&["--json", "register", "anna"]).fails(UNTRUSTED);
        assert!(
            refused.stderr.contains(r#""error":"untrusted""#),
            "{refused:?}"
        );
    }
}

#[test]
fn a_pinned_gateway_is_known_from_then_on_over_tcp_and_websocket() {
    let gateway = Gateway::start_tls();
    let mut users = Vec::new();
    for (name, options) in [
        ("anna", &["--server", &gateway.tls_tcp, "--tls"][..]),
        ("ben", &["--ws", &gateway.wss]),
    ] {
        let user = User::at(options);
        let pin = learn(&user);
        user.sotto(&["--pin", &pin, "register", name]).ok();
        assert!(known(&user).contains(&pin), "{}", known(&user));
        users.push(user);
    }
    let [anna, ben] = &users[..] else { panic!() };
    let large = "long ".repeat(60_000);
    anna.sotto_with_input(&["send", "ben", "-"], &large).ok();
    ben.sotto(&["send", "anna", "short"]).ok();
    assert_eq!(ben.news(), [format!("anna: {large}")]);
    assert_eq!(anna.news(), ["ben: short"]);
}

#[test]
fn a_changed_certificate_stops_it_and_names_file_and_line() {
    let mut gateway = Gateway::start_tls();
    let anna = User::at(&["--server", &gateway.tls_tcp, "--tls"]);
    let old = learn(&anna);
    anna.sotto(&["--pin", &old, "register", "anna"]).ok();
    gateway.kill();
    gateway.forget_certificate();
    gateway.restart();
    let check = |refused: Ran| {
        let new = fingerprint(&refused.stderr[refused.stderr.rfind("is sha256").unwrap()..]);
        assert_ne!(new, old);
        for expected in ["HAS CHANGED", &old, "line 1 of", "known_gateways"] {
            assert!(refused.stderr.contains(expected), "{refused:?}");
        }
        new
    };
    check(anna.sotto(&["people"]).fails(UNTRUSTED));
    // It does not try for ever either.
    let new = check(anna.sotto(&["receive", "--follow"]).fails(UNTRUSTED));
    assert!(
        known(&anna).contains(&old),
        "nothing is forgotten by itself"
    );
    anna.sotto(&["--pin", &old, "people"]).fails(UNTRUSTED);

    fs::remove_file(anna.profile().join("known_gateways")).unwrap();
    anna.sotto(&["people"]).fails(UNTRUSTED);
    anna.sotto(&["--pin", &new, "people"]).ok();
    anna.sotto(&["people"]).ok();
}

#[test]
fn a_gateway_that_a_ca_file_or_the_system_vouches_for_needs_no_pin() {
    let gateway = Gateway::start_tls();
    let certificate = gateway.certificate();
    let certificate = certificate.to_str().unwrap();
    let anna = User::at(&["--server", &gateway.tls_tcp, "--tls"]);
    anna.sotto(&["--ca-file", certificate, "register", "anna"])
        .ok();
    let mut command = anna.command(&["people"]);
    run(command.env("SSL_CERT_FILE", certificate), "").ok();
    assert_eq!(known(&anna), "");
    anna.sotto(&["people"]).fails(UNTRUSTED);

    // Another CA file vouches for nobody here, whatever the system says.
    let other = Gateway::start_tls();
    let other = other.certificate();
    let other = other.to_str().unwrap();
    let mut command = anna.command(&["--ca-file", other, "people"]);
    let refused = run(command.env("SSL_CERT_FILE", certificate), "").fails(UNTRUSTED);
    assert!(refused.stderr.contains("CA file"), "{refused:?}");
    for bad in ["/dev/null", "missing.pem"] {
        anna.sotto(&["--ca-file", bad, "people"]).fails(UNTRUSTED);
    }
}

#[test]
fn a_certificate_for_another_name_is_not_enough() {
    let gateway = Gateway::start_tls();
    let certificate = gateway.certificate();
    let port = gateway.tls_tcp.rsplit_once(':').unwrap().1;
    // Leads to the same listener, and is not in the certificate.
    let elsewhere = format!("0.0.0.0:{port}");
    let anna = User::at(&["--server", &elsewhere, "--tls"]);
    let refused = anna
        .sotto(&[
            "--ca-file",
            certificate.to_str().unwrap(),
            "register",
            "anna",
        ])
        .fails(UNTRUSTED);
    assert!(refused.stderr.contains("another name"), "{refused:?}");
}

#[test]
fn tls_options_without_tls_are_refused_rather_than_ignored() {
    let gateway = Gateway::start();
    let pin = format!("sha256{}", ":00".repeat(32));
    let anna = User::at(&["--server", &gateway.tcp]);
    anna.sotto(&["--pin", &pin, "people"]).fails(2);
    anna.sotto(&["--ca-file", "some.pem", "people"]).fails(2);
    anna.sotto(&["--tls", "--ws", &gateway.ws, "people"])
        .fails(2);
    anna.sotto(&["--pin", "nonsense", "people"]).fails(2);
}

#[test]
fn nothing_is_sent_to_a_server_without_tls() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let got = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        let mut got = Vec::new();
        drop(stream.read_to_end(&mut got));
        got
    });
    let anna = User::at(&["--server", &address, "--tls"]);
    let failed = anna.sotto(&["register", "secret-name"]).fails(3);
    assert!(failed.stderr.contains("does not speak TLS"), "{failed:?}");
    let got = got.join().unwrap();
    assert!(!got.windows(11).any(|bytes| bytes == b"secret-name"));
}

/// At a terminal, by `script` of util-linux.
#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_it_asks_once_and_remembers_a_yes() {
    let has_script = std::process::Command::new("script")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !has_script.is_ok_and(|status| status.success()) {
        eprintln!("left out: there is no `script`");
        return;
    }
    let gateway = Gateway::start_tls();
    let anna = User::at(&["--server", &gateway.tls_tcp, "--tls"]);
    let at_terminal = |arguments: &str, answer: &str| {
        let mut command = std::process::Command::new("script");
        let sotto = format!(
            "{} --profile {} --server {} --tls {arguments}",
            env!("CARGO_BIN_EXE_sotto"),
            anna.profile().display(),
            gateway.tls_tcp,
        );
        command.args(["--quiet", "--return", "--command", &sotto, "/dev/null"]);
        run(&mut command, answer)
    };
    let refused = at_terminal("register anna", "no\n").fails(UNTRUSTED);
    assert!(
        refused.stdout.contains("Trust it from now on?"),
        "{refused:?}"
    );
    assert_eq!(known(&anna), "");
    let asked = at_terminal("register anna", "yes\n").ok();
    let pin = fingerprint(&asked.stdout);
    assert!(known(&anna).contains(&pin), "{}", known(&anna));
    let quiet = at_terminal("people", "").ok();
    assert!(!quiet.stdout.contains("Trust it"), "{quiet:?}");
    anna.sotto(&["people"]).ok();
}
