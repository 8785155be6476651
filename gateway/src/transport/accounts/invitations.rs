//! Invitations.

use core::time::Duration;

use rand_core::OsRng;
use sotto_shared::AccountId;
use sotto_shared::sotto::response::Invited;
use sotto_shared::sotto::types::{Invitation, RegistrationPolicy};
use sotto_shared::sotto::{Error, ErrorCode, Response};

use super::{Accounts, Answer, Ask, read};
use crate::audit::Event;
use crate::connection::sotto::error;
use crate::invitation::InvitationCode;
use crate::storage::account::{Applied, Change, INVITATION_LIFETIME};

impl Ask<'_> {
    pub(super) async fn invite(&mut self) -> Answer {
        let account = self.device()?.account;
        if self.accounts.policy.registration != RegistrationPolicy::Invitation {
            return Err(error(ErrorCode::NotAllowed));
        }
        let (code, invitation) = self
            .accounts
            .invite(Some(account), INVITATION_LIFETIME)
            .await?;
        let account = Some(account);
        self.event(Event::InvitationMade { account });
        let code = code.as_str().to_owned();
        Ok(Response::Invited(Invited { code, invitation }).into())
    }

    pub(super) async fn list_invitations(&mut self) -> Answer {
        let account = self.device()?.account;
        let invitations = read(self.accounts.storage.invitations(account)).await?;
        Ok(Response::Invitations(invitations).into())
    }

    pub(super) async fn cancel_invitation(&mut self, id: [u8; 16]) -> Answer {
        let by = self.device()?.account;
        let change = Change::CancelInvitation { by, id };
        self.accounts.apply(change).await?;
        Ok(Response::Done.into())
    }
}

impl Accounts {
    /// Makes an invitation by an account, or by the operator.
    pub(super) async fn invite(
        &self,
        by: Option<AccountId>,
        lifetime: Duration,
    ) -> Result<(InvitationCode, Invitation), Error> {
        let code = InvitationCode::generate(&mut OsRng);
        let change = Change::Invite {
            by,
            digest: code.digest(),
            lifetime,
        };
        match self.apply(change).await? {
            Applied::Invited(invitation) => Ok((code, invitation)),
            _ => Err(error(ErrorCode::Unavailable)),
        }
    }
}
