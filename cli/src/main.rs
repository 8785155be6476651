//! `sotto`: Sotto in a terminal, and the classic protocol's console client.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`args`], [`problem`] | the command line; exit codes and what users are told |
//! | [`commands`] | the one-shot commands |
//! | [`tui`] | conversations on the whole screen |
//! | [`client`] | the engine at work: executes its outputs, feeds it answers and time |
//! | [`transport`] | ways to a server: TCP, a TCP connection per request, WebSocket |
//! | [`store`] | the engine's storage in SQLite |
//! | [`classic`] | the console client of the classic protocol |
//! | [`passphrase`], [`prompt`] | where passwords come from; questions at the terminal |
//! | [`output`], [`sanitize`], [`files`] | printing for people and scripts; strangers' text and files made harmless |

mod args;
mod classic;
mod client;
mod commands;
mod files;
mod output;
mod passphrase;
mod problem;
mod profile;
mod progress;
mod prompt;
mod resolve;
mod sanitize;
mod store;
mod transport;
mod tui;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use sotto_shared::classic::Version;

use args::{Cli, Command, Options};
use output::Printer;
use problem::{Exit, Problem};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.command.is_none() && !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        eprint!("{}", Cli::command().render_help());
        return ExitCode::from(Exit::Usage as u8);
    }
    let printer = Printer::new(cli.options.json);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) if problem.is_broken_pipe() => ExitCode::SUCCESS,
        Err(problem) => {
            printer.problem(&problem);
            ExitCode::from(problem.exit as u8)
        }
    }
}

fn run(cli: Cli) -> Result<(), Problem> {
    if let Some(Command::Classic { protocol_version }) = cli.command {
        return run_classic(cli.options, protocol_version);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Some(command) => commands::run(cli.options, command).await,
            None => commands::show(cli.options).await,
        }
    })
}

fn run_classic(options: Options, protocol_version: u8) -> Result<(), Problem> {
    let version = match protocol_version {
        1 => Version::V1,
        _ => Version::V2,
    };
    classic::run(options.server, version).map_err(|error| {
        let input_output = error.downcast_ref::<io::Error>();
        match input_output.map(io::Error::kind) {
            Some(io::ErrorKind::BrokenPipe) => io::Error::from(io::ErrorKind::BrokenPipe).into(),
            _ => Problem::new(Exit::Failed, format!("{error:#}")),
        }
    })
}
