//! All that the screen is made of. [`super::keys`] and [`super::heard`] change it, [`super::view`]
//! shows it; none of them does any I/O.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ratatui::crossterm::event::KeyEvent;
use sotto_engine::api::{
    AccountStatus, Command, Contact, Conversation, ConversationCommand, ConversationState, Event,
    From as Whence, GroupKind, Hit, Person, Phase, Place, SearchCursor, Seq, Status,
};
use sotto_engine::time::Timestamp;
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, ClientId, GroupId};
use zeroize::Zeroizing;

use super::composer::Composer;
use super::timeline::{Anchor, Timeline};
use crate::sanitize;

/// Lines that are asked for at a time.
pub(super) const PAGE: u16 = 100;

/// How long a notice stands.
const NOTICE_TIME: Duration = Duration::from_secs(8);

/// One conversation of either dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chat {
    /// Of version 3.
    Group(GroupId),
    /// Of the classic protocol, weakly encrypted.
    Classic(ClientId),
}

/// What happens to the screen.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
    Heard(Event),
    /// The connection's last error has changed.
    Trouble(String),
    Tick,
}

/// What the screen wants done.
#[derive(Debug)]
pub(super) enum Effect {
    Order(Command),
    Bell,
    Quit,
}

/// What an answer is awaited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// To show the conversation.
    Show,
    /// To send this there, and stay where one is.
    Send(String),
    /// To add them to this group.
    AddTo(GroupId),
}

/// What lies over the timeline, or takes the keys.
#[derive(Debug, Default)]
pub(super) enum Overlay {
    #[default]
    None,
    Help,
    Search(Search),
    /// A line is selected, and keys do something with it.
    Select(Place),
    /// A question that `y` says yes to.
    Confirm(String, Box<Command>),
}

/// Looking for words.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) words: Composer,
    /// What the answer is told by.
    pub(super) query: u32,
    pub(super) hits: Vec<Hit>,
    pub(super) chosen: usize,
    pub(super) more: Option<SearchCursor>,
    pub(super) is_done: bool,
}

/// What the composer's text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Purpose {
    #[default]
    New,
    Reply(Seq),
    Edit(Seq),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) now: Timestamp,
    /// Columns and rows.
    pub(super) size: (u16, u16),
    pub(super) status: Option<Status>,
    /// Why there is no connection.
    pub(super) trouble: String,
    pub(super) contacts: BTreeMap<AccountId, Contact>,
    pub(super) people: BTreeMap<ClientId, Person>,
    pub(super) conversations: BTreeMap<GroupId, Conversation>,
    pub(super) timelines: BTreeMap<Chat, Timeline>,
    pub(super) open: Option<Chat>,
    pub(super) composer: Composer,
    pub(super) purpose: Purpose,
    /// What was being written elsewhere.
    pub(super) drafts: BTreeMap<Chat, String>,
    /// Ways to go on, and which of them stands in the composer.
    pub(super) completions: Option<(Vec<sotto_engine::slash::Completion>, usize)>,
    pub(super) overlay: Overlay,
    pub(super) shows_members: bool,
    /// Who is writing where, until when.
    pub(super) typing: BTreeMap<(GroupId, AccountId), Timestamp>,
    /// When the others were told last that the user is writing.
    pub(super) told_typing: Option<(GroupId, Timestamp)>,
    /// Lines before these are not shown: the screen was cleared.
    pub(super) cleared: BTreeMap<Chat, Place>,
    /// How far the engine was told that the user has seen.
    pub(super) marked: BTreeMap<Chat, Seq>,
    pub(super) notice: Option<(String, Timestamp)>,
    /// What [`sotto_engine::api::ConversationEvent::Opened`] is awaited for, in order.
    pub(super) opening: VecDeque<Then>,
    /// Who is looked for at the gateway, and why.
    pub(super) finding: Vec<(AccountName, Then)>,
    /// The password under which the profile is to be opened again.
    pub(super) password: Zeroizing<String>,
    pub(super) last_query: u32,
}

