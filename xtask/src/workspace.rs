//! Where things are: the clone, its build folder, and the tools that outlive both.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that every command works in.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The clone.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Where tools that set-up compiles are installed; their programs are in `bin` below it.
    pub(crate) tools: PathBuf,
}

impl Workspace {
    /// Finds the clone that this program was run from, and the folders that go with it.
    pub(crate) fn find() -> Result<Self> {
        // Set by `cargo run`; a program run by hand knows where it was compiled.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .context("the xtask crate has no folder above it")?
            .to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let tools = cache_folder()
            .unwrap_or_else(|| target.clone())
            .join("tools");
        Ok(Self {
            root,
            target,
            tools,
        })
    }

    /// A path inside the clone.
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.root.join(inside)
    }

    /// The web client as the gateway serves it.
    pub(crate) fn dist(&self) -> PathBuf {
        self.path("dist")
    }

    /// A folder for this program's own files, made if it is not there.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let folder = self.target.join("xtask");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// The version of a package in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.path("Cargo.lock");
        let lock =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        locked_version(&lock, package)
            .with_context(|| format!("Cargo.lock has no package `{package}`"))
    }
}

/// The cache outside the clone, if it is there or can be made.
fn cache_folder() -> Option<PathBuf> {
    let folder = match env::var_os("SOTTO_CACHE") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"))?)
            .join(".cache/sotto"),
    };
    fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines
        .nth(1)?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_version_is_that_of_the_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-test\"\nversion = \"0.3.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(
            locked_version(lock, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(lock, "leptos"), None);
    }
}
