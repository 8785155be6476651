//! WebAssembly modules: made smaller by wasm-opt, and rid of custom sections.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::remove_if_there;
use crate::process;

/// What rustc emits for wasm32-unknown-unknown today, and what the optimiser may therefore use.
/// All of it is in every browser since 2023.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Runs `wasm-opt -Oz` over a module.
pub(super) fn optimise(program: &Path, module: &[u8], scratch: &Path) -> Result<Vec<u8>> {
    let (before, after) = (scratch.join("before.wasm"), scratch.join("after.wasm"));
    fs::write(&before, module).context("cannot write a module for wasm-opt")?;
    remove_if_there(&after)?;
    process::run(
        Command::new(program)
            .arg("-Oz")
            .args(FEATURES)
            .arg(&before)
            .arg("-o")
            .arg(&after),
    )?;
    fs::read(&after).context("wasm-opt wrote nothing")
}

/// The magic number and version 1 (WebAssembly core specification, 5.5.16).
const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// Custom sections (names, producers, features) mean nothing to an engine.
const CUSTOM: u8 = 0;

/// Copies a module without its custom sections.
pub(super) fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let Some(mut rest) = module.strip_prefix(HEADER) else {
        bail!("it does not begin as one");
    };
    let mut result = HEADER.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, length) = leb128(after_id).context("a section has no size")?;
        let section = 1 + length + size;
        let (section, after) = rest
            .split_at_checked(section)
            .with_context(|| format!("a section of {size} bytes is cut short"))?;
        if id != CUSTOM {
            result.extend_from_slice(section);
        }
        rest = after;
    }
    Ok(result)
}

/// An unsigned number of at most 32 bits and the number of bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (position, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, position + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_custom_sections_go() {
        // A type section with one `() -> ()`, between two custom ones; the last has a size in
        // two bytes.
        let types = [1, 4, 1, 0x60, 0, 0];
        let mut module = HEADER.to_vec();
        module.extend([0, 3, 2, b'a', b'b']);
        module.extend(types);
        module.extend([0, 0x83, 0, 2, b'c', b'd']);
        let stripped = without_custom_sections(&module).unwrap();
        assert_eq!(stripped, [HEADER, &types].concat());
    }

    #[test]
    fn broken_modules_are_errors() {
        for module in [
            b"no".as_slice(),
            b"\0asm\x01\0\0\0\x01",
            b"\0asm\x01\0\0\0\x01\x09\x00",
        ] {
            assert!(without_custom_sections(module).is_err());
        }
    }
}
