//! The developer's front door: `cargo xtask <command>`.
//!
//! | module      | idea                                                                   |
//! |-------------|------------------------------------------------------------------------|
//! | `workspace` | where the clone, its build folder and the tools are                    |
//! | `process`   | running programs: shown, captured, or both                             |
//! | `setup`     | finds or installs what is not Rust's own: wasm target, Trunk, browser  |
//! | `web`       | the release build of the web client, from sources to `dist/`           |
//! | `product`   | the release build of the native programs                               |
//! | `serve`     | web client and gateway, built and running                              |
//! | `test`      | every check there is, in one table                                     |
//! | `bench`     | every measurement                                                      |
//! | `release`   | the release folder                                                     |

mod bench;
mod process;
mod product;
mod release;
mod serve;
mod setup;
mod test;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use workspace::Workspace;

const HELP: &str = "\
The developer's front door of Sotto.

Usage: cargo xtask <command>

  serve [-- ARGS]           build everything, start the gateway, print the address to open;
                            ARGS go to `sotto-gateway serve`
  test [--quick] [STAGE…]   every check, or the stages named; ends in one table
                            (`cargo xtask test --list` names them; --quick: no browser, no release)
  bench [PART…]             every measurement, or the parts named
  dist                      the release folder: gateway, command-line client, licences, checksums
  web                       only the web client: hashed and compressed files in dist/
  setup                     only find or install what the web client's build and the browser
                            tests need
  trunk [ARGS]              run Trunk in the toolchain that set-up found, e.g.
                            `cargo xtask trunk serve` for edit, reload, see

Environment:
  SOTTO_CACHE               folder for tools that set-up compiles; default ~/.cache/sotto
  SOTTO_WASM_TOOLCHAIN      `rustup` or `distribution`: take only this source of the wasm32 target
  CHROMIUM_PATH             the browser to test in; default: the system's, else Playwright's
";

fn main() -> ExitCode {
    match command(std::env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; false means that it ran to its end and found something wrong.
fn command(arguments: Vec<String>) -> Result<bool> {
    let mut arguments = arguments.into_iter();
    let command = arguments.next().unwrap_or_else(|| "--help".to_owned());
    let rest: Vec<String> = arguments.collect();
    let workspace = Workspace::find()?;
    match command.as_str() {
        "serve" => serve::serve(&workspace, after_dashes(rest)).map(|()| true),
        "test" => test::command(&workspace, &rest),
        "bench" => bench::command(&workspace, &rest),
        "dist" => release::build(&workspace).map(|()| true),
        "web" => web::ensure(&workspace).map(|_| true),
        "setup" => setup::everything(&workspace).map(|()| true),
        "trunk" => setup::trunk(&workspace, &after_dashes(rest)).map(|()| true),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            Ok(true)
        }
        other => bail!("there is no command `{other}`; `cargo xtask --help` lists them"),
    }
}

/// Arguments for another program may be set off by `--`, which is not theirs.
fn after_dashes(mut arguments: Vec<String>) -> Vec<String> {
    if arguments.first().is_some_and(|first| first == "--") {
        arguments.remove(0);
    }
    arguments
}
