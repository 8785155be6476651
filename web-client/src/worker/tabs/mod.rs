//! One engine for all tabs of the origin.
//!
//! Every tab has a worker. The one that holds the lock leads: it runs the engine. The others pass
//! their page's commands on to it over a [`BroadcastChannel`] and show what it tells. A tab keeps
//! each command until a leader has accepted it, and gives it to the next leader otherwise; see
//! [`Ledger`] for why nothing is done twice.

mod ledger;
mod message;
mod pending;
mod refresh;

use core::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use sotto_engine::api::{Command, Event};
use sotto_engine::store::StorageKey;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BroadcastChannel, MessageEvent};

use self::ledger::Ledger;
use self::message::{Message, Received, SharedKey};
use self::pending::{Pending, Waiting};
use self::refresh::Refresh;
use super::host::Input;
use super::status::broken;

pub use self::message::{CommandId, TabId, Term};

/// Name of the channel between the workers of the origin.
const CHANNEL: &str = "sotto";

const OTHER_BUILD: &str =
    "Another tab runs a different version of Sotto. Reload this page, or close the other tabs.";

/// What shows an event to the page of this tab.
type Show = Box<dyn Fn(&Event, Option<&Blob>)>;

/// This tab among the others.
pub struct Tab {
    id: TabId,
    build: String,
    show: Show,
    channel: BroadcastChannel,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    role: Role,
    pending: Pending<Blob>,
    ledger: Ledger,
    refresh: Refresh,
    /// Whether there was a leader before, here or elsewhere.
    had_leader: bool,
    key: Option<StorageKey>,
}

#[derive(Default)]
enum Role {
    /// Nobody leads, as far as is known here.
    #[default]
    Alone,
    /// Another tab leads.
    Following(Term),
    /// This tab leads.
    Leading(Term, UnboundedSender<Input>),
}

