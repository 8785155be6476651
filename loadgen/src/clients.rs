//! Registering clients.

use anyhow::{Context, Result, bail};
use sotto_shared::ClientId;
use sotto_shared::classic::request::Register;
use sotto_shared::classic::{PublicKeyBytes, Request, RequestBody, Response, Version};
use sotto_shared::limits::PUBLIC_KEY_SIZE;
use sotto_shared::wire::ByteOrder;

use crate::gateway::Gateway;
use crate::wire::{Link, Transport};

/// Connections that register at the same time, so that the gateway commits them in groups.
const AT_ONCE: usize = 32;

/// A request as native clients write it.
pub(crate) fn request(client: ClientId, body: RequestBody) -> Request {
    Request {
        client,
        version: Version::V2,
        order: ByteOrder::Little,
        body,
    }
}

/// Registers so many clients.
pub(crate) async fn register(
    gateway: &Gateway,
    prefix: &str,
    count: usize,
) -> Result<Vec<ClientId>> {
    let mut tasks = Vec::new();
    for lane in 0..AT_ONCE {
        let names: Vec<String> = (lane..count)
            .step_by(AT_ONCE)
            .map(|number| format!("{prefix}{number}"))
            .collect();
        if names.is_empty() {
            continue;
        }
        let to = gateway.tcp;
        tasks.push(tokio::spawn(async move {
            let mut link = Link::open(Transport::Tcp, to).await?;
            let mut clients = Vec::with_capacity(names.len());
            for name in names {
                clients.push(register_one(&mut link, &name).await?);
            }
            anyhow::Ok(clients)
        }));
    }
    let mut clients = Vec::with_capacity(count);
    for task in tasks {
        clients.extend(task.await??);
    }
    Ok(clients)
}

async fn register_one(link: &mut Link, name: &str) -> Result<ClientId> {
    // Gateways do not look into keys.
    let body = RequestBody::Register(Register {
        name: name.parse().context("not a user name")?,
        public_key: PublicKeyBytes([0x5a; PUBLIC_KEY_SIZE]),
    });
    match link.ask(&request(ClientId::ZERO, body)).await? {
        Response::Registered(registered) => Ok(registered.client),
        other => bail!("registering {name} was answered with {}", other.code()),
    }
}
