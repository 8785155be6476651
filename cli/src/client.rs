//! The engine at work: its outputs executed on a transport, the answers and the time fed back.

mod serving;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use sotto_engine::api::{
    AccountEvent, AccountStatus, Command, Connection, Contact, Conversation, ConversationEvent,
    Event, GatewayInfo, Passphrase, Person, Phase, SignInStep, Status,
};
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::machine::Profile;
use sotto_engine::store::Store;
use sotto_engine::time::Timestamp;
use sotto_shared::{AccountId, ClientId, GroupId};
use tokio::time::Instant;

use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::sanitize;
use crate::transport::{AnswerMeter, Transport, Untrusted};

pub(crate) use serving::Heard;

/// Failures in a row after which a server that was reached once is given up.
const FAILURES_MAX: u32 = 3;

/// When to give the server up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// When it cannot be reached.
    UntilFailure,
    /// At this moment.
    Until(Instant),
    /// Never.
    Endless,
}

/// An engine and its connection.
pub(crate) struct Client<S> {
    driver: Driver<S>,
    transport: Box<dyn Transport>,
    progress: Progress,
    patience: Patience,
    /// What the engine wants done with the connection, in order.
    wanted: VecDeque<Output>,
    online: bool,
    meter: AnswerMeter,
    /// Requests that await their answers.
    in_flight: usize,
    /// Answers on this connection.
    answers: usize,
    was_online: bool,
    /// Connections that failed since the last answer.
    failures: u32,
    last_error: String,
    /// Why the server is not to be talked to.
    untrusted: Option<String>,
    status: Option<Status>,
    people: BTreeMap<ClientId, Person>,
    contacts: BTreeMap<AccountId, Contact>,
    conversations: BTreeMap<GroupId, Conversation>,
    /// Until the user has it on paper.
    recovery_code: Option<Passphrase>,
    /// Listened to from the first wait on: before that, and at prompts, Ctrl-C does what it always
    /// does.
    ctrl_c: Option<CtrlC>,
}

type CtrlC = Pin<Box<dyn Future<Output = io::Result<()>>>>;

impl<S: Store> Client<S> {
    /// Opens the engine on a store. Nothing is connected before [`Client::next_events`].
    pub(crate) async fn open(
        store: S,
        profile: Profile,
        transport: Box<dyn Transport>,
        patience: Patience,
        progress: Progress,
    ) -> Result<Self, Problem> {
        let mut seed = [0; 32];
        rand_core::RngCore::try_fill_bytes(&mut rand_core::OsRng, &mut seed)
            .map_err(|error| Problem::new(Exit::Failed, format!("no randomness: {error}")))?;
        let mut client = Self {
            driver: Driver::open(store, profile, seed).await,
            transport,
            progress,
            patience,
            wanted: VecDeque::new(),
            online: false,
            meter: AnswerMeter::default(),
            in_flight: 0,
            answers: 0,
            was_online: false,
            failures: 0,
            last_error: String::new(),
            untrusted: None,
            status: None,
            people: BTreeMap::new(),
            contacts: BTreeMap::new(),
            conversations: BTreeMap::new(),
            recovery_code: None,
            ctrl_c: None,
        };
        client.feed(Input::Start).await;
        Ok(client)
    }

    /// Where the user stands.
    pub(crate) fn phase(&self) -> &Phase {
        self.status
            .as_ref()
            .map_or(&Phase::Opening, |status| &status.phase)
    }

