//! `listen`: what is new is shown once, and marked as read after that.

use std::collections::BTreeMap;
use std::time::Duration;

use sotto_engine::api::{
    Command as Order, ConversationCommand, ConversationEvent, Event, From as Whence, Item, Place,
    Seq, TIMELINE_PAGE_MAX,
};
use sotto_shared::GroupId;

use super::super::receive::Reporter;
use super::super::{Session, refuse_failures};
use crate::problem::Problem;

/// How long nothing may have happened before `--once` ends.
const QUIET: Duration = Duration::from_secs(1);

impl Session {
    pub(in super::super) async fn listen(&mut self, once: bool) -> Result<(), Problem> {
        self.signed_in()?;
        // Earlier commands may have fetched messages without showing them.
        let mut shown = BTreeMap::new();
        self.show_unread(&mut shown).await?;
        let mut reporter = Reporter::default();
        loop {
            let is_idle = once && self.is_settled();
            let result = match is_idle {
                // Whatever is done is durable: a step that is cut short here is taken again.
                true => match tokio::time::timeout(QUIET, self.client.next_events()).await {
                    Ok(result) => result,
                    Err(_) => return Ok(()),
                },
                false => self.client.next_events().await,
            };
            let events = result.as_deref().unwrap_or_default();
            let failed = refuse_failures(events).and_then(|()| self.refuse_ended());
            let connection = self.client.connection();
            if let Some(text) = reporter.news(connection, self.client.last_error())
                && !once
            {
                self.printer.note(&text);
            }
            for (id, items) in new_lines(events) {
                self.show_lines(id, &items, &mut shown).await?;
            }
            result?;
            failed?;
            if self.is_password_changed() {
                self.confirm_password().await?;
            }
        }
    }

    /// Shows what came and was not shown yet.
    async fn show_unread(&mut self, shown: &mut BTreeMap<GroupId, Seq>) -> Result<(), Problem> {
        let all: Vec<(GroupId, Seq, u32)> = self
            .client
            .conversations()
            .map(|it| (it.id, it.read_up_to, it.unread))
            .collect();
        for (id, read_up_to, unread) in all {
            shown.insert(id, read_up_to);
            let mut from = read_up_to;
            let mut more = unread > 0;
            while more {
                let after = Whence::After(from);
                let (items, is_more) = self.lines(id, after, TIMELINE_PAGE_MAX).await?;
                let last = items.iter().filter_map(number).max();
                self.show_lines(id, &items, shown).await?;
                more = is_more && last.is_some();
                from = last.unwrap_or(from);
            }
        }
        Ok(())
    }

    /// Shows lines. To people only new ones; scripts are told of changes, too.
    async fn show_lines(
        &mut self,
        id: GroupId,
        items: &[Item],
        shown: &mut BTreeMap<GroupId, Seq>,
    ) -> Result<(), Problem> {
        let before = shown.get(&id).copied().unwrap_or_default();
        let names = self.names();
        let mut last = before;
        for item in items {
            let Some(seq) = number(item) else { continue };
            if seq > before || self.printer.is_json() {
                self.printer.item(&self.shown(id, &names)?, item)?;
            }
            last = last.max(seq);
        }
        if last > before {
            shown.insert(id, last);
            let read = ConversationCommand::MarkRead {
                conversation: id,
                up_to: last,
            };
            self.order(Order::Conversation(read)).await?;
        }
        Ok(())
    }
}

fn number(item: &Item) -> Option<Seq> {
    match item.place {
        Place::At(seq) => Some(seq),
        Place::Pending(_) => None,
    }
}

fn new_lines(events: &[Event]) -> Vec<(GroupId, Vec<Item>)> {
    let lines = events.iter().filter_map(|event| match event {
        Event::Conversation(ConversationEvent::Items {
            conversation,
            items,
        }) => Some((*conversation, items.clone())),
        _ => None,
    });
    lines.collect()
}
