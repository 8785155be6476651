//! `password`, `recovery-code`, and what has to do with both.

use std::path::Path;

use sotto_engine::api::{AccountCommand as AccountOrder, AccountEvent, Command as Order, Deed};
use zeroize::Zeroizing;

use super::super::Session;
use crate::args::CodeFile;
use crate::files::write_new;
use crate::problem::{Exit, Problem};
use crate::prompt;

impl CodeFile {
    /// The file is looked for before there is a code to write into it.
    pub(super) fn must_not_be_there(&self) -> Result<(), Problem> {
        match &self.recovery_code_file {
            Some(path) if path.symlink_metadata().is_ok() => {
                let text = format!("{} is there already; nothing was done", path.display());
                Err(Problem::new(Exit::Failed, text))
            }
            _ => Ok(()),
        }
    }
}

impl Session {
    pub(super) async fn change_password(&mut self, revoke_others: bool) -> Result<(), Problem> {
        self.require_session().await?;
        let current = self.passwords.current()?;
        let new = self.passwords.next()?;
        let order = AccountOrder::ChangePassword {
            current,
            new,
            revoke_others,
        };
        self.done(order, Deed::PasswordChanged).await?;
        Ok(self.printer.done("the password is changed, everywhere")?)
    }

    pub(super) async fn confirm_changed_password(&mut self) -> Result<(), Problem> {
        self.signed_in()?;
        while !self.is_password_changed() {
            self.refuse_ended()?;
            if self.is_settled() {
                return Ok(self
                    .printer
                    .done("the password is the one that is known here")?);
            }
            self.next_events().await?;
        }
        self.confirm_password().await?;
        Ok(self.printer.done("the new password holds here, too")?)
    }

    /// The password was changed on another device: takes the new one, if it can be had.
    pub(in super::super) async fn confirm_password(&mut self) -> Result<(), Problem> {
        if !self.passwords.has_new() && !prompt::is_terminal() {
            return Err(password_changed());
        }
        self.printer
            .note("The password was changed on another device.");
        let password = self.passwords.set_elsewhere()?;
        let order = AccountOrder::ConfirmPassword { password };
        self.done(order, Deed::PasswordConfirmed).await
    }

    pub(super) async fn renew_recovery_code(
        &mut self,
        new: bool,
        code: CodeFile,
    ) -> Result<(), Problem> {
        code.must_not_be_there()?;
        let waits = self.signed_in()?.recovery_code_waits;
        if !waits || new {
            self.require_session().await?;
            let password = self.passwords.current()?;
            let order = AccountOrder::NewRecoveryCode { password };
            let pick = |event: &AccountEvent| match event {
                AccountEvent::RecoveryCode(_) => Some(()),
                _ => None,
            };
            self.answered(order, pick).await?;
        }
        self.hand_out_recovery_code(&code).await
    }

    /// Writes the recovery code to a file, or shows it. It is kept here until it counts as saved:
    /// in a file, handed to a script, or written down as whoever sits at the terminal says.
    pub(super) async fn hand_out_recovery_code(&mut self, file: &CodeFile) -> Result<(), Problem> {
        if self.client.recovery_code().is_none() {
            self.order(Order::Attach).await?;
        }
        let Some(code) = self.client.recovery_code().cloned() else {
            return Ok(());
        };
        if let Some(path) = &file.recovery_code_file {
            let line = Zeroizing::new(format!("{}\n", code.0));
            write_new(path, line.as_bytes()).map_err(|error| not_written(path, &error))?;
            self.printer.written(path)?;
        } else {
            self.printer.recovery_code(&code)?;
            if !self.printer.is_json() && !is_written_down()? {
                self.printer.note(
                    "The code stays here until you have it on paper: `sotto recovery-code` shows \
                     it again.",
                );
                return Ok(());
            }
        }
        self.order(Order::Account(AccountOrder::RecoveryCodeSaved))
            .await?;
        Ok(())
    }
}

/// The password has to be confirmed here, and there is nobody to ask.
pub(super) fn password_changed() -> Problem {
    let text = "the password was changed on another device";
    let hint = "Give the new one here: `sotto password --confirm`";
    Problem::new(Exit::PasswordChanged, text).and(hint)
}

fn is_written_down() -> Result<bool, Problem> {
    if !prompt::is_terminal() {
        return Ok(false);
    }
    let answer = prompt::line("Have you written it down? [y/N] ")?;
    Ok(prompt::is_yes(&answer))
}

fn not_written(path: &Path, error: &std::io::Error) -> Problem {
    Problem::file(path, error).and("The recovery code is kept: `sotto recovery-code` shows it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_never_written_over_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code");
        let file = CodeFile {
            recovery_code_file: Some(path.clone()),
        };
        assert!(file.must_not_be_there().is_ok());
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(file.must_not_be_there().unwrap_err().exit, Exit::Failed);
    }
}
