//! Signals around what the worker told of conversations, and the way back to it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::{
    Command, Conversation, ConversationCommand, ConversationEvent, ConversationState, Figures,
    From, GroupKind, Hit, Place, SearchCursor, Seq,
};
use sotto_shared::{AccountId, GroupId};

use super::super::navigation::{self, Open};
use super::super::state::chat_timeline::ChatTimeline;
use super::super::state::chats::{self, Chats as List};
use super::super::state::timeline::{Brought, PAGE};
use super::super::store::Store;
use super::super::{dom, notify};

/// Somebody who is writing: where, who, and when it was heard last.
type Writing = (GroupId, AccountId, u32);

/// What is known of conversations. Copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Chats {
    /// All of them.
    pub(crate) list: RwSignal<List>,
    /// What was counted, and the settings.
    pub(crate) figures: RwSignal<Option<Figures>>,
    /// What was found by the search of this number.
    pub(crate) found: RwSignal<Found>,
    /// A line that is to be shown once its conversation is.
    pub(crate) wanted: RwSignal<Option<(GroupId, Seq)>>,
    /// What is looked for: people, conversations and words.
    pub(crate) query: RwSignal<String>,
    writing: RwSignal<Vec<Writing>>,
    /// To be said in the conversation that is being opened.
    to_say: StoredValue<Option<String>>,
    /// What is to be shown once it is opened.
    opening: StoredValue<Option<Opening>>,
    timelines: StoredValue<HashMap<GroupId, ArcRwSignal<ChatTimeline>>>,
    heard: StoredValue<u32>,
}

/// A conversation that the user waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// The direct chat with somebody: theirs, if they were faster.
    Direct(AccountId),
    /// The lobby.
    Lobby,
    /// The one that is answered with.
    Any,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// Number of the search.
    pub(crate) query: u32,
    /// Whether the answer is there.
    pub(crate) done: bool,
    /// Newest first.
    pub(crate) hits: Vec<Hit>,
    /// Where it goes on.
    pub(crate) more: Option<SearchCursor>,
}

impl Chats {
    pub(crate) fn new() -> Self {
        Self {
            list: RwSignal::default(),
            figures: RwSignal::new(None),
            found: RwSignal::default(),
            wanted: RwSignal::new(None),
            query: RwSignal::default(),
            writing: RwSignal::default(),
            to_say: StoredValue::new(None),
            opening: StoredValue::new(None),
            timelines: StoredValue::default(),
            heard: StoredValue::new(0),
        }
    }

    /// Forgets everything that was told.
    pub(crate) fn forget(self) {
        self.list.set(List::default());
        self.figures.set(None);
        self.found.set(Found::default());
        self.wanted.set(None);
        self.writing.set(Vec::new());
        self.timelines.update_value(HashMap::clear);
    }
}

impl Store {
    /// Sends a command about conversations.
    pub(crate) fn say(self, command: ConversationCommand) {
        self.send(Command::Conversation(command));
    }

    /// A conversation, tracked.
    pub(crate) fn chat(self, id: GroupId) -> Option<Arc<Conversation>> {
        self.chats.list.with(|chats| chats.get(id))
    }

    /// The account that is signed in here, tracked.
    pub(crate) fn own_account(self) -> AccountId {
        self.account(|own| own.account).unwrap_or(AccountId::ZERO)
    }

    /// What somebody is called in a sentence, tracked: "You" for the user.
    pub(crate) fn called(self, account: AccountId) -> String {
        if self.own_account() == account {
            return "You".to_owned();
        }
        self.contact(account)
            .map_or_else(|| "Somebody".to_owned(), |it| it.display_name.to_string())
    }

    /// What a conversation is called, tracked.
    pub(crate) fn chat_title(self, id: GroupId) -> String {
        let own = self.own_account();
        self.chat(id).map_or_else(String::new, |chat| {
            self.contacts
                .with(|contacts| chats::title(&chat, contacts, own))
        })
    }

    /// Asks for a conversation to be opened, and shows it then.
    pub(crate) fn open_by(self, command: ConversationCommand) {
        let opening = match command {
            ConversationCommand::OpenDirect { with } => Opening::Direct(with),
            ConversationCommand::JoinLobby => Opening::Lobby,
            _ => Opening::Any,
        };
        self.chats.opening.set_value(Some(opening));
        self.say(command);
    }

