//! Set-up: finds or installs what the web build and the browser tests need, says which it took,
//! and where it cannot go on says what is missing and the one command that brings it.

pub(crate) mod browser;
pub(crate) mod node;
pub(crate) mod toolchain;
pub(crate) mod tools;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;
use toolchain::Toolchain;

/// What builds the web client: a compiler for wasm32, Trunk and wasm-bindgen, perhaps wasm-opt.
#[derive(Debug, Clone)]
pub(crate) struct WebTools {
    toolchain: Toolchain,
    path: OsString,
    target: PathBuf,
    /// Makes the modules smaller; the build works without it.
    pub(crate) wasm_opt: Option<PathBuf>,
}

/// Finds or installs everything that the web client's build needs.
pub(crate) fn web(workspace: &Workspace) -> Result<WebTools> {
    let toolchain = toolchain::ensure()?;
    println!("wasm32 target: {}", toolchain.source);
    let mut folders = toolchain.path.clone();
    folders.push(workspace.tools.join("bin"));
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(folders).context("PATH holds a folder that cannot stand in it")?;
    tools::trunk(workspace)?;
    tools::wasm_bindgen(workspace)?;
    Ok(WebTools {
        toolchain,
        path,
        // A folder of its own: the compiler may be another one than that of the native programs.
        target: workspace.target.join("web"),
        wasm_opt: tools::wasm_opt(workspace),
    })
}

/// Everything for the web client and for the browser tests.
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    web(workspace)?;
    node::ensure(workspace)?;
    browser::ensure(workspace)?;
    Ok(())
}

/// Runs Trunk as the user asks, in the toolchain that set-up found.
pub(crate) fn trunk(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let tools = web(workspace)?;
    process::run(
        tools
            .command("trunk")
            .current_dir(&workspace.root)
            .args(arguments),
    )
}

impl WebTools {
    /// A program in the environment of the web build; `cargo` is the cargo of that toolchain.
    pub(crate) fn command(&self, program: &str) -> Command {
        let program = process::find_in(program, &self.path).unwrap_or_else(|| program.into());
        let mut command = Command::new(program);
        for name in self.toolchain.unset {
            command.env_remove(name);
        }
        command
            .envs(self.toolchain.set.iter().cloned())
            .env("PATH", &self.path)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Where the standard library for wasm32 comes from.
    pub(crate) fn source(&self) -> &'static str {
        self.toolchain.source
    }
}
