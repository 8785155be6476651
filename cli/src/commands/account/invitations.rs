//! `invite`, `invitations`, `cancel-invitation`.

use sotto_engine::api::{
    AccountCommand as AccountOrder, AccountEvent, Deed, InvitationInfo, RegistrationPolicy,
};

use super::super::Session;
use crate::output::{Invited, invitation_id};
use crate::problem::{Exit, Problem};
use crate::resolve::one_of;

impl Session {
    pub(super) async fn invite(&mut self) -> Result<(), Problem> {
        self.require_session().await?;
        match self.client.gateway().map(|gateway| gateway.registration) {
            Some(RegistrationPolicy::Open) => {
                let text = "this gateway wants no invitations: everybody may sign up";
                return Err(Problem::new(Exit::Refused, text).because("no_invitations"));
            }
            Some(RegistrationPolicy::Closed) => {
                let text = "this gateway takes no new accounts";
                return Err(Problem::new(Exit::Refused, text).because("registration_closed"));
            }
            Some(RegistrationPolicy::Invitation) | None => {}
        }
        let pick = |event: &AccountEvent| match event {
            AccountEvent::Invited {
                code,
                id,
                expires_at,
            } => {
                let (id, expires_at) = (*id, *expires_at);
                Some((code.clone(), InvitationInfo { id, expires_at }))
            }
            _ => None,
        };
        let (code, info) = self.answered(AccountOrder::Invite, pick).await?;
        let link = |web: &String| format!("{web}/#invite={}", code.0);
        Ok(self.printer.invited(&Invited {
            code: &code,
            link: self.web.as_ref().map(link),
            info,
        })?)
    }

    pub(super) async fn invitations(&mut self) -> Result<(), Problem> {
        for invitation in self.list_invitations().await? {
            self.printer.invitation(&invitation)?;
        }
        Ok(())
    }

    pub(super) async fn cancel_invitation(&mut self, wanted: &str) -> Result<(), Problem> {
        let open = self.list_invitations().await?;
        let at = one_of(&open, |it| invitation_id(it.id), |_| None, wanted)?;
        let invitation = open
            .get(at)
            .ok_or_else(|| Problem::new(Exit::Refused, "there is no such invitation"))?;
        let order = AccountOrder::CancelInvitation { id: invitation.id };
        self.done(order, Deed::InvitationCancelled).await?;
        Ok(self.printer.done("the invitation is taken back")?)
    }

    async fn list_invitations(&mut self) -> Result<Vec<InvitationInfo>, Problem> {
        self.require_session().await?;
        let pick = |event: &AccountEvent| match event {
            AccountEvent::Invitations(open) => Some(open.clone()),
            _ => None,
        };
        self.answered(AccountOrder::ListInvitations, pick).await
    }
}
