//! What version 3 of a connection counts, handed out now and then.

use sotto_shared::sotto::{ErrorCode, Response};

use crate::connection::RequestResult;

/// Requests by code and result, in the order in which they were answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SottoTally(Vec<(u16, RequestResult)>);

impl SottoTally {
    pub(in crate::connection) fn count(&mut self, code: u16, result: RequestResult) {
        self.0.push((code, result));
    }

    /// Takes what was counted, if anything was.
    pub(in crate::connection) fn take(&mut self) -> Option<Self> {
        (!self.0.is_empty()).then(|| core::mem::take(self))
    }

    /// What was counted.
    pub fn requests(&self) -> &[(u16, RequestResult)] {
        &self.0
    }
}

/// As what a response is counted.
pub(in crate::connection) const fn result_of(response: &Response) -> RequestResult {
    let Response::Error(error) = response else {
        return RequestResult::Done;
    };
    match error.code {
        ErrorCode::Unavailable => RequestResult::Failed,
        ErrorCode::BadRequest
        | ErrorCode::UnknownRequest
        | ErrorCode::TooLarge
        | ErrorCode::ExpectedHello
        | ErrorCode::UnsupportedVersion => RequestResult::Rejected,
        _ => RequestResult::Refused,
    }
}
