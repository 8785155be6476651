//! The operator's commands, on a gateway that runs and on one that does not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sotto_gateway::invitation::digest;
use sotto_gateway::metrics::CommitMetrics;
use sotto_gateway::storage::Storage as _;
use sotto_gateway::storage::account::{AccountStorage as _, Change, LoginSubject};
use sotto_gateway::storage::sqlite::SqliteStorage;
use sotto_shared::account::Slot;

use crate::account_support::*;
use crate::support::*;

const GATEWAY: &str = env!("CARGO_BIN_EXE_sotto-gateway");

/// A command that has ended.
struct Ran {
    success: bool,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            success: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn run_typing(data: &Path, arguments: &[&str], typed: &str) -> Ran {
    let mut child = Command::new(GATEWAY)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that asks nothing may have ended.
    drop(child.stdin.take().unwrap().write_all(typed.as_bytes()));
    child.wait_with_output().unwrap().into()
}

fn run(data: &Path, arguments: &[&str]) -> Ran {
    run_typing(data, arguments, "")
}

fn done(data: &Path, arguments: &[&str]) -> String {
    let ran = run(data, arguments);
    assert!(ran.success, "{arguments:?}: {}", ran.err);
    ran.out
}

/// Works on the storage of a gateway that does not run.
fn with_storage<T>(data: &Path, work: impl AsyncFnOnce(&SqliteStorage) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = (&sotto_gateway::config::Limits::new()).into();
        let metrics = Arc::new(CommitMetrics::default());
        let storage = SqliteStorage::open(data, options, metrics).unwrap();
        let done = work(&storage).await;
        storage.close().await.unwrap();
        done
    })
}

fn sign_up(data: &Path, names: &[&str]) {
    with_storage(data, async |storage| {
        for name in names {
            let new = User::new(name).sign_up();
            let change = Change::Register(Box::new(new));
            storage.apply(change).await.unwrap().unwrap();
        }
    });
}

/// Name and whether it is disabled, by the command line.
fn users(data: &Path) -> Vec<(String, bool)> {
    let lines = done(data, &["user", "list", "--json"]);
    lines
        .lines()
        .map(|line| {
            let user: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = user["name"].as_str().unwrap().to_owned();
            (name, user["disabled"].as_bool().unwrap())
        })
        .collect()
}

/// Does it while the gateway is stopped, and once more with fresh data while one runs.
fn stopped_and_running(prepare: impl Fn(&Path), check: impl Fn(&Path)) {
    let data = tempfile::tempdir().unwrap();
    prepare(data.path());
    check(data.path());
    let data = tempfile::tempdir().unwrap();
    prepare(data.path());
    let gateway = TestGateway::on(data, |_| {});
    check(gateway.data.path());
}

#[test]
fn accounts_are_listed_disabled_enabled_and_deleted() {
    stopped_and_running(
        |data| sign_up(data, &["bob", "alice"]),
        |data| {
            let listed = |alice| [("alice".to_owned(), alice), ("bob".to_owned(), false)];
            assert_eq!(users(data), listed(false));
            done(data, &["user", "disable", "alice"]);
            assert_eq!(users(data), listed(true));
            let table = done(data, &["user", "list"]);
            assert_eq!(table.lines().count(), 3, "{table}");
            assert!(table.lines().nth(1).unwrap().ends_with("disabled"));
            done(data, &["user", "enable", "alice"]);
            assert_eq!(users(data), listed(false));
            done(data, &["user", "delete", "--yes", "alice"]);
            assert_eq!(users(data), [("bob".to_owned(), false)]);
            done(data, &["user", "reset-login", "bob"]);
            done(data, &["invite"]);
            let log = done(data, &["audit", "--json"]);
            let events: Vec<_> = log
                .lines()
                .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
                .filter(|event| event["event"] != "started")
                .inspect(|event| assert!(event.get("address").is_none(), "{event}"))
                .map(|event| event["event"].as_str().unwrap().to_owned())
                .collect();
            let operator = [
                "account_disabled",
                "account_enabled",
                "account_deleted",
                "login_reset",
                "invitation_made",
            ];
            assert_eq!(events, operator);
            assert!(!log.contains("alice") && !log.contains("bob"));
            for command in ["disable", "enable", "reset-login"] {
                let ran = run(data, &["user", command, "alice"]);
                assert!(!ran.success, "{command}");
                assert!(ran.err.contains("no account of this name"), "{}", ran.err);
            }
        },
    );
}

#[test]
fn nothing_is_deleted_unless_the_name_is_typed_again() {
    stopped_and_running(
        |data| sign_up(data, &["alice"]),
        |data| {
            for typed in ["", "\n", "bob\n", "yes\n"] {
                let ran = run_typing(data, &["user", "delete", "alice"], typed);
                assert!(!ran.success, "{typed:?}");
                assert!(ran.err.contains("nothing was deleted"), "{}", ran.err);
            }
            assert_eq!(users(data).len(), 1);
            let ran = run_typing(data, &["user", "delete", "alice"], "alice\n");
            assert!(ran.success, "{}", ran.err);
            assert!(users(data).is_empty());
        },
    );
}

