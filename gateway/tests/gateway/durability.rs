//! What was acknowledged survives kill -9.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sotto_shared::classic::RequestBody;
use sotto_shared::{ClientId, MessageId};

use crate::support::*;

/// A gateway in a process of its own.
pub(crate) struct Process {
    child: Child,
    pub(crate) tcp: SocketAddr,
}

impl Process {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sotto-gateway"))
            .args([
                "serve",
                "--http",
                "127.0.0.1:0",
                "--tcp",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let tcp = line
            .split("tcp=")
            .nth(1)
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap();
        Self {
            child,
            tcp: tcp.parse().unwrap(),
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Sends without end and gives the ids of all messages that were acknowledged.
fn send_until_killed(tcp: SocketAddr, from: ClientId, to: ClientId) -> Vec<MessageId> {
    let mut client = Client::connect(tcp);
    let batch = client
        .frame(from, RequestBody::Send(message(to, &[1; 256])))
        .repeat(50);
    let mut acknowledged = Vec::new();
    let mut bytes = Vec::new();
    let mut buffer = [0; 27 * 50];
    while client.stream.write_all(&batch).is_ok() {
        match client.stream.read(&mut buffer) {
            Ok(n @ 1..) => bytes.extend(&buffer[..n]),
            _ => break,
        }
    }
    while let Ok(n @ 1..) = client.stream.read(&mut buffer) {
        bytes.extend(&buffer[..n]);
    }
    for answer in bytes.chunks_exact(27) {
        assert_eq!(answer[1..3], 2103_u16.to_le_bytes());
        acknowledged.push(MessageId(u32::from_le_bytes(
            answer[23..].try_into().unwrap(),
        )));
    }
    acknowledged
}

#[test]
fn acknowledged_messages_survive_kill_nine_under_load() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    let mut clients = Vec::new();
    for n in 0..4 {
        clients.push(Client::connect(process.tcp).register(&format!("client {n}")));
    }
    for round in 0..3_u64 {
        let tcp = process.tcp;
        let senders: Vec<_> = (0..4)
            .map(|n| {
                let (from, to) = (clients[n], clients[(n + 1) % 4]);
                std::thread::spawn(move || (to, send_until_killed(tcp, from, to)))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300 + 150 * round));
        process.kill();
        process = Process::start(data.path());
        for sender in senders {
            let (to, acknowledged) = sender.join().unwrap();
            assert!(!acknowledged.is_empty());
            let mut client = Client::connect(process.tcp);
            let there: Vec<_> = client
                .pull(to)
                .iter()
                .map(|message| message.message)
                .collect();
            assert!(there.is_sorted(), "order of arrival");
            let there: HashSet<_> = there.into_iter().collect();
            for id in acknowledged {
                assert!(
                    there.contains(&id),
                    "round {round}: message {id} was acknowledged and lost"
                );
            }
        }
    }
    process.kill();
}

#[test]
fn a_registration_and_a_receipt_survive_kill_nine() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path());
    let mut client = Client::connect(process.tcp);
    let alice = client.register("alice");
    let bob = client.register("bob");
    let id = stored(client.ask(alice, send_once(bob, b"x", 9)));
    process.kill();
    let process = Process::start(data.path());
    let mut client = Client::connect(process.tcp);
    assert_eq!(stored(client.ask(alice, send_once(bob, b"x", 9))), id);
    assert_eq!(client.pull(bob).len(), 1);
    process.kill();
}
