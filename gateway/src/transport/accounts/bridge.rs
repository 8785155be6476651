//! The classic mailbox of an account.

use sotto_shared::ClientId;
use sotto_shared::account::BridgeCertificate;
use sotto_shared::crypto::PublicKey;
use sotto_shared::sotto::types::Bridge;
use sotto_shared::sotto::{ErrorCode, Response};

use super::{Answer, Ask, read};
use crate::audit::Event;
use crate::connection::sotto::error;
use crate::storage::account::Change;

impl Ask<'_> {
    pub(super) async fn set_bridge(&mut self, bridge: Option<Bridge>) -> Answer {
        let account = self.device()?.account;
        let _turn = self.accounts.turn(account).await;
        self.check_session()?;
        let record = read(self.accounts.storage.account(account)).await?;
        let record = record.ok_or_else(|| error(ErrorCode::Conflict))?;
        if let Some(bridge) = &bridge {
            let Bridge {
                certificate,
                public_key,
            } = bridge;
            let key = &record.account_key;
            if certificate.verify_for(&account, key).is_err()
                || certificate.key_digest != BridgeCertificate::digest(public_key)
            {
                return Err(error(ErrorCode::BadSignature));
            }
            if certificate.client == ClientId::ZERO || PublicKey::from_wire(public_key).is_err() {
                return Err(error(ErrorCode::BadRequest));
            }
        }
        let event = match bridge {
            Some(_) => Event::BridgeOn { account },
            None => Event::BridgeOff { account },
        };
        let bridge = bridge.map(|bridge| (bridge.certificate, bridge.public_key));
        let change = Change::SetBridge { account, bridge };
        self.accounts.apply(change).await?;
        self.event(event);
        self.accounts.notices.changed(self.services, account);
        Ok(Response::Done.into())
    }
}
