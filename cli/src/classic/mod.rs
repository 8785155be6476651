//! `sotto classic`: the console client of the classic protocol, with its menu, its files and its
//! habits, against any server of that protocol.

mod info;
mod menu;
mod session;
mod shell;
mod wire;

use std::io;
use std::path::Path;

use anyhow::Result;
use sotto_shared::classic::Version;

pub(crate) use info::parse_server;

/// Runs the menu on this terminal, with the files of the working directory. `server` wins over
/// `server.info`.
pub(crate) fn run(server: Option<String>, version: Version) -> Result<()> {
    let folder = Path::new(".");
    let server = match server {
        Some(server) => server,
        None => info::read_server(folder)?,
    };
    let identity = info::read_identity(folder)?;
    shell::Shell {
        session: session::Session::new(version, identity),
        wire: wire::TcpWire::new(server)?,
        folder,
        temporary: std::env::temp_dir(),
        input: &mut io::stdin().lock(),
        output: &mut io::stdout().lock(),
        warnings: &mut io::stderr(),
    }
    .run()
}
