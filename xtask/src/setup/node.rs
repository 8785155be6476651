//! The npm packages of `e2e/`: Playwright, axe, and binaryen for its wasm-opt.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The oldest Node.js that Playwright runs on.
const NODE_OLDEST: u32 = 20;

/// Installs what `e2e/package-lock.json` names, unless that was done; the folder it is in.
pub(crate) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.path("e2e");
    let modules = folder.join("node_modules");
    // A copy of the lock file that the folder was installed from.
    let done = modules.join(".installed-from");
    let lock = fs::read(folder.join("package-lock.json"))
        .context("e2e/package-lock.json cannot be read")?;
    if fs::read(&done).is_ok_and(|installed| installed == lock) {
        return Ok(modules);
    }
    check_node()?;
    process::run(npm(workspace)?.args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&done, lock).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(modules)
}

/// `npm` in `e2e/`.
fn npm(workspace: &Workspace) -> Result<Command> {
    let Some(npm) = process::find("npm") else {
        bail!("npm is missing; install Node.js {NODE_OLDEST} or newer");
    };
    let mut command = Command::new(npm);
    command.current_dir(workspace.path("e2e"));
    Ok(command)
}

/// `npx` in `e2e/`, for a program of a package that is installed there.
pub(crate) fn npx(workspace: &Workspace) -> Command {
    let mut command = Command::new(process::find("npx").unwrap_or_else(|| "npx".into()));
    command
        .arg("--no-install")
        .current_dir(workspace.path("e2e"));
    command
}

fn check_node() -> Result<()> {
    let Some(version) = process::output(Command::new("node").arg("--version")) else {
        bail!("Node.js is missing; install version {NODE_OLDEST} or newer");
    };
    if major(&version).is_some_and(|major| major < NODE_OLDEST) {
        bail!(
            "Node.js {} is too old; install version {NODE_OLDEST} or newer",
            version.trim()
        );
    }
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
