//! The engine at work for a face that goes on meanwhile.

use std::collections::VecDeque;
use std::io;

use sotto_engine::api::{Command, Event};
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::store::Store;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Client, now};
use crate::problem::{Exit, Problem};
use crate::sanitize;
use crate::transport::Step;

impl<S: Store> Client<S> {
    /// Works for a face, whose commands are taken as they come, also while a connection is being
    /// made. Ends when the face is gone, and what it wanted last is done.
    pub(crate) async fn serve(
        &mut self,
        commands: &mut UnboundedReceiver<Command>,
        tell: &dyn Fn(Heard),
    ) -> Result<(), Problem> {
        let mut told_error = String::new();
        loop {
            let Self {
                transport,
                driver,
                wanted,
                ..
            } = self;
            let input = match wanted.pop_front() {
                Some(Output::Connect) => {
                    let connecting = transport.connect();
                    let result = meanwhile(connecting, driver, wanted, commands, tell).await;
                    Some(self.connected(result))
                }
                Some(Output::Transmit(frame)) if self.online => {
                    let sending = transport.transmit(&frame, &|_| ());
                    match meanwhile(sending, driver, wanted, commands, tell).await {
                        Ok(()) => {
                            self.in_flight += 1;
                            None
                        }
                        Err(error) => Some(self.lost(error.to_string())),
                    }
                }
                Some(other) => {
                    wanted.push_front(other);
                    tell(Heard::Events(self.step().await));
                    None
                }
                None => tokio::select! {
                    biased;
                    command = commands.recv() => match command {
                        Some(command) => Some(Input::Command(command)),
                        None => return Ok(()),
                    },
                    input = self.wait() => Some(input),
                },
            };
            if let Some(why) = self.untrusted.take() {
                return Err(Problem::new(Exit::Untrusted, sanitize::line(&why)));
            }
            if let Some(input) = input {
                tell(Heard::Events(self.feed(input).await));
            }
            if told_error != self.last_error {
                told_error.clone_from(&self.last_error);
                tell(Heard::Trouble(told_error.clone()));
            }
        }
    }
}

/// What a face is told.
#[derive(Debug)]
pub(crate) enum Heard {
    /// What the engine says.
    Events(Vec<Event>),
    /// What the connection suffers from.
    Trouble(String),
}

/// Takes a step on the connection, and commands meanwhile.
async fn meanwhile<S: Store, T>(
    mut step: Step<'_, T>,
    driver: &mut Driver<S>,
    wanted: &mut VecDeque<Output>,
    commands: &mut UnboundedReceiver<Command>,
    tell: &dyn Fn(Heard),
) -> io::Result<T> {
    loop {
        let command = tokio::select! {
            biased;
            done = &mut step => return done,
            Some(command) = commands.recv() => command,
        };
        let mut events = Vec::new();
        for output in driver.handle(Input::Command(command), now()).await {
            match output {
                Output::Event(event) => events.push(event),
                other => wanted.push_back(other),
            }
        }
        tell(Heard::Events(events));
    }
}
