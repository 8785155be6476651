//! The classic client's two files: where the server is, and who the user is.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sotto_engine::identity::Identity;
use zeroize::Zeroizing;

/// `host:port` of the server.
pub(crate) const SERVER_INFO: &str = "server.info";
/// Name, id and private key of the user.
pub(crate) const MY_INFO: &str = "my.info";
/// The same, as some clients call it.
const ME_INFO: &str = "me.info";

/// Reads `server.info`.
pub(crate) fn read_server(folder: &Path) -> Result<String> {
    let path = folder.join(SERVER_INFO);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}: it should hold the server's host:port, or give --server",
            path.display()
        )
    })?;
    parse_server(&text)
        .map(str::to_owned)
        .with_context(|| format!("{} should hold host:port", path.display()))
}

/// The first line, if it is `host:port`.
pub(crate) fn parse_server(text: &str) -> Option<&str> {
    let line = text.trim_start_matches('\u{feff}').lines().next()?.trim();
    let (host, port) = line.rsplit_once(':')?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let host_fits = !host.is_empty() && !host.contains(char::is_whitespace);
    let port_fits = port.parse::<u16>().is_ok_and(|port| port != 0);
    (host_fits && port_fits && (bracketed || !host.contains(':'))).then_some(line)
}

/// Reads `my.info`, or `me.info` if only that is there; nothing if neither is.
pub(crate) fn read_identity(folder: &Path) -> Result<Option<Identity>> {
    for name in [MY_INFO, ME_INFO] {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                let identity = Identity::from_my_info(&text)
                    .with_context(|| format!("{} cannot be used", path.display()))?;
                return Ok(Some(identity));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => bail!("cannot read {}: {error}", path.display()),
        }
    }
    Ok(None)
}

/// Whether somebody is registered in this folder.
pub(crate) fn identity_exists(folder: &Path) -> bool {
    [MY_INFO, ME_INFO]
        .iter()
        .any(|name| folder.join(name).exists())
}

/// Writes `my.info`, which must not be there yet; only the owner may read it.
pub(crate) fn write_identity(folder: &Path, identity: &Identity) -> Result<PathBuf> {
    let path = folder.join(MY_INFO);
    let text = identity.to_my_info()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_found_whatever_the_line_ends() {
        for (text, wanted) in [
            ("127.0.0.1:1234", Some("127.0.0.1:1234")),
            ("\u{feff}example.org:1357 \r\n", Some("example.org:1357")),
            ("[::1]:1357\n", Some("[::1]:1357")),
            ("::1:1357", None),
            ("example.org", None),
            ("example.org:0", None),
            ("example.org:70000", None),
            (":1357", None),
            ("", None),
        ] {
            assert_eq!(parse_server(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn my_info_wins_over_me_info_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_identity(folder.path()).unwrap().is_none());
        fs::write(folder.path().join(ME_INFO), "bob\n").unwrap();
        assert!(identity_exists(folder.path()));
        let error = format!("{:#}", read_identity(folder.path()).unwrap_err());
        assert!(
            error.contains("me.info") && error.contains("line 2"),
            "{error}"
        );
    }
}
