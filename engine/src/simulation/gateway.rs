//! A gateway in a few lines: what it promises, without sockets and disks. All it accepts is
//! durable.

use std::collections::BTreeMap;

use bytes::BytesMut;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_shared::classic::request::{Register, Request, RequestBody, Send};
use sotto_shared::classic::response::{
    ClientRecord, PublicKeyAnswer, Registered, Response, Stored, WaitingMessage,
};
use sotto_shared::classic::{Decoded, MessageKind, PublicKeyBytes, RequestDecoder};
use sotto_shared::{ClientId, MessageId, SendId, UserName};

use super::accounts::AccountGateway;
use crate::identity::Identity;

pub(super) struct ModelGateway {
    pub(super) v3: AccountGateway,
    rng: ChaCha20Rng,
    clients: Vec<(ClientId, UserName, PublicKeyBytes)>,
    mailboxes: BTreeMap<ClientId, Vec<WaitingMessage>>,
    receipts: BTreeMap<(ClientId, SendId), MessageId>,
    last_message: u32,
    /// Texts and files that were stored, by sender and addressee.
    accepted: BTreeMap<(ClientId, ClientId), usize>,
}

impl ModelGateway {
    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self {
            v3: AccountGateway::new(rng),
            rng: ChaCha20Rng::seed_from_u64(rng.next_u64()),
            clients: Vec::new(),
            mailboxes: BTreeMap::new(),
            receipts: BTreeMap::new(),
            last_message: 0,
            accepted: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, identity: &Identity) {
        let key = identity.private_key.public().to_wire().unwrap();
        self.clients
            .push((identity.client, identity.name.clone(), key));
    }

    pub(super) fn clients(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.mailboxes.values().all(Vec::is_empty)
    }

    pub(super) fn accepted(&self, from: ClientId, to: ClientId) -> usize {
        self.accepted.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Serves what a connection's decoder finds.
    pub(super) fn serve(
        &mut self,
        connection: u64,
        decoder: &mut RequestDecoder,
        out: &mut BytesMut,
    ) {
        while let Some(decoded) = decoder.next_decoded() {
            match decoded {
                Decoded::Request(request) => {
                    let response = self.answer(&request);
                    response.encode(request.version, request.order, out);
                }
                Decoded::Sotto(frame) => {
                    if let Some(response) = self.sotto_mishap(connection, frame) {
                        response.to_frame().encode(out);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) fn add_classic(&mut self, client: ClientId, name: UserName, key: PublicKeyBytes) {
        self.clients.push((client, name, key));
    }

    pub(super) fn remove_classic(&mut self, client: ClientId) {
        self.clients.retain(|(it, ..)| *it != client);
        self.mailboxes.remove(&client);
    }

    pub(super) fn key_of(&self, client: ClientId) -> Option<PublicKeyBytes> {
        let mut clients = self.clients.iter();
        clients
            .find(|(it, ..)| *it == client)
            .map(|(_, _, key)| *key)
    }

    /// Gives out another public key for this client from now on.
    pub(super) fn swap_key(&mut self, client: ClientId, key: PublicKeyBytes) {
        for (it, _, stored) in &mut self.clients {
            if *it == client {
                *stored = key;
            }
        }
    }

    /// Calls a classic client otherwise from now on.
    pub(super) fn rename_classic(&mut self, client: ClientId, name: &str) {
        for (it, stored, _) in &mut self.clients {
            if *it == client {
                *stored = name.parse().unwrap();
            }
        }
    }

    pub(super) fn has_classic_name(&self, name: &str, but: Option<ClientId>) -> bool {
        self.clients
            .iter()
            .any(|(it, taken, _)| Some(*it) != but && taken.as_str().eq_ignore_ascii_case(name))
    }

    fn knows(&self, id: ClientId) -> bool {
        self.clients.iter().any(|(client, ..)| *client == id)
    }

    fn answer(&mut self, request: &Request) -> Response {
        let asker = request.client;
        let refused = Response::Error(String::new());
        let registers = matches!(
            request.body,
            RequestBody::Register(_) | RequestBody::RegisterOnce(_)
        );
        if !registers && !self.knows(asker) {
            return refused;
        }
        match &request.body {
            RequestBody::Register(register) => self.register(register, false),
            RequestBody::RegisterOnce(register) => self.register(register, true),
            RequestBody::ListClients => Response::ClientList(
                self.clients
                    .iter()
                    .filter(|(client, ..)| *client != asker)
                    .map(|(client, name, _)| ClientRecord {
                        client: *client,
                        name: name.clone(),
                    })
                    .collect(),
            ),
            RequestBody::PublicKey(wanted) => self
                .clients
                .iter()
                .find(|(client, ..)| *client == wanted.wanted)
                .map_or(refused, |(client, _, key)| {
                    Response::PublicKey(PublicKeyAnswer {
                        client: *client,
                        public_key: *key,
                    })
                }),
            RequestBody::Send(send) => self.store(asker, send),
            RequestBody::SendOnce(once) => {
                if let Some(message) = self.receipts.get(&(asker, once.send_id)) {
                    return Response::Stored(Some(Stored {
                        to: once.send.to,
                        message: *message,
                    }));
                }
                let response = self.store(asker, &once.send);
                if let Response::Stored(Some(stored)) = &response {
                    self.receipts.insert((asker, once.send_id), stored.message);
                }
                response
            }
            RequestBody::Pull => {
                Response::Waiting(self.mailboxes.remove(&asker).unwrap_or_default())
            }
            RequestBody::PullAfter(pull) => {
                let mailbox = self.mailboxes.entry(asker).or_default();
                if mailbox.iter().any(|it| it.message == pull.acknowledged) {
                    mailbox.retain(|it| it.message > pull.acknowledged);
                }
                Response::Waiting(mailbox.iter().take(5).cloned().collect())
            }
        }
    }

    fn register(&mut self, register: &Register, once: bool) -> Response {
        let taken = self
            .clients
            .iter()
            .find(|(_, name, _)| *name == register.name);
        match taken {
            Some((client, _, key)) if once && *key == register.public_key => {
                Response::Registered(Registered { client: *client })
            }
            Some(_) => Response::Error(String::new()),
            None => {
                let client = ClientId::random(&mut self.rng);
                self.clients
                    .push((client, register.name.clone(), register.public_key));
                Response::Registered(Registered { client })
            }
        }
    }

    fn store(&mut self, from: ClientId, send: &Send) -> Response {
        if !self.knows(send.to) || from == send.to {
            return Response::Error(String::new());
        }
        self.last_message += 1;
        let message = MessageId(self.last_message);
        if matches!(send.kind, MessageKind::TEXT | MessageKind::FILE) {
            *self.accepted.entry((from, send.to)).or_default() += 1;
        }
        self.mailboxes
            .entry(send.to)
            .or_default()
            .push(WaitingMessage {
                from,
                message,
                kind: send.kind,
                content: send.content.clone(),
            });
        Response::Stored(Some(Stored {
            to: send.to,
            message,
        }))
    }
}
