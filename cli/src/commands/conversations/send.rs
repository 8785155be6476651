//! `send`, to a conversation.

use sotto_engine::api::{
    Command as Order, ConversationCommand, ConversationEvent, Event, Item, ItemState,
};
use sotto_shared::GroupId;

use super::super::Session;
use crate::problem::{Exit, Problem};

impl Session {
    /// Sends a text, and follows it until the gateway has it. Without a connection it stays in the
    /// outbox.
    pub(in super::super) async fn send_there(
        &mut self,
        mut id: GroupId,
        text: String,
    ) -> Result<(), Problem> {
        let names = self.names();
        let members = self.client.conversation(id);
        let members = members.map_or(&[][..], |it| it.members.as_slice());
        let mentions = crate::tui::mentions(&text, |name| {
            let accounts = members.iter().map(|it| it.account);
            let mut named = accounts.filter(|it| names.get(it).is_some_and(|it| it == name));
            named.next()
        });
        let send = ConversationCommand::Send {
            conversation: id,
            text,
            mentions,
            reply_to: None,
        };
        let events = self.order(Order::Conversation(send)).await?;
        let mut sent = newest_own(id, &events).ok_or_else(|| {
            Problem::new(Exit::Failed, "the message was neither taken nor refused")
        })?;
        let mut result = Ok(());
        while !is_settled(&sent) {
            match self.next_events().await {
                Ok(events) => follow(&mut id, &mut sent, &events),
                Err(problem) => {
                    result =
                        Err(problem.and("The message is kept and goes when sotto next connects"));
                    break;
                }
            }
        }
        self.printer.sent_item(&self.shown(id, &names)?, &sent)?;
        match sent.state {
            ItemState::Failed(why) => Err(why.into()),
            _ => result,
        }
    }
}

fn is_settled(item: &Item) -> bool {
    matches!(item.state, ItemState::Stored | ItemState::Failed(_))
}

/// The line that an order made: the last pending one.
fn newest_own(id: GroupId, events: &[Event]) -> Option<Item> {
    let items = events.iter().filter_map(|event| match event {
        Event::Conversation(ConversationEvent::Items {
            conversation,
            items,
        }) if *conversation == id => Some(items),
        _ => None,
    });
    let own = items.flatten().filter(|it| it.mine);
    own.max_by_key(|it| it.place).cloned()
}

/// Takes in what became of it, and where it goes: there may be such a conversation already.
fn follow(id: &mut GroupId, sent: &mut Item, events: &[Event]) {
    for event in events {
        match event {
            Event::Conversation(ConversationEvent::Placed {
                conversation,
                pending,
                item,
            }) if conversation == id && *pending == sent.place => *sent = (**item).clone(),
            Event::Conversation(ConversationEvent::Items {
                conversation,
                items,
            }) if conversation == id => {
                let mut newer = items.iter().filter(|it| it.place == sent.place);
                if let Some(newer) = newer.next_back() {
                    *sent = newer.clone();
                }
            }
            Event::Conversation(ConversationEvent::Opened(other)) if other != id => {
                if let Some(moved) = newest_own(*other, events) {
                    (*id, *sent) = (*other, moved);
                }
            }
            _ => {}
        }
    }
}
