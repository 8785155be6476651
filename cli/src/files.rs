//! Files that other people sent, put where they can do no harm.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Longest part of a file name that a stranger decides, in characters.
const NAME_MAX: usize = 80;

/// Names tried before giving up.
const TRIES: u32 = 10_000;

/// Device names of Windows, with or without an extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Part of a file name made from whatever somebody wrote: letters, digits, `-`, `_`, `.` and
/// blanks stay, the rest becomes `_`. It never names a folder, a hidden file or a device.
pub(crate) fn safe_name(raw: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let name: String = raw
        .chars()
        .map(|c| if keep(c) { c } else { '_' })
        .take(NAME_MAX)
        .collect();
    let name = name.trim_matches(|c| c == '.' || c == ' ');
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    if name.is_empty() || RESERVED.contains(&stem.trim_end()) {
        return format!("_{name}");
    }
    name.to_owned()
}

/// Writes a new file of this name, or of a numbered one if it is taken; never over another file,
/// never through a link. Only the owner may read it.
pub(crate) fn save_new(folder: &Path, name: &str, content: &[u8]) -> io::Result<PathBuf> {
    for n in 1..TRIES {
        let path = folder.join(numbered(name, n));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(content).and_then(|()| file.sync_all()) {
                    drop(file);
                    // A half-written file would pass for the whole one.
                    let _ = fs::remove_file(&path);
                    return Err(error);
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("too many files named like {name}"),
    ))
}

/// Writes a file that must not be there yet; only the owner may read it.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// `name.ext`, then `name (2).ext`, and so on.
fn numbered(name: &str, n: u32) -> String {
    if n == 1 {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} ({n}).{extension}"),
        _ => format!("{name} ({n})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_leave_the_folder_or_hide() {
        for (raw, wanted) in [
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\boot.ini", "C__boot.ini"),
            ("..", "_"),
            ("", "_"),
            (".bashrc", "bashrc"),
            ("a\u{1b}[2J\n", "a__2J_"),
            ("CON.txt", "_CON.txt"),
            ("name. ", "name"),
            ("Zoë's photo (1).png", "Zoë_s photo _1_.png"),
        ] {
            assert_eq!(safe_name(raw), wanted, "{raw:?}");
        }
        assert_eq!(safe_name(&"x".repeat(1_000)).len(), NAME_MAX);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let save = |content: &[u8]| save_new(folder.path(), "bob.png", content).unwrap();
        let (first, second) = (save(b"1"), save(b"2"));
        assert_eq!(second.file_name().unwrap(), "bob (2).png");
        assert_eq!(fs::read(first).unwrap(), b"1");
        assert_eq!(fs::read(second).unwrap(), b"2");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_waits_there_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, folder.path().join("bob")).unwrap();
        let saved = save_new(folder.path(), "bob", b"1").unwrap();
        assert_eq!(saved.file_name().unwrap(), "bob (2)");
        assert!(!target.exists());
    }
}
