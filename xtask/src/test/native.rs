//! Stages of the native crates.

use std::process::Command;

use anyhow::Result;

use super::{Ground, Outcome, counts, findings};
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
    Ok(Outcome::check(finished.success, note).with_errors("fmt", &finished.text))
}

pub(super) fn clippy(ground: &Ground<'_>) -> Result<Outcome> {
    let finished = process::tee(
        cargo(&ground.workspace.root)
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--exclude", WEB_CLIENT])
            .args(["--", "-D", "warnings"]),
    )?;
    Ok(Outcome::check(finished.success, "").with_errors("clippy", &finished.text))
}

pub(super) fn tests(ground: &Ground<'_>) -> Result<Outcome> {
    let rest = ["--workspace", "--exclude", FUZZ];
    let mut command = cargo(&ground.workspace.root);
    if process::find("cargo-nextest").is_some() {
        command
            .args(["nextest", "run", "--no-fail-fast"])
            .args(rest);
        let finished = process::tee(&mut command)?;
        let Some(counts) = counts::of_nextest(&finished.text) else {
            let outcome = Outcome::check(false, "the tests did not run");
            return Ok(outcome.with_errors("unit", &finished.text));
        };
        let findings = findings::of_nextest(&finished.text);
        return Ok(Outcome::tests(finished.success, counts, findings));
    }
    command
        .args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"])
        .args(rest);
    libtest("unit", command)
}

pub(super) fn doc_tests(ground: &Ground<'_>) -> Result<Outcome> {
    let mut command = cargo(&ground.workspace.root);
    command
        .args(["test", "--doc", "--no-fail-fast", "--workspace"])
        .args(["--exclude", WEB_CLIENT]);
    libtest("doc", command)
}

pub(super) fn fuzz(ground: &Ground<'_>) -> Result<Outcome> {
    let mut command = cargo(&ground.workspace.root);
    command.args(["test", "--release", "--no-fail-fast", "--package", FUZZ]);
    libtest("fuzz", command)
}

fn libtest(stage: &str, mut command: Command) -> Result<Outcome> {
    let finished = process::tee(&mut command)?;
    Ok(Outcome::libtest(stage, &finished))
}
