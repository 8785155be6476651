//! What the tests run: the gateway, `sotto`, and other people's programs.

// Every test binary uses another part of it.
#![allow(dead_code, unreachable_pub, missing_docs)]

pub mod foreign_server;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longest that anything may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What accounts in tests are signed in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// A gateway on free ports, stopped at the end.
pub struct Gateway {
    child: Child,
    pub tcp: String,
    pub ws: String,
    /// Under TLS, if it was started so.
    pub tls_tcp: String,
    pub wss: String,
    data: TempDir,
    tls: bool,
    settings: &'static [&'static str],
}

impl Gateway {
    pub fn start() -> Self {
        Self::start_with(false, &[])
    }

    /// With a self-signed certificate.
    pub fn start_tls() -> Self {
        Self::start_with(true, &[])
    }

    /// With more options of `sotto-gateway serve`.
    pub fn start_with(tls: bool, settings: &'static [&'static str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let tls_tcp = tls.then_some("127.0.0.1:0");
        let mut gateway = Self {
            child: spawn_gateway(data.path(), "127.0.0.1:0", tls_tcp, settings),
            tcp: String::new(),
            ws: String::new(),
            tls_tcp: String::new(),
            wss: String::new(),
            data,
            tls,
            settings,
        };
        gateway.read_addresses();
        gateway
    }

    /// The certificate that it made for itself.
    pub fn certificate(&self) -> PathBuf {
        self.data.path().join("tls/self-signed.crt")
    }

    /// Another certificate from the next start on.
    pub fn forget_certificate(&self) {
        std::fs::remove_dir_all(self.data.path().join("tls")).unwrap();
    }

