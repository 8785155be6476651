//! `sotto` without a command: conversations on the whole screen.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`state`] | what the screen is made of: changed by inputs, without I/O |
//! | [`keys`], [`selected`], [`searching`], [`moving`] | what keys do |
//! | [`commands`], [`heard`] | what slash commands and the engine's events do |
//! | [`timeline`], [`composer`] | the lines that are in view; the line that is written |
//! | [`view`], [`overlays`], [`lines`], [`formatted`], [`wrap`] | the state, drawn |
//! | [`mentions`] | who is meant in a text |
//! | [`screen`] | the terminal |

mod commands;
mod composer;
mod formatted;
mod heard;
mod keys;
mod lines;
mod mentions;
mod moving;
mod overlays;
mod screen;
mod searching;
mod selected;
mod state;
#[cfg(test)]
mod tests;
mod timeline;
mod view;
mod wrap;

pub(crate) use mentions::mentions;

use std::pin::pin;
use std::time::Duration;

use sotto_engine::api::Command;
use sotto_engine::store::Store;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::client::{Client, Heard, now};
use crate::problem::Problem;
use screen::{Screen, inputs};
use state::{Effect, Input, State};

/// How often what is only for a time is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How long the engine may take to end what it has begun.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// Most inputs that are taken in before the screen is drawn.
const INPUTS_MAX: usize = 256;

/// Shows conversations until the user has enough.
pub(crate) async fn run<S: Store>(client: &mut Client<S>) -> Result<(), Problem> {
    let (orders, mut commands) = unbounded_channel();
    let (teller, heard) = unbounded_channel();
    let tell = |heard| {
        // Nobody listens any more at the end.
        let _ = teller.send(heard);
    };
    let mut screen = Screen::enter()?;
    let mut engine = pin!(client.serve(&mut commands, &tell));
    let result = tokio::select! {
        result = &mut engine => return result,
        result = face(&mut screen, orders, heard) => result,
        result = ended() => result,
    };
    drop(screen);
    // What was said last is on its way, or in the outbox.
    if let Ok(last) = tokio::time::timeout(LAST_STEPS, engine).await {
        return result.and(last);
    }
    result
}

/// The state at work.
async fn face(
    screen: &mut Screen,
    orders: UnboundedSender<Command>,
    mut heard: UnboundedReceiver<Heard>,
) -> Result<(), Problem> {
    let mut state = State::default();
    let mut keys = inputs();
    let mut ticks = tokio::time::interval(TICK);
    let (columns, rows) = screen.size()?;
    let mut waiting = vec![Input::Resize(columns, rows)];
    let _ = orders.send(Command::Attach);
    loop {
        for input in waiting.drain(..) {
            for effect in state.handle(input, now()) {
                match effect {
                    Effect::Order(command) => {
                        // The engine ends only with the program.
                        let _ = orders.send(command);
                    }
                    Effect::Bell => screen.bell()?,
                    Effect::Quit => return Ok(()),
                }
            }
        }
        screen.draw(&state)?;
        tokio::select! {
            input = keys.recv() => match input {
                Some(input) => waiting.push(input),
                None => return Ok(()),
            },
            Some(heard) = heard.recv() => waiting.extend(inputs_of(heard)),
            _ = ticks.tick() => waiting.push(Input::Tick),
        }
        while waiting.len() < INPUTS_MAX {
            match heard.try_recv() {
                Ok(heard) => waiting.extend(inputs_of(heard)),
                Err(_) => break,
            }
        }
    }
}

fn inputs_of(heard: Heard) -> Vec<Input> {
    match heard {
        Heard::Events(events) => events.into_iter().map(Input::Heard).collect(),
        Heard::Trouble(error) => vec![Input::Trouble(error)],
    }
}

/// Waits until somebody wants the program to end.
#[cfg(unix)]
async fn ended() -> Result<(), Problem> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Waits until somebody wants the program to end.
#[cfg(not(unix))]
async fn ended() -> Result<(), Problem> {
    Ok(tokio::signal::ctrl_c().await?)
}