    /// Shows the direct chat with somebody, which is made if there is none.
    pub(crate) fn write_to(self, with: AccountId) {
        let known = self.chats.list.with_untracked(|chats| chats.direct(with));
        match known {
            Some(chat) => navigation::open_chat(self, chat.id),
            None => self.open_by(ConversationCommand::OpenDirect { with }),
        }
    }

    /// Says something in the direct chat with somebody, which is made if there is none.
    pub(crate) fn tell_in_direct(self, with: AccountId, text: String) {
        let known = self.chats.list.with_untracked(|chats| chats.direct(with));
        match known {
            Some(chat) => {
                self.send_text(chat.id, text);
                let name = untrack(|| self.called(with));
                self.notices.tell(format!("Sent to {name}."));
            }
            None => {
                self.chats.to_say.set_value(Some(text));
                self.open_by(ConversationCommand::OpenDirect { with });
            }
        }
    }

    fn send_text(self, conversation: GroupId, text: String) {
        self.say(ConversationCommand::Send {
            conversation,
            text,
            mentions: Vec::new(),
            reply_to: None,
        });
    }

    /// Looks for words, where the list is in view.
    pub(crate) fn search_for(self, words: String) {
        self.chats.query.set(words);
        if dom::is_narrow() {
            navigation::close(self);
        }
        dom::focus_soon(".search input");
    }

    /// Shows a line of a conversation.
    pub(crate) fn show_line(self, chat: GroupId, seq: Seq) {
        self.chats.wanted.set(Some((chat, seq)));
        navigation::open_chat(self, chat);
    }

    /// Who is writing in a conversation, tracked.
    pub(crate) fn writing_in(self, chat: GroupId) -> Vec<AccountId> {
        self.chats.writing.with(|all| {
            let here = all.iter().filter(|(where_, ..)| *where_ == chat);
            here.map(|(_, who, _)| *who).collect()
        })
    }

    /// Asks for a page of a conversation.
    pub(crate) fn load(self, conversation: GroupId, from: From) {
        self.say(ConversationCommand::Load {
            conversation,
            from,
            limit: PAGE,
        });
    }

    /// The window onto a conversation; asks for its newest page when there is none yet.
    pub(crate) fn chat_timeline(self, id: GroupId) -> ArcRwSignal<ChatTimeline> {
        let wanted = self.chats.wanted.get_untracked();
        let goes_elsewhere = wanted.is_some_and(|(chat, _)| chat == id);
        let known = self
            .chats
            .timelines
            .with_value(|timelines| timelines.get(&id).cloned());
        if let Some(timeline) = known {
            timeline.update(|timeline| {
                timeline.trim_to_newest();
                self.mark_unread(id, timeline);
            });
            if !goes_elsewhere && timeline.with_untracked(ChatTimeline::is_detached) {
                self.load(id, From::Newest);
            }
            return timeline;
        }
        let timeline = ArcRwSignal::new(ChatTimeline::default());
        self.chats.timelines.update_value(|timelines| {
            timelines.insert(id, timeline.clone());
        });
        if !goes_elsewhere {
            self.load(id, From::Newest);
        }
        timeline
    }

    fn mark_unread(self, id: GroupId, timeline: &mut ChatTimeline) {
        let chat = self.chats.list.with_untracked(|chats| chats.get(id));
        if let Some(chat) = chat {
            timeline.mark_unread(chat.read_up_to, chat.unread);
        }
    }

    fn change_chat(self, id: GroupId, change: impl FnOnce(&mut ChatTimeline)) {
        let known = self
            .chats
            .timelines
            .with_value(|timelines| timelines.get(&id).cloned());
        if let Some(timeline) = known {
            self.hold_if_open(Open::Chat(id));
            timeline.update(change);
        }
    }

    fn put_chat(self, conversation: Conversation) {
        let opening = opening_of(&conversation);
        let is_wanted = opening.is_some()
            && conversation.state == ConversationState::Active
            && self.chats.opening.get_value() == opening;
        let id = conversation.id;
        self.chats.list.update(|list| list.put(conversation));
        if is_wanted {
            self.show_opened(id);
        }
    }

