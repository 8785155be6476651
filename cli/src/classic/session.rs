//! The classic client's state: what each request needs, and what each answer means.
//!
//! Reads no clock and opens no socket: [`Session::begin`] gives the request to send,
//! [`Session::finish`] takes the answer to it. Symmetric keys live as long as the session, one for
//! each contact, the newest replacing the one before.

use bytes::Bytes;
use rand_core::CryptoRngCore;
use sotto_engine::identity::Identity;
use sotto_shared::classic::request::{PublicKey as PublicKeyRequest, Register, Send};
use sotto_shared::classic::response::WaitingMessage;
use sotto_shared::classic::{MessageKind, Request, RequestBody, Response, Version};
use sotto_shared::crypto::{PrivateKey, PublicKey, SymmetricKey};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, UserName};

/// One user at one server.
#[derive(Debug)]
pub(crate) struct Session {
    version: Version,
    identity: Option<Identity>,
    contacts: Vec<Contact>,
    pending: Option<Pending>,
}

/// Somebody the server listed, or who wrote.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) client: ClientId,
    pub(crate) name: Option<UserName>,
    public_key: Option<PublicKey>,
    symmetric_key: Option<SymmetricKey>,
}

/// What the user wants from the server.
#[derive(Debug)]
pub(crate) enum Action {
    Register {
        name: UserName,
        key: Box<PrivateKey>,
    },
    ListClients,
    PublicKey {
        of: ClientId,
    },
    Pull,
    SendText {
        to: ClientId,
        text: String,
    },
    RequestKey {
        to: ClientId,
    },
    SendKey {
        to: ClientId,
    },
    SendFile {
        to: ClientId,
        content: Vec<u8>,
    },
}

/// Why no request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("you are already registered")]
    Registered,
    #[error("you are not registered yet: choose 110 first")]
    NotRegistered,
    #[error("there is no public key of this user: choose 130 first")]
    NoPublicKey,
    #[error("there is no symmetric key with this user: choose 151 or 152 first")]
    NoSymmetricKey,
    #[error("no key could be made")]
    NoKey,
}

/// What came of an action.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// There is an identity now, to be written to `my.info`.
    Registered,
    /// The contacts are up to date.
    Clients,
    /// The public key is known.
    PublicKey,
    /// The server has the message.
    Sent,
    /// What was waiting, oldest first.
    Messages(Vec<Received>),
    /// The server said no, some with a reason.
    Error(String),
}

/// A message that was waiting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) from: ClientId,
    pub(crate) content: Content,
}

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    KeyRequest,
    Key,
    Text(String),
    File(Vec<u8>),
    Undecryptable,
    Unknown(u8),
}

/// An answer that does not belong to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("the server answered with code {0}, which does not belong to the request")]
    Mismatch(u16),
    #[error("the server sent a public key that cannot be used")]
    BadPublicKey,
}

/// The request under way.
#[derive(Debug)]
enum Pending {
    Register(UserName, Box<PrivateKey>),
    ListClients,
    PublicKey(ClientId),
    Pull,
    Send,
    SendKey(ClientId, SymmetricKey),
}

impl Session {
    /// A session of a registered user, or of one who is to register.
    pub(crate) fn new(version: Version, identity: Option<Identity>) -> Self {
        Self {
            version,
            identity,
            contacts: Vec::new(),
            pending: None,
        }
    }

    /// The user, once registered.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Everybody known.
    pub(crate) fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The contact with this id, or with exactly this name. An id is never taken for a name, so
    /// that nobody can pass for somebody else by registering their id as a name.
    pub(crate) fn find(&self, name_or_id: &str) -> Option<&Contact> {
        if let Ok(id) = name_or_id.parse() {
            return self.contact(id);
        }
        let named = |contact: &&Contact| {
            let name = contact.name.as_ref();
            name.is_some_and(|name| name.as_str() == name_or_id)
        };
        self.contacts.iter().find(named)
    }

    /// Whether there is a public key of this contact.
    pub(crate) fn has_public_key(&self, of: ClientId) -> bool {
        self.contact(of)
            .is_some_and(|contact| contact.public_key.is_some())
    }

    /// How to call somebody: by name, or by id if no list showed it.
    pub(crate) fn display_name(&self, client: ClientId) -> String {
        self.contact(client)
            .and_then(|contact| contact.name.as_ref())
            .map_or_else(|| client.to_string(), ToString::to_string)
    }

