//! The browser that tests run in: the system's Chromium where there is one, else Playwright's.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::node;
use crate::process;
use crate::workspace::Workspace;

/// Names the browser for the tests; unset, they take Playwright's own.
pub(crate) const VARIABLE: &str = "CHROMIUM_PATH";

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// A Chromium for Playwright.
#[derive(Debug, Clone)]
pub(crate) enum Browser {
    /// Installed on the system.
    System(PathBuf),
    /// Playwright downloaded it and knows where it is.
    Playwright,
}

impl Browser {
    /// Tells a test program which browser to take.
    pub(crate) fn tell(&self, command: &mut Command) {
        match self {
            Self::System(path) => command.env(VARIABLE, path),
            Self::Playwright => command.env_remove(VARIABLE),
        };
    }
}

/// Finds a browser or has Playwright download one.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Browser> {
    let named = env::var_os(VARIABLE).filter(|path| !path.is_empty());
    if let Some(path) = named.map(PathBuf::from) {
        if !path.is_file() {
            bail!("{VARIABLE} is {}, which is not there", path.display());
        }
        return Ok(Browser::System(path));
    }
    if let Some(path) = NAMES.iter().find_map(|name| process::find(name)) {
        println!("browser: {}", path.display());
        return Ok(Browser::System(path));
    }
    println!("browser: Playwright's own Chromium");
    process::run(node::npx(workspace).args(["playwright", "install", "chromium"])).context(
        "the browser tests need Chromium, and Playwright could not download it. \
         Run: npx playwright install chromium (in e2e/), or install Chromium and set CHROMIUM_PATH",
    )?;
    Ok(Browser::Playwright)
}
