//! `sotto-gateway`: the command line around [`sotto_gateway::Gateway`].

mod command;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use sotto_gateway::Gateway;
use sotto_gateway::config::{Config, Given, LogFormat};
use tracing_subscriber::EnvFilter;

/// Sotto's gateway: stores and forwards messages that it cannot read
///
/// It serves the web app, browsers (WebSocket) and native or classic clients (TCP), and keeps
/// everything in one folder.
#[derive(Parser)]
#[command(name = "sotto-gateway", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway
    ///
    /// Without any flag it serves http://127.0.0.1:8080 and TCP 127.0.0.1:1357 and keeps its data
    /// in ./data. Each setting can be given as a flag, as an environment variable, or in a TOML
    /// file (--config), in this order of precedence. In the file, keys are spelled with
    /// underscores; limits stand in the table [limits], the certificate in [tls] (without `tls_`).
    ///
    /// SIGTERM or Ctrl-C stops it: it answers what it accepted, and exits.
    Serve(Box<Serve>),

    /// Make an invitation
    ///
    /// Prints its code and, if the gateway knows its own address, a link for the web app.
    Invite(command::Invite),

    /// See and manage accounts
    #[command(subcommand)]
    User(command::User),

    /// Read the audit log
    Audit(command::Audit),
}

#[derive(Args)]
struct Serve {
    /// TOML file with settings
    #[arg(long, env = "SOTTO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    given: Given,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => run(*serve),
        Command::Invite(invite) => command::invite(invite),
        Command::User(user) => command::user(user),
        Command::Audit(audit) => audit.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sotto-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(serve: Serve) -> anyhow::Result<()> {
    let config = Config::settle(serve.given, serve.config.as_deref(), Path::new("."))?;
    start_log(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(serve_until_told(config))
}

async fn serve_until_told(config: Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let gateway = Gateway::start(config).await?;
    announce(&gateway, scheme);
    signals.wait().await;
    tracing::info!("stopping");
    if !gateway.stop().await {
        tracing::warn!("connections that did not finish in time were cut");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Tells people and programs where the gateway listens. That nobody reads it is no reason to stop.
fn announce(gateway: &Gateway, scheme: &str) {
    let addresses = gateway.addresses();
    let http = addresses.http;
    let fingerprint = gateway
        .fingerprint()
        .map_or(String::new(), |known| format!("fingerprint {known}\n"));
    let lines =
        format!("listening {addresses}\n{fingerprint}Sotto is ready: open {scheme}://{http}\n");
    let mut out = std::io::stdout().lock();
    drop(out.write_all(lines.as_bytes()).and_then(|()| out.flush()));
}

/// Logs go to standard error; standard output tells only where the gateway listens.
fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("`{}` is not a log filter", config.log))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
