//! The gateway under load: a process of its own, on free ports of the loopback.

use core::time::Duration;
use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::proc;

/// How long a gateway may take to say where it listens.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a gateway may take to end after it was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Raised so that what is measured is the gateway and not its limits.
const LIMITS: [(&str, &str); 8] = [
    ("--connections", "100000"),
    ("--connections-per-address", "100000"),
    ("--registrations-per-hour", "1000000"),
    ("--clients", "1000000"),
    ("--mailbox-messages", "100000000"),
    ("--mailbox-bytes", "64GiB"),
    ("--delivery-entries", "100000000"),
    ("--sends-per-minute", "100000000"),
];

/// Which gateway, and how it is started.
#[derive(Debug, Args)]
pub(crate) struct GatewayOptions {
    /// The gateway's program [default: sotto-gateway beside this program]
    #[arg(
        long = "gateway",
        env = "SOTTO_GATEWAY_BIN",
        value_name = "FILE",
        global = true
    )]
    program: Option<PathBuf>,

    /// One more argument for the gateway; may be given several times
    #[arg(
        long = "gateway-arg",
        value_name = "ARG",
        global = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,

    /// Where fresh data folders are made: the disk that is measured [default: the system's folder
    /// for temporary files]
    #[arg(long, value_name = "DIR", global = true)]
    scratch: Option<PathBuf>,
}

impl GatewayOptions {
    fn program(&self) -> Result<PathBuf> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe()?.with_file_name("sotto-gateway"),
        };
        if !program.is_file() {
            bail!(
                "there is no gateway at {}: build it, or say where it is with --gateway",
                program.display()
            );
        }
        Ok(program)
    }

    /// A folder that is removed when it is dropped.
    pub(crate) fn scratch_folder(&self) -> Result<tempfile::TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("sotto-loadgen-");
        match &self.scratch {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        }
        .context("cannot make a scratch folder")
    }
}

/// A running gateway. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    pid: u32,
    /// Where its TCP clients connect.
    pub(crate) tcp: SocketAddr,
    /// Where its WebSocket clients connect.
    pub(crate) http: SocketAddr,
}

impl Gateway {
    /// Starts a gateway on a data folder, on free ports, and waits until it listens.
    pub(crate) async fn start(options: &GatewayOptions, data: &Path) -> Result<Self> {
        let port_file = data.with_extension("ports");
        if port_file.exists() {
            std::fs::remove_file(&port_file)?;
        }
        let log_path = data.with_extension("log");
        let log = std::fs::File::create(&log_path)?;
        let mut command = Command::new(options.program()?);
        command
            .arg("serve")
            .args(["--http", "127.0.0.1:0"])
            .args(["--tcp", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .arg("--port-file")
            .arg(&port_file)
            .args(["--log", "warn"])
            .args(LIMITS.iter().flat_map(|(name, value)| [*name, *value]))
            .args(&options.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().context("cannot start the gateway")?;
        let pid = child.id().context("the gateway ended at once")?;
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Ok(text) = std::fs::read_to_string(&port_file) {
                let (tcp, http) = addresses(&text)?;
                return Ok(Self {
                    child,
                    pid,
                    tcp,
                    http,
                });
            }
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                bail!("the gateway ended with {status}:\n{log}");
            }
            if Instant::now() > deadline {
                bail!("the gateway was not up after {} s", START_LIMIT.as_secs());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Bytes of it that are in memory.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        proc::resident_bytes(self.pid)
    }

    /// Processor time that it has used.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        proc::processor_time(self.pid)
    }

    /// Kills it as `kill -9` does.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the gateway")
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus> {
        let pid = i32::try_from(self.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .context("the gateway has no process id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        timeout(STOP_LIMIT, self.child.wait())
            .await
            .map_err(|_| anyhow!("the gateway did not end in {} s", STOP_LIMIT.as_secs()))?
            .context("cannot wait for the gateway")
    }
}

/// Reads `http=…` and `tcp=…` out of a port file.
fn addresses(text: &str) -> Result<(SocketAddr, SocketAddr)> {
    let lines: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let address = |name: &str| -> Result<SocketAddr> {
        let value = lines
            .get(name)
            .with_context(|| format!("the port file has no line {name}="))?;
        value
            .parse()
            .with_context(|| format!("the port file says {name}={value}"))
    };
    Ok((address("tcp")?, address("http")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let (tcp, http) = addresses("http=127.0.0.1:1\ntcp=127.0.0.1:2\nmetrics=x\n").unwrap();
        assert_eq!((tcp.port(), http.port()), (2, 1));
        assert!(addresses("http=127.0.0.1:1\n").is_err());
    }
}
