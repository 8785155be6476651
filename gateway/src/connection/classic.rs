//! The classic dialect: what its requests ask of the storage, and how results are answered.

use sotto_shared::classic::request::Request;
use sotto_shared::classic::response::{Registered, Response, Stored};
use sotto_shared::classic::{RequestBody, Version};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId};

use super::job::{Alone, AloneResult};
use super::tally::RequestResult;
use crate::storage::{ReadError, Write, Written};

/// In which form a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) code: u16,
    pub(super) version: Version,
    pub(super) order: ByteOrder,
}

/// What a request needs.
#[derive(Debug)]
pub(super) enum Need {
    /// To be stored, beside other sends.
    Send {
        to: ClientId,
        write: Write,
        bytes: usize,
    },
    /// Steps of its own that nothing may overtake.
    Alone { first: Alone, then: Then },
}

/// What follows after the first step of a request that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The answer.
    Answer,
    /// The mailbox's messages, and then the answer.
    Waiting(ClientId),
    /// The answer, and when it is written, the deletion of what it delivered.
    Delete(ClientId),
}

pub(super) fn form_of(request: &Request) -> Form {
    Form {
        code: request.body.code(),
        version: request.version,
        order: request.order,
    }
}

pub(super) fn need_of(request: Request) -> Need {
    let requester = request.client;
    let alone = |first, then| Need::Alone { first, then };
    match request.body {
        RequestBody::Register(register) => alone(
            Alone::Register(Write::Register {
                register,
                once: false,
            }),
            Then::Answer,
        ),
        RequestBody::RegisterOnce(register) => alone(
            Alone::Register(Write::Register {
                register,
                once: true,
            }),
            Then::Answer,
        ),
        RequestBody::ListClients => alone(Alone::Clients { requester }, Then::Answer),
        RequestBody::PublicKey(request) => alone(
            Alone::PublicKey {
                requester,
                wanted: request.wanted,
            },
            Then::Answer,
        ),
        RequestBody::Send(message) => Need::Send {
            to: message.to,
            bytes: message.content.len(),
            write: Write::Send {
                from: requester,
                message,
                send_id: None,
            },
        },
        RequestBody::SendOnce(once) => Need::Send {
            to: once.send.to,
            bytes: once.send.content.len(),
            write: Write::Send {
                from: requester,
                message: once.send,
                send_id: Some(once.send_id),
            },
        },
        RequestBody::Pull => alone(
            Alone::Waiting {
                mailbox: requester,
                deletes: true,
            },
            Then::Delete(requester),
        ),
        RequestBody::PullAfter(pull) => {
            let waiting = Alone::Waiting {
                mailbox: requester,
                deletes: false,
            };
            if pull.acknowledged == MessageId::default() {
                alone(waiting, Then::Answer)
            } else {
                let acknowledge = Write::Acknowledge {
                    mailbox: requester,
                    through: pull.acknowledged,
                };
                alone(Alone::Write(acknowledge), Then::Waiting(requester))
            }
        }
    }
}

/// The answer to a send.
pub(super) fn answer_to_send(to: ClientId, written: Written) -> (Response, RequestResult) {
    match written {
        Written::Stored(message) => (
            Response::Stored(Some(Stored { to, message })),
            RequestResult::Done,
        ),
        other => error_for(other),
    }
}

/// The answer to a request that stands alone.
pub(super) fn answer(result: AloneResult) -> (Response, RequestResult) {
    let read = |error| match error {
        ReadError::Refused(_) => (error_response(), RequestResult::Refused),
        ReadError::Failed => (error_response(), RequestResult::Failed),
    };
    match result {
        AloneResult::Written(Written::Registered(client)) => (
            Response::Registered(Registered { client }),
            RequestResult::Done,
        ),
        AloneResult::Written(other) => error_for(other),
        AloneResult::Clients(Ok(records)) => (Response::ClientList(records), RequestResult::Done),
        AloneResult::PublicKey(Ok(answer)) => (Response::PublicKey(answer), RequestResult::Done),
        AloneResult::Waiting(Ok(waiting)) => {
            (Response::Waiting(waiting.messages), RequestResult::Done)
        }
        AloneResult::Clients(Err(error))
        | AloneResult::PublicKey(Err(error))
        | AloneResult::Waiting(Err(error)) => read(error),
        // Never the result of a classic request.
        AloneResult::Account(_) => (error_response(), RequestResult::Failed),
    }
}

fn error_for(written: Written) -> (Response, RequestResult) {
    let result = match written {
        Written::Refused(_) => RequestResult::Refused,
        _ => RequestResult::Failed,
    };
    (error_response(), result)
}

/// 9000. It never has a payload: some clients throw on one.
pub(super) const fn error_response() -> Response {
    Response::Error(String::new())
}
