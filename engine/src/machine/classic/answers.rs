//! What the server answers.

use sotto_shared::ClientId;
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer, Response};

use super::{Asked, Classic, LIST_INTERVAL, Owner, PULL_INTERVAL};
use crate::api::{Event, Failure, SendFailure};
use crate::identity::{Identity, StoredIdentity};
use crate::record;
use crate::time::Timestamp;

impl Classic {
    pub(super) fn answer(&mut self, response: Response, now: Timestamp) {
        let Some(in_flight) = self.in_flight.take() else {
            return self.give_up_connection();
        };
        self.step.answered = true;
        match (in_flight.what, response) {
            (Asked::Register, Response::Registered(registered)) => {
                self.registered(registered.client, now);
            }
            (Asked::Register, Response::Error(_)) => self.name_refused(),
            (Asked::List, Response::ClientList(records)) => {
                self.list_at = now + LIST_INTERVAL;
                self.listed(records);
            }
            (Asked::Pull, Response::Waiting(messages)) => {
                self.pull_at = if messages.is_empty() {
                    now + PULL_INTERVAL
                } else {
                    now
                };
                self.deliver(messages, now);
            }
            (Asked::List, Response::Error(_)) => {
                self.list_at = now + LIST_INTERVAL;
                self.unknown_to_server();
            }
            (Asked::Pull, Response::Error(_)) => {
                self.pull_at = now + PULL_INTERVAL;
                self.unknown_to_server();
            }
            (Asked::PublicKey(wanted), Response::PublicKey(answer)) if answer.client == wanted => {
                self.public_key(&answer);
            }
            (Asked::PublicKey(wanted), Response::Error(_)) => {
                self.fail_all(wanted, SendFailure::Refused);
            }
            (Asked::Send(number), Response::Stored(_)) => self.item_stored(number, now),
            (Asked::Send(number), Response::Error(_)) => self.item_refused(number),
            (what, _) => {
                if let Asked::Send(number) = what {
                    self.send_interrupted(number);
                }
                self.give_up_connection();
            }
        }
    }

    fn registered(&mut self, client: ClientId, now: Timestamp) {
        let Owner::Registering(pending) =
            core::mem::replace(&mut self.owner, Owner::None { spare: None })
        else {
            return;
        };
        let identity = Identity {
            name: pending.name,
            client,
            private_key: pending.private_key,
        };
        match StoredIdentity::new(&identity) {
            Ok(stored) => self.put(record::IDENTITY.to_vec(), &stored),
            Err(_) => return self.fail(Failure::KeyGeneration),
        }
        self.step.batch.delete(record::PENDING);
        self.owner = Owner::Ready(identity);
        self.pull_at = now;
        self.list_at = now;
        self.tell_status();
    }

    fn name_refused(&mut self) {
        let Owner::Registering(pending) =
            core::mem::replace(&mut self.owner, Owner::None { spare: None })
        else {
            return;
        };
        self.owner = Owner::None {
            spare: Some(pending.private_key),
        };
        self.step.batch.delete(record::PENDING);
        self.tell_status();
        self.fail(Failure::NameRefused { name: pending.name });
    }

    fn unknown_to_server(&mut self) {
        if !self.told_unknown {
            self.told_unknown = true;
            self.fail(Failure::UnknownToServer);
        }
    }

    fn listed(&mut self, records: Vec<ClientRecord>) {
        self.told_unknown = false;
        let own = match &self.owner {
            Owner::Ready(identity) => Some(identity.client),
            _ => None,
        };
        let mut changed = Vec::new();
        let mut gone: std::collections::BTreeSet<ClientId> = self
            .people
            .values()
            .filter(|it| it.listed)
            .map(|it| it.client)
            .collect();
        for record in records {
            if Some(record.client) == own {
                continue;
            }
            gone.remove(&record.client);
            let contact = self.contact(record.client);
            if !contact.listed || contact.name.as_ref() != Some(&record.name) {
                contact.listed = true;
                contact.name = Some(record.name);
                changed.push(record.client);
            }
        }
        for client in gone {
            self.contact(client).listed = false;
            changed.push(client);
        }
        for client in &changed {
            self.put_contact(*client);
        }
        match changed.as_slice() {
            [] => {}
            [one] => self.tell_person(*one),
            _ => self.tell_people(),
        }
        for (with, preview) in core::mem::take(&mut self.deferred_news) {
            self.notify(with, preview);
        }
    }

    fn public_key(&mut self, answer: &PublicKeyAnswer) {
        if !self.is_certified_key(answer.client, &answer.public_key) {
            // Not the key that their account has certified.
            return self.fail_all(answer.client, SendFailure::UnusableKey);
        }
        let contact = self.contact(answer.client);
        // The first key seen stays: a server that shows another one later changes nothing.
        if contact.public_key().is_none() {
            contact.pin_public_key(&answer.public_key);
            self.put_contact(answer.client);
            self.tell_person(answer.client);
        }
    }

    /// Tells of something new, once the sender's name is known.
    pub(super) fn notify(&mut self, with: ClientId, preview: crate::api::Preview) {
        let Some(contact) = self.people.get(&with) else {
            return;
        };
        if contact.name.is_none() && !self.deferred_news.iter().any(|(it, _)| *it == with) {
            self.deferred_news.push((with, preview));
            return;
        }
        let name = contact.shown_name();
        self.tell(Event::Notify {
            with,
            name,
            preview,
        });
    }
}
