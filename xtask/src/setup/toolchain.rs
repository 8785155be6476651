//! A Rust toolchain that compiles for `wasm32-unknown-unknown`.
//!
//! In this order: the running toolchain has the target; rustup brings it; the distribution's
//! compiler builds the standard library from the distribution's sources.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

const TARGET: &str = "wasm32-unknown-unknown";

/// Names what may be used, for machines with both.
const CHOICE: &str = "SOTTO_WASM_TOOLCHAIN";

/// Debian's name for a compiler recent enough to build browsers with.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];

/// Linkers for wasm that may be about, by preference.
const LINKERS: [&str; 6] = [
    "rust-lld",
    "wasm-ld",
    "wasm-ld-22",
    "wasm-ld-19",
    "lld-22",
    "lld-19",
];

/// An environment in which `cargo … --target wasm32-unknown-unknown` works.
#[derive(Debug, Clone)]
pub(crate) struct Toolchain {
    /// For the user: where the target comes from.
    pub(crate) source: &'static str,
    /// Folders that go first in PATH.
    pub(crate) path: Vec<PathBuf>,
    /// Variables to set.
    pub(crate) set: Vec<(&'static str, OsString)>,
    /// Variables to remove first.
    pub(crate) unset: &'static [&'static str],
}

/// Finds the target or installs it.
pub(crate) fn ensure() -> Result<Toolchain> {
    let choice = env::var(CHOICE).unwrap_or_default();
    let (rustup, distribution) = match choice.as_str() {
        "" => (true, true),
        "rustup" => (true, false),
        "distribution" => (false, true),
        other => bail!("{CHOICE} is `{other}`; it can be `rustup` or `distribution`"),
    };
    if rustup {
        if has_target() {
            return Ok(ordinary("already in the Rust toolchain"));
        }
        if process::find("rustup").is_some()
            && process::run(Command::new("rustup").args(["target", "add", TARGET])).is_ok()
            && has_target()
        {
            return Ok(ordinary("installed by rustup"));
        }
    }
    if distribution {
        if let Some(toolchain) = from_distribution() {
            return Ok(toolchain);
        }
        if install_packages()
            && let Some(toolchain) = from_distribution()
        {
            return Ok(toolchain);
        }
    }
    bail!(
        "the web client needs Rust's {TARGET} target, which neither this toolchain nor the \
         distribution has. Run: rustup target add {TARGET}\n\
         (or, without rustup, on Debian: sudo apt-get install {} lld-19)",
        PACKAGES.join(" ")
    )
}

fn ordinary(source: &'static str) -> Toolchain {
    Toolchain {
        source,
        path: Vec::new(),
        set: Vec::new(),
        unset: &[],
    }
}

fn has_target() -> bool {
    sysroot(Path::new("rustc")).is_some_and(|sysroot| {
        sysroot
            .join("lib/rustlib")
            .join(TARGET)
            .join("lib")
            .is_dir()
    })
}

/// A compiler in the system's folder with the standard library's sources beside it.
fn from_distribution() -> Option<Toolchain> {
    let folder = Path::new("/usr/bin");
    let sysroot_of_distribution = sysroot(&folder.join("rustc"))?;
    let sources = sysroot_of_distribution.join("lib/rustlib/src/rust/library/std");
    if !sources.is_dir() || !folder.join("cargo").is_file() {
        return None;
    }
    let linker = linker(&[sysroot(Path::new("rustc"))?, sysroot_of_distribution])?;
    Some(Toolchain {
        source: "the distribution's compiler, standard library built from its sources",
        path: vec![folder.to_owned()],
        set: vec![
            // Building the standard library is an unstable feature of a stable compiler.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort".into()),
            (
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                linker.into_os_string(),
            ),
        ],
        // Left by `cargo run` of the other toolchain, and wrong for this one.
        unset: &[
            "CARGO",
            "RUSTUP_TOOLCHAIN",
            "RUSTUP_HOME",
            "LD_LIBRARY_PATH",
        ],
    })
}

fn linker(sysroots: &[PathBuf]) -> Option<PathBuf> {
    let host = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    sysroots
        .iter()
        .map(|sysroot| sysroot.join("lib/rustlib").join(&host).join("bin/rust-lld"))
        .find(|linker| linker.is_file())
        .or_else(|| LINKERS.iter().find_map(|name| process::find(name)))
}

fn install_packages() -> bool {
    if process::find("apt-get").is_none() || !is_root() {
        return false;
    }
    let mut install = Command::new("apt-get");
    // Never at the price of a package that is there.
    install
        .args(["install", "-y", "--no-remove", "--no-install-recommends"])
        .args(PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let no_linker = sysroot(Path::new("rustc")).is_none_or(|sysroot| linker(&[sysroot]).is_none());
    if no_linker {
        install.arg("lld-19");
    }
    process::run(Command::new("apt-get").args(["update", "-qq"])).is_ok()
        && process::run(&mut install).is_ok()
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    let mut command = Command::new(rustc);
    if rustc.is_absolute() {
        command.env_remove("LD_LIBRARY_PATH");
    }
    process::output(command.args(["--print", "sysroot"])).map(|path| PathBuf::from(path.trim()))
}