    /// Kills it without warning; [`Gateway::restart`] brings it back on the same TCP port.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn restart(&mut self) {
        let tls_tcp = self.tls.then_some(self.tls_tcp.as_str());
        self.child = spawn_gateway(self.data.path(), &self.tcp, tls_tcp, self.settings);
        self.read_addresses();
    }

    /// One of the operator's commands.
    pub fn operate(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(gateway_binary());
        command.args(arguments).arg("--data").arg(self.data.path());
        run(&mut command, "")
    }

    /// Its database; not to be touched while it runs.
    pub fn database(&self) -> PathBuf {
        self.data.path().join("defensive.db")
    }

    fn read_addresses(&mut self) {
        let mut output = BufReader::new(self.child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = |name: &str| {
            let found = line
                .split_whitespace()
                .find_map(|part| part.strip_prefix(name));
            found
                .unwrap_or_else(|| panic!("the gateway said {line:?}"))
                .to_owned()
        };
        let http = address("http=");
        self.tcp = address("tcp=");
        self.ws = format!("ws://{http}/ws");
        if self.tls {
            self.tls_tcp = address("tls_tcp=");
            self.wss = format!("wss://{http}/ws");
        }
        // The pipe stays open for what else it says.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn_gateway(data: &Path, tcp: &str, tls_tcp: Option<&str>, settings: &[&str]) -> Child {
    let mut command = Command::new(gateway_binary());
    command
        .args(["serve", "--http", "127.0.0.1:0", "--tcp", tcp, "--data"])
        .arg(data)
        .args(settings);
    if let Some(tls_tcp) = tls_tcp {
        command.args(["--tls-self-signed", "--tls-tcp", tls_tcp]);
    }
    command
        .current_dir(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The gateway beside `sotto` in the target folder, or wherever `SOTTO_GATEWAY_BIN` says.
fn gateway_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("SOTTO_GATEWAY_BIN") {
        return path.into();
    }
    let name = format!("sotto-gateway{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new(env!("CARGO_BIN_EXE_sotto")).with_file_name(name);
    assert!(
        path.is_file(),
        "{} is not there: run `cargo build -p sotto-gateway` in the same profile first, or name \
         another one by SOTTO_GATEWAY_BIN",
        path.display()
    );
    path
}

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON objects.
    pub fn objects(&self) -> Vec<Value> {
        objects(&self.stdout)
    }

    /// It must have gone well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It must have failed so.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

pub fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Somebody who uses `sotto`, with a folder of their own.
pub struct User {
    pub folder: TempDir,
    options: Vec<String>,
}

impl User {
    pub fn at(options: &[&str]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            options: options.iter().map(ToString::to_string).collect(),
        }
    }

    /// At a gateway over TCP, and registered.
    pub fn registered(name: &str, gateway: &Gateway) -> Self {
        let user = Self::at(&["--server", &gateway.tcp]);
        user.sotto(&["register", name]).ok();
        user
    }

    /// At a gateway over TCP, with an account. Its password is [`PASSWORD`]; the profile is left
    /// unlocked, since every unlocking takes an Argon2id.
    pub fn signed_up(name: &str, gateway: &Gateway) -> Self {
        let user = Self::with_password(gateway);
        user.sotto(&["--json", "signup", name, "--stay-unlocked"])
            .ok();
        user
    }

    /// Another device of an account, left unlocked.
    pub fn signed_in(name: &str, gateway: &Gateway) -> Self {
        let user = Self::with_password(gateway);
        user.sotto(&["login", name, "--stay-unlocked"]).ok();
        user
    }

    /// With an account, in a profile that its password locks.
    pub fn locked(name: &str, gateway: &Gateway) -> Self {
        let user = Self::with_password(gateway);
        user.sotto(&["--json", "signup", name]).ok();
        user
    }

    /// At a gateway over TCP, with [`PASSWORD`] in a file.
    pub fn with_password(gateway: &Gateway) -> Self {
        let user = Self::at(&["--server", &gateway.tcp, "--password-file", "password"]);
        user.write("password", PASSWORD);
        user
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), format!("{text}\n")).unwrap();
    }

    /// The one object that a command prints.
    #[track_caller]
    pub fn object(&self, arguments: &[&str]) -> Value {
        let ran = self.sotto(&[&["--json"], arguments].concat()).ok();
        let mut objects = ran.objects();
        assert_eq!(objects.len(), 1, "{ran:?}");
        objects.remove(0)
    }

    /// A command fails so, and says why in one word.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: i32, reason: &str) -> Value {
        let ran = self.sotto(&[&["--json"], arguments].concat()).fails(code);
        let error = objects(&ran.stderr).remove(0);
        assert_eq!(error["reason"], reason, "{ran:?}");
        error
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn profile(&self) -> PathBuf {
        self.path("profile")
    }

    /// `sotto`, ready to be run with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sotto"));
        command
            .current_dir(self.folder.path())
            .env_remove("SOTTO_SERVER")
            .env_remove("SOTTO_PASSPHRASE")
            .env_remove("SOTTO_PASSWORD")
            .env_remove("SOTTO_TLS")
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .env("SOTTO_PROFILE", self.profile())
            .env("TMPDIR", self.folder.path())
            .args(&self.options)
            .args(arguments);
        command
    }

    pub fn sotto(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments), "")
    }

    pub fn sotto_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        run(&mut self.command(arguments), input)
    }

    /// The new messages, each `name: text`, `name: file` or `name: undecryptable`.
    #[track_caller]
    pub fn news(&self) -> Vec<String> {
        let received = self.sotto(&["--json", "receive"]).ok();
        received.objects().iter().map(in_short).collect()
    }

    /// `sotto receive --follow`, at work.
    pub fn follow(&self) -> Follower {
        let mut child = self
            .command(&["--json", "receive", "--follow"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Follower { child, lines }
    }
}

fn in_short(object: &Value) -> String {
    let said = match object["kind"].as_str() {
        Some("text") => object["text"].as_str().unwrap(),
        Some(kind) => kind,
        None => "?",
    };
    format!("{}: {said}", object["name"].as_str().unwrap())
}

/// Prints messages as they come.
pub struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    /// The next message.
    #[track_caller]
    pub fn next(&self) -> String {
        let line = self
            .lines
            .recv_timeout(PATIENCE)
            .expect("a message in time");
        in_short(&serde_json::from_str(&line).unwrap())
    }

    /// Ends it as Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Other people's client, in Python.
pub struct Foreigner {
    pub folder: TempDir,
    server: String,
    habits: Vec<String>,
}

impl Foreigner {
    pub fn at(server: &str, habits: &[&str]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: server.to_owned(),
            habits: habits.iter().map(ToString::to_string).collect(),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = python();
        command
            .arg("messageu.py")
            .args(["--server", &self.server, "--state"])
            .arg(self.folder.path().join("state.json"))
            .args(&self.habits)
            .args(arguments);
        run(&mut command, "")
    }

    /// What was waiting.
    #[track_caller]
    pub fn pull(&self) -> Vec<Value> {
        self.run(&["pull", self.folder.path().to_str().unwrap()])
            .ok()
            .objects()
    }
}

/// Whether there is a Python 3 to run other people's client. Where tests must not be left out
/// (`CI` is set), its absence is a failure.
pub fn has_python() -> bool {
    let found = python()
        .arg("--version")
        .output()
        .is_ok_and(|it| it.status.success());
    assert!(
        found || std::env::var_os("CI").is_none(),
        "python3 is needed: install it, or set PYTHON"
    );
    if !found {
        eprintln!("left out: there is no python3 (set PYTHON to name one)");
    }
    found
}

pub fn python() -> Command {
    let program = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(program);
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs a program to its end, which must come in time.
pub fn run(command: &mut Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                let _ = child.kill();
                panic!("{command:?} does not end");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}
