//! Settings of conversations, and what this client has counted.

use leptos::prelude::*;
use sotto_engine::api::ConversationCommand;

use super::super::field::Switch;
use super::super::store::Store;
use super::super::words;
use super::modal::Modal;

/// The dialog.
#[component]
pub(super) fn Conversations() -> impl IntoView {
    let store = Store::here();
    let on = RwSignal::new(true);
    Effect::new(move |_| {
        store.chats.figures.with(|figures| {
            if let Some(figures) = figures {
                on.set(figures.receipts);
            }
        });
    });
    let toggle = move |()| {
        store.say(ConversationCommand::SetReceipts {
            on: !on.get_untracked(),
        });
        on.update(|on| *on = !*on);
    };
    view! {
        <Modal title="Conversations">
            <section>
                <Switch
                    label="Read receipts"
                    id="receipts"
                    on
                    hint=Signal::derive(|| {
                        "Others see what has arrived here and what you have read. Your own devices always know."
                    })
                    disabled=Signal::derive(|| false)
                    toggle=Callback::new(toggle)
                />
            </section>
            {move || store.chats.figures.get().map(|it| figures(&it))}
        </Modal>
    }
}

fn figures(figures: &sotto_engine::api::Figures) -> impl IntoView + use<> {
    let line = |name: &'static str, count: u64| {
        view! {
            <dt>{name}</dt>
            <dd>{count.to_string()}</dd>
        }
    };
    let unreadable = figures.undecryptable.iter();
    let unreadable: Vec<_> = unreadable
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| line(words::cause_short(*cause), *count))
        .collect();
    let none = unreadable
        .is_empty()
        .then(|| view! { <p class="hint">"Everything that came could be read."</p> });
    view! {
        <section class="stack">
            <h3>"On this device"</h3>
            <dl class="commands figures">
                {line("Messages received", figures.received)} {line("Messages sent", figures.sent)}
                {line("Joined anew", figures.rejoined)}
            </dl>
        </section>
        <section class="stack">
            <h3>"Could not be read"</h3>
            {none}
            <dl class="commands figures">{unreadable}</dl>
        </section>
    }
}