    /// A conversation is gone. Where somebody else has begun the same direct chat, or the lobby,
    /// first, theirs comes in its place.
    fn chat_gone(self, id: GroupId) {
        let chats = self.chats;
        let gone = chats.list.with_untracked(|list| list.get(id));
        let opening = gone.and_then(|gone| opening_of(&gone));
        chats.list.update(|list| list.remove(id));
        chats.timelines.update_value(|timelines| {
            timelines.remove(&id);
        });
        if self.open.get_untracked() != Some(Open::Chat(id)) {
            return;
        }
        let theirs = chats.list.with_untracked(|list| match opening {
            Some(Opening::Direct(peer)) => list.direct(peer),
            Some(Opening::Lobby) => list.lobby(),
            _ => None,
        });
        match theirs {
            Some(theirs) => navigation::open_chat(self, theirs.id),
            None => {
                chats.opening.set_value(opening);
                navigation::close(self);
            }
        }
    }

    /// Shows the conversation that the user has waited for.
    fn show_opened(self, id: GroupId) {
        self.chats.opening.set_value(None);
        self.dialogs.dismiss();
        navigation::open_chat(self, id);
        let to_say = self.chats.to_say.try_update_value(Option::take);
        if let Some(text) = to_say.flatten() {
            self.send_text(id, text);
        }
    }

    fn heard_writing(self, chat: GroupId, who: AccountId, writes: bool) {
        let chats = self.chats;
        let time = chats.heard.get_value().wrapping_add(1);
        chats.heard.set_value(time);
        chats.writing.update(|all| {
            all.retain(|(where_, it, _)| (*where_, *it) != (chat, who));
            if writes {
                all.push((chat, who, time));
            }
        });
        if writes {
            let over = move || chats.writing.update(|all| all.retain(|it| it.2 != time));
            set_timeout(over, Duration::from_secs(ConversationEvent::TYPING_SECONDS));
        }
    }
}

/// What one waits for who waits for this conversation, if there is only one of its kind.
fn opening_of(conversation: &Conversation) -> Option<Opening> {
    match conversation.kind {
        GroupKind::Direct => conversation.peer.map(Opening::Direct),
        GroupKind::Lobby => Some(Opening::Lobby),
        GroupKind::Group => None,
    }
}

/// Takes in what the worker says about conversations.
pub(crate) fn apply(store: Store, event: ConversationEvent) {
    let chats = store.chats;
    match event {
        ConversationEvent::List(list) => chats.list.update(|known| known.replace(list)),
        ConversationEvent::Changed(conversation) => store.put_chat(*conversation),
        ConversationEvent::Gone(id) => store.chat_gone(id),
        ConversationEvent::Opened(id) => {
            if chats.opening.get_value().is_some() {
                store.show_opened(id);
            }
        }
        ConversationEvent::Items {
            conversation,
            items,
        } => {
            for item in &items {
                if chats.writing.with_untracked(|all| !all.is_empty()) && !item.mine {
                    store.heard_writing(conversation, item.author, false);
                }
            }
            store.change_chat(conversation, |timeline| timeline.apply_items(items));
        }
        ConversationEvent::Placed {
            conversation,
            pending,
            item,
        } => store.change_chat(conversation, |timeline| timeline.place(pending, *item)),
        ConversationEvent::Removed {
            conversation,
            places,
        } => store.change_chat(conversation, |timeline| timeline.remove(&places)),
        ConversationEvent::Page {
            conversation,
            from,
            items,
            more,
        } => store.change_chat(conversation, |timeline| {
            if timeline.apply_page(from, items, more) == Brought::Newest {
                store.mark_unread(conversation, timeline);
            }
        }),
        ConversationEvent::Found { query, hits, more } => chats.found.update(|found| {
            if found.query == query {
                found.done = true;
                found.hits.extend(hits);
                found.more = more;
            }
        }),
        ConversationEvent::Typing {
            conversation,
            account,
            typing,
        } => store.heard_writing(conversation, account, typing),
        ConversationEvent::Notify {
            conversation,
            author,
            preview,
            mention,
        } => notify_of(store, conversation, author, &preview, mention),
        ConversationEvent::Figures(figures) => chats.figures.set(Some(figures)),
    }
}

fn notify_of(store: Store, chat: GroupId, author: AccountId, preview: &str, mention: bool) {
    let (title, who) = untrack(|| (store.chat_title(chat), store.called(author)));
    let is_direct = title == who;
    let text = match (is_direct, mention) {
        (true, _) => preview.to_owned(),
        (false, false) => format!("{who}: {preview}"),
        (false, true) => format!("{who} mentions you: {preview}"),
    };
    notify::show(store, Open::Chat(chat), &title, &text);
}

/// The line that a place stands for, if it is one that others see.
pub(crate) fn seq_of(place: Place) -> Option<Seq> {
    match place {
        Place::At(seq) => Some(seq),
        Place::Pending(_) => None,
    }
}
