//! The stage that looks at dependencies.

use std::process::Command;

use anyhow::Result;

use super::{Ground, Outcome};
use crate::process;
use crate::setup::tools;

pub(super) fn deny(ground: &Ground<'_>) -> Result<Outcome> {
    let program = tools::cargo_deny(ground.workspace)?;
    let deny = |arguments: &[&str]| {
        process::tee(
            Command::new(&program)
                .current_dir(&ground.workspace.root)
                .args(arguments),
        )
    };
    let rules = deny(&["check", "bans", "licenses", "sources"])?;
    // Known vulnerabilities come from a database that is not on every network.
    if !deny(&["fetch", "db"])?.success {
        return Ok(Outcome::check(
            rules.success,
            "advisories not checked: their database cannot be reached from here",
        ));
    }
    let advisories = deny(&["check", "--disable-fetch", "advisories"])?;
    Ok(Outcome::check(
        rules.success && advisories.success,
        "bans, licences, sources, advisories",
    ))
}
