//! What the user wants.

use rand_core::RngCore;
use sotto_shared::{ClientId, SendId, UserName};

use super::outbox::What;
use super::{Asked, Classic, Effect, InFlight, Load, Owner, Then};
use crate::api::{
    AccountFailure, Body, Command, Event, FILE_MAX, Failure, HISTORY_PAGE_MAX, Passphrase, State,
    TEXT_MAX,
};
use crate::identity::{self, StoredIdentity};
use crate::media;
use crate::record;
use crate::time::Timestamp;
use sotto_shared::crypto::SymmetricKey;

impl Classic {
    pub(in crate::machine) fn command(&mut self, command: Command, now: Timestamp) {
        match command {
            Command::Attach => self.tell_people(),
            Command::Register { name } => self.register(name),
            Command::RefreshPeople => self.list_at = now,
            Command::SendText { to, text } => self.send_text(to, text, now),
            Command::SendFile { to, name, content } => self.send_file(to, &name, content, now),
            Command::RequestKey { from } => self.request_key(from, now),
            Command::SendKey { to } => {
                if self.may_talk_to(to) {
                    let key = SymmetricKey::generate(&mut self.rng);
                    self.offer_key(to, &key, now);
                }
            }
            Command::FetchPublicKey { of } => {
                if self
                    .people
                    .get(&of)
                    .is_some_and(|contact| contact.public_key().is_none())
                {
                    self.wanted_keys.insert(of);
                }
            }
            Command::MarkRead { with, up_to } => {
                let changed = self
                    .people
                    .get_mut(&with)
                    .is_some_and(|contact| contact.mark_read(up_to));
                if changed {
                    self.put_contact(with);
                    self.tell_person(with);
                }
            }
            Command::LoadHistory {
                with,
                before,
                limit,
            } => {
                let limit = usize::from(limit.clamp(1, HISTORY_PAGE_MAX));
                self.effect(Effect::Load(Load::History {
                    with,
                    before,
                    limit,
                }));
            }
            Command::Retry { with, seq } => self.load_message(with, seq, Then::Retry),
            Command::Discard { with, seq } => self.load_message(with, seq, Then::Discard),
            Command::LoadFile { with, seq } => self.load_message(with, seq, Then::Give),
            Command::RenameFile { with, seq, name } => {
                self.load_message(with, seq, Then::Rename(name));
            }
            Command::ExportMyInfo => self.export_my_info(),
            Command::ExportSealed { passphrase } => self.export_sealed(&passphrase),
            Command::Import { file, passphrase } => self.import(&file, passphrase.as_ref(), now),
            // Others answer these.
            Command::Unlock { .. }
            | Command::SetPassphrase { .. }
            | Command::Account(_)
            | Command::Conversation(_) => self.fail(Failure::WrongPhase),
        }
    }

    fn load_message(&mut self, with: ClientId, seq: crate::api::Seq, then: Then) {
        self.effect(Effect::Load(Load::Message {
            with,
            seq: Some(seq),
            then,
        }));
    }

    fn register(&mut self, name: UserName) {
        let asked = matches!(
            self.in_flight,
            Some(InFlight {
                what: Asked::Register,
                ..
            })
        );
        match core::mem::replace(&mut self.owner, Owner::None { spare: None }) {
            Owner::None { spare: None } => {
                self.owner = Owner::MakingKeys { name };
                self.tell_status();
            }
            Owner::None {
                spare: Some(private_key),
            } => {
                self.begin_registration(name, private_key);
            }
            Owner::Registering(pending) if !asked => {
                self.begin_registration(name, pending.private_key);
            }
            other => {
                self.owner = other;
                self.fail(Failure::WrongPhase);
            }
        }
    }

    /// Whether messages can go to this person; says why not.
    pub(super) fn may_talk_to(&mut self, to: ClientId) -> bool {
        let failure = match &self.owner {
            Owner::Ready(_) if self.muted => Failure::Account(AccountFailure::NoBridge),
            Owner::Ready(_) if self.is_known(to) => match self.blocked_by(to) {
                Some(failure) => Failure::Account(failure),
                None => return true,
            },
            Owner::Ready(_) => Failure::NoSuchPerson,
            _ => Failure::WrongPhase,
        };
        self.fail(failure);
        false
    }

    fn send_text(&mut self, to: ClientId, text: String, now: Timestamp) {
        if text.trim().is_empty() || text.len() > TEXT_MAX {
            return self.fail(Failure::BadText);
        }
        if self.may_talk_to(to) {
            let state = self.prepare_key(to, now);
            let message = self.add_message(to, true, Body::Text(text), state, now);
            self.enqueue(to, message, What::Content);
        }
    }

