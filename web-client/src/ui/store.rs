//! The page's state: signals around what the worker told, and the way back to it.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{
    AccountCommand, AccountStatus, Connection, Contact, Failure, Person, Phase, Seq, Status,
};
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, ClientId};
use web_sys::Blob;

use super::bridge::Bridge;
use super::chat::{self, Chats};
use super::dialogs::Dialogs;
use super::drafts::Drafts;
use super::entry::EntryPage;
use super::files::Files;
use super::navigation::Open;
use super::notices::Notices;
use super::own::Own;
use super::state::contacts::Contacts;
use super::state::people::People;
use super::state::timeline::{Brought, PAGE, Timeline};
use super::{files, notify, own, words};
use crate::link::{Command, Event};

/// Everything that the page knows. Copied freely; components find it in their context.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    /// Where things stand as a whole.
    pub(crate) status: RwSignal<Status>,
    /// Counts up with every status, that is, with every answer to a change of the identity.
    pub(crate) answers: RwSignal<u32>,
    /// What the last command of a form ran into.
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// The worker cannot run.
    pub(crate) no_worker: RwSignal<bool>,
    /// Everybody known.
    pub(crate) people: RwSignal<People>,
    /// Everybody known who has an account.
    pub(crate) contacts: RwSignal<Contacts>,
    /// Conversations of the account.
    pub(crate) chats: Chats,
    /// The own account, beyond its status.
    pub(crate) own: Own,
    /// Which page leads in, while nobody is signed in here.
    pub(crate) entry: RwSignal<EntryPage>,
    /// The code of an invitation, from a link or typed.
    pub(crate) invitation: RwSignal<String>,
    /// What is open on the right side.
    pub(crate) open: RwSignal<Option<Open>>,
    /// Whether the user is looking at the page.
    pub(crate) focused: RwSignal<bool>,
    /// The day today.
    pub(crate) today: RwSignal<i64>,
    /// The present, in seconds since 1970; not by the second.
    pub(crate) now: RwSignal<u64>,
    /// Passing notices.
    pub(crate) notices: Notices,
    /// The dialog that is shown.
    pub(crate) dialogs: Dialogs,
    /// What was typed and attached, by conversation.
    pub(crate) drafts: Drafts,
    /// Contents of files on their way here.
    pub(crate) files: Files,
    timelines: StoredValue<HashMap<ClientId, ArcRwSignal<Timeline>>>,
    before_change: StoredValue<Option<Box<dyn Fn() + Send + Sync>>>,
    bridge: StoredValue<Option<Bridge>, LocalStorage>,
}

impl Store {
    /// Nothing known yet, no worker.
    pub(crate) fn new() -> Self {
        Self {
            status: RwSignal::new(Status {
                phase: Phase::Opening,
                connection: Connection::Connecting,
                passphrase: false,
                gateway: None,
                account: None,
            }),
            answers: RwSignal::new(0),
            failure: RwSignal::new(None),
            no_worker: RwSignal::new(false),
            people: RwSignal::default(),
            contacts: RwSignal::default(),
            chats: Chats::new(),
            own: Own::new(),
            entry: RwSignal::default(),
            invitation: RwSignal::default(),
            open: RwSignal::new(None),
            focused: RwSignal::new(true),
            today: RwSignal::new(0),
            now: RwSignal::new(0),
            notices: Notices::new(),
            dialogs: Dialogs::new(),
            drafts: Drafts::new(),
            files: Files::new(),
            timelines: StoredValue::default(),
            before_change: StoredValue::new(None),
            bridge: StoredValue::new_local(None),
        }
    }

    /// Starts the worker and asks it for all there is.
    pub(crate) fn connect(self) {
        let heard = move |event, payload| self.apply(event, payload);
        let broke = move || self.no_worker.set(true);
        match Bridge::start(heard, broke) {
            Ok(bridge) => self.bridge.set_value(Some(bridge)),
            Err(_) => self.no_worker.set(true),
        }
        self.send(Command::Attach);
    }

    /// The store of the page.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// Sends a command.
    pub(crate) fn send(self, command: Command) {
        self.send_with(command, None);
    }

    /// Sends a command about the account.
    pub(crate) fn ask(self, command: AccountCommand) {
        self.send(Command::Account(command));
    }

    /// Sends a command, with the content of a file beside it.
    pub(crate) fn send_with(self, command: Command, payload: Option<&Blob>) {
        self.bridge.with_value(|bridge| {
            if let Some(bridge) = bridge {
                bridge.send(&command, payload);
            }
        });
    }

    /// Sends what a form asks for; forgets what an earlier try ran into.
    pub(crate) fn submit(self, command: Command) {
        self.failure.set(None);
        self.send(command);
    }

    /// A person, tracked.
    pub(crate) fn person(self, client: ClientId) -> Option<Arc<Person>> {
        self.people.with(|people| people.get(client))
    }

    /// A contact, tracked.
    pub(crate) fn contact(self, account: AccountId) -> Option<Arc<Contact>> {
        self.contacts.with(|contacts| contacts.get(account))
    }

    /// The contact whose proven classic mailbox this is, tracked.
    pub(crate) fn contact_of(self, client: ClientId) -> Option<Arc<Contact>> {
        self.contacts.with(|contacts| contacts.of_classic(client))
    }

    /// The account that is signed in here, tracked.
    pub(crate) fn account<T>(self, read: impl FnOnce(&AccountStatus) -> T) -> Option<T> {
        self.status.with(|status| {
            let signed_in = status.phase == Phase::SignedIn;
            status.account.as_deref().filter(|_| signed_in).map(read)
        })
    }

