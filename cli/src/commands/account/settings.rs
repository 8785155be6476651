//! `bridge`, `profile`.

use sotto_engine::api::{AccountCommand as AccountOrder, Deed};
use sotto_shared::account::DisplayName;

use super::super::Session;
use crate::args::OnOff;
use crate::problem::Problem;

impl Session {
    pub(super) async fn set_bridge(&mut self, state: OnOff) -> Result<(), Problem> {
        self.require_session().await?;
        let on = state == OnOff::On;
        let order = AccountOrder::SetBridge { on };
        self.done(order, Deed::BridgeSet).await?;
        // The new mailbox says who it is before the command ends.
        self.catch_up().await?;
        self.whoami().await
    }

    pub(super) async fn profile(
        &mut self,
        display_name: Option<DisplayName>,
        hide_presence: bool,
        show_presence: bool,
    ) -> Result<(), Problem> {
        if display_name.is_none() && !hide_presence && !show_presence {
            self.signed_in()?;
            return self.whoami().await;
        }
        self.require_session().await?;
        let account = self.signed_in()?;
        let order = AccountOrder::UpdateProfile {
            display_name: display_name.unwrap_or_else(|| account.display_name.clone()),
            hides_presence: match (hide_presence, show_presence) {
                (true, _) => true,
                (_, true) => false,
                (false, false) => account.hides_presence,
            },
        };
        self.done(order, Deed::ProfileUpdated).await?;
        self.whoami().await
    }

    /// Leaves the profile unlocked, or locks it with the account's password.
    pub(in super::super) async fn set_stay_unlocked(&mut self, stay: bool) -> Result<(), Problem> {
        if stay == self.signed_in()?.stays_unlocked {
            let what = match stay {
                true => "the profile is left unlocked already",
                false => "the profile is locked with the account's password already",
            };
            return Ok(self.printer.done(what)?);
        }
        // Only the gateway knows whether a password is right that locks nothing yet.
        if !stay {
            self.require_session().await?;
        }
        let password = self.passwords.current()?;
        let order = AccountOrder::SetStayUnlocked { stay, password };
        self.done(order, Deed::StayUnlockedSet).await?;
        let what = match stay {
            true => "the profile is left unlocked from now on",
            false => "the profile is locked with the account's password from now on",
        };
        Ok(self.printer.done(what)?)
    }
}
