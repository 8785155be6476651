//! Trunk, wasm-bindgen, wasm-opt and cargo-deny.
//!
//! A tool on PATH or in the tools folder is taken as it is, if its version will do. Else a
//! ready-made binary is tried (cargo-binstall), then it is compiled into the tools folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::node;
use crate::process;
use crate::workspace::Workspace;

/// A tool of the Rust package registry.
struct Tool<'a> {
    program: &'a str,
    package: &'a str,
    version: &'a str,
    /// Whether the version that the program names will do.
    accept: &'a dyn Fn(&str) -> bool,
}

/// The web client's bundler.
pub(crate) fn trunk(workspace: &Workspace) -> Result<PathBuf> {
    ensure(
        workspace,
        &Tool {
            program: "trunk",
            package: "trunk",
            version: "0.21.14",
            // Trunk.toml and the page's links are written for this line.
            accept: &|found| found.starts_with("0.21."),
        },
    )
}

/// The maker of the glue between wasm and JavaScript: exactly the library's version.
pub(crate) fn wasm_bindgen(workspace: &Workspace) -> Result<PathBuf> {
    let version = workspace.locked_version("wasm-bindgen")?;
    ensure(
        workspace,
        &Tool {
            program: "wasm-bindgen",
            package: "wasm-bindgen-cli",
            version: &version,
            accept: &|found| found == version,
        },
    )
}

/// The check of dependencies.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    ensure(
        workspace,
        &Tool {
            program: "cargo-deny",
            package: "cargo-deny",
            version: "0.20.2",
            accept: &|_| true,
        },
    )
}

/// The oldest wasm-opt that knows everything that rustc emits today.
const WASM_OPT_OLDEST: u32 = 116;

/// The size optimiser: from npm's binaryen, else a recent one on PATH, else none.
pub(crate) fn wasm_opt(workspace: &Workspace) -> Option<PathBuf> {
    let from_npm = node::ensure(workspace)
        .ok()
        .map(|modules| modules.join(".bin/wasm-opt"))
        .filter(|path| path.is_file());
    let found = from_npm.or_else(|| {
        let path = process::find("wasm-opt")?;
        let version = version_of(&path)?;
        (version.parse::<u32>().ok()? >= WASM_OPT_OLDEST).then_some(path)
    });
    match &found {
        Some(path) => println!("wasm-opt: {}", path.display()),
        None => println!("wasm-opt: none found, the modules will be somewhat larger"),
    }
    found
}

fn ensure(workspace: &Workspace, tool: &Tool<'_>) -> Result<PathBuf> {
    if let Some(path) = present(workspace, tool) {
        println!("{}: {}", tool.program, path.display());
        return Ok(path);
    }
    let how = if ready_made(workspace, tool) {
        "ready-made, by cargo-binstall"
    } else {
        compile(workspace, tool)?;
        "compiled"
    };
    let path = present(workspace, tool).with_context(|| advice(tool))?;
    println!("{}: {} ({how})", tool.program, path.display());
    Ok(path)
}

fn advice(tool: &Tool<'_>) -> String {
    format!(
        "{} {} is missing and could not be installed. Run: cargo install {} --version {}",
        tool.program, tool.version, tool.package, tool.version
    )
}

/// The program that the web build will run, if its version will do: in the tools folder, which
/// goes first in that build's PATH, else elsewhere on PATH.
fn present(workspace: &Workspace, tool: &Tool<'_>) -> Option<PathBuf> {
    let file = format!("{}{}", tool.program, std::env::consts::EXE_SUFFIX);
    let ours = Some(workspace.tools.join("bin").join(file)).filter(|path| path.is_file());
    let first = ours.or_else(|| process::find(tool.program))?;
    let version = version_of(&first)?;
    (tool.accept)(&version).then_some(first)
}

fn version_of(program: &PathBuf) -> Option<String> {
    let text = process::output(Command::new(program).arg("--version"))?;
    version_in(&text)
}

/// The first word that starts with a digit: `trunk 0.21.14`, `wasm-opt version 132 (…)`.
fn version_in(text: &str) -> Option<String> {
    text.split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

fn ready_made(workspace: &Workspace, tool: &Tool<'_>) -> bool {
    process::find("cargo-binstall").is_some()
        && process::run(
            process::cargo(&workspace.root)
                .args(["binstall", "--no-confirm", "--root"])
                .arg(&workspace.tools)
                .arg(format!("{}@{}", tool.package, tool.version)),
        )
        .is_ok()
}

fn compile(workspace: &Workspace, tool: &Tool<'_>) -> Result<()> {
    println!(
        "{} {} is compiled once, which takes some minutes",
        tool.program, tool.version
    );
    let install = |locked: &[&str]| {
        process::run(
            process::cargo(&workspace.root)
                .args(["install", tool.package, "--version", tool.version])
                .args(locked)
                .arg("--root")
                .arg(&workspace.tools)
                .env("CARGO_TARGET_DIR", workspace.target.join("tools-build"))
                // The tools' own release profiles are made for shipping; ours need to be there
                // soon.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
                .env("CARGO_PROFILE_RELEASE_DEBUG", "0"),
        )
    };
    // A registry mirror may lag behind the tool's own lock file.
    install(&["--locked"])
        .or_else(|_| install(&[]))
        .with_context(|| advice(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_say() {
        let cases = [
            ("trunk 0.21.14\n", "0.21.14"),
            ("wasm-bindgen 0.2.130", "0.2.130"),
            ("wasm-opt version 132 (version_132)", "132"),
            ("wasm-opt version 108", "108"),
        ];
        for (text, version) in cases {
            assert_eq!(version_in(text).as_deref(), Some(version));
        }
        assert_eq!(version_in("no number here"), None);
    }
}
