//! What the engine says, taken into the state.

use std::time::Duration;

use sotto_engine::api::{
    AccountEvent, Command, ConversationCommand, ConversationEvent, Event, From as Whence, Item,
    Message, Notice, Place, Preview, Seq,
};
use sotto_shared::{AccountId, GroupId};

use super::state::{Chat, Effect, Overlay, PAGE, State, Then};
use super::timeline::{Anchor, Entry};
use crate::problem::Problem;

/// Lines behind a hit that are shown with it.
const BEHIND_HIT: u64 = 10;

impl State {
    pub(super) fn heard(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Status(status) => {
                self.status = Some(status);
                if self.is_locked() {
                    self.forget();
                }
            }
            Event::People(people) => {
                self.people = people.into_iter().map(|it| (it.client, it)).collect();
            }
            Event::Person(person) => {
                self.people.insert(person.client, person);
            }
            Event::Messages { with, messages } => {
                if let Some(timeline) = self.timelines.get_mut(&Chat::Classic(with)) {
                    timeline.put(messages.into_iter().map(classic));
                }
            }
            Event::Removed { with, seq } => {
                if let Some(timeline) = self.timelines.get_mut(&Chat::Classic(with)) {
                    timeline.remove(Place::At(seq));
                }
            }
            Event::History {
                with,
                messages,
                more,
                ..
            } => {
                if let Some(timeline) = self.timelines.get_mut(&Chat::Classic(with)) {
                    timeline.page(messages.into_iter().map(classic));
                    timeline.more_before = more;
                }
            }
            Event::Notify {
                with,
                name,
                preview,
            } if self.open != Some(Chat::Classic(with)) => {
                let what = match preview {
                    Preview::Text(text) => text,
                    Preview::File(_) => "a file".to_owned(),
                    Preview::Key => "a key".to_owned(),
                    Preview::Undecryptable => "something that cannot be read".to_owned(),
                };
                self.say(format!("{name} (classic): {what}"));
                effects.push(Effect::Bell);
            }
            Event::Failed(failure) => {
                // What was to be opened will not be.
                self.opening.pop_front();
                self.say(Problem::from(failure).text);
            }
            Event::Account(event) => self.heard_account(event, effects),
            Event::Conversation(event) => self.heard_conversation(event, effects),
            Event::Notify { .. } | Event::FileContent { .. } | Event::Exported { .. } => {}
        }
    }

    fn heard_account(&mut self, event: AccountEvent, effects: &mut Vec<Effect>) {
        match event {
            AccountEvent::Contacts(contacts) => {
                self.contacts = contacts.into_iter().map(|it| (it.account, it)).collect();
            }
            AccountEvent::Contact(contact) => {
                self.contacts.insert(contact.account, contact);
            }
            AccountEvent::ContactGone(account) => {
                self.contacts.remove(&account);
            }
            AccountEvent::Notice(notice) => self.say(match notice {
                Notice::Joined(who) => format!("{} is new here", self.name(who)),
                Notice::Online(who) => format!("{} is online", self.name(who)),
                Notice::Offline(who) => format!("{} has gone", self.name(who)),
                Notice::DeviceAdded { name } => format!("a device was added: {name}"),
            }),
            AccountEvent::Found { name, account } => {
                let found = |(wanted, _): &(_, _)| *wanted == name;
                let Some(at) = self.finding.iter().position(found) else {
                    return;
                };
                let (_, then) = self.finding.remove(at);
                match account {
                    Some(account) => self.reach(account, then, effects),
                    None => self.say(format!("nobody here is called {name}")),
                }
            }
            _ => {}
        }
    }

    fn heard_conversation(&mut self, event: ConversationEvent, effects: &mut Vec<Effect>) {
        match event {
            ConversationEvent::List(list) => {
                self.conversations = list.into_iter().map(|it| (it.id, it)).collect();
            }
            ConversationEvent::Changed(conversation) => {
                self.conversations.insert(conversation.id, *conversation);
            }
            ConversationEvent::Gone(id) => self.gone(id),
            ConversationEvent::Opened(id) => match self.opening.pop_front() {
                Some(Then::Send(text)) => self.send_to(id, text, effects),
                Some(Then::Show) => self.show(Chat::Group(id), effects),
                Some(Then::AddTo(_)) => {}
                // There is one already in place of the one that was being made, and has gone.
                None if self.open.is_none() => self.show(Chat::Group(id), effects),
                None => {}
            },
            ConversationEvent::Items {
                conversation,
                items,
            } => {
                for item in &items {
                    // Who has sent it writes no more.
                    self.typing.remove(&(conversation, item.author));
                }
                if let Some(timeline) = self.timelines.get_mut(&Chat::Group(conversation)) {
                    timeline.put(items.into_iter().map(entry));
                }
            }
            ConversationEvent::Placed {
                conversation,
                pending,
                item,
            } => self.placed(conversation, pending, *item),
            ConversationEvent::Removed {
                conversation,
                places,
            } => {
                if let Some(timeline) = self.timelines.get_mut(&Chat::Group(conversation)) {
                    places.into_iter().for_each(|it| timeline.remove(it));
                }
            }
            ConversationEvent::Page {
                conversation,
                from,
                items,
                more,
            } => self.page(conversation, from, items, more, effects),
            ConversationEvent::Found { query, hits, more } => {
                if let Overlay::Search(search) = &mut self.overlay
                    && search.query == query
                {
                    search.hits.extend(hits);
                    search.more = more;
                    search.is_done = true;
                }
            }
            ConversationEvent::Typing {
                conversation,
                account,
                typing,
            } => self.writes(conversation, account, typing),
            ConversationEvent::Notify {
                conversation,
                author,
                preview,
                mention,
            } => {
                if mention || self.open != Some(Chat::Group(conversation)) {
                    let (who, chat) = (self.name(author), self.title(Chat::Group(conversation)));
                    let how = if mention { " mentions you" } else { "" };
                    let place = match who == chat || chat.is_empty() {
                        true => String::new(),
                        false => format!(" in {chat}"),
                    };
                    self.say(format!("{who}{how}{place}: {preview}"));
                    effects.push(Effect::Bell);
                }
            }
            ConversationEvent::Figures(_) => {}
        }
    }

    fn placed(&mut self, conversation: GroupId, pending: Place, item: Item) {
        if let Overlay::Select(place) = &mut self.overlay
            && *place == pending
        {
            *place = item.place;
        }
        let Some(timeline) = self.timelines.get_mut(&Chat::Group(conversation)) else {
            return;
        };
        if let Anchor::At(place, below) = timeline.anchor
            && place == pending
        {
            timeline.anchor = Anchor::At(item.place, below);
        }
        timeline.entries.remove(&pending);
        timeline.put([entry(item)]);
    }

    fn page(
        &mut self,
        conversation: GroupId,
        from: Whence,
        items: Vec<Item>,
        more: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(timeline) = self.timelines.get_mut(&Chat::Group(conversation)) else {
            return;
        };
        // The user has jumped elsewhere since: there would be a gap.
        if from == Whence::Newest && timeline.more_after {
            return;
        }
        match from {
            Whence::Newest | Whence::Before(_) => timeline.more_before = more,
            Whence::After(_) => timeline.more_after = more,
        }
        timeline.page(items.into_iter().map(entry));
        self.load_more(effects);
    }

    fn writes(&mut self, conversation: GroupId, account: AccountId, typing: bool) {
        let seconds = Duration::from_secs(ConversationEvent::TYPING_SECONDS);
        match typing {
            true => self
                .typing
                .insert((conversation, account), self.now + seconds),
            false => self.typing.remove(&(conversation, account)),
        };
    }

    fn gone(&mut self, id: GroupId) {
        self.conversations.remove(&id);
        self.timelines.remove(&Chat::Group(id));
        if self.open == Some(Chat::Group(id)) {
            self.open = None;
            self.overlay = Overlay::None;
        }
    }

    /// Opens the conversation with somebody, or adds them to one.
    pub(super) fn reach(&mut self, account: AccountId, then: Then, effects: &mut Vec<Effect>) {
        if let Then::AddTo(conversation) = then {
            let accounts = vec![account];
            order(
                ConversationCommand::Add {
                    conversation,
                    accounts,
                },
                effects,
            );
            return;
        }
        self.opening.push_back(then);
        order(ConversationCommand::OpenDirect { with: account }, effects);
    }

    /// Shows a conversation at a hit.
    pub(super) fn jump(&mut self, chat: Chat, place: Place, effects: &mut Vec<Effect>) {
        let Place::At(seq) = place else { return };
        self.show(chat, effects);
        let timeline = self.timelines.entry(chat).or_default();
        // What `show` has asked for comes first, and is not wanted.
        *timeline = super::timeline::Timeline {
            more_after: true,
            anchor: Anchor::At(place, 0),
            ..Default::default()
        };
        let behind = Seq(seq.0.saturating_add(BEHIND_HIT));
        effects.retain(|effect| !is_load(effect));
        self.load(chat, Whence::Before(behind), PAGE, effects);
        self.overlay = Overlay::Select(place);
    }

    /// Nothing of a locked profile stays in view.
    fn forget(&mut self) {
        let kept = State {
            now: self.now,
            size: self.size,
            status: self.status.take(),
            trouble: std::mem::take(&mut self.trouble),
            ..State::default()
        };
        *self = kept;
    }
}

/// Asks for something about conversations.
pub(super) fn order(command: ConversationCommand, effects: &mut Vec<Effect>) {
    effects.push(Effect::Order(Command::Conversation(command)));
}

fn is_load(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Order(Command::Conversation(ConversationCommand::Load { .. }))
    )
}

fn entry(item: Item) -> (Place, Entry) {
    (item.place, Entry::Item(item))
}

fn classic(message: Message) -> (Place, Entry) {
    (Place::At(message.seq), Entry::Classic(message))
}
