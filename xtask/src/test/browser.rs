//! Stages of the whole product: built, weighed, and used in a real browser.

use std::fs;

use anyhow::{Context, Result};

use super::{Ground, Outcome, counts, findings};
use crate::process;
use crate::product::{self, CLI, GATEWAY};
use crate::setup::{browser, node};
use crate::web;

/// What everything that a visitor downloads may weigh, compressed, in bytes: so that it does not grow
/// unnoticed. The aim is in `docs/benchmarks.md`, and lower.
const WEB_LIMIT: u64 = 960_000;

pub(super) fn build(ground: &Ground<'_>) -> Result<Outcome> {
    web::ensure(ground.workspace)?;
    product::build(ground.workspace, &[GATEWAY, CLI])?;
    Ok(Outcome::check(true, ""))
}

pub(super) fn size(ground: &Ground<'_>) -> Result<Outcome> {
    let sizes = web::ensure(ground.workspace)?;
    let total = sizes.total();
    println!("{sizes}");
    Ok(Outcome::check(
        total < WEB_LIMIT,
        format!("{total} bytes of brotli, limit {WEB_LIMIT}"),
    ))
}

pub(super) fn end_to_end(ground: &Ground<'_>) -> Result<Outcome> {
    let workspace = ground.workspace;
    build(ground)?;
    node::ensure(workspace)?;
    let browser = browser::ensure(workspace)?;
    let report = workspace.scratch()?.join("playwright.json");
    if report.exists() {
        fs::remove_file(&report).context("cannot remove the last report")?;
    }
    let mut command = node::npx(workspace);
    command
        .args(["playwright", "test", "--reporter=list,json"])
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .env("SOTTO_GATEWAY_BIN", GATEWAY.path(workspace))
        .env("SOTTO_CLI_BIN", CLI.path(workspace));
    browser.tell(&mut command);
    let finished = process::tee(&mut command)?;
    let report = fs::read_to_string(&report).context("Playwright wrote no report")?;
    let counts = counts::of_playwright(&report).context("Playwright's report has no totals")?;
    let findings = findings::of_playwright(&report);
    Ok(Outcome::tests(finished.success, counts, findings))
}
