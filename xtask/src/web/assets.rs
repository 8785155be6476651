//! The files of the web client in memory, their hashed names, and the references between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::integrity;

/// Files whose names the outside knows.
const KEEP_NAME: [&str; 4] = ["index.html", "favicon.ico", "robots.txt", "sw.js"];

/// Files that may name other files, in the order in which they are named: each only names files
/// of the kinds before it. What is not in this list names nothing.
const NAMING: [&str; 5] = ["svg", "css", "js", "webmanifest", "json"];

/// All files by their path from the site's root, `/` between folders.
#[derive(Debug, Default)]
pub(super) struct Assets {
    files: BTreeMap<String, Vec<u8>>,
    /// The new name of each file that was renamed.
    renamed: BTreeMap<String, String>,
}

impl Assets {
    /// Reads a folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut assets = Self::default();
        for path in files_below(folder)? {
            let content =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            assets.put(&relative(folder, &path)?, content);
        }
        Ok(assets)
    }

    /// Makes a folder hold exactly these files.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        for (name, content) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)
                    .with_context(|| format!("cannot make {}", parent.display()))?;
            }
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Adds or replaces a file.
    pub(super) fn put(&mut self, name: &str, content: Vec<u8>) {
        self.files.insert(name.to_owned(), content);
    }

    /// Removes a file.
    pub(super) fn take(&mut self, name: &str) -> Result<Vec<u8>> {
        self.files
            .remove(name)
            .with_context(|| format!("Trunk's output has no {name}"))
    }

    /// A file by its present name.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The files with this ending.
    pub(super) fn names_ending(&self, ending: &str) -> Vec<String> {
        self.files
            .keys()
            .filter(|name| name.ends_with(ending))
            .cloned()
            .collect()
    }

    /// The name that a file has now.
    pub(super) fn new_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.renamed.get(name) {
            Some(new) => Some(new),
            None => self.files.contains_key(name).then_some(name),
        }
    }

    /// Adds a file under a name with its hash; that name.
    pub(super) fn put_hashed(&mut self, name: &str, content: Vec<u8>) -> String {
        let new = hashed_name(name, &content);
        self.put(&new, content);
        self.renamed.insert(name.to_owned(), new.clone());
        new
    }

    /// Gives every file a name with its hash, in the order in which they name each other.
    pub(super) fn hash_names(&mut self) -> Result<()> {
        let mut names: Vec<String> = self.files.keys().cloned().collect();
        // The glue of the two modules names its snippets; snippets name no glue. A service worker
        // may name all.
        names.sort_by_key(|name| {
            let kept = KEEP_NAME.contains(&name.as_str());
            (kept, naming_rank(name), !name.contains('/'), name.clone())
        });
        for name in names {
            let content = self.take(&name)?;
            let content = self.follow(content, &name)?;
            if KEEP_NAME.contains(&name.as_str()) {
                self.put(&name, content);
            } else {
                self.put_hashed(&name, content);
            }
        }
        Ok(())
    }

    /// Replaces the old names of renamed files in a text.
    pub(super) fn follow_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (old, new) in &self.renamed {
            text = replace_reference(&text, old, new);
        }
        text
    }

    fn follow(&self, content: Vec<u8>, name: &str) -> Result<Vec<u8>> {
        if naming_rank(name) == 0 {
            return Ok(content);
        }
        let text = String::from_utf8(content).with_context(|| format!("{name} is not UTF-8"))?;
        Ok(self.follow_in(&text).into_bytes())
    }

    /// Fails if a file still names another by a name that is gone.
    pub(super) fn check_references(&self) -> Result<()> {
        for (name, content) in &self.files {
            let text = match std::str::from_utf8(content) {
                Ok(text) if naming_rank(name) > 0 || name.ends_with(".html") => text,
                _ => continue,
            };
            for old in self.renamed.keys() {
                let file = old.rsplit('/').next().unwrap_or(old);
                if references(text, file).next().is_some() {
                    bail!(
                        "{name} names {old} in a form that the web build does not follow; \
                         name it from the root (/{old})"
                    );
                }
            }
        }
        Ok(())
    }
}

/// Position of a file's kind in the order of naming; 0 if it names nothing.
fn naming_rank(name: &str) -> usize {
    let ending = name.rsplit('.').next().unwrap_or_default();
    NAMING
        .iter()
        .position(|kind| *kind == ending)
        .map_or(0, |position| position + 1)
}

