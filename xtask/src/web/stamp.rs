//! Whether `dist/` is what the present sources give.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::assets::{files_below, relative};
use super::integrity::hex;
use crate::workspace::Workspace;

/// Everything that the web client is made of, and the maker.
const SOURCES: [&str; 10] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "e2e/package-lock.json",
    "engine",
    "index.html",
    "shared",
    "web-client",
    "xtask/src/web",
];

/// Whether the stamp is that of the present sources and of the present result.
pub(super) fn holds(workspace: &Workspace, file: &Path, dist: &Path) -> Result<bool> {
    let Ok(stamp) = fs::read_to_string(file) else {
        return Ok(false);
    };
    if !dist.is_dir() {
        return Ok(false);
    }
    Ok(stamp == text(&sources(workspace)?, &of(dist, &[""])?))
}

/// Writes the stamp of a build that has ended.
pub(super) fn set(file: &Path, sources: &str, dist: &Path) -> Result<()> {
    fs::write(file, text(sources, &of(dist, &[""])?))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The hash of all sources.
pub(super) fn sources(workspace: &Workspace) -> Result<String> {
    of(&workspace.root, &SOURCES)
}

fn text(sources: &str, result: &str) -> String {
    format!("sources {sources}\nresult {result}\n")
}

/// The hash of names and contents of some files and folders below a folder.
fn of(root: &Path, inside: &[&str]) -> Result<String> {
    let mut hasher = Sha256::new();
    for inside in inside {
        let path = root.join(inside);
        let files = if path.is_dir() {
            files_below(&path)?
        } else {
            vec![path]
        };
        for file in files {
            let Ok(content) = fs::read(&file) else {
                continue;
            };
            let name = relative(root, &file)?;
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update((content.len() as u64).to_le_bytes());
            hasher.update(content);
        }
    }
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamp_holds_until_a_source_or_the_result_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let workspace = Workspace {
            target: root.join("target"),
            tools: root.join("tools"),
            root: root.clone(),
        };
        let (file, dist) = (root.join("stamp"), root.join("dist"));
        fs::create_dir_all(root.join("web-client/src")).unwrap();
        fs::create_dir_all(&dist).unwrap();
        let source = root.join("web-client/src/lib.rs");
        fs::write(&source, "one").unwrap();
        fs::write(dist.join("index.html"), "page").unwrap();

        let holds = || holds(&workspace, &file, &dist).unwrap();
        assert!(!holds());
        set(&file, &sources(&workspace).unwrap(), &dist).unwrap();
        assert!(holds());
        fs::write(&source, "two").unwrap();
        assert!(!holds());
        fs::write(&source, "one").unwrap();
        assert!(holds());
        fs::write(dist.join("index.html"), "changed").unwrap();
        assert!(!holds());
        fs::remove_dir_all(&dist).unwrap();
        assert!(!holds());
    }
}