    fn send_file(&mut self, to: ClientId, name: &str, content: Vec<u8>, now: Timestamp) {
        if content.len() > FILE_MAX {
            let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
            let limit = u64::try_from(FILE_MAX).unwrap_or(u64::MAX);
            return self.fail(Failure::FileTooLarge { size, limit });
        }
        if self.may_talk_to(to) {
            let state = self.prepare_key(to, now);
            let body = Body::File {
                name: media::safe_name(name),
                size: u64::try_from(content.len()).unwrap_or(u64::MAX),
                media: media::sniff(&content),
            };
            let message = self.add_message(to, true, body, state, now);
            self.step.batch.put(record::blob(to, message.seq), content);
            self.enqueue(to, message, What::Content);
        }
    }

    /// Sees to it that content to this person can be encrypted when its turn comes: without a key,
    /// one is made and sent ahead. Gives the state in which the content begins.
    pub(super) fn prepare_key(&mut self, to: ClientId, now: Timestamp) -> State {
        if self.contact(to).current_key().is_some() {
            return State::Queued;
        }
        if !self.is_sending_key(to) {
            let key = SymmetricKey::generate(&mut self.rng);
            self.offer_key(to, &key, now);
        }
        State::WaitingForKey
    }

    /// Sends a symmetric key.
    pub(super) fn offer_key(&mut self, to: ClientId, key: &SymmetricKey, now: Timestamp) {
        let message = self.add_message(to, true, Body::Key, State::Queued, now);
        self.enqueue(to, message, What::Key(*key.expose()));
        self.tell_person(to);
    }

    fn request_key(&mut self, from: ClientId, now: Timestamp) {
        if self.may_talk_to(from) {
            self.contact(from).key_requested = true;
            let message = self.add_message(from, true, Body::KeyRequest, State::Queued, now);
            self.enqueue(from, message, What::KeyRequest);
            self.tell_person(from);
        }
    }

    fn export_my_info(&mut self) {
        let Owner::Ready(identity) = &self.owner else {
            return self.fail(Failure::WrongPhase);
        };
        match identity.to_my_info() {
            Ok(text) => {
                let file = text.as_bytes().to_vec();
                self.tell(Event::Exported {
                    name: "my.info".to_owned(),
                    file,
                });
            }
            Err(error) => self.fail(Failure::BadImport {
                reason: error.to_string(),
            }),
        }
    }

    fn export_sealed(&mut self, passphrase: &Passphrase) {
        let Owner::Ready(identity) = &self.owner else {
            return self.fail(Failure::WrongPhase);
        };
        if passphrase.0.is_empty() {
            return self.fail(Failure::WrongPassphrase);
        }
        let contacts = self
            .people
            .values()
            .filter(|it| it.is_worth_storing())
            .cloned()
            .collect();
        match identity::seal_file(identity, contacts, passphrase, &mut self.rng) {
            Ok(file) => {
                let name = format!("{}.sotto", media::file_stem(identity.name.as_str()));
                self.tell(Event::Exported { name, file });
            }
            Err(error) => self.fail(Failure::BadImport {
                reason: error.to_string(),
            }),
        }
    }

    fn import(&mut self, file: &[u8], passphrase: Option<&Passphrase>, now: Timestamp) {
        if !matches!(self.owner, Owner::None { .. }) {
            return self.fail(Failure::WrongPhase);
        }
        let (identity, contacts) = match identity::open_file(file, passphrase) {
            Ok(opened) => opened,
            Err(identity::IdentityError::WrongPassphrase) => {
                return self.fail(Failure::WrongPassphrase);
            }
            Err(error) => {
                return self.fail(Failure::BadImport {
                    reason: error.to_string(),
                });
            }
        };
        match StoredIdentity::new(&identity) {
            Ok(stored) => self.put(record::IDENTITY.to_vec(), &stored),
            Err(error) => {
                return self.fail(Failure::BadImport {
                    reason: error.to_string(),
                });
            }
        }
        for contact in contacts {
            let contact = contact.without_history();
            let client = contact.client;
            self.people.insert(client, contact);
            self.put_contact(client);
        }
        self.owner = Owner::Ready(identity);
        self.pull_at = now;
        self.list_at = now;
        self.tell_status();
        self.tell_people();
    }

    /// A new id for a send.
    pub(super) fn new_send_id(&mut self) -> SendId {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        SendId::from_bytes(bytes)
    }
}