    /// Name of the account that is signed in here, as it is now.
    pub(crate) fn own_name(self) -> Option<AccountName> {
        untrack(|| self.account(|account| account.name.clone()))
    }

    /// Name of a person, tracked: a contact's own, where the mailbox is proven to be theirs.
    pub(crate) fn name_of(self, client: ClientId) -> String {
        if let Some(contact) = self.contact_of(client) {
            return contact.display_name.to_string();
        }
        let person = self.person(client);
        person.map_or_else(|| "Somebody".to_owned(), |person| person.name.to_string())
    }

    /// The window onto a conversation; asks for its newest page when there is none yet.
    pub(crate) fn timeline(self, with: ClientId) -> ArcRwSignal<Timeline> {
        let known = self
            .timelines
            .with_value(|timelines| timelines.get(&with).cloned());
        if let Some(timeline) = known {
            let unread = self.unread(with);
            timeline.update(|timeline| {
                timeline.trim_to_newest();
                timeline.mark_unread(unread);
            });
            if timeline.with_untracked(Timeline::is_detached) {
                self.load_history(with, None);
            }
            return timeline;
        }
        let timeline = ArcRwSignal::new(Timeline::default());
        self.timelines.update_value(|timelines| {
            timelines.insert(with, timeline.clone());
        });
        self.load_history(with, None);
        timeline
    }

    /// Asks for a page of messages before `before`, or the newest.
    pub(crate) fn load_history(self, with: ClientId, before: Option<Seq>) {
        self.send(Command::LoadHistory {
            with,
            before,
            limit: PAGE,
        });
    }

    /// Sets what is called before the open conversation changes, so that the view can hold still.
    pub(crate) fn on_before_change(self, call: Option<Box<dyn Fn() + Send + Sync>>) {
        self.before_change.set_value(call);
    }

    /// Forgets what was told of people and messages: they were locked away, or erased.
    pub(crate) fn forget(self) {
        self.people.set(People::default());
        self.contacts.set(Contacts::default());
        self.own.forget();
        self.chats.forget();
        self.timelines.update_value(HashMap::clear);
        self.drafts.forget();
    }

    fn unread(self, with: ClientId) -> u32 {
        let person = self.people.with_untracked(|people| people.get(with));
        person.map_or(0, |person| person.unread)
    }

    /// Takes in what the worker says.
    fn apply(self, event: Event, payload: Option<Blob>) {
        match event {
            Event::Status(status) => {
                self.answers
                    .update(|answers| *answers = answers.wrapping_add(1));
                if self.status.with_untracked(|known| *known != status) {
                    self.status.set(status);
                }
            }
            Event::People(people) => self.people.update(|known| known.replace(people)),
            Event::Person(person) => self.people.update(|known| known.put(person)),
            Event::Messages { with, messages } => self.change(with, |timeline| {
                timeline.apply_messages(messages);
            }),
            Event::Removed { with, seq } => self.change(with, |timeline| timeline.remove(seq)),
            Event::History {
                with,
                before,
                messages,
                more,
            } => {
                let unread = self.unread(with);
                let mut stuck = false;
                self.change(with, |timeline| {
                    match timeline.apply_history(before, messages, more) {
                        Brought::Newest => timeline.mark_unread(unread),
                        Brought::Nothing => stuck = true,
                        Brought::Older | Brought::Newer => {}
                    }
                });
                if stuck {
                    self.load_history(with, None);
                }
            }
            Event::FileContent {
                with,
                seq,
                name,
                content,
            } => {
                let blob = payload.or_else(|| files::blob(&content));
                self.files.arrived(with, seq, blob, &name);
            }
            Event::Exported { name, file } => {
                if let Some(blob) = files::blob(&file) {
                    files::save(&blob, &name);
                    self.notices.tell(format!("“{name}” was saved."));
                }
            }
            Event::Notify {
                with,
                name,
                preview,
            } => {
                let contact = self
                    .contacts
                    .with_untracked(|contacts| contacts.of_classic(with));
                let shown = contact
                    .as_ref()
                    .map_or(name.as_str(), |contact| contact.display_name.as_str());
                notify::show(self, Open::Person(with), shown, &words::preview(&preview));
            }
            Event::Failed(failure) => self.failed(failure),
            Event::Account(event) => own::apply(self, event),
            Event::Conversation(event) => chat::apply(self, event),
        }
    }

    fn change(self, with: ClientId, change: impl FnOnce(&mut Timeline)) {
        let timeline = self
            .timelines
            .with_value(|timelines| timelines.get(&with).cloned());
        let Some(timeline) = timeline else { return };
        self.hold_if_open(Open::Person(with));
        timeline.update(change);
    }

    /// Called before a conversation changes: the view of it holds still.
    pub(crate) fn hold_if_open(self, place: Open) {
        if self.open.get_untracked() == Some(place) {
            self.before_change.with_value(|call| {
                if let Some(call) = call {
                    call();
                }
            });
        }
    }

    fn failed(self, failure: Failure) {
        match failure {
            Failure::NameRefused { .. }
            | Failure::WrongPassphrase
            | Failure::BadImport { .. }
            | Failure::KeyGeneration => {}
            Failure::NoSuchFile => {
                self.files.missing();
                self.notices.tell(words::failure(&failure));
            }
            // Stands in the form that asked. The pages that lead in show it whether or not they
            // still wait: the engine may say first that nothing is under way any more.
            Failure::Account(_) if self.own.is_asking() || self.is_led_in() => {}
            _ => self.notices.tell(words::failure(&failure)),
        }
        self.failure.set(Some(failure));
    }

    /// Whether one of the pages that lead in is shown.
    fn is_led_in(self) -> bool {
        self.entry.get_untracked() != EntryPage::Choice
    }
}