impl State {
    /// Takes in what happened; what is to be done now.
    pub(super) fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        match input {
            Input::Key(key) => self.key(key, &mut effects),
            Input::Paste(text) => self.paste(&text, &mut effects),
            Input::Resize(columns, rows) => self.size = (columns, rows),
            Input::Heard(event) => self.heard(event, &mut effects),
            Input::Trouble(error) => self.trouble = sanitize::line(&error),
            Input::Tick => {}
        }
        self.expire();
        self.mark_read(&mut effects);
        effects
    }

    pub(super) fn account(&self) -> Option<&AccountStatus> {
        self.status.as_ref()?.account.as_deref()
    }

    pub(super) fn is_locked(&self) -> bool {
        let phase = self.status.as_ref().map(|status| &status.phase);
        phase == Some(&Phase::Locked)
    }

    /// The conversations in the order of the list: pinned ones, then by what happened last.
    pub(super) fn chats(&self) -> Vec<Chat> {
        let groups = self.conversations.values().filter_map(|it| {
            let chat = Chat::Group(it.id);
            let is_shown = !it.archived || it.unread > 0 || self.open == Some(chat);
            is_shown.then_some((!it.pinned, std::cmp::Reverse(it.active_at), chat))
        });
        let is_account = self.account().is_some();
        let people = self.people.values().filter_map(|it| {
            let chat = Chat::Classic(it.client);
            let is_used = it.last.is_some() || it.unread > 0 || self.open == Some(chat);
            let at = it.last.as_ref().map_or(Timestamp(0), |last| last.at);
            let is_shown = is_used || (!is_account && it.listed);
            is_shown.then_some((true, std::cmp::Reverse(at), chat))
        });
        let mut chats: Vec<_> = groups.chain(people).collect();
        chats.sort();
        chats.into_iter().map(|(_, _, chat)| chat).collect()
    }

    /// The conversation that is open, if it is one of version 3.
    pub(super) fn conversation(&self) -> Option<&Conversation> {
        match self.open? {
            Chat::Group(id) => self.conversations.get(&id),
            Chat::Classic(_) => None,
        }
    }

    pub(super) fn timeline(&self) -> Option<&Timeline> {
        self.timelines.get(&self.open?)
    }

    /// What somebody is called: the account's name, which nobody else can have.
    pub(super) fn name(&self, account: AccountId) -> String {
        if let Some(own) = self.account().filter(|own| own.account == account) {
            return own.name.to_string();
        }
        match self.contacts.get(&account) {
            Some(contact) => contact.name.to_string(),
            None => account.to_string().chars().take(8).collect::<String>() + "…",
        }
    }

    pub(super) fn is_me(&self, account: AccountId) -> bool {
        self.account().is_some_and(|own| own.account == account)
    }

    pub(super) fn title(&self, chat: Chat) -> String {
        let title = match chat {
            Chat::Classic(client) => match self.people.get(&client) {
                Some(person) => person.name.to_string(),
                None => client.to_string(),
            },
            Chat::Group(id) => match self.conversations.get(&id) {
                Some(it) => self.group_title(it),
                None => String::new(),
            },
        };
        sanitize::line(&title)
    }

    fn group_title(&self, it: &Conversation) -> String {
        match (it.kind, it.peer) {
            (GroupKind::Lobby, _) => "lobby".to_owned(),
            (GroupKind::Direct, Some(peer)) if self.is_me(peer) => "notes to myself".to_owned(),
            (GroupKind::Direct, Some(peer)) => self.name(peer),
            _ if it.name.is_empty() => "group without a name yet".to_owned(),
            _ => it.name.clone(),
        }
    }

    pub(super) fn unread(&self, chat: Chat) -> (u32, u32) {
        match chat {
            Chat::Group(id) => self
                .conversations
                .get(&id)
                .map_or((0, 0), |it| (it.unread, it.unread_mentions)),
            Chat::Classic(client) => (self.people.get(&client).map_or(0, |it| it.unread), 0),
        }
    }

    /// Says something in passing.
    pub(super) fn say(&mut self, text: impl AsRef<str>) {
        let text = sanitize::line(text.as_ref());
        self.notice = Some((text, self.now + NOTICE_TIME));
    }

    /// Shows a conversation, and asks for its newest lines.
    pub(super) fn show(&mut self, chat: Chat, effects: &mut Vec<Effect>) {
        if self.open == Some(chat) {
            return;
        }
        self.stop_typing(effects);
        // What is written while nothing is open belongs to what is opened next.
        if let Some(before) = self.open {
            self.drafts.insert(before, self.composer.text().to_owned());
            let draft = self.drafts.remove(&chat);
            self.composer.set(draft.unwrap_or_default());
            // Where one was in a conversation that is no longer looked at is not kept, nor its
            // lines: they are in the store.
            self.timelines.remove(&before);
        }
        self.open = Some(chat);
        self.overlay = Overlay::None;
        self.purpose = Purpose::New;
        self.completions = None;
        self.load(chat, Whence::Newest, PAGE, effects);
    }

    /// Asks for lines of a conversation.
    pub(super) fn load(&mut self, chat: Chat, from: Whence, limit: u16, effects: &mut Vec<Effect>) {
        let timeline = self.timelines.entry(chat).or_default();
        timeline.is_loading = true;
        effects.push(Effect::Order(match chat {
            Chat::Group(conversation) => Command::Conversation(ConversationCommand::Load {
                conversation,
                from,
                limit,
            }),
            Chat::Classic(with) => Command::LoadHistory {
                with,
                before: match from {
                    Whence::Before(seq) => Some(seq),
                    Whence::Newest | Whence::After(_) => None,
                },
                limit,
            },
        }));
    }

    /// Asks for older lines if the view comes near the first one that is here, and for newer ones
    /// behind a hit.
    pub(super) fn load_more(&mut self, effects: &mut Vec<Effect>) {
        let Some((chat, timeline)) = self
            .open
            .and_then(|it| Some((it, self.timelines.get(&it)?)))
        else {
            return;
        };
        if timeline.is_loading {
            return;
        }
        let rows = self.view_rows();
        let rows_of = |place| self.rows_of(place);
        let is_near = timeline.rows_above(rows * 3, &rows_of) < rows * 3;
        let first = timeline.first_numbered();
        let last = timeline.last_numbered();
        match (first, last) {
            (Some(first), _) if timeline.more_before && is_near => {
                self.load(chat, Whence::Before(first), PAGE, effects);
            }
            (_, Some(last)) if timeline.more_after => {
                self.load(chat, Whence::After(last), PAGE, effects);
            }
            _ => {}
        }
    }

    /// Tells the engine how far the user has seen, when the newest lines are in view.
    fn mark_read(&mut self, effects: &mut Vec<Effect>) {
        let Some(chat) = self.open.filter(|chat| self.unread(*chat).0 > 0) else {
            return;
        };
        let Some(up_to) = self
            .timelines
            .get(&chat)
            .filter(|it| it.anchor == Anchor::Newest && !it.more_after)
            .and_then(Timeline::last_numbered)
        else {
            return;
        };
        if self.is_locked() || self.marked.get(&chat).is_some_and(|seen| *seen >= up_to) {
            return;
        }
        self.marked.insert(chat, up_to);
        effects.push(Effect::Order(match chat {
            Chat::Group(conversation) => Command::Conversation(ConversationCommand::MarkRead {
                conversation,
                up_to,
            }),
            Chat::Classic(with) => Command::MarkRead { with, up_to },
        }));
    }

    fn expire(&mut self) {
        let now = self.now;
        self.typing.retain(|_, until| *until > now);
        if self.notice.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.notice = None;
        }
    }

    /// Whether text can be sent in the open conversation; why not.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        match self.conversation()?.state {
            // What is written while it is joined goes when that is done.
            ConversationState::Active | ConversationState::Joining => None,
            ConversationState::Leaving | ConversationState::Left => Some("you have left"),
            ConversationState::Removed => Some("you were removed"),
            ConversationState::Broken(_) => Some("to be joined anew: Alt-J"),
        }
    }
}

/// Whether the user is in a conversation, as far as it stands.
pub(super) fn is_in(state: ConversationState) -> bool {
    match state {
        ConversationState::Joining | ConversationState::Active | ConversationState::Broken(_) => {
            true
        }
        ConversationState::Leaving | ConversationState::Left | ConversationState::Removed => false,
    }
}
