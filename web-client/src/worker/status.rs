//! What the worker tells when there is no engine to ask.

use sotto_engine::api::{Connection, Event, Phase, Status};

/// Nothing works, for this reason (a sentence).
pub fn broken(reason: impl Into<String>) -> Event {
    Event::Status(Status {
        phase: Phase::Broken {
            reason: reason.into(),
        },
        connection: Connection::Offline { retry_at: None },
        passphrase: false,
        gateway: None,
        account: None,
    })
}