    /// The request for an action. An earlier one that got no answer is forgotten.
    pub(crate) fn begin(
        &mut self,
        action: Action,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Request, Refusal> {
        self.pending = None;
        let client = match (&self.identity, &action) {
            (None, Action::Register { .. }) => ClientId::ZERO,
            (Some(_), Action::Register { .. }) => return Err(Refusal::Registered),
            (Some(identity), _) => identity.client,
            (None, _) => return Err(Refusal::NotRegistered),
        };
        let (body, pending) = self.prepare(action, rng)?;
        self.pending = Some(pending);
        Ok(Request {
            client,
            version: self.version,
            order: ByteOrder::Little,
            body,
        })
    }

    fn prepare(
        &self,
        action: Action,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(RequestBody, Pending), Refusal> {
        let send = |to, kind, content: Vec<u8>| {
            let content = Bytes::from(content);
            RequestBody::Send(Send { to, kind, content })
        };
        Ok(match action {
            Action::Register { name, key } => {
                let public_key = key.public().to_wire().map_err(|_| Refusal::NoKey)?;
                let register = Register {
                    name: name.clone(),
                    public_key,
                };
                (
                    RequestBody::Register(register),
                    Pending::Register(name, key),
                )
            }
            Action::ListClients => (RequestBody::ListClients, Pending::ListClients),
            Action::PublicKey { of } => {
                let wanted = PublicKeyRequest { wanted: of };
                (RequestBody::PublicKey(wanted), Pending::PublicKey(of))
            }
            Action::Pull => (RequestBody::Pull, Pending::Pull),
            Action::SendText { to, text } => {
                let content = self.symmetric_key(to)?.encrypt(text.as_bytes());
                (send(to, MessageKind::TEXT, content), Pending::Send)
            }
            Action::SendFile { to, content } => {
                let content = self.symmetric_key(to)?.encrypt(&content);
                (send(to, MessageKind::FILE, content), Pending::Send)
            }
            Action::RequestKey { to } => (
                send(to, MessageKind::KEY_REQUEST, Vec::new()),
                Pending::Send,
            ),
            Action::SendKey { to } => {
                let public_key = self
                    .contact(to)
                    .and_then(|contact| contact.public_key.as_ref())
                    .ok_or(Refusal::NoPublicKey)?;
                let key = SymmetricKey::generate(rng);
                let wrapped = public_key.wrap_key(rng, &key).map_err(|_| Refusal::NoKey)?;
                let body = send(to, MessageKind::KEY, wrapped.to_vec());
                (body, Pending::SendKey(to, key))
            }
        })
    }

    /// Takes the answer to the request that began last.
    pub(crate) fn finish(
        &mut self,
        response: Response,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Outcome, AnswerError> {
        let mismatch = AnswerError::Mismatch(response.code());
        let pending = self.pending.take().ok_or(mismatch)?;
        Ok(match (pending, response) {
            (_, Response::Error(text)) => Outcome::Error(text),
            (Pending::Register(name, private_key), Response::Registered(registered)) => {
                self.identity = Some(Identity {
                    name,
                    client: registered.client,
                    private_key: *private_key,
                });
                Outcome::Registered
            }
            (Pending::ListClients, Response::ClientList(records)) => {
                let me = self.identity.as_ref().map(|identity| identity.client);
                // Some servers list the asking client too.
                for record in records
                    .into_iter()
                    .filter(|record| Some(record.client) != me)
                {
                    self.contact_mut(record.client).name = Some(record.name);
                }
                Outcome::Clients
            }
            (Pending::PublicKey(wanted), Response::PublicKey(answer))
                if answer.client == wanted =>
            {
                let key = PublicKey::from_wire(&answer.public_key)
                    .map_err(|_| AnswerError::BadPublicKey)?;
                self.contact_mut(wanted).public_key = Some(key);
                Outcome::PublicKey
            }
            (Pending::Send, Response::Stored(_)) => Outcome::Sent,
            (Pending::SendKey(to, key), Response::Stored(_)) => {
                self.contact_mut(to).symmetric_key = Some(key);
                Outcome::Sent
            }
            (Pending::Pull, Response::Waiting(messages)) => {
                let messages = messages.into_iter();
                Outcome::Messages(messages.map(|message| self.receive(message, rng)).collect())
            }
            _ => return Err(mismatch),
        })
    }

    fn receive(&mut self, message: WaitingMessage, rng: &mut impl CryptoRngCore) -> Received {
        let from = message.from;
        let content = match message.kind {
            MessageKind::KEY_REQUEST => Content::KeyRequest,
            MessageKind::KEY => match self.unwrap_key(&message.content, rng) {
                Some(key) => {
                    self.contact_mut(from).symmetric_key = Some(key);
                    Content::Key
                }
                None => Content::Undecryptable,
            },
            MessageKind::TEXT => match self.decrypt(from, &message.content) {
                Some(plain) => {
                    // C clients may have sent the string's end along.
                    let text = String::from_utf8_lossy(&plain);
                    Content::Text(text.trim_end_matches('\0').to_owned())
                }
                None => Content::Undecryptable,
            },
            MessageKind::FILE => self
                .decrypt(from, &message.content)
                .map_or(Content::Undecryptable, Content::File),
            MessageKind(kind) => Content::Unknown(kind),
        };
        Received { from, content }
    }

    fn unwrap_key(&self, wrapped: &[u8], rng: &mut impl CryptoRngCore) -> Option<SymmetricKey> {
        self.identity
            .as_ref()?
            .private_key
            .unwrap_key(rng, wrapped)
            .ok()
    }

    fn decrypt(&self, from: ClientId, ciphertext: &[u8]) -> Option<Vec<u8>> {
        self.symmetric_key(from).ok()?.decrypt(ciphertext).ok()
    }

    fn symmetric_key(&self, with: ClientId) -> Result<&SymmetricKey, Refusal> {
        self.contact(with)
            .and_then(|contact| contact.symmetric_key.as_ref())
            .ok_or(Refusal::NoSymmetricKey)
    }

    fn contact(&self, client: ClientId) -> Option<&Contact> {
        self.contacts
            .iter()
            .find(|contact| contact.client == client)
    }

    fn contact_mut(&mut self, client: ClientId) -> &mut Contact {
        let known = self
            .contacts
            .iter()
            .position(|contact| contact.client == client);
        let index = known.unwrap_or_else(|| {
            self.contacts.push(Contact {
                client,
                name: None,
                public_key: None,
                symmetric_key: None,
            });
            self.contacts.len() - 1
        });
        #[expect(
            clippy::indexing_slicing,
            reason = "the index was found or made just above"
        )]
        &mut self.contacts[index]
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
