//! The release build of the native programs.

use std::path::PathBuf;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Tells the gateway's build which folder to embed.
pub(crate) const WEB_DIST: &str = "SOTTO_WEB_DIST";

/// A native program of the workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    package: &'static str,
    /// The file's name without ending.
    pub(crate) name: &'static str,
}

/// The server, with the web client embedded.
pub(crate) const GATEWAY: Program = Program {
    package: "sotto-gateway",
    name: "sotto-gateway",
};

/// The command-line client.
pub(crate) const CLI: Program = Program {
    package: "sotto-cli",
    name: "sotto",
};

/// The load driver.
pub(crate) const LOADGEN: Program = Program {
    package: "sotto-loadgen",
    name: "sotto-loadgen",
};

impl Program {
    /// Its release build.
    pub(crate) fn path(self, workspace: &Workspace) -> PathBuf {
        let file = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        workspace.target.join("release").join(file)
    }
}

/// Builds programs in release. The web client must be in `dist/`.
pub(crate) fn build(workspace: &Workspace, programs: &[Program]) -> Result<()> {
    let mut command = process::cargo(&workspace.root);
    command.args(["build", "--release"]);
    for program in programs {
        command.args(["--package", program.package]);
    }
    process::run(command.env(WEB_DIST, workspace.dist()))
}