impl Tab {
    /// Joins the other tabs. `build` tells builds of the app apart; `show` gets the events for
    /// this tab's page.
    ///
    /// # Errors
    /// What JavaScript throws when there is no channel or no randomness.
    pub fn join(
        build: String,
        show: impl Fn(&Event, Option<&Blob>) + 'static,
    ) -> Result<Rc<Self>, JsValue> {
        let channel = BroadcastChannel::new(CHANNEL)?;
        let id = TabId(random().map_err(|error| JsValue::from_str(&error.to_string()))?);
        let tab = Rc::new(Self {
            id,
            build,
            show: Box::new(show),
            channel,
            state: RefCell::default(),
        });
        // The tab lives as long as its worker, and so does its callback.
        let listening = Rc::clone(&tab);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            listening.on_channel(&event.data());
        });
        tab.channel
            .set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
        tab.post(&Message::Hello, None);
        Ok(tab)
    }

    /// Takes a command of this tab's page.
    pub fn on_command(&self, command: Command, payload: Option<Blob>) {
        let mut state = self.state.borrow_mut();
        let State {
            role,
            pending,
            refresh,
            ..
        } = &mut *state;
        refresh.note(&command);
        self.submit(role, pending.push(command, payload));
    }

    /// Asks anew who leads, and what there is to show: the page was away.
    pub fn come_back(&self) {
        self.state.borrow_mut().role = Role::Alone;
        self.post(&Message::Hello, None);
        self.on_command(Command::Attach, None);
    }

    /// Leads from now on: commands of all tabs come out of the queue.
    pub fn begin_leading(&self, term: Term) -> UnboundedReceiver<Input> {
        let (sender, queue) = unbounded();
        self.post(&Message::Leading { term }, None);
        self.change_role(Role::Leading(term, sender));
        queue
    }

    /// Gives the lead up; the own page's unaccepted commands wait for the next leader.
    pub fn end_leading(&self) {
        self.state.borrow_mut().role = Role::Alone;
    }

    /// The queue of the leader that runs here.
    pub fn queue(&self) -> Option<UnboundedSender<Input>> {
        match &self.state.borrow().role {
            Role::Leading(_, queue) => Some(queue.clone()),
            Role::Alone | Role::Following(_) => None,
        }
    }

    /// As leader: tells an event to the page of one tab, or of all.
    pub fn tell(&self, to: Option<TabId>, event: Event, payload: Option<&Blob>) {
        if to == Some(self.id) {
            self.show(event, payload);
            return;
        }
        if to.is_none() {
            self.show(event.clone(), payload);
        }
        self.post(&Message::Event { to, event }, payload);
    }

    /// As leader: whether this command was done already.
    pub fn is_done(&self, tab: TabId, id: CommandId) -> bool {
        self.state.borrow().ledger.has(tab, id)
    }

    /// As leader: this command was done.
    pub fn accept(&self, tab: TabId, id: CommandId) {
        self.note_accepted(tab, id);
        self.post(&Message::Accepted { tab, id }, None);
    }

    /// As leader: hands the storage key over to the other tabs, where it is new.
    pub fn share_key(&self, key: Option<StorageKey>) {
        let mut state = self.state.borrow_mut();
        if state.key != key {
            state.key = key;
            self.post(&shared(&state.key), None);
        }
    }

    /// The storage key, if a leader had it.
    pub fn key(&self) -> Option<StorageKey> {
        self.state.borrow().key.clone()
    }

    fn on_channel(&self, data: &JsValue) {
        match message::decode(&self.build, data) {
            Received::Message(message, payload) => self.on_message(message, payload),
            Received::OtherBuild { leader: true } => self.show(broken(OTHER_BUILD), None),
            // Lets it find out that a leader of another build is here.
            Received::OtherBuild { leader: false } => self.introduce(),
            Received::Garbage => {}
        }
    }

    fn on_message(&self, message: Message, payload: Option<Blob>) {
        match message {
            Message::Hello => self.introduce(),
            Message::Command {
                term,
                tab,
                id,
                command,
            } => {
                self.take_foreign(
                    term,
                    Input::Command {
                        tab,
                        id,
                        command,
                        payload,
                    },
                );
            }
            Message::Leading { term } => self.follow(term),
            Message::Accepted { tab, id } => self.note_accepted(tab, id),
            Message::Event { to, event } => {
                if to.is_none_or(|tab| tab == self.id) {
                    self.show(event, payload.as_ref());
                }
            }
            Message::StorageKey(key) => {
                self.state.borrow_mut().key = key.map(|key| StorageKey::from_bytes(key.0));
            }
        }
    }

    /// As leader: says so, with what a new tab has to know.
    fn introduce(&self) {
        let state = self.state.borrow();
        if let Role::Leading(term, _) = state.role {
            self.post(&Message::Leading { term }, None);
            self.post(&shared(&state.key), None);
        }
    }

    /// Another tab's command for the leader of `term`.
    fn take_foreign(&self, term: Term, input: Input) {
        let state = self.state.borrow();
        match &state.role {
            Role::Leading(own, queue) if *own == term => {
                let _ = queue.unbounded_send(input);
            }
            // That tab still follows an earlier leader. It gives its commands again, and in their
            // order, once it knows better.
            Role::Leading(..) => {
                drop(state);
                self.introduce();
            }
            Role::Alone | Role::Following(_) => {}
        }
    }

    fn follow(&self, term: Term) {
        let change = match self.state.borrow().role {
            // The lock makes this impossible but for the message of a leader that just stopped.
            Role::Leading(..) => false,
            Role::Following(known) => known != term,
            Role::Alone => true,
        };
        if change {
            self.change_role(Role::Following(term));
        }
    }

    /// There is a new leader: it gets what no leader has accepted, and is asked for what the page
    /// may have missed.
    fn change_role(&self, new: Role) {
        let mut state = self.state.borrow_mut();
        let State {
            role,
            pending,
            refresh,
            had_leader,
            ..
        } = &mut *state;
        *role = new;
        if core::mem::replace(had_leader, true) {
            for command in refresh.ask() {
                pending.push(command, None);
            }
        }
        for waiting in pending.iter() {
            self.submit(role, waiting);
        }
    }

    fn note_accepted(&self, tab: TabId, id: CommandId) {
        let mut state = self.state.borrow_mut();
        state.ledger.accept(tab, id);
        if tab == self.id {
            state.pending.accepted(id);
        }
    }

    fn submit(&self, role: &Role, waiting: Waiting<Blob>) {
        let Waiting {
            id,
            command,
            payload,
        } = waiting;
        match role {
            Role::Alone => {}
            Role::Following(term) => self.post(
                &Message::Command {
                    term: *term,
                    tab: self.id,
                    id,
                    command,
                },
                payload.as_ref(),
            ),
            Role::Leading(_, queue) => {
                let _ = queue.unbounded_send(Input::Command {
                    tab: self.id,
                    id,
                    command,
                    payload,
                });
            }
        }
    }

    fn post(&self, message: &Message, payload: Option<&Blob>) {
        // Fails only on a closed channel or on what cannot be cloned; neither happens here.
        let _ = self
            .channel
            .post_message(&message::encode(&self.build, message, payload));
    }

    fn show(&self, event: Event, payload: Option<&Blob>) {
        let event = self.state.borrow_mut().refresh.translate(event);
        (self.show)(&event, payload);
    }
}

fn shared(key: &Option<StorageKey>) -> Message {
    Message::StorageKey(key.as_ref().map(|key| SharedKey(*key.expose())))
}

/// A random number.
///
/// # Errors
/// The browser gives no randomness.
pub fn random() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
