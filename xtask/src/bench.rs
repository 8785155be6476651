//! `cargo xtask bench`: every measurement, one entry each.

use anyhow::{Result, bail};

use crate::process;
use crate::product::{self, CLI, GATEWAY, LOADGEN};
use crate::setup::{browser, node};
use crate::web;
use crate::workspace::Workspace;

struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> Result<()>,
}

const PARTS: [Part; 7] = [
    Part {
        name: "durable",
        about: "durable sends over TCP and WebSocket beside raw inserts, and their latency",
        run: durable,
    },
    Part {
        name: "fanout",
        about: "durable messages to groups of 2 to 1,000 devices, and how soon they arrive",
        run: fanout,
    },
    Part {
        name: "idle",
        about: "the gateway's memory for each of 10,000 idle connections",
        run: idle,
    },
    Part {
        name: "logins",
        about: "password logins a second, and what a flood of them does to connected users",
        run: logins,
    },
    Part {
        name: "crash",
        about: "the gateway killed again and again under load: what is acknowledged is delivered",
        run: crash,
    },
    Part {
        name: "web-size",
        about: "the web client's files, plain and compressed",
        run: web_size,
    },
    Part {
        name: "browser",
        about: "time to usable, key generation and bulk encryption in Chromium",
        run: in_browser,
    },
];

/// Runs the parts that are named, or all.
pub(crate) fn command(workspace: &Workspace, names: &[String]) -> Result<bool> {
    if let Some(unknown) = names
        .iter()
        .find(|name| PARTS.iter().all(|part| part.name != name.as_str()))
    {
        for part in &PARTS {
            println!("{:<10} {}", part.name, part.about);
        }
        bail!("there is no part `{unknown}`");
    }
    web::ensure(workspace)?;
    product::build(workspace, &[GATEWAY, CLI, LOADGEN])?;
    let mut sound = true;
    for part in &PARTS {
        if !names.is_empty() && names.iter().all(|name| name != part.name) {
            continue;
        }
        println!("\n== {}: {}", part.name, part.about);
        if let Err(error) = (part.run)(workspace) {
            println!("{} failed: {error:#}", part.name);
            sound = false;
        }
    }
    Ok(sound)
}

fn durable(workspace: &Workspace) -> Result<()> {
    loadgen(workspace, &["bench", "durable"])
}

fn fanout(workspace: &Workspace) -> Result<()> {
    loadgen(workspace, &["bench", "fanout"])
}

fn idle(workspace: &Workspace) -> Result<()> {
    loadgen(workspace, &["bench", "idle"])
}

fn logins(workspace: &Workspace) -> Result<()> {
    loadgen(workspace, &["bench", "logins"])
}

fn crash(workspace: &Workspace) -> Result<()> {
    loadgen(workspace, &["crash"])
}

fn loadgen(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let mut command = std::process::Command::new(LOADGEN.path(workspace));
    command
        .args(arguments)
        .env("SOTTO_GATEWAY_BIN", GATEWAY.path(workspace));
    // On a disk for certain: folders for temporary files are in memory on many systems.
    command.arg("--scratch").arg(workspace.scratch()?);
    process::run(&mut command)
}

fn web_size(workspace: &Workspace) -> Result<()> {
    println!("{}", web::Sizes::of(&workspace.dist())?);
    Ok(())
}

fn in_browser(workspace: &Workspace) -> Result<()> {
    node::ensure(workspace)?;
    let browser = browser::ensure(workspace)?;
    let mut command = node::npx(workspace);
    command
        .args(["playwright", "test", "--config", "bench", "--reporter=list"])
        .env("SOTTO_GATEWAY_BIN", GATEWAY.path(workspace))
        .env("SOTTO_CLI_BIN", CLI.path(workspace));
    browser.tell(&mut command);
    process::run(&mut command)
}
