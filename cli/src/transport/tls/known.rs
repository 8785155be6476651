//! The gateways that were trusted once: lines `HOST:PORT FINGERPRINT` in the profile.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Fingerprint;

/// The file's name in the profile.
const FILE: &str = "known_gateways";

/// See the module.
#[derive(Debug)]
pub(super) struct KnownGateways {
    path: PathBuf,
}

/// A line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) fingerprint: Fingerprint,
    /// From 1.
    line: usize,
}

impl KnownGateways {
    pub(super) fn in_folder(folder: &Path) -> Self {
        let path = folder.join(FILE);
        Self { path }
    }

    /// What is known of a gateway. A line about it that makes no sense is an error: guessing
    /// would mean to trust anybody.
    pub(super) fn find(&self, address: &str) -> io::Result<Option<Known>> {
        let text = self.text()?;
        let found = text
            .lines()
            .enumerate()
            .find_map(|(index, line)| Some((index + 1, fingerprint_of(line, address)?)));
        match found {
            None => Ok(None),
            Some((line, text)) => match text.parse() {
                Ok(fingerprint) => Ok(Some(Known { fingerprint, line })),
                Err(error) => {
                    let place = format!("line {line} of {}", self.path.display());
                    Err(super::Untrusted::error(format!("{place}: {error}")))
                }
            },
        }
    }

    /// Which line to remove to forget a gateway.
    pub(super) fn place(&self, address: &str) -> String {
        let path = self.path.display();
        match self.find(address) {
            Ok(Some(known)) => format!("line {} of {path}", known.line),
            _ => format!("the line about {address} from {path}"),
        }
    }

    /// Keeps what a gateway is known by, in the place of what was known before.
    pub(super) fn keep(&self, address: &str, fingerprint: Fingerprint) -> io::Result<()> {
        let mut text = String::new();
        for line in self.text()?.lines() {
            match fingerprint_of(line, address) {
                Some(known) if known.parse() == Ok(fingerprint) => return Ok(()),
                Some(_) => {}
                None => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        let address = address.to_ascii_lowercase();
        text.push_str(&format!("{address} {fingerprint}\n"));
        self.write(&text).map_err(|error| {
            let path = self.path.display();
            io::Error::new(error.kind(), format!("cannot write {path}: {error}"))
        })
    }

    fn text(&self) -> io::Result<String> {
        match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => {
                let path = self.path.display();
                let text = format!("cannot read {path}, which says whom to trust: {error}");
                Err(super::Untrusted::error(text))
            }
            Ok(text) => Ok(text),
        }
    }

    /// Whole or not at all.
    fn write(&self, text: &str) -> io::Result<()> {
        let unfinished = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path)
    }
}

/// The second word of a line that is about `address`.
fn fingerprint_of<'a>(line: &'a str, address: &str) -> Option<&'a str> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    name.eq_ignore_ascii_case(address).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_known_by_host_and_port_and_found_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownGateways::in_folder(folder.path());
        let (one, two) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
        assert_eq!(known.find("a.example:1").unwrap(), None);
        fs::write(&known.path, "# by hand\n\n").unwrap();
        known.keep("A.example:1", one).unwrap();
        known.keep("a.example:2", two).unwrap();
        let found = known.find("a.EXAMPLE:1").unwrap().unwrap();
        assert_eq!((found.fingerprint, found.line), (one, 3));
        assert_eq!(known.find("a.example:2").unwrap().unwrap().line, 4);
        assert_eq!(known.find("a.example:3").unwrap(), None);
        assert_eq!(known.find("a.example").unwrap(), None);

        known.keep("a.example:1", two).unwrap();
        let text = fs::read_to_string(&known.path).unwrap();
        assert!(text.starts_with("# by hand\n\n"), "{text}");
        assert_eq!(text.matches("a.example:1 ").count(), 1);
        assert_eq!(known.find("a.example:1").unwrap().unwrap().fingerprint, two);
    }

    #[test]
    fn a_line_that_makes_no_sense_trusts_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownGateways::in_folder(folder.path());
        for line in ["a:1", "a:1 sha256:00", "a:1 yes"] {
            fs::write(&known.path, line).unwrap();
            let error = known.find("a:1").unwrap_err();
            assert!(error.to_string().contains("line 1 of "), "{error}");
            assert_eq!(known.find("b:1").unwrap(), None);
        }
    }
}
