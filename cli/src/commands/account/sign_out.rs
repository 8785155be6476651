//! `logout`, `delete-account`.

use sotto_engine::api::{AccountCommand as AccountOrder, Phase, SessionState};
use sotto_shared::account::AccountName;

use super::super::Session;
use crate::problem::{Exit, Problem};
use crate::prompt;

const ERASED: &str = "keys and history of this profile are erased";

impl Session {
    pub(super) async fn sign_out(&mut self, forget: bool, yes: bool) -> Result<(), Problem> {
        let is_locked = matches!(self.client.phase(), Phase::Locked);
        if !is_locked {
            self.signed_in()?;
        }
        let has_ended = matches!(self.session_state(), Some(SessionState::Ended(_)));
        if !yes {
            let question = "This erases the keys and the history in this profile. Go on?";
            prompt::confirm(question, "--yes")?;
        }
        if is_locked || has_ended {
            self.until_erased(AccountOrder::Forget).await?;
            return Ok(self.printer.done(ERASED)?);
        }
        if forget {
            let text = "this device is still signed in, and the profile is open";
            return Err(Problem::new(Exit::Phase, text).and("Use `sotto logout`"));
        }
        match self.reach_gateway().await {
            Ok(()) => self.until_erased(AccountOrder::SignOut).await?,
            // It was revoked meanwhile: nothing is left but to erase.
            Err(problem) if problem.exit == Exit::SessionEnded => {
                self.until_erased(AccountOrder::Forget).await?;
            }
            Err(problem) => return Err(problem),
        }
        let what = format!("signed out; {ERASED}");
        Ok(self.printer.done(&what)?)
    }

    pub(super) async fn delete_account(
        &mut self,
        confirm: Option<AccountName>,
    ) -> Result<(), Problem> {
        let name = self.signed_in()?.name.clone();
        let typed = match confirm {
            Some(confirm) => confirm.as_str().to_owned(),
            None if prompt::is_terminal() => prompt::line(
                "This deletes the account for ever, with its devices, and erases this profile. \
                 Type its name to go on: ",
            )?,
            None => {
                let text = "this wants the account's name: give it with --confirm";
                return Err(Problem::new(Exit::Usage, text));
            }
        };
        if typed != name.as_str() {
            let text = format!("this is not the name of the account here, {name}");
            return Err(Problem::new(Exit::Refused, text).and("Nothing was deleted"));
        }
        self.require_session().await?;
        let password = self.passwords.current()?;
        self.until_erased(AccountOrder::Delete { password }).await?;
        Ok(self.printer.done("the account is deleted")?)
    }
}
