//! `send`, `send-file`.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use sotto_engine::api::{Command as Order, Event, FILE_MAX, Failure, Message, State};
use sotto_shared::ClientId;

use super::Session;
use super::conversations::Addressee;
use crate::problem::{Exit, Problem};

impl Session {
    /// Sends to a conversation. Only who has no account is written to by the classic protocol,
    /// unless that is asked for.
    pub(super) async fn send_text(
        &mut self,
        to: &str,
        text: String,
        classic: bool,
    ) -> Result<(), Problem> {
        let text = match text.as_str() {
            "-" => text_from_input()?,
            _ => text,
        };
        if !classic && self.client.account().is_some() {
            return match self.addressee(to).await? {
                Addressee::Conversation(id) => self.send_there(id, text).await,
                Addressee::Classic(to) => {
                    self.require_classic()?;
                    self.send(to, Order::SendText { to, text }, true).await
                }
            };
        }
        let to = self.find(to).await?;
        self.send(to, Order::SendText { to, text }, true).await
    }

    pub(super) async fn send_file(&mut self, to: &str, path: &Path) -> Result<(), Problem> {
        let (size, limit) = (
            fs::metadata(path)
                .map_err(|error| Problem::file(path, &error))?
                .len(),
            u64::try_from(FILE_MAX).unwrap_or(u64::MAX),
        );
        if size > limit {
            return Err(Failure::FileTooLarge { size, limit }.into());
        }
        let content = fs::read(path).map_err(|error| Problem::file(path, &error))?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let to = self.find(to).await?;
        self.send(to, Order::SendFile { to, name, content }, true)
            .await
    }

    /// Gives an order that makes a message, and follows that until the server has it. Without a
    /// connection it stays in the outbox.
    pub(super) async fn send(
        &mut self,
        to: ClientId,
        order: Order,
        show: bool,
    ) -> Result<(), Problem> {
        self.refuse_changed(to)?;
        let events = self.order(order).await?;
        let mut message = new_message(to, &events).ok_or_else(|| {
            Problem::new(Exit::Failed, "the message was neither taken nor refused")
        })?;
        let mut result = Ok(());
        while !is_settled(&message.state) {
            match self.next_events().await {
                Ok(events) => {
                    if let Some(newer) = newest_state(to, &message, &events) {
                        message = newer;
                    }
                }
                Err(problem) => {
                    result =
                        Err(problem.and("The message is kept and goes when sotto next connects"));
                    break;
                }
            }
        }
        if show {
            self.printer.sent(self.person(to)?, &message)?;
        }
        match message.state {
            State::Failed(failure) => Err(failure.into()),
            _ => result,
        }
    }
}

fn is_settled(state: &State) -> bool {
    matches!(state, State::Stored | State::Failed(_))
}

/// The message that an order made: the last one, since keys may go ahead of it.
fn new_message(to: ClientId, events: &[Event]) -> Option<Message> {
    all_messages(to, events)
        .filter(|message| message.mine)
        .max_by_key(|message| message.seq)
        .cloned()
}

fn newest_state(to: ClientId, sent: &Message, events: &[Event]) -> Option<Message> {
    all_messages(to, events)
        .filter(|message| message.seq == sent.seq)
        .last()
        .cloned()
}

fn all_messages(of: ClientId, events: &[Event]) -> impl Iterator<Item = &Message> {
    events
        .iter()
        .filter_map(move |event| match event {
            Event::Messages { with, messages } if *with == of => Some(messages),
            _ => None,
        })
        .flatten()
}

/// Everything on standard input, without the line end at its end.
fn text_from_input() -> Result<String, Problem> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Problem::new(Exit::Failed, format!("standard input: {error}")))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
