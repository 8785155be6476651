//! Stages of the web client's crate.

use anyhow::{Context, Result};

use super::{Ground, Outcome};
use crate::process;
use crate::setup::{browser, node};

const CLIENT: [&str; 4] = [
    "--package",
    "sotto-web-client",
    "--target",
    "wasm32-unknown-unknown",
];

pub(super) fn setup(ground: &Ground<'_>) -> Result<Outcome> {
    let tools = ground.web()?;
    node::ensure(ground.workspace)?;
    browser::ensure(ground.workspace)?;
    let note = format!("wasm32 target: {}", tools.source());
    Ok(Outcome::check(true, note))
}

pub(super) fn clippy(ground: &Ground<'_>) -> Result<Outcome> {
    let finished = process::tee(
        ground
            .web()?
            .command("cargo")
            .current_dir(&ground.workspace.root)
            .args(["clippy", "--all-targets"])
            .args(CLIENT)
            .args(["--", "-D", "warnings"]),
    )?;
    Ok(Outcome::check(finished.success, "").with_errors("clippy-wasm", &finished.text))
}

/// cargo hands each test program to `e2e/wasm-runner.mjs`, which has wasm-bindgen's runner serve
/// it and opens it in the browser.
pub(super) fn tests(ground: &Ground<'_>) -> Result<Outcome> {
    let workspace = ground.workspace;
    let tools = ground.web()?;
    node::ensure(workspace)?;
    let browser = browser::ensure(workspace)?;
    let runner = process::find("node").context("Node.js is missing")?;
    let runner = format!(
        "{} {}",
        runner.display(),
        workspace.path("e2e/wasm-runner.mjs").display()
    );
    let mut command = tools.command("cargo");
    command
        .current_dir(&workspace.root)
        .args(["test", "--no-fail-fast", "--lib", "--test", "*"])
        .args(CLIENT)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    browser.tell(&mut command);
    let finished = process::tee(&mut command)?;
    Ok(Outcome::libtest("wasm", &finished))
}
