//! Keys and certificates that the gateway made or got itself, in the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::TlsError;

/// The folder's name in the data folder.
const FOLDER: &str = "tls";

/// The folder, which nobody else may look into.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            folder: data.join(FOLDER),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file that only the gateway's user can read, whole or not at all.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, TlsError> {
        let path = self.path(name);
        match self.try_write(&path, name, content) {
            Ok(()) => Ok(path),
            Err(source) => Err(TlsError::File { path, source }),
        }
    }

    fn try_write(&self, path: &Path, name: &str, content: &[u8]) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;

        let unfinished = self.path(&format!("{name}.new"));
        // A left-over could have other permissions.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        if cfg!(unix) {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn files_and_their_folder_are_for_the_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let kept = Kept::new(data.path());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for content in [b"first".as_slice(), b"second"] {
            let path = kept.write("some.key", content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
            assert_eq!(mode(&path), 0o600);
        }
        assert_eq!(mode(&data.path().join(FOLDER)), 0o700);
        assert_eq!(fs::read_dir(data.path().join(FOLDER)).unwrap().count(), 1);
    }
}