#[test]
fn a_locked_login_is_opened_again() {
    let data = tempfile::tempdir().unwrap();
    sign_up(data.path(), &["alice"]);
    let alice = LoginSubject::Name("alice".parse().unwrap(), Slot::Password);
    with_storage(data.path(), async |storage| {
        let failed = Change::LoginFailed(vec![alice.clone(); 5]);
        storage.apply(failed).await.unwrap().unwrap();
    });
    let gateway = TestGateway::on(data, |_| {});
    done(gateway.data.path(), &["user", "reset-login", "alice"]);
    let (_, data) = gateway.stop();
    with_storage(data.path(), async |storage| {
        let failures = storage.login_failures(alice).await.unwrap().unwrap();
        assert_eq!(failures.count, 0);
    });
}

#[test]
fn an_invitation_is_good_for_as_long_as_was_said() {
    let gateway = TestGateway::with(|config| {
        config.origins = vec!["https://chat.example".to_owned()];
    });
    let running = run(gateway.data.path(), &["invite", "--days", "2"]);
    assert!(running.success, "{}", running.err);
    let (code, link) = running.out.trim_end().split_once('\n').unwrap();
    assert_eq!(link, format!("https://chat.example/#invite={code}"));
    assert!(!running.err.contains(code));
    let (_, data) = gateway.stop();
    let stopped = done(data.path(), &["invite"]);
    for code in [code, stopped.trim_end()] {
        let is_open = with_storage(data.path(), async |storage| {
            let open = storage.invitation_is_open(digest(code));
            open.await.unwrap().unwrap()
        });
        assert!(is_open, "{code}");
    }
    for days in ["0", "3651", "-1"] {
        let days = format!("--days={days}");
        assert!(!run(data.path(), &["invite", &days]).success, "{days}");
    }
}

#[test]
fn a_folder_without_a_gateway_is_named_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let missing = data.path().join("elsewhere");
    for command in [&["user", "list"][..], &["invite"], &["audit"]] {
        let ran = run(&missing, command);
        assert!(!ran.success, "{command:?}");
        assert!(ran.err.contains("elsewhere"), "{}", ran.err);
    }
    assert!(!missing.exists());
}

#[test]
fn the_audit_log_is_read_chosen_from_and_followed() {
    let gateway = TestGateway::start();
    let data = gateway.data.path();
    gateway.register("alice");
    let text = done(data, &["audit"]);
    assert!(
        text.lines().next().unwrap().ends_with("  started"),
        "{text}"
    );
    let registered = done(data, &["audit", "--event", "registered", "--json"]);
    assert_eq!(registered.lines().count(), 1);
    assert!(registered.contains("\"address\":\"127.0.0.1\""));
    assert!(done(data, &["audit", "--since", "9999-12-31"]).is_empty());
    assert_eq!(done(data, &["audit", "--since", "1h"]), text);
    assert!(!run(data, &["audit", "--since", "soon"]).success);

    let mut follower = Follower::start(data);
    assert!(follower.line().contains("registered"));
    gateway.register("bob");
    assert!(follower.line().contains("registered"));
    // The log is rotated away, and begun again.
    std::fs::rename(data.join("audit.log"), data.join("audit.log.1")).unwrap();
    let line =
        "{\"time\":\"2026-11-20T12:30:00Z\",\"event\":\"registered\",\"limit\":\"new file\"}\n";
    std::fs::write(data.join("audit.log"), line).unwrap();
    assert!(follower.line().contains("new file"));
}

struct Follower {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Follower {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(GATEWAY)
            .args(["audit", "--follow", "--event", "registered", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[cfg(unix)]
mod socket {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// What the socket answers to these bytes.
    fn say(data: &Path, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(data.join("admin.sock")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The gateway may have answered before it has read it all.
        drop(stream.write_all(bytes));
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        answer
    }

    #[test]
    fn the_socket_is_the_gateway_users_alone_and_goes_with_the_gateway() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("admin.sock");
        std::fs::write(&path, "left by a crash").unwrap();
        let gateway = TestGateway::on(data, |_| {});
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let answer = say(gateway.data.path(), b"{\"command\":\"user_list\"}\n");
        assert_eq!(answer, "{\"result\":\"users\",\"users\":[]}\n");
        let (_, _data) = gateway.stop();
        let began = Instant::now();
        while path.exists() {
            assert!(began.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn what_is_no_request_is_answered_with_an_error_and_does_nothing() {
        let gateway = TestGateway::start();
        let data = gateway.data.path();
        for request in [
            &b"\n"[..],
            b"{}\n",
            b"{\"command\":\"user_list\",\"name\":\"x\"}\n",
            b"{\"command\":\"user_delete\"}\n",
            b"{\"command\":\"user_delete\",\"name\":\"NOT A NAME\"}\n",
            b"{\"command\":\"invite\",\"days\":0}\n",
            b"{\"command\":\"invite\",\"days\":3651}\n",
            b"\xff\xfe\n",
        ] {
            let answer = say(data, request);
            let is_error = answer.is_empty() || answer.starts_with("{\"result\":\"error\"");
            assert!(is_error, "{}: {answer}", request.escape_ascii());
        }
        let endless = [b"{\"command\":\"".to_vec(), vec![b'x'; 1 << 20]].concat();
        assert!(!say(data, &endless).contains("done"));
        assert!(say(data, b"{\"command\":\"user_list\"}\n").contains("users"));
    }

    #[test]
    fn a_gateway_that_cannot_be_asked_is_not_worked_around() {
        let gateway = TestGateway::start();
        std::fs::remove_file(gateway.data.path().join("admin.sock")).unwrap();
        let ran = run(gateway.data.path(), &["user", "list"]);
        assert!(!ran.success);
        assert!(ran.err.contains("stop it first"), "{}", ran.err);
    }
}
