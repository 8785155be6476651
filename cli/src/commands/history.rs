//! `history`.

use sotto_engine::api::{Command as Order, Event, HISTORY_PAGE_MAX, Message, Person, Seq};
use sotto_shared::ClientId;

use super::Session;
use crate::problem::{Exit, Problem};
use crate::resolve::{self, nobody};

impl Session {
    pub(super) async fn history(
        &mut self,
        who: &str,
        classic: bool,
        limit: usize,
    ) -> Result<(), Problem> {
        if !classic && let Some(id) = self.conversation_with(who)? {
            return self.conversation_history(id, limit).await;
        }
        let with = match self.former_mailbox(who) {
            Some(client) => client,
            None => self
                .find_known(who)?
                .ok_or_else(|| nobody(self.client.people(), who))?,
        };
        let mut newest_first: Vec<Message> = Vec::new();
        let mut before = None;
        while newest_first.len() < limit {
            let left = limit - newest_first.len();
            let page = u16::try_from(left)
                .unwrap_or(u16::MAX)
                .min(HISTORY_PAGE_MAX);
            let (messages, more) = self.page(with, before, page).await?;
            before = messages.first().map(|message| message.seq);
            newest_first.extend(messages.into_iter().rev());
            if !more {
                break;
            }
        }
        for message in newest_first.iter().rev() {
            self.printer.message(self.person(with)?, message, None)?;
        }
        Ok(())
    }

    /// The mailbox that somebody with an account had before they switched their bridge off.
    fn former_mailbox(&self, who: &str) -> Option<ClientId> {
        let contact = resolve::account(self.client.contacts(), who)?;
        let is_theirs = |person: &&Person| person.account == Some(contact.account);
        match contact.classic {
            Some(_) => None,
            None => self.client.people().find(is_theirs).map(|it| it.client),
        }
    }

    /// A page of a conversation, oldest first, and whether there are older ones.
    pub(super) async fn page(
        &mut self,
        with: ClientId,
        before: Option<Seq>,
        limit: u16,
    ) -> Result<(Vec<Message>, bool), Problem> {
        let events = self
            .order(Order::LoadHistory {
                with,
                before,
                limit,
            })
            .await?;
        events
            .into_iter()
            .find_map(|event| match event {
                Event::History { messages, more, .. } => Some((messages, more)),
                _ => None,
            })
            .ok_or_else(|| Problem::new(Exit::Failed, "the history could not be read"))
    }
}
