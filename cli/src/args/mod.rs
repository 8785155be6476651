//! The command line.

mod account;
mod conversation;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};
use sotto_shared::UserName;

use crate::transport::Fingerprint;

pub(crate) use account::{AccountCommand, CodeFile, Device, OnOff, invitation_code};
pub(crate) use conversation::{GroupCommand, LobbyCommand};

/// Where the gateway listens by default.
pub(crate) const DEFAULT_SERVER: &str = "127.0.0.1:1357";

/// Sotto in a terminal: encrypted messages and files. Without a command it shows your conversations
/// on the whole terminal.
#[derive(Debug, Parser)]
#[command(name = "sotto", version, max_term_width = 100, after_help = EXIT_CODES)]
#[command(args_override_self = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Without one, conversations are shown on the whole terminal.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 failed · 2 usage · 3 not connected · 4 refused (name taken, unknown person, \
message refused) · 5 password or passphrase wrong or missing · 6 not signed in yet, or already · \
7 profile in use or unusable · 8 server not trusted · 9 device revoked, or account gone · \
10 password changed elsewhere · 11 a contact's account key has changed · 12 safety codes differ · \
13 too many attempts · 130 interrupted";

/// Options of all commands.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folder of keys and history [default: the platform's folder for application data]
    #[arg(long, global = true, value_name = "DIR", env = "SOTTO_PROFILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Server to connect to over TCP [default: 127.0.0.1:1357]
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        env = "SOTTO_SERVER",
        value_parser = server
    )]
    pub(crate) server: Option<String>,
    /// Connect to --server under TLS
    #[arg(
        long,
        global = true,
        env = "SOTTO_TLS",
        value_parser = BoolishValueParser::new(),
        conflicts_with = "seed_server"
    )]
    pub(crate) tls: bool,
    /// Trust whom the certificates (PEM) in this file vouch for, and nobody else
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Trust the server with the certificate of this fingerprint, and keep it in the profile
    #[arg(
        long,
        global = true,
        value_name = "FINGERPRINT",
        conflicts_with = "ca_file"
    )]
    pub(crate) pin: Option<Fingerprint>,
    /// Connect over WebSocket instead, as in wss://chat.example.org/ws or ws://127.0.0.1:8080/ws
    #[arg(long, global = true, value_name = "URL", value_parser = ws_url)]
    pub(crate) ws: Option<String>,
    /// The server is not Sotto's: speak only the classic protocol's own requests, each over a
    /// connection of its own
    #[arg(long, global = true, conflicts_with = "ws")]
    pub(crate) seed_server: bool,
    /// How long to keep trying, in seconds [default: until connecting has failed]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// File whose first line is the profile's passphrase [env: SOTTO_PASSPHRASE holds the
    /// passphrase itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// File whose first line is the account's password, which unlocks the profile, too [env:
    /// SOTTO_PASSWORD holds the password itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// File whose first line is the new password
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) new_password_file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Account(AccountCommand),
    /// Make keys and register a name of the classic protocol, without an account
    Register {
        /// The wanted name
        name: UserName,
    },
    /// Show who there is
    #[command(visible_alias = "contacts")]
    People,
    /// Send text to somebody, to a group, or to the lobby
    Send {
        /// Name or id; `lobby` is the lobby
        to: String,
        /// The text, or - for what comes from standard input
        text: String,
        /// To the classic mailbox of somebody who has an account: weakly encrypted
        #[arg(long)]
        classic: bool,
    },
    /// Show new messages of conversations as they come, until Ctrl-C
    Listen {
        /// Only what waits, then end
        #[arg(long)]
        once: bool,
    },
    /// Groups: make them, add and remove members, leave
    #[command(subcommand)]
    Group(GroupCommand),
    /// The lobby: everybody on this gateway who wants
    #[command(subcommand)]
    Lobby(LobbyCommand),
    /// Find messages by words or their beginnings; works without a connection
    Search {
        /// Accents and case do not matter
        #[arg(required = true)]
        words: Vec<String>,
        /// Most messages that are shown, the newest ones
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Send a file
    SendFile {
        /// Name or id
        to: String,
        /// The file
        path: PathBuf,
    },
    /// Show new messages and save new files of the classic mailbox
    Receive {
        /// Go on until Ctrl-C
        #[arg(long)]
        follow: bool,
        /// Folder to save files in [default: `received` in the profile]
        #[arg(long, value_name = "DIR")]
        files: Option<PathBuf>,
    },
    /// Show a person's fingerprint and the state of the key with them
    Key {
        /// Name or id
        who: String,
        /// Ask them for a symmetric key
        #[arg(long, conflicts_with = "send")]
        request: bool,
        /// Send them a new symmetric key
        #[arg(long)]
        send: bool,
    },
    /// Show what was said with somebody, in a group or in the lobby; works without a connection
    History {
        /// Name or id; `lobby` is the lobby
        who: String,
        /// In the classic mailbox
        #[arg(long)]
        classic: bool,
        /// How many messages, the newest ones
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show who you are, and how this device stands; works without a connection
    Whoami,
    /// Write your identity to a file, to use it with another client
    Export {
        /// The file, which must not be there yet, or - for standard output [default: my.info, or
        /// NAME.sotto when sealed]
        path: Option<PathBuf>,
        /// Seal it under a passphrase, with contacts and keys; otherwise it is the classic
        /// my.info, which is not encrypted
        #[arg(long)]
        sealed: bool,
        /// File whose first line is the passphrase of the sealed file
        #[arg(long, value_name = "FILE", requires = "sealed")]
        file_passphrase_file: Option<PathBuf>,
    },
    /// Take over an identity from a file, instead of registering
    Import {
        /// A my.info or a sealed file
        path: PathBuf,
        /// File whose first line is the passphrase of the sealed file
        #[arg(long, value_name = "FILE")]
        file_passphrase_file: Option<PathBuf>,
    },
    /// Set, change or remove the passphrase of the profile
    Passphrase {
        /// Remove it
        #[arg(long, conflicts_with = "new_passphrase_file")]
        remove: bool,
        /// File whose first line is the new passphrase
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Run the classic protocol's console client, with server.info and my.info of this folder
    Classic {
        /// Version byte of the requests: 1 for text only, 2 with files
        #[arg(long, value_name = "1|2", default_value_t = 2,
              value_parser = clap::value_parser!(u8).range(1..=2))]
        protocol_version: u8,
    },
}