    /// Whether the profile is under a passphrase.
    pub(crate) fn has_passphrase(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.passphrase)
    }

    /// The account that is signed in here.
    pub(crate) fn account(&self) -> Option<&AccountStatus> {
        self.status.as_ref()?.account.as_deref()
    }

    /// What the gateway says of itself, once it was asked.
    pub(crate) fn gateway(&self) -> Option<&GatewayInfo> {
        self.status.as_ref()?.gateway.as_ref()
    }

    /// Everybody known who has an account.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }

    /// Somebody known who has an account.
    pub(crate) fn contact(&self, account: AccountId) -> Option<&Contact> {
        self.contacts.get(&account)
    }

    /// The conversations of version 3.
    pub(crate) fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.conversations.values()
    }

    /// One of them.
    pub(crate) fn conversation(&self, id: GroupId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// The recovery code that is to be written down, once it was told.
    pub(crate) fn recovery_code(&self) -> Option<&Passphrase> {
        self.recovery_code.as_ref()
    }

    /// Whether the connection stands.
    pub(crate) fn connection(&self) -> Connection {
        let offline = Connection::Offline { retry_at: None };
        self.status
            .as_ref()
            .map_or(offline, |status| status.connection)
    }

    /// Why there is no connection, as far as known.
    pub(crate) fn last_error(&self) -> &str {
        &self.last_error
    }

    /// Everybody known.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Somebody known.
    pub(crate) fn person(&self, client: ClientId) -> Option<&Person> {
        self.people.get(&client)
    }

    /// Whether the server answered everything that there was to ask, and the outbox is empty.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.online && self.answers > 0 && self.in_flight == 0 && self.wanted.is_empty()
    }

    /// Gives the engine a command; what it says at once.
    pub(crate) async fn command(&mut self, command: Command) -> Vec<Event> {
        self.feed(Input::Command(command)).await
    }

    /// Works on until something happens, and tells what. Whatever was done is durable, so that
    /// Ctrl-C can end the wait anywhere.
    pub(crate) async fn next_events(&mut self) -> Result<Vec<Event>, Problem> {
        let mut ctrl_c = self
            .ctrl_c
            .take()
            .unwrap_or_else(|| Box::pin(tokio::signal::ctrl_c()));
        let result = tokio::select! {
            biased;
            _ = &mut ctrl_c => return Err(Problem::new(Exit::Interrupted, "interrupted")),
            result = self.work() => result,
        };
        self.ctrl_c = Some(ctrl_c);
        if let Some(why) = self.untrusted.take() {
            self.progress.clear();
            return Err(Problem::new(Exit::Untrusted, sanitize::line(&why)));
        }
        result
    }

    async fn work(&mut self) -> Result<Vec<Event>, Problem> {
        match self.patience {
            Patience::Until(deadline) => tokio::time::timeout_at(deadline, self.step())
                .await
                .map_err(|_| self.gave_up("the time is up")),
            Patience::UntilFailure => {
                let events = self.step().await;
                let most = if self.was_online { FAILURES_MAX } else { 1 };
                if self.failures >= most {
                    return Err(self.gave_up("the server cannot be reached"));
                }
                Ok(events)
            }
            Patience::Endless => Ok(self.step().await),
        }
    }

    fn gave_up(&self, what: &str) -> Problem {
        self.progress.clear();
        let text = match self.last_error.as_str() {
            "" => what.to_owned(),
            error => format!("{what}: {}", sanitize::line(error)),
        };
        Problem::new(Exit::NotConnected, text)
    }

    async fn step(&mut self) -> Vec<Event> {
        let input = match self.wanted.pop_front() {
            Some(Output::Connect) => {
                let result = self.transport.connect().await;
                self.connected(result)
            }
            Some(Output::Transmit(frame)) if self.online => {
                let total = frame.len();
                let progress = |sent| self.progress.transfer("Sending", sent, total);
                match self.transport.transmit(&frame, &progress).await {
                    Ok(()) => {
                        self.in_flight += 1;
                        return Vec::new();
                    }
                    Err(error) => self.lost(error.to_string()),
                }
            }
            Some(Output::Disconnect) => {
                // What stands behind it in the queue is for the next connection.
                let next = std::mem::take(&mut self.wanted);
                let error = "the server's answer made no sense, or took too long";
                let _ = self.lost(error.to_owned());
                self.wanted = next;
                return Vec::new();
            }
            Some(Output::Transmit(_) | Output::Event(_)) => return Vec::new(),
            None => self.wait().await,
        };
        self.feed(input).await
    }

    fn connected(&mut self, result: io::Result<()>) -> Input {
        match result {
            Ok(()) => {
                self.forget_connection();
                self.online = true;
                self.was_online = true;
                Input::Connected
            }
            Err(error) => {
                self.untrusted = Untrusted::of(&error).map(ToString::to_string);
                self.lost(error.to_string())
            }
        }
    }

    /// Waits for bytes or for the next timeout.
    async fn wait(&mut self) -> Input {
        let until_tick = self.driver.next_timeout().map(|at| at - now());
        let tick = async {
            match until_tick {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        let receive = async {
            match self.online {
                true => self.transport.receive().await,
                false => std::future::pending().await,
            }
        };
        let received = tokio::select! {
            received = receive => received,
            () = tick => return Input::Tick,
        };
        match received {
            Ok(bytes) => {
                let ended = self.meter.push(&bytes);
                self.in_flight = self.in_flight.saturating_sub(ended);
                self.answers += ended;
                match self.meter.arriving() {
                    Some((done, total)) => self.progress.transfer("Receiving", done, total),
                    None => self.progress.clear(),
                }
                if ended > 0 {
                    self.failures = 0;
                }
                Input::Received(bytes)
            }
            Err(error) => self.lost(error.to_string()),
        }
    }

    fn lost(&mut self, error: String) -> Input {
        self.transport.disconnect();
        self.forget_connection();
        self.failures = self.failures.saturating_add(1);
        self.last_error = error;
        Input::Disconnected
    }

    fn forget_connection(&mut self) {
        self.online = false;
        self.meter.reset();
        self.in_flight = 0;
        self.answers = 0;
        self.wanted.clear();
    }

    async fn feed(&mut self, input: Input) -> Vec<Event> {
        let mut events = Vec::new();
        for output in self.driver.handle(input, now()).await {
            match output {
                Output::Event(event) => {
                    self.notice(&event);
                    events.push(event);
                }
                other => self.wanted.push_back(other),
            }
        }
        events
    }

    fn notice(&mut self, event: &Event) {
        match event {
            Event::Status(status) => {
                match &status.phase {
                    Phase::MakingKeys { .. } => self.progress.say("Making keys …"),
                    Phase::SigningIn { step, .. } => self.progress.say(step_text(*step)),
                    _ => self.progress.clear(),
                }
                self.status = Some(status.clone());
            }
            Event::People(people) => {
                let by_id = |person: &Person| (person.client, person.clone());
                self.people = people.iter().map(by_id).collect();
            }
            Event::Person(person) => {
                self.people.insert(person.client, person.clone());
            }
            Event::Account(event) => self.notice_account(event),
            Event::Conversation(event) => self.notice_conversation(event),
            _ => {}
        }
    }

    fn notice_conversation(&mut self, event: &ConversationEvent) {
        match event {
            ConversationEvent::List(list) => {
                let by_id = |it: &Conversation| (it.id, it.clone());
                self.conversations = list.iter().map(by_id).collect();
            }
            ConversationEvent::Changed(it) => {
                self.conversations.insert(it.id, (**it).clone());
            }
            ConversationEvent::Gone(id) => {
                self.conversations.remove(id);
            }
            _ => {}
        }
    }

    fn notice_account(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Contacts(contacts) => {
                let by_id = |contact: &Contact| (contact.account, contact.clone());
                self.contacts = contacts.iter().map(by_id).collect();
            }
            AccountEvent::Contact(contact) => {
                self.contacts.insert(contact.account, contact.clone());
            }
            AccountEvent::ContactGone(account) => {
                self.contacts.remove(account);
            }
            AccountEvent::RecoveryCode(code) => self.recovery_code = Some(code.clone()),
            _ => {}
        }
    }
}

fn step_text(step: SignInStep) -> &'static str {
    match step {
        SignInStep::Connecting => "Connecting …",
        SignInStep::Password => "Proving the password …",
        SignInStep::Keys => "Making keys …",
        SignInStep::Storing => "Storing …",
    }
}

/// The time, for the engine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(0) + since.unwrap_or(Duration::ZERO)
}
