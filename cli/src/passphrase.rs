//! Passphrases: from a file, from the environment, or typed without an echo; never from the
//! command line, where other users could see them.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use sotto_engine::api::Passphrase;
use zeroize::Zeroizing;

use crate::problem::{Exit, Problem};

/// The profile's passphrase may stand here.
const VARIABLE: &str = "SOTTO_PASSPHRASE";

/// The passphrase of the profile.
pub(crate) fn of_profile(file: Option<&Path>) -> Result<Passphrase, Problem> {
    match (file, std::env::var(VARIABLE)) {
        (Some(file), _) => from_file(file),
        (None, Ok(passphrase)) => Ok(Passphrase(passphrase)),
        (None, Err(_)) => ask("Passphrase of this profile: ", "--passphrase-file"),
    }
}

/// A passphrase that exists already.
pub(crate) fn existing(file: Option<&Path>, option: &str) -> Result<Passphrase, Problem> {
    match file {
        Some(file) => from_file(file),
        None => ask("Passphrase of the file: ", option),
    }
}

/// A passphrase to be set: typed twice.
pub(crate) fn new(file: Option<&Path>, option: &str) -> Result<Passphrase, Problem> {
    let passphrase = match file {
        Some(file) => from_file(file)?,
        None => {
            let first = ask("New passphrase: ", option)?;
            let second = ask("The same again: ", option)?;
            if first.0 != second.0 {
                let text = "the two passphrases differ; nothing was changed";
                return Err(Problem::new(Exit::Passphrase, text));
            }
            first
        }
    };
    if passphrase.0.is_empty() {
        let text = "a passphrase has at least one character; nothing was changed";
        return Err(Problem::new(Exit::Passphrase, text));
    }
    Ok(passphrase)
}

fn from_file(path: &Path) -> Result<Passphrase, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        let text = format!(
            "cannot read the passphrase from {}: {error}",
            path.display()
        );
        Problem::new(Exit::Passphrase, text)
    })?;
    let text = Zeroizing::new(text);
    Ok(Passphrase(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

fn ask(prompt: &str, option: &str) -> Result<Passphrase, Problem> {
    if !io::stdin().is_terminal() {
        let text = format!("a passphrase is needed, and there is no terminal to ask: use {option}");
        return Err(Problem::new(Exit::Passphrase, text));
    }
    rpassword::prompt_password(prompt)
        .map(Passphrase)
        .map_err(|error| Problem::new(Exit::Passphrase, format!("no passphrase was read: {error}")))
}
