//! A graceful stop finishes what was accepted.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sotto_shared::classic::RequestBody;

use crate::support::*;

#[test]
fn a_stop_answers_what_arrived_and_closes_the_rest() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let _idle = gateway.connect();
    let mut socket = gateway.websocket();
    socket.ask(alice, RequestBody::Pull);
    let mut half = gateway.connect();
    half.write(&[1, 2, 3]);
    let frames = client
        .frame(alice, RequestBody::Send(message(bob, &[1; 100])))
        .repeat(500);
    client.write(&frames);
    // What the gateway has not read yet when it stops is not accepted.
    let first = stored(client.answer());
    let start = Instant::now();
    let tcp = gateway.addresses.tcp;
    let (finished, data) = gateway.stop();
    assert!(finished);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(socket.close_code(), 1001);
    assert!(TcpStream::connect(tcp).is_err());
    let answers = client.read_to_end();
    assert_eq!(answers.len() % 27, 0);
    let gateway = TestGateway::on(data, |_| {});
    let there = gateway.connect().pull(bob);
    assert_eq!(there[0].message, first);
    assert_eq!(
        there.len(),
        1 + answers.len() / 27,
        "accepted means answered"
    );
}

#[test]
fn a_peer_that_does_not_finish_is_cut_after_the_drain_limit() {
    let gateway = TestGateway::with(|config| config.limits.drain = Duration::from_millis(300));
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    client.send(alice, bob, &vec![1; 30 << 20]);
    let pull = client.frame(bob, RequestBody::Pull);
    client.write(&pull);
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    let (finished, data) = gateway.stop();
    assert!(!finished);
    assert!(start.elapsed() < Duration::from_secs(5));
    let gateway = TestGateway::on(data, |_| {});
    assert_eq!(gateway.connect().pull(bob).len(), 1);
}

#[test]
fn last_seen_is_written_at_the_latest_when_stopping() {
    let gateway = TestGateway::start();
    let alice = gateway.register("alice");
    let (_, data) = gateway.stop();
    let file = data.path().join("defensive.db");
    let forget = rusqlite::Connection::open(&file).unwrap();
    forget
        .execute("UPDATE clients SET LastSeen = 0", [])
        .unwrap();
    drop(forget);
    let gateway = TestGateway::on(data, |_| {});
    gateway.connect().pull(alice);
    let (_, data) = gateway.stop();
    let database = rusqlite::Connection::open(data.path().join("defensive.db")).unwrap();
    let seen: i64 = database
        .query_row("SELECT LastSeen FROM clients", [], |row| row.get(0))
        .unwrap();
    assert!(seen > 1_600_000_000);
}

#[cfg(unix)]
#[test]
fn sigterm_ends_the_process_with_success() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sotto-gateway"))
        .args(["serve", "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut byte = [0];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut byte)
        .unwrap();
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
    std::io::stdout().flush().unwrap();
}
