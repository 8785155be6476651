//! What a connection counts, handed out in one piece now and then.

use sotto_shared::classic::code;
use sotto_shared::sotto::code as sotto;

/// Request codes that are counted each for itself; everything else is the last.
pub const TALLIED_CODES: [&str; 9] = [
    "600", "601", "602", "603", "604", "610", "613", "614", "other",
];

/// The same for version 3.
pub const TALLIED_SOTTO_CODES: [u16; 32] = [
    sotto::CLIENT_HELLO,
    sotto::PING,
    sotto::REGISTER_START,
    sotto::REGISTER_FINISH,
    sotto::LOGIN_START,
    sotto::LOGIN_FINISH,
    sotto::ADD_DEVICE,
    sotto::AUTHENTICATE,
    sotto::LIST_DEVICES,
    sotto::REVOKE_DEVICES,
    sotto::RENAME_DEVICE,
    sotto::CREDENTIALS_START,
    sotto::CREDENTIALS_FINISH,
    sotto::DELETE_ACCOUNT,
    sotto::UPDATE_PROFILE,
    sotto::SET_BRIDGE,
    sotto::LIST_ACCOUNTS,
    sotto::FIND_ACCOUNTS,
    sotto::INVITE,
    sotto::LIST_INVITATIONS,
    sotto::CANCEL_INVITATION,
    sotto::PUBLISH_KEY_PACKAGES,
    sotto::COUNT_KEY_PACKAGES,
    sotto::CLAIM_KEY_PACKAGES,
    sotto::FIND_DEVICES,
    sotto::CREATE_GROUP,
    sotto::GET_GROUP_INFO,
    sotto::LIST_GROUPS,
    sotto::COMMIT,
    sotto::SEND,
    sotto::SEND_EPHEMERAL,
    sotto::ACKNOWLEDGE,
];

/// What can become of a request.
pub const RESULTS: [&str; 4] = ["done", "refused", "failed", "rejected"];

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestResult {
    /// Answered as asked.
    Done,
    /// Answered with an error, since it cannot be.
    Refused,
    /// Answered with an error, since the storage is failing.
    Failed,
    /// Answered with an error, since it was no request.
    Rejected,
}

/// Requests by code and result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    counts: [[u32; RESULTS.len()]; TALLIED_CODES.len()],
    any: bool,
}

impl Tally {
    pub(super) fn count(&mut self, code: u16, result: RequestResult) {
        let row = match code {
            code::REGISTER => 0,
            code::LIST_CLIENTS => 1,
            code::PUBLIC_KEY => 2,
            code::SEND => 3,
            code::PULL => 4,
            code::REGISTER_ONCE => 5,
            code::SEND_ONCE => 6,
            code::PULL_AFTER => 7,
            _ => 8,
        };
        if let Some(count) = self
            .counts
            .get_mut(row)
            .and_then(|row| row.get_mut(result as usize))
        {
            *count = count.saturating_add(1);
            self.any = true;
        }
    }

    /// The counts, in the order of [`TALLIED_CODES`] and [`RESULTS`].
    pub fn counts(&self) -> &[[u32; RESULTS.len()]; TALLIED_CODES.len()] {
        &self.counts
    }

    /// Takes the counts and begins anew; nothing if nothing was counted.
    pub(super) fn take(&mut self) -> Option<Self> {
        self.any.then(|| core::mem::take(self))
    }
}
