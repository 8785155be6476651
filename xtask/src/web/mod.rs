//! The release build of the web client: from its sources to `dist/`.
//!
//! Trunk compiles the two modules, runs wasm-bindgen and fills in `index.html`. Its output works
//! as it is, which is what `trunk serve` shows, but it is not what a gateway should serve: the
//! start script stands in the page (the content security policy forbids that), and the worker's
//! files have no hash in their names. So its output is only an intermediate, and this module
//! makes `dist/` of it:
//!
//! 1. `wasm-opt -Oz`, where there is one; custom sections dropped from the modules.
//! 2. The worker's loader is joined to its glue, which saves one round trip.
//! 3. Every file but the page gets a name that holds its hash, `name-<16 hex digits>.ext`, and
//!    every reference to it follows: the address of the module in the glue, then that of the glue
//!    in the page. What has such a name never changes and may be cached for ever.
//! 4. Scripts in the page become files of their own. Each script, style sheet and preloaded script
//!    has a subresource integrity hash; the page's module is fetched with one.
//! 5. Beside each file that gains by it stands its brotli compression, quality 11, `name.br`.
//!
//! How the page finds its worker: `<meta name="sotto-worker" content="/…">` holds the address for
//! `new Worker(address, { type: "module" })`. In development that is `/worker_loader.js`; here it
//! becomes the hashed name. A module worker that still awaits its wasm has no message handler yet
//! and loses what is sent to it, so the worker speaks first.
//!
//! A stamp over sources and result makes the second build a matter of reading them.

mod assets;
mod compress;
mod html;
mod integrity;
mod page;
mod stamp;
mod wasm;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;
use crate::setup::{self, WebTools};
use crate::workspace::Workspace;
use assets::Assets;
pub(crate) use compress::Sizes;

/// The page's file name.
const PAGE: &str = "index.html";

/// Builds `dist/` unless it is up to date; what it weighs.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Sizes> {
    let dist = workspace.dist();
    let stamp_file = workspace.scratch()?.join("web.stamp");
    if stamp::holds(workspace, &stamp_file, &dist)? {
        println!("web client: up to date");
        return Sizes::of(&dist);
    }
    let tools = setup::web(workspace)?;
    let sources = stamp::sources(workspace)?;
    let raw = bundle(workspace, &tools)?;
    let assets = finish(&raw, tools.wasm_opt.as_deref(), &workspace.scratch()?)?;
    assets.write(&dist)?;
    let sizes = compress::folder(&dist)?;
    stamp::set(&stamp_file, &sources, &dist)?;
    println!("\n{sizes}");
    Ok(sizes)
}

/// Runs Trunk; the folder with its output.
fn bundle(workspace: &Workspace, tools: &WebTools) -> Result<PathBuf> {
    let raw = workspace.scratch()?.join("trunk");
    process::run(
        tools
            .command("trunk")
            .current_dir(&workspace.root)
            .args(["build", "--release", "--dist"])
            .arg(&raw),
    )
    .context("the web client does not build")?;
    Ok(raw)
}

/// Makes the served files of Trunk's output.
fn finish(raw: &Path, wasm_opt: Option<&Path>, scratch: &Path) -> Result<Assets> {
    let mut assets = Assets::read(raw)?;
    for name in assets.names_ending(".wasm") {
        let module = assets.take(&name)?;
        let module = match wasm_opt {
            Some(program) => wasm::optimise(program, &module, scratch)
                .with_context(|| format!("wasm-opt failed on {name}"))?,
            None => module,
        };
        let module = wasm::without_custom_sections(&module)
            .with_context(|| format!("{name} is not a WebAssembly module"))?;
        assets.put(&name, module);
    }
    worker::join_loader(&mut assets)?;
    let page = assets.take(PAGE)?;
    assets.hash_names()?;
    let page = page::finish(&String::from_utf8(page)?, &mut assets)?;
    assets.put(PAGE, page.into_bytes());
    assets.check_references()?;
    Ok(assets)
}

/// Removes a file that may not be there.
fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
