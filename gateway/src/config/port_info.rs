//! `myport.info`: the classic server's file with its TCP port.

use std::path::Path;

/// The file's name, in the working directory.
pub const FILE: &str = "myport.info";

/// The port when nothing says otherwise.
pub const DEFAULT_PORT: u16 = 1357;

/// What the file said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortInfo {
    /// The port to listen on.
    pub port: u16,
    /// What to tell the operator, if the default had to be taken.
    pub warning: Option<String>,
}

/// Reads the port from `folder`'s `myport.info`, or takes the default with a warning.
pub fn read(folder: &Path) -> PortInfo {
    let default = |why: String| PortInfo {
        port: DEFAULT_PORT,
        warning: Some(format!(
            "{why}: listening on the default port {DEFAULT_PORT}"
        )),
    };
    match std::fs::read_to_string(folder.join(FILE)) {
        Ok(text) => match text.trim().parse() {
            Ok(port) if port != 0 => PortInfo {
                port,
                warning: None,
            },
            _ => default(format!("{FILE} does not hold a port from 1 to 65535")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            default(format!("there is no {FILE}, and no TCP address is given"))
        }
        Err(error) => default(format!("{FILE} cannot be read ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_and_anything_else_warns() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            read(folder.path())
                .warning
                .unwrap()
                .contains("no myport.info")
        );
        for (text, port) in [("8000", 8000), (" 2345\r\n", 2345)] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            assert_eq!(
                read(folder.path()),
                PortInfo {
                    port,
                    warning: None
                }
            );
        }
        for text in ["", "0", "65536", "port", "12 34", "-1"] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let info = read(folder.path());
            assert_eq!(info.port, DEFAULT_PORT);
            assert!(info.warning.is_some(), "{text:?}");
        }
    }
}
