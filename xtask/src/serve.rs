//! `cargo xtask serve`: from sources to a gateway that answers.

use std::process::Command;

use anyhow::Result;

use crate::product::{self, GATEWAY};
use crate::web;
use crate::workspace::Workspace;

/// Builds what has changed and becomes the gateway, which prints the address to open.
pub(crate) fn serve(workspace: &Workspace, arguments: Vec<String>) -> Result<()> {
    web::ensure(workspace)?;
    product::build(workspace, &[GATEWAY])?;
    let mut gateway = Command::new(GATEWAY.path(workspace));
    gateway.arg("serve").args(arguments);
    become_program(gateway)
}

/// This process becomes the gateway: Ctrl-C and every other signal reach it and nobody else, and
/// its exit status is ours.
#[cfg(unix)]
fn become_program(mut program: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::new(program.exec()).context("cannot start the gateway"))
}

/// Where a process cannot become another, the console sends Ctrl-C to both.
#[cfg(not(unix))]
fn become_program(mut program: Command) -> Result<()> {
    crate::process::run(&mut program)
}
