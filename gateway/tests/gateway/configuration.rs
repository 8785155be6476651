//! The binary's command line, environment and files.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sotto-gateway"));
    command
        .arg("serve")
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn failure(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// Starts and gives the line with the addresses.
fn start(command: &mut Command) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, stdout, line)
}

fn stop(mut child: Child) -> String {
    child.kill().unwrap();
    child.wait().unwrap();
    let mut log = String::new();
    child.stderr.unwrap().read_to_string(&mut log).unwrap();
    log
}

#[test]
fn a_bad_file_stops_it_with_the_line_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sotto.toml");
    for (text, says) in [
        (
            "http = \"127.0.0.1:0\"\nhttpp = 3\n",
            "sotto.toml:2:1: unknown field `httpp`",
        ),
        (
            "\n[limits]\nidle = \"soon\"\n",
            "sotto.toml:3:8: `soon` is not a duration",
        ),
        ("tcp = 5\n", "sotto.toml:1:7: invalid type"),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = failure(command(folder.path()).args(["--config", "sotto.toml"]));
        assert!(said.contains(says), "{said}");
    }
    let said = failure(command(folder.path()).args(["--config", "missing.toml"]));
    assert!(said.contains("missing.toml"), "{said}");
    let said = failure(command(folder.path()).args(["--content-max", "64MB"]));
    assert!(said.contains("64MiB"), "{said}");
    let said = failure(command(folder.path()).env("SOTTO_TCP", "nowhere"));
    assert!(said.contains("--tcp"), "{said}");
}

#[test]
fn flags_come_before_environment_before_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("sotto.toml"),
        "http = \"127.0.0.2:0\"\ntcp = \"127.0.0.2:0\"\nmetrics = \"127.0.0.2:0\"\nport_file = \"ports\"\n",
    )
    .unwrap();
    let (child, mut stdout, line) = start(
        command(folder.path())
            .args(["--http", "127.0.0.4:0"])
            .env("SOTTO_HTTP", "127.0.0.3:0")
            .env("SOTTO_TCP", "127.0.0.3:0")
            .env("SOTTO_CONFIG", "sotto.toml"),
    );
    assert!(line.starts_with("listening http=127.0.0.4:"), "{line}");
    assert!(
        line.contains(" tcp=127.0.0.3:") && line.contains(" metrics=127.0.0.2:"),
        "{line}"
    );
    let mut ready = String::new();
    stdout.read_line(&mut ready).unwrap();
    assert!(
        ready.starts_with("Sotto is ready: open http://127.0.0.4:"),
        "{ready}"
    );
    let ports = std::fs::read_to_string(folder.path().join("ports")).unwrap();
    assert_eq!(
        format!("listening {}", ports.trim().replace('\n', " ")),
        line.trim()
    );
    stop(child);
}

#[test]
fn myport_info_gives_the_tcp_port_and_its_absence_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::write(folder.path().join("myport.info"), format!("{free}\r\n")).unwrap();
    let (child, _, line) = start(command(folder.path()).args(["--http", "127.0.0.1:0"]));
    assert!(line.contains(&format!("tcp=127.0.0.1:{free}")), "{line}");
    assert!(!stop(child).contains("WARN"));

    // A flag leaves the file alone, and its absence unmentioned.
    std::fs::remove_file(folder.path().join("myport.info")).unwrap();
    let given = ["--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0"];
    let (child, _, _) = start(command(folder.path()).args(given));
    assert!(!stop(child).contains("myport.info"));
}

#[test]
fn a_second_gateway_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let given = ["--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0"];
    let (child, _, _) = start(command(folder.path()).args(given));
    let said = failure(command(folder.path()).args(given));
    assert!(said.contains("in use by another gateway"), "{said}");
    stop(child);
}

#[test]
fn help_names_every_setting_with_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path()).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "--http",
        "127.0.0.1:8080",
        "SOTTO_TCP",
        "--content-max",
        "64MiB",
        "[limits]",
        "--metrics",
    ] {
        assert!(help.contains(expected), "{expected} in {help}");
    }
}
