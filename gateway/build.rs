//! Embeds the web app from the folder that `SOTTO_WEB_DIST` names, if it is set.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=SOTTO_WEB_DIST");
    let mut files = Vec::new();
    if let Some(folder) = env::var_os("SOTTO_WEB_DIST").filter(|folder| !folder.is_empty()) {
        let folder = fs::canonicalize(&folder).map_err(|error| {
            let folder = Path::new(&folder).display();
            io::Error::other(format!("SOTTO_WEB_DIST names {folder}: {error}"))
        })?;
        collect(&folder, &folder, &mut files)?;
        files.sort();
        if !files.iter().any(|(name, _)| name == "index.html") {
            let folder = folder.display();
            return Err(io::Error::other(format!(
                "there is no index.html in {folder}"
            )));
        }
    }
    let mut source = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        writeln!(source, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    source.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("embedded.rs"), source)
}

/// Collects a folder's files with their names relative to `root`, separated by slashes.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            let name = path.strip_prefix(root).map_err(io::Error::other)?;
            let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            files.push((parts.join("/"), path));
        }
    }
    Ok(())
}
