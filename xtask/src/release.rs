//! `cargo xtask dist`: the release folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::process;
use crate::product::{self, CLI, GATEWAY};
use crate::web;
use crate::workspace::Workspace;

/// Files of the clone that go along.
const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

const CHECKSUMS: &str = "SHA256SUMS";

/// Builds everything and fills `release/sotto-<version>-<target>/`.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    web::ensure(workspace)?;
    product::build(workspace, &[GATEWAY, CLI])?;
    let folder = workspace.path("release").join(format!(
        "sotto-{}-{}",
        workspace.locked_version("sotto-gateway")?,
        host(workspace).context("rustc does not say what it compiles for")?
    ));
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for program in [GATEWAY, CLI] {
        copy_into(&folder, &program.path(workspace))?;
    }
    for paper in PAPERS {
        copy_into(&folder, &workspace.path(paper))?;
    }
    fs::write(folder.join(CHECKSUMS), checksums(&folder)?)
        .with_context(|| format!("cannot write {CHECKSUMS}"))?;
    println!("\n{}", folder.display());
    Ok(())
}

fn host(workspace: &Workspace) -> Option<String> {
    let text = process::output(
        Command::new("rustc")
            .arg("-vV")
            .current_dir(&workspace.root),
    )?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

fn copy_into(folder: &Path, file: &Path) -> Result<()> {
    let name = file
        .file_name()
        .with_context(|| format!("{} has no name", file.display()))?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// One line for each file, as `sha256sum --check` reads them.
fn checksums(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let hash: String = Sha256::digest(&content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push((name.clone().into_owned(), format!("{hash}  {name}\n")));
    }
    lines.sort();
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_in_the_form_that_sha256sum_reads() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "").unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        assert_eq!(
            checksums(folder.path()).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
        );
    }
}
