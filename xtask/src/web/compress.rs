//! Brotli beside every file that gains by it, and what the whole weighs.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::assets::{files_below, relative};

/// The highest quality: it is paid once, when building.
const QUALITY: u32 = 11;
/// The largest window that every decoder has (RFC 7932, section 9.1).
const WINDOW_BITS: u32 = 24;
const BUFFER: usize = 64 * 1024;

/// What a visitor downloads, file by file.
#[derive(Debug)]
pub(crate) struct Sizes {
    files: Vec<Size>,
}

#[derive(Debug)]
struct Size {
    name: String,
    plain: u64,
    /// On the wire: compressed if that is smaller.
    wire: u64,
}

impl Sizes {
    /// Reads the sizes of a finished folder.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for path in plain_files(folder)? {
            let plain = length(&path)?;
            let wire = length(&compressed(&path)).unwrap_or(plain);
            files.push(Size {
                name: relative(folder, &path)?,
                plain,
                wire,
            });
        }
        Ok(Self { files })
    }

    /// Bytes on the wire for everything.
    pub(crate) fn total(&self) -> u64 {
        self.files.iter().map(|file| file.wire).sum()
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10} {:>10}  file", "bytes", "brotli")?;
        for file in &self.files {
            writeln!(f, "{:>10} {:>10}  {}", file.plain, file.wire, file.name)?;
        }
        let plain: u64 = self.files.iter().map(|file| file.plain).sum();
        write!(f, "{plain:>10} {:>10}  in all", self.total())
    }
}

/// Compresses the files of a folder, two at a time or more.
pub(super) fn folder(folder: &Path) -> Result<Sizes> {
    let files = plain_files(folder)?;
    thread::scope(|scope| {
        let running: Vec<_> = files
            .iter()
            .map(|path| scope.spawn(|| compress_beside(path)))
            .collect();
        running.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("the compressor panicked")))
        })
    })?;
    Sizes::of(folder)
}

fn compress_beside(path: &Path) -> Result<()> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let small =
        compress(&content).with_context(|| format!("cannot compress {}", path.display()))?;
    if small.len() < content.len() {
        let beside = compressed(path);
        fs::write(&beside, small).with_context(|| format!("cannot write {}", beside.display()))?;
    }
    Ok(())
}

fn compress(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW_BITS);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

fn plain_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files_below(folder)?;
    files.retain(|path| path.extension().is_none_or(|ending| ending != "br"));
    Ok(files)
}

fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn length(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_gain_is_left_alone() {
        let folder_of_test = tempfile::tempdir().unwrap();
        let path = folder_of_test.path();
        let text = "the same again ".repeat(100);
        fs::write(path.join("text.js"), &text).unwrap();
        fs::write(path.join("tiny.png"), [0x89]).unwrap();
        let sizes = folder(path).unwrap();
        assert!(!path.join("tiny.png.br").exists());
        let small = fs::read(path.join("text.js.br")).unwrap();
        assert_eq!(sizes.total(), small.len() as u64 + 1);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut small.as_slice(), &mut plain).unwrap();
        assert_eq!(plain, text.as_bytes());
    }
}
