//! `register`, `people`, `key`.

use sotto_engine::api::{Command as Order, Contact, Person, Phase};
use sotto_shared::UserName;

use super::Session;
use crate::problem::{Exit, Problem};

/// What to know before registering at somebody else's server.
pub(crate) const FOREIGN_NAMES: &str =
    "warning: some servers take only names of ASCII letters and digits";

impl Session {
    pub(super) async fn register(&mut self, name: UserName) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::SignedIn | Phase::SigningIn { .. } => {
                let text = "this profile has an account: `sotto bridge on` gives it a classic \
                            mailbox";
                return Err(Problem::new(Exit::Phase, text));
            }
            Phase::Ready { name, .. } => {
                let text = format!("this profile is registered already, as {name}");
                let hint = "Give another --profile to register another name";
                return Err(Problem::new(Exit::Phase, text).and(hint));
            }
            // An earlier attempt got no answer: it goes on.
            Phase::Registering { name: pending } if *pending == name => {}
            _ => {
                if self.foreign && !name.as_str().bytes().all(|it| it.is_ascii_alphanumeric()) {
                    self.printer.note(FOREIGN_NAMES);
                }
                self.order(Order::Register { name }).await?;
            }
        }
        loop {
            if matches!(self.client.phase(), Phase::Ready { .. }) {
                return self.whoami().await;
            }
            if let Err(problem) = self.next_events().await {
                let pending = matches!(self.client.phase(), Phase::Registering { .. });
                return Err(match problem.exit {
                    Exit::NotConnected | Exit::Interrupted if pending => {
                        problem.and("The registration goes on when sotto next connects")
                    }
                    _ => problem,
                });
            }
        }
    }

    /// Shows what the server says, or what is known here before it tells that there is no server.
    pub(super) async fn show_people(&mut self) -> Result<(), Problem> {
        let result = self.catch_up().await;
        let is_account = self.client.account().is_some();
        let mut contacts: Vec<_> = self.client.contacts().collect();
        contacts.sort_by(|a, b| a.name.cmp(&b.name));
        for contact in &contacts {
            let mailbox = contact
                .classic
                .and_then(|client| self.client.person(client));
            let unread = mailbox.map_or(0, |person| person.unread);
            self.printer.contact(contact, unread)?;
        }
        let shown = |person: &Person| {
            let is_theirs = |contact: &&Contact| contact.classic == Some(person.client);
            contacts.iter().any(is_theirs)
        };
        let mut people: Vec<_> = self.client.people().filter(|it| !shown(it)).collect();
        people.sort_by(|a, b| (&a.name, a.client).cmp(&(&b.name, b.client)));
        for person in people {
            self.printer.person(person, is_account)?;
        }
        result
    }

    pub(super) async fn key(
        &mut self,
        who: &str,
        request: bool,
        send: bool,
    ) -> Result<(), Problem> {
        let client = self.find(who).await?;
        if request || send {
            let order = match request {
                true => Order::RequestKey { from: client },
                false => Order::SendKey { to: client },
            };
            self.send(client, order, false).await?;
        } else if self.person(client)?.fingerprint.is_none() {
            self.order(Order::FetchPublicKey { of: client }).await?;
            let result = self.catch_up().await;
            self.printer.key(self.person(client)?)?;
            return result;
        }
        Ok(self.printer.key(self.person(client)?)?)
    }
}
