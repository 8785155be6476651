//! The engine's event loop: feeds it one input after another and does what it says.

use core::pin::pin;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use futures_util::future::{Either, select};
use sotto_engine::api::{Command, Event, Phase};
use sotto_engine::driver::{self, Driver, Output};
use sotto_engine::time::Timestamp;
use web_sys::Blob;

use super::audience::{Asked, Askers};
use super::files;
use super::indexeddb::{Closed, IndexedDbStore};
use super::js::{self, Timeout};
use super::life::Life;
use super::socket::{Socket, SocketEvent, gateway_url};
use super::tabs::{CommandId, Tab, TabId};

/// What the leader's queue holds.
#[derive(Debug)]
pub enum Input {
    /// A page's command.
    Command {
        /// Whose.
        tab: TabId,
        /// Its number there.
        id: CommandId,
        /// The command.
        command: Command,
        /// A file's content.
        payload: Option<Blob>,
    },
    /// From the connection of this number.
    Socket(u64, SocketEvent),
    /// The engine's time has come.
    Timer,
    /// The browser is back on a network.
    BackOnline,
    /// The store lost its connection to the database.
    StoreClosed(Closed),
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The page was put away: somebody else should lead.
    Frozen,
    /// The store was closed from outside: it has to be opened anew.
    StoreClosed,
    /// The store was of no use, and a page asks again.
    Retry,
}

/// The engine and what it stands on.
pub struct Host {
    tab: Rc<Tab>,
    driver: Driver<IndexedDbStore>,
    queue: UnboundedSender<Input>,
    socket: Option<Socket>,
    /// Numbers connections, so that what a stale one left in the queue is not taken for new.
    connection: u64,
    timer: Option<(Timestamp, Timeout)>,
    /// Whether the engine said that its store is of no use.
    broken: bool,
    askers: Askers,
}

impl Host {
    /// An engine that has not been started.
    pub fn new(
        tab: Rc<Tab>,
        driver: Driver<IndexedDbStore>,
        queue: UnboundedSender<Input>,
    ) -> Self {
        Self {
            tab,
            driver,
            queue,
            socket: None,
            connection: 0,
            timer: None,
            broken: false,
            askers: Askers::default(),
        }
    }

    /// Runs until it cannot or should not go on. Whatever is in hand then is finished first.
    pub async fn run(mut self, queue: &mut UnboundedReceiver<Input>, life: &Life) -> End {
        self.feed(driver::Input::Start, None).await;
        self.feed(driver::Input::Command(Command::Attach), None)
            .await;
        loop {
            let next = {
                let frozen = pin!(life.frozen());
                let next = pin!(queue.recv());
                match select(frozen, next).await {
                    Either::Left(_) => return End::Frozen,
                    Either::Right((next, _)) => next,
                }
            };
            match next {
                Ok(Input::StoreClosed(_)) => return End::StoreClosed,
                Ok(Input::Command {
                    tab,
                    id,
                    command: Command::Attach,
                    ..
                }) if self.broken => {
                    // Everybody is told when the store is open again, or still is not.
                    self.tab.accept(tab, id);
                    return End::Retry;
                }
                Ok(input) => self.take(input).await,
                // The tab holds the other end as long as it leads.
                Err(_) => return End::Frozen,
            }
        }
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Command {
                tab,
                id,
                command,
                payload,
            } => {
                self.command(tab, id, command, payload).await;
            }
            Input::Socket(connection, event) => self.socket_event(connection, event).await,
            Input::Timer => {
                self.timer = None;
                self.feed(driver::Input::Tick, None).await;
            }
            Input::BackOnline => self.feed(driver::Input::Tick, None).await,
            Input::StoreClosed(_) => {}
        }
    }

    async fn command(
        &mut self,
        tab: TabId,
        id: CommandId,
        command: Command,
        payload: Option<Blob>,
    ) {
        if !self.tab.is_done(tab, id) {
            let asked = Asked::new(tab, &command);
            self.askers.note(tab, &command);
            match files::read_into(command, payload).await {
                Ok(command) => {
                    self.feed(driver::Input::Command(command), Some(asked))
                        .await;
                }
                Err(failure) => self.tab.tell(Some(tab), Event::Failed(failure), None),
            }
        }
        self.tab.accept(tab, id);
    }

    async fn socket_event(&mut self, connection: u64, event: SocketEvent) {
        if connection != self.connection || self.socket.is_none() {
            return;
        }
        let input = match event {
            SocketEvent::Opened => driver::Input::Connected,
            SocketEvent::Frame(frame) => driver::Input::Received(frame),
            SocketEvent::Closed => {
                self.socket = None;
                driver::Input::Disconnected
            }
        };
        self.feed(input, None).await;
    }

    /// One input, and everything that comes of it.
    async fn feed(&mut self, input: driver::Input, asked: Option<Asked>) {
        let outputs = self.driver.handle(input, js::now()).await;
        for output in outputs {
            match output {
                Output::Connect => self.connect(),
                Output::Disconnect => self.socket = None,
                Output::Transmit(frame) => {
                    if let Some(socket) = &self.socket {
                        socket.send(&frame);
                    }
                }
                Output::Event(mut event) => {
                    if let Event::Status(status) = &event {
                        self.broken = matches!(status.phase, Phase::Broken { .. });
                    }
                    let to = self.askers.audience(asked, &event);
                    let payload = files::take_payload(&mut event);
                    self.tab.tell(to, event, payload.as_ref());
                }
            }
        }
        self.tab.share_key(self.driver.storage_key());
        self.set_timer();
    }

    fn connect(&mut self) {
        self.connection += 1;
        let (connection, queue) = (self.connection, self.queue.clone());
        let tell = move |event| {
            let _ = queue.unbounded_send(Input::Socket(connection, event));
        };
        self.socket = gateway_url().and_then(|url| Socket::connect(&url, tell));
        if self.socket.is_none() {
            // Not during this call: the engine is not ready for the next input.
            let _ = self
                .queue
                .unbounded_send(Input::Socket(self.connection, SocketEvent::Closed));
        }
    }

    fn set_timer(&mut self) {
        let Some(at) = self.driver.next_timeout() else {
            self.timer = None;
            return;
        };
        if self.timer.as_ref().is_some_and(|(set, _)| *set == at) {
            return;
        }
        let queue = self.queue.clone();
        let timeout = Timeout::new(at - js::now(), move || {
            let _ = queue.unbounded_send(Input::Timer);
        });
        self.timer = Some((at, timeout));
    }
}
