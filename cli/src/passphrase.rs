//! Passwords, passphrases and codes: from a file, from the environment, or typed without an echo;
//! never from the command line, where other users could see them.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use sotto_engine::api::Passphrase;
use zeroize::Zeroizing;

use crate::args::Options;
use crate::problem::{Exit, Problem};
use crate::prompt;

/// The profile's passphrase may stand here.
const VARIABLE: &str = "SOTTO_PASSPHRASE";

/// The account's password may stand here.
const PASSWORD_VARIABLE: &str = "SOTTO_PASSWORD";

/// Where the account's password, which unlocks the profile too, and a new one come from.
#[derive(Debug)]
pub(crate) struct Passwords {
    passphrase_file: Option<PathBuf>,
    password_file: Option<PathBuf>,
    new_password_file: Option<PathBuf>,
    /// What unlocked the profile in this run.
    known: Option<Passphrase>,
}

impl Passwords {
    /// As the options say.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            passphrase_file: options.passphrase_file.clone(),
            password_file: options.password_file.clone(),
            new_password_file: options.new_password_file.clone(),
            known: None,
        }
    }

    /// What unlocks the profile: a passphrase, or with an account its password.
    pub(crate) fn of_profile(&mut self) -> Result<Passphrase, Problem> {
        let files = [&self.passphrase_file, &self.password_file];
        let found = first(files, &[VARIABLE, PASSWORD_VARIABLE])?;
        let word = match found {
            Some(word) => word,
            None => ask(
                "Password of this profile: ",
                "--password-file, or --passphrase-file where there is no account",
            )?,
        };
        self.known = Some(word.clone());
        Ok(word)
    }

    /// The password of the account here; not asked for a second time.
    pub(crate) fn current(&self) -> Result<Passphrase, Problem> {
        if let Some(password) = &self.known {
            return Ok(password.clone());
        }
        match first([&self.password_file], &[PASSWORD_VARIABLE])? {
            Some(password) => Ok(password),
            None => ask("Password: ", "--password-file"),
        }
    }

    /// The password of an account that is made or recovered.
    pub(crate) fn first(&self) -> Result<Passphrase, Problem> {
        let files = [&self.new_password_file, &self.password_file];
        match first(files, &[PASSWORD_VARIABLE])? {
            Some(password) => Ok(password),
            None => ask_twice("New password: ", "--new-password-file"),
        }
    }

    /// The password that comes in place of the current one.
    pub(crate) fn next(&self) -> Result<Passphrase, Problem> {
        match &self.new_password_file {
            Some(file) => from_file(file),
            None => ask_twice("New password: ", "--new-password-file"),
        }
    }

    /// Whether the new password stands in a file.
    pub(crate) const fn has_new(&self) -> bool {
        self.new_password_file.is_some()
    }

    /// The password that was set on another device.
    pub(crate) fn set_elsewhere(&self) -> Result<Passphrase, Problem> {
        match &self.new_password_file {
            Some(file) => from_file(file),
            None => ask("The account's new password: ", "--new-password-file"),
        }
    }
}

/// A recovery code; what is typed shows, since nobody types 40 characters blindly.
pub(crate) fn recovery_code(file: Option<&Path>) -> Result<Passphrase, Problem> {
    match file {
        Some(file) => from_file(file),
        None if prompt::is_terminal() => prompt::line("Recovery code: ").map(Passphrase),
        None => Err(nobody_to_ask("a recovery code", "--code-file")),
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
        None => ask_twice("New passphrase: ", option)?,
    };
    if passphrase.0.is_empty() {
        let text = "a passphrase has at least one character; nothing was changed";
        return Err(Problem::new(Exit::Passphrase, text));
    }
    Ok(passphrase)
}

/// From the first file that is given, or the first variable that is set.
fn first<const N: usize>(
    files: [&Option<PathBuf>; N],
    variables: &[&str],
) -> Result<Option<Passphrase>, Problem> {
    match files.into_iter().flatten().next() {
        Some(file) => from_file(file).map(Some),
        None => Ok(variables
            .iter()
            .find_map(|variable| std::env::var(variable).ok())
            .map(Passphrase)),
    }
}

/// The first line of a file.
pub(crate) fn from_file(path: &Path) -> Result<Passphrase, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        let text = format!("cannot read {}: {error}", path.display());
        Problem::new(Exit::Passphrase, text)
    })?;
    let text = Zeroizing::new(text);
    Ok(Passphrase(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

fn ask_twice(prompt: &str, option: &str) -> Result<Passphrase, Problem> {
    let first = ask(prompt, option)?;
    let second = ask("The same again: ", option)?;
    if first != second {
        let text = "the two differ; nothing was changed";
        return Err(Problem::new(Exit::Passphrase, text));
    }
    Ok(first)
}

fn ask(prompt: &str, option: &str) -> Result<Passphrase, Problem> {
    if !io::stdin().is_terminal() {
        return Err(nobody_to_ask("a password or passphrase", option));
    }
    rpassword::prompt_password(prompt)
        .map(Passphrase)
        .map_err(|error| Problem::new(Exit::Passphrase, format!("nothing was read: {error}")))
}

fn nobody_to_ask(what: &str, option: &str) -> Problem {
    let text = format!("{what} is needed, and there is no terminal to ask: use {option}");
    Problem::new(Exit::Passphrase, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(folder: &Path) -> Passwords {
        let file = |name: &str| {
            let path = folder.join(name);
            fs::write(&path, format!("{name}\nsecond line\n")).unwrap();
            Some(path)
        };
        Passwords {
            passphrase_file: None,
            password_file: file("current"),
            new_password_file: file("new"),
            known: None,
        }
    }

    #[test]
    fn each_password_comes_from_its_own_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut passwords = passwords(folder.path());
        assert_eq!(passwords.of_profile().unwrap().0, "current");
        assert_eq!(passwords.current().unwrap().0, "current");
        assert_eq!(passwords.next().unwrap().0, "new");
        assert_eq!(passwords.set_elsewhere().unwrap().0, "new");
        assert_eq!(passwords.first().unwrap().0, "new");
    }

    #[test]
    fn what_unlocked_the_profile_is_not_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut passwords = passwords(folder.path());
        passwords.passphrase_file = passwords.new_password_file.take();
        assert_eq!(passwords.of_profile().unwrap().0, "new");
        assert_eq!(passwords.current().unwrap().0, "new");
    }

    #[test]
    fn a_missing_file_is_told_without_its_content() {
        let error = from_file(Path::new("/no/such/file")).unwrap_err();
        assert_eq!(error.exit, Exit::Passphrase);
    }
}
