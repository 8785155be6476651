//! Where a user's keys and history are.

use std::path::PathBuf;

use crate::problem::{Exit, Problem};

/// The profile's folder: as given, or where the platform keeps application data.
pub(crate) fn folder(given: Option<PathBuf>) -> Result<PathBuf, Problem> {
    given
        .or_else(|| data_folder().map(|data| data.join("sotto")))
        .ok_or_else(|| {
            let text = "the home folder is not known: give --profile or set SOTTO_PROFILE";
            Problem::new(Exit::Usage, text)
        })
}

#[cfg(windows)]
fn data_folder() -> Option<PathBuf> {
    absolute("LOCALAPPDATA")
}

#[cfg(target_os = "macos")]
fn data_folder() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join("Library/Application Support"))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn data_folder() -> Option<PathBuf> {
    absolute("XDG_DATA_HOME").or_else(|| Some(std::env::home_dir()?.join(".local/share")))
}

/// The folder that a variable names; relative ones count as unset.
#[cfg(not(target_os = "macos"))]
fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
}