fn server(text: &str) -> Result<String, String> {
    crate::classic::parse_server(text)
        .map(str::to_owned)
        .ok_or_else(|| "expected HOST:PORT, as in example.org:1357 or [::1]:1357".to_owned())
}

fn ws_url(text: &str) -> Result<String, String> {
    match WsAddress::of(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(
            "expected an address as wss://chat.example.org/ws or ws://127.0.0.1:8080/ws".to_owned(),
        ),
    }
}

/// Where a WebSocket's URL leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WsAddress {
    /// `HOST:PORT`.
    pub(crate) server: String,
    pub(crate) is_tls: bool,
}

impl WsAddress {
    /// Of a URL with the scheme `ws` or `wss`.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (is_tls, port) = match scheme {
            "ws" => (false, 80),
            "wss" => (true, 443),
            _ => return None,
        };
        let host = rest.split(['/', '?', '#']).next()?;
        if host.is_empty() || host.contains('@') {
            return None;
        }
        let server = match crate::classic::parse_server(host) {
            Some(server) => server.to_owned(),
            None => format!("{host}:{port}"),
        };
        Some(Self { server, is_tls })
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn names_are_parsed_at_the_edge() {
        let parse = |name: &str| Cli::try_parse_from(["sotto", "register", name]);
        assert!(parse("Zoë the 1st").is_ok());
        for bad in ["", "a\u{1b}[2J", "a\nb"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_addresses_that_can_be_dialled_pass() {
        let parse = |option: &str, value: &str| {
            Cli::try_parse_from(["sotto", "people", option, value]).is_ok()
        };
        assert!(parse("--server", "example.org:1357"));
        assert!(!parse("--server", "example.org"));
        assert!(parse("--ws", "ws://127.0.0.1:8080/ws"));
        assert!(parse("--ws", "wss://example.org/ws"));
        assert!(!parse("--ws", "ws:///ws"));
        assert!(!parse("--ws", "wss://user@example.org/ws"));
        assert!(!parse("--ws", "http://example.org/ws"));
        assert!(!parse("--timeout", "-1"));
        assert!(parse("--timeout", "0.5"));
    }

    #[test]
    fn a_websockets_url_gives_host_and_port() {
        for (url, server, is_tls) in [
            ("ws://127.0.0.1:8080/ws", "127.0.0.1:8080", false),
            ("wss://chat.example.org/ws", "chat.example.org:443", true),
            ("ws://chat.example.org", "chat.example.org:80", false),
            ("wss://[::1]:8443/ws?x=a:9", "[::1]:8443", true),
            ("wss://[::1]/ws", "[::1]:443", true),
        ] {
            let server = server.to_owned();
            assert_eq!(WsAddress::of(url), Some(WsAddress { server, is_tls }));
        }
    }
}