fn hashed_name(name: &str, content: &[u8]) -> String {
    let hash = integrity::name_hash(content);
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{hash}.{ending}"),
        None => format!("{name}-{hash}"),
    }
}

/// Replaces `name` where it stands as a whole address: `"name"`, `'./name'`, `url(/name)`.
fn replace_reference(text: &str, name: &str, new: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for start in references(text, name) {
        let (before, after) = (
            text.get(copied..start).unwrap_or_default(),
            start + name.len(),
        );
        let root = text.get(..start).unwrap_or_default();
        let root = root
            .strip_suffix("./")
            .or_else(|| root.strip_suffix('/'))
            .unwrap_or(root);
        result.push_str(before);
        if root.ends_with(OPENING) {
            result.push_str(new);
        } else {
            result.push_str(name);
        }
        copied = after;
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    result
}

const OPENING: [char; 4] = ['"', '\'', '`', '('];
const CLOSING: [char; 6] = ['"', '\'', '`', ')', '?', '#'];

/// Where `name` ends an address, after the address's start or a folder.
fn references<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(name)
        .filter(move |(start, _)| {
            let before = text.get(..*start).unwrap_or_default();
            let after = text.get(start + name.len()..).unwrap_or_default();
            (before.ends_with(OPENING) || before.ends_with('/')) && after.starts_with(CLOSING)
        })
        .map(|(start, _)| start)
}

/// All files below a folder, in order.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A path from the site's root.
pub(super) fn relative(folder: &Path, path: &Path) -> Result<String> {
    let path = path.strip_prefix(folder)?;
    let path = path.to_str().context("a file's name is not UTF-8")?;
    Ok(path.replace(std::path::MAIN_SEPARATOR, "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(files: &[(&str, &str)]) -> Assets {
        let mut assets = Assets::default();
        for (name, content) in files {
            assets.put(name, content.as_bytes().to_vec());
        }
        assets
    }

    #[test]
    fn references_follow_in_every_form_that_tools_write() {
        let text =
            r#"new URL('a_bg.wasm', import.meta.url); import "./a_bg.wasm"; url(/a_bg.wasm)"#;
        assert_eq!(
            replace_reference(text, "a_bg.wasm", "X"),
            "new URL('X', import.meta.url); import \"./X\"; url(/X)"
        );
    }

    #[test]
    fn other_names_that_contain_a_name_stay() {
        let text = r#"'/data/a.js' 'ba.js' "a.jsx" see a.js"#;
        assert_eq!(replace_reference(text, "a.js", "X"), text);
    }

    #[test]
    fn a_change_in_a_module_changes_the_names_of_all_that_lead_to_it() {
        let names = |module: &str| {
            let mut assets = assets(&[("w.js", "fetch('w_bg.wasm')"), ("w_bg.wasm", module)]);
            assets.hash_names().unwrap();
            assets.check_references().unwrap();
            let glue = assets.new_name("w.js").unwrap().to_owned();
            assert!(assets.get(&glue).is_some());
            glue
        };
        assert_ne!(names("one"), names("two"));
        assert_eq!(names("one"), names("one"));
    }

    #[test]
    fn known_names_stay_and_their_references_follow() {
        let mut assets = assets(&[("sw.js", "'/icon.svg'"), ("icon.svg", "<svg/>")]);
        assets.hash_names().unwrap();
        let icon = assets.new_name("icon.svg").unwrap().to_owned();
        assert_eq!(
            assets.get("sw.js").unwrap(),
            format!("'/{icon}'").as_bytes()
        );
    }

    #[test]
    fn a_reference_that_cannot_be_followed_is_an_error() {
        let mut assets = assets(&[("snippets/x.js", "import '../../ui.js'"), ("ui.js", "")]);
        assets.hash_names().unwrap();
        let error = assets.check_references().unwrap_err().to_string();
        assert!(error.contains("names ui.js"), "{error}");
    }

    #[test]
    fn a_folder_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("left-over"), "").unwrap();
        let assets = assets(&[("a.js", "1"), ("snippets/b/c.js", "2")]);
        assets.write(&dist).unwrap();
        let read = Assets::read(&dist).unwrap();
        assert_eq!(read.files, assets.files);
    }
}
