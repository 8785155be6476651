//! Stages of the native crates.

use anyhow::{Context, Result};

use super::{Counts, Ground, Outcome, counts};
use crate::process::{self, cargo};

/// Has stages of its own, for wasm32; what in it needs no browser is also tested natively.
const WEB_CLIENT: &str = "sotto-web-client";
/// Has a stage of its own, in release.
const FUZZ: &str = "sotto-fuzz";

pub(super) fn fmt(ground: &Ground<'_>) -> Result<Outcome> {
    let finished = process::tee(cargo(&ground.workspace.root).args(["fmt", "--all", "--check"]))?;
    let note = if finished.success {
        ""
    } else {
        "run: cargo fmt --all"
    };
    Ok(Outcome::check(finished.success, note))
}

pub(super) fn clippy(ground: &Ground<'_>) -> Result<Outcome> {
    let finished = process::tee(
        cargo(&ground.workspace.root)
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--exclude", WEB_CLIENT])
            .args(["--", "-D", "warnings"]),
    )?;
    Ok(Outcome::check(finished.success, ""))
}

pub(super) fn tests(ground: &Ground<'_>) -> Result<Outcome> {
    let rest = ["--workspace", "--exclude", FUZZ];
    let mut command = cargo(&ground.workspace.root);
    if process::find("cargo-nextest").is_some() {
        command
            .args(["nextest", "run", "--no-fail-fast"])
            .args(rest);
        let finished = process::tee(&mut command)?;
        let counts = counts::of_nextest(&finished.text)
            .context("the tests did not run; the reason is above")?;
        return Ok(Outcome::tests(finished.success, counts));
    }
    command
        .args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"])
        .args(rest);
    libtest(command)
}

pub(super) fn doc_tests(ground: &Ground<'_>) -> Result<Outcome> {
    let mut command = cargo(&ground.workspace.root);
    command
        .args(["test", "--doc", "--no-fail-fast", "--workspace"])
        .args(["--exclude", WEB_CLIENT]);
    libtest(command)
}

pub(super) fn fuzz(ground: &Ground<'_>) -> Result<Outcome> {
    let mut command = cargo(&ground.workspace.root);
    command.args(["test", "--release", "--no-fail-fast", "--package", FUZZ]);
    libtest(command)
}

fn libtest(mut command: std::process::Command) -> Result<Outcome> {
    let finished = process::tee(&mut command)?;
    let counts: Counts = counts::of_libtest(&finished.text);
    Ok(Outcome::tests(finished.success, counts))
}
