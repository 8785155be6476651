//! What a user interface has heard of conversations.

use std::collections::BTreeMap;

use sotto_shared::GroupId;

use crate::api::{Conversation, ConversationEvent, Figures};

#[derive(Default)]
pub(in crate::simulation) struct Chats {
    pub(super) all: BTreeMap<GroupId, Conversation>,
    pub(super) opened: Vec<GroupId>,
    pub(super) figures: Figures,
}

impl Chats {
    pub(in crate::simulation) fn hear(&mut self, event: ConversationEvent) {
        match event {
            ConversationEvent::List(all) => {
                self.all = all.into_iter().map(|it| (it.id, it)).collect();
            }
            ConversationEvent::Changed(one) => {
                self.all.insert(one.id, *one);
            }
            ConversationEvent::Gone(id) => {
                self.all.remove(&id);
            }
            ConversationEvent::Opened(id) => self.opened.push(id),
            ConversationEvent::Figures(figures) => self.figures = figures,
            _ => {}
        }
    }
}
