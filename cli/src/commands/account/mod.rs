//! The commands of accounts.

mod contacts;
mod devices;
mod invitations;
mod secrets;
mod settings;
mod sign_in;
mod sign_out;

use sotto_engine::api::{
    AccountCommand as AccountOrder, AccountEvent, AccountStatus, Command as Order, Deed, Event,
    Phase,
};

use super::Session;
use crate::args::AccountCommand;
use crate::problem::{Exit, Problem};

impl Session {
    pub(super) async fn account(&mut self, command: AccountCommand) -> Result<(), Problem> {
        use AccountCommand as Command;
        if self.foreign {
            let text = "accounts are at Sotto's own gateways: leave --seed-server out";
            return Err(Problem::new(Exit::Usage, text));
        }
        match command {
            Command::Signup {
                name,
                display_name,
                invite,
                invite_file,
                device,
                code,
            } => {
                let invitation = sign_in::invitation(invite.as_deref(), invite_file.as_deref())?;
                self.sign_up(name, display_name, invitation, device, code)
                    .await
            }
            Command::Login { name, device } => self.sign_in(name, device).await,
            Command::Recover {
                name,
                code_file,
                revoke_others,
                device,
                code,
            } => {
                let old_code = code_file.as_deref();
                self.recover(name, old_code, revoke_others, device, code)
                    .await
            }
            Command::Logout { forget, yes } => self.sign_out(forget, yes).await,
            Command::Devices => self.devices().await,
            Command::Revoke {
                devices,
                all_others,
            } => self.revoke(&devices, all_others).await,
            Command::RenameDevice { name, device } => {
                self.rename_device(name, device.as_deref()).await
            }
            Command::Verify {
                who,
                code,
                mark,
                unmark,
            } => match (code, mark || unmark) {
                (Some(code), _) => self.compare(&who, code).await,
                (None, true) => self.mark(&who, mark).await,
                (None, false) => self.safety_number(&who).await,
            },
            Command::Password {
                confirm: true,
                revoke_others: _,
            } => self.confirm_changed_password().await,
            Command::Password {
                confirm: false,
                revoke_others,
            } => self.change_password(revoke_others).await,
            Command::RecoveryCode { new, code } => self.renew_recovery_code(new, code).await,
            Command::Bridge { state } => self.set_bridge(state).await,
            Command::Profile {
                display_name,
                hide_presence,
                show_presence,
            } => {
                self.profile(display_name, hide_presence, show_presence)
                    .await
            }
            Command::Find { name } => self.show_found(name.as_str()).await,
            Command::AcceptKey { who, yes } => self.accept_key(&who, yes).await,
            Command::Invite => self.invite().await,
            Command::Invitations => self.invitations().await,
            Command::CancelInvitation { id } => self.cancel_invitation(&id).await,
            Command::DeleteAccount { confirm } => self.delete_account(confirm).await,
        }
    }

    /// The account that is signed in here.
    pub(super) fn signed_in(&self) -> Result<&AccountStatus, Problem> {
        self.require_somebody()?;
        self.client.account().ok_or_else(|| {
            let text = "this profile has no account";
            let hint = match self.client.phase() {
                Phase::Ready { .. } => "`sotto signup NAME` makes one of its classic identity",
                _ => "`sotto signup NAME` makes one, `sotto login NAME` signs in",
            };
            Problem::new(Exit::Phase, text).and(hint)
        })
    }

    /// Waits until the gateway knows this device, and all is up to date.
    pub(super) async fn require_session(&mut self) -> Result<(), Problem> {
        if !matches!(self.client.phase(), Phase::SigningIn { .. }) {
            self.signed_in()?;
        }
        self.catch_up().await?;
        self.signed_in().map(drop)
    }

    /// Waits until the gateway has said how this device stands, whatever that is.
    pub(super) async fn reach_gateway(&mut self) -> Result<(), Problem> {
        while !self.is_settled() && !self.is_password_changed() {
            self.refuse_ended()?;
            self.next_events().await?;
        }
        Ok(())
    }

    /// Gives an order, and works until `pick` finds what it is answered by.
    async fn answered<T>(
        &mut self,
        order: AccountOrder,
        mut pick: impl FnMut(&AccountEvent) -> Option<T>,
    ) -> Result<T, Problem> {
        let confirms = matches!(order, AccountOrder::ConfirmPassword { .. });
        let mut events = self.order(Order::Account(order)).await?;
        loop {
            let found = events.iter().find_map(|event| match event {
                Event::Account(event) => pick(event),
                _ => None,
            });
            if let Some(found) = found {
                return Ok(found);
            }
            self.refuse_ended()?;
            if !confirms && self.is_password_changed() {
                return Err(secrets::password_changed());
            }
            events = self.next_events().await?;
        }
    }

    /// Gives an order that has no answer but that it was done.
    async fn done(&mut self, order: AccountOrder, wanted: Deed) -> Result<(), Problem> {
        let pick = |event: &AccountEvent| match event {
            AccountEvent::Done(deed) if *deed == wanted => Some(()),
            _ => None,
        };
        self.answered(order, pick).await
    }

    /// Gives an order that ends with an empty profile.
    async fn until_erased(&mut self, order: AccountOrder) -> Result<(), Problem> {
        self.order(Order::Account(order)).await?;
        while !matches!(self.client.phase(), Phase::Unregistered) {
            self.next_events().await?;
        }
        Ok(())
    }
}
