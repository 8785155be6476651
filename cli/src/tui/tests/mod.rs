//! What is to be seen, and what is told to the engine.

mod deeds;
mod looks;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sotto_engine::api::{
    AccountEvent, AccountStatus, Command, Connection, Contact, Conversation, ConversationCommand,
    ConversationEvent, ConversationState, Event, From as Whence, GroupKind, Happening, Item,
    ItemBody, ItemState, Member, Mention, Person, Phase, Place, Reactions, Seq, SessionState,
    Status, Suite, Trust,
};
use sotto_engine::time::Timestamp;
use sotto_shared::sotto::types::Presence;
use sotto_shared::{AccountId, ClientId, GroupId};

use super::state::{Chat, Effect, Input, State};

const ANNA: AccountId = AccountId::from_bytes([1; 16]);
const BEN: AccountId = AccountId::from_bytes([2; 16]);
const CARLA: AccountId = AccountId::from_bytes([3; 16]);
const DORA: ClientId = ClientId::from_bytes([4; 16]);
const WITH_BEN: GroupId = GroupId::from_bytes([5; 16]);
const TEAM: GroupId = GroupId::from_bytes([6; 16]);
const LOBBY: GroupId = GroupId::from_bytes([7; 16]);

/// 2026-05-04 10:00 in UTC.
const NOW: Timestamp = Timestamp(1_777_888_800_000);

fn status() -> Status {
    Status {
        phase: Phase::SignedIn,
        connection: Connection::Online,
        passphrase: false,
        gateway: None,
        account: Some(Box::new(AccountStatus {
            account: ANNA,
            client: ClientId::from_bytes([9; 16]),
            name: "anna".parse().unwrap(),
            display_name: "Anna".parse().unwrap(),
            hides_presence: false,
            session: SessionState::Open,
            recovery_code_waits: false,
            bridge: None,
            auto_lock: None,
            stays_unlocked: true,
        })),
    }
}

fn contact(account: AccountId, name: &str, online: bool) -> Contact {
    Contact {
        account,
        name: name.parse().unwrap(),
        display_name: name.parse().unwrap(),
        presence: Some(Presence {
            online,
            last_seen: None,
        }),
        trust: Trust::Verified,
        classic: None,
    }
}

fn member(account: AccountId, admin: bool) -> Member {
    Member {
        account,
        admin,
        devices: 1,
        delivered: Seq(0),
        read: Seq(0),
    }
}

fn conversation(id: GroupId, kind: GroupKind, minutes_ago: u64) -> Conversation {
    let members = match kind {
        GroupKind::Direct => vec![member(ANNA, false), member(BEN, false)],
        _ => vec![member(ANNA, true), member(BEN, false), member(CARLA, false)],
    };
    Conversation {
        id,
        kind,
        suite: match kind {
            GroupKind::Lobby => Suite::Classical,
            _ => Suite::PostQuantum,
        },
        peer: (kind == GroupKind::Direct).then_some(BEN),
        name: match kind {
            GroupKind::Group => "Team".to_owned(),
            _ => String::new(),
        },
        picture: None,
        members_total: u32::try_from(members.len()).unwrap(),
        members,
        state: ConversationState::Active,
        unread: 0,
        unread_mentions: 0,
        read_up_to: Seq(0),
        last: None,
        active_at: Timestamp(NOW.0 - minutes_ago * 60_000),
        pinned: false,
        muted: false,
        archived: false,
        timer: 0,
    }
}

fn text(seq: u64, author: AccountId, text: &str) -> Item {
    Item {
        place: Place::At(Seq(seq)),
        at: Timestamp(NOW.0 + seq * 60_000),
        author,
        mine: author == ANNA,
        body: ItemBody::Text {
            text: text.to_owned(),
            mentions: Vec::new(),
        },
        state: match author {
            ANNA => ItemState::Stored,
            _ => ItemState::Received,
        },
        reactions: Vec::new(),
        edited: false,
        reply: None,
        expires_at: None,
    }
}

fn hear(state: &mut State, event: ConversationEvent) -> Vec<Effect> {
    state.handle(Input::Heard(Event::Conversation(event)), NOW)
}

/// Anna, at a screen of this size.
fn anna(columns: u16, rows: u16) -> State {
    let mut state = State::default();
    state.handle(Input::Resize(columns, rows), NOW);
    state.handle(Input::Heard(Event::Status(status())), NOW);
    let contacts = vec![contact(BEN, "ben", true), contact(CARLA, "carla", false)];
    let contacts = Event::Account(AccountEvent::Contacts(contacts));
    state.handle(Input::Heard(contacts), NOW);
    let dora = Person {
        client: DORA,
        name: "dora".parse().unwrap(),
        listed: true,
        key: sotto_engine::api::KeyState::None,
        fingerprint: None,
        unread: 2,
        last: None,
        account: None,
    };
    state.handle(Input::Heard(Event::People(vec![dora])), NOW);
    let mut team = conversation(TEAM, GroupKind::Group, 5);
    (team.unread, team.unread_mentions) = (3, 1);
    let list = vec![
        conversation(LOBBY, GroupKind::Lobby, 10),
        conversation(WITH_BEN, GroupKind::Direct, 1),
        team,
    ];
    hear(&mut state, ConversationEvent::List(list));
    state
}

/// Anna, with a conversation open.
fn anna_in(chat: GroupId, items: Vec<Item>) -> State {
    let mut state = anna(80, 16);
    open(&mut state, chat, items);
    state
}

fn open(state: &mut State, chat: GroupId, items: Vec<Item>) {
    while state.open != Some(Chat::Group(chat)) {
        press(state, KeyCode::Char('n'), KeyModifiers::CONTROL);
    }
    let page = ConversationEvent::Page {
        conversation: chat,
        from: Whence::Newest,
        items,
        more: false,
    };
    hear(state, page);
}

fn press(state: &mut State, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    state.handle(Input::Key(KeyEvent::new(code, modifiers)), NOW)
}

fn key(state: &mut State, code: KeyCode) -> Vec<Effect> {
    press(state, code, KeyModifiers::NONE)
}

fn write(state: &mut State, text: &str) {
    for c in text.chars() {
        key(state, KeyCode::Char(c));
    }
}

/// Writes a line, and what comes of it.
fn enter(state: &mut State, text: &str) -> Vec<ConversationCommand> {
    write(state, text);
    orders(key(state, KeyCode::Enter))
}

fn orders(effects: Vec<Effect>) -> Vec<ConversationCommand> {
    let orders = effects.into_iter().filter_map(|effect| match effect {
        Effect::Order(Command::Conversation(ConversationCommand::Typing { .. })) => None,
        Effect::Order(Command::Conversation(command)) => Some(command),
        _ => None,
    });
    orders.collect()
}

/// What is to be seen, without the blanks at the ends.
fn screen(state: &State) -> String {
    let (columns, rows) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| state.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| -> String {
        let cells = (0..columns).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..rows).map(row).collect::<Vec<_>>().join("\n")
}
