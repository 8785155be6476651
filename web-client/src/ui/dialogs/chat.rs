//! Small questions about a conversation or one of its lines.

use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, GroupKind, Place};
use sotto_engine::slash::Command;
use sotto_shared::GroupId;

use super::super::chat::seq_of;
use super::super::store::Store;
use super::super::words;
use super::modal::{Actions, Modal};

/// How long messages stay.
#[component]
pub(super) fn Timer(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let now = untrack(|| store.chat(chat).map_or(0, |chat| chat.timer));
    let chosen = RwSignal::new(now);
    let busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        store.say(ConversationCommand::SetTimer {
            conversation: chat,
            seconds: chosen.get_untracked(),
        });
        store.dialogs.close();
    };
    let option = move |seconds: u32| {
        view! {
            <option value=seconds.to_string() selected=seconds == now>
                {words::timer(seconds)}
            </option>
        }
    };
    view! {
        <Modal title="Disappearing messages">
            <form class="stack" on:submit=submit>
                <p class="hint">
                    "New messages disappear on all devices when they have been there for so long. Whoever reads them can still keep a copy."
                </p>
                <div class="field">
                    <label for="timer">"Messages stay"</label>
                    <select
                        id="timer"
                        on:change=move |event| {
                            chosen.set(event_target_value(&event).parse().unwrap_or_default());
                        }
                    >
                        {words::TIMERS.map(option).collect_view()}
                    </select>
                </div>
                <Actions busy label="Save" />
            </form>
        </Modal>
    }
}

/// Removes all lines here.
#[component]
pub(super) fn Clear(chat: GroupId) -> impl IntoView {
    ask(
        "Clear for me",
        "All messages of this conversation are removed on your devices. The others keep theirs.",
        "Clear",
        ConversationCommand::Clear { conversation: chat },
    )
}

/// Leaves a group or the lobby.
#[component]
pub(super) fn LeaveChat(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let is_lobby = untrack(|| {
        store
            .chat(chat)
            .is_some_and(|chat| chat.kind == GroupKind::Lobby)
    });
    let (title, text) = match is_lobby {
        true => (
            "Leave the lobby",
            "You can join again at any time. What is said until then you will not see.",
        ),
        false => (
            "Leave the group",
            "What was said stays on this device. Only an admin can bring you back.",
        ),
    };
    let leave = ConversationCommand::Leave { conversation: chat };
    ask(title, text, "Leave", leave)
}

/// A warning, and a button that does it.
fn ask(
    title: &'static str,
    text: &'static str,
    label: &'static str,
    command: ConversationCommand,
) -> impl IntoView {
    let store = Store::here();
    let busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        store.say(command.clone());
        store.dialogs.dismiss();
    };
    view! {
        <Modal title=title>
            <form class="stack" on:submit=submit>
                <p>{text}</p>
                <Actions busy label=label danger=true />
            </form>
        </Modal>
    }
}

/// Removes a line, here or for everyone.
#[component]
pub(super) fn DeleteLine(chat: GroupId, place: Place, for_everyone: bool) -> impl IntoView {
    let store = Store::here();
    let tell = move |command: ConversationCommand| {
        store.say(command);
        store.dialogs.close();
    };
    let everyone = seq_of(place).filter(|_| for_everyone).map(|seq| {
        view! {
            <button
                class="button danger"
                on:click=move |_| {
                    tell(ConversationCommand::DeleteForEveryone { conversation: chat, seq });
                }
            >
                "Delete for everyone"
            </button>
        }
    });
    view! {
        <Modal title="Delete message">
            <div class="stack">
                <p>
                    "For everyone: the others see that a message was deleted. Who has read it may remember."
                </p>
                <div class="buttons end">
                    <button class="button plain" on:click=move |_| store.dialogs.close()>
                        "Cancel"
                    </button>
                    <button
                        class="button"
                        on:click=move |_| {
                            tell(ConversationCommand::DeleteForMe { conversation: chat, place });
                        }
                    >
                        "Delete for me"
                    </button>
                    {everyone}
                </div>
            </div>
        </Modal>
    }
}

/// What can be typed behind a slash, and which keys there are.
#[component]
pub(super) fn Commands() -> impl IntoView {
    let commands = Command::ALL.map(|command| {
        view! {
            <dt>
                <code>{command.usage()}</code>
            </dt>
            <dd>{command.summary()}</dd>
        }
    });
    let keys = [
        ("↑ in an empty field", "Edit your last message"),
        ("↑ ↓ on a message", "Go through the messages"),
        ("Enter on a message", "What can be done with it"),
        ("R, E, C, Delete on a message", "Reply, edit, copy, delete"),
        ("Ctrl K or /", "Search people and messages"),
        ("Esc", "Back"),
    ]
    .map(|(key, what)| {
        view! {
            <dt>
                <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
        }
    });
    view! {
        <Modal title="Commands">
            <section class="stack">
                <h3>"To be typed instead of a message"</h3>
                <dl class="commands">{commands.collect_view()}</dl>
            </section>
            <section class="stack">
                <h3>"Keys"</h3>
                <dl class="commands">{keys.collect_view()}</dl>
            </section>
        </Modal>
    }
}
