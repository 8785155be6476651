//! `whoami`, `export`, `import`, `passphrase`.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use sotto_engine::api::{Command as Order, Event, Failure, Phase};
use zeroize::Zeroizing;

use super::Session;
use crate::files::write_new;
use crate::passphrase;
use crate::problem::{Exit, Problem};

/// How a sealed identity file begins.
const SEALED: &[u8] = b"sotto-identity\n";

impl Session {
    pub(super) async fn whoami(&mut self) -> Result<(), Problem> {
        let is_pending = matches!(self.client.phase(), Phase::SigningIn { .. });
        if is_pending || self.client.account().is_some() {
            match self.reach_gateway().await {
                // What is known here is shown without it, and why a session is over as well.
                Err(problem) if matches!(problem.exit, Exit::NotConnected | Exit::SessionEnded) => {
                }
                result => result?,
            }
        }
        self.show_identity()
    }

    fn show_identity(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Ready {
                name,
                client,
                fingerprint,
            } => Ok(self.printer.identity(name, *client, fingerprint)?),
            Phase::Registering { name } => {
                let text = format!("the registration of {name} awaits the server's answer");
                Err(Problem::new(Exit::Phase, text).and("It goes on when sotto next connects"))
            }
            Phase::SignedIn => match self.client.account() {
                Some(account) => Ok(self.printer.account(account)?),
                None => self.require_somebody(),
            },
            Phase::SigningIn { name, .. } => {
                let text = format!("signing in as {name} awaits the gateway's answer");
                Err(Problem::new(Exit::Phase, text).and("It goes on when sotto next connects"))
            }
            _ => self.require_somebody(),
        }
    }

    pub(super) async fn export(
        &mut self,
        path: Option<PathBuf>,
        sealed: bool,
        passphrase_file: Option<PathBuf>,
    ) -> Result<(), Problem> {
        self.whoami_quietly()?;
        let order = if sealed {
            let passphrase = passphrase::new(passphrase_file.as_deref(), "--file-passphrase-file")?;
            Order::ExportSealed { passphrase }
        } else {
            Order::ExportMyInfo
        };
        let events = self.order(order).await?;
        let (name, file) = events
            .into_iter()
            .find_map(|event| match event {
                Event::Exported { name, file } => Some((name, Zeroizing::new(file))),
                _ => None,
            })
            .ok_or_else(|| Problem::new(Exit::Failed, "nothing was exported"))?;
        let path = path.unwrap_or_else(|| PathBuf::from(name));
        if path == Path::new("-") {
            return write_to_output(&file);
        }
        write_new(&path, &file).map_err(|error| Problem::file(&path, &error))?;
        if !sealed {
            self.printer
                .note("this file is not encrypted: whoever reads it can read your messages");
        }
        Ok(self.printer.written(&path)?)
    }

    pub(super) async fn import(
        &mut self,
        path: &Path,
        passphrase_file: Option<PathBuf>,
    ) -> Result<(), Problem> {
        if !matches!(self.client.phase(), Phase::Unregistered) {
            let text = "this profile has an identity already: import into another --profile";
            return Err(Problem::new(Exit::Phase, text));
        }
        let file = fs::read(path).map_err(|error| Problem::file(path, &error))?;
        let passphrase = if file.starts_with(SEALED) {
            let option = "--file-passphrase-file";
            Some(passphrase::existing(passphrase_file.as_deref(), option)?)
        } else {
            None
        };
        self.order(Order::Import { file, passphrase }).await?;
        self.show_identity()
    }

    pub(super) async fn set_passphrase(
        &mut self,
        remove: bool,
        new_file: Option<PathBuf>,
    ) -> Result<(), Problem> {
        if self.client.account().is_some() {
            if new_file.is_some() {
                let text = "this profile is locked with the account's password and no other";
                return Err(Problem::new(Exit::Phase, text).and("`sotto password` changes it"));
            }
            return self.set_stay_unlocked(remove).await;
        }
        if remove && !self.client.has_passphrase() {
            return Ok(self.printer.done("the profile has no passphrase")?);
        }
        let passphrase = match remove {
            true => None,
            false => Some(passphrase::new(
                new_file.as_deref(),
                "--new-passphrase-file",
            )?),
        };
        self.order(Order::SetPassphrase { passphrase }).await?;
        let what = match remove {
            true => "the passphrase is removed",
            false => "the passphrase is set",
        };
        Ok(self.printer.done(what)?)
    }

    fn whoami_quietly(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Ready { .. } => Ok(()),
            Phase::SignedIn => self.require_classic(),
            _ => self.require_somebody().and(Err(Failure::WrongPhase.into())),
        }
    }
}

fn write_to_output(file: &[u8]) -> Result<(), Problem> {
    let mut output = io::stdout().lock();
    if output.is_terminal() && !file.is_ascii() {
        let text = "a sealed file is not for a terminal: give a path, or redirect the output";
        return Err(Problem::new(Exit::Usage, text));
    }
    output.write_all(file)?;
    Ok(output.flush()?)
}
