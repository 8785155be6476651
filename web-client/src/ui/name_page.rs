//! A new classic identity: a name and no password.

use leptos::prelude::*;
use sotto_engine::api::{Command, Connection, Failure, Phase};
use sotto_shared::UserName;

use super::icons::{Icon, icon};
use super::store::Store;
use super::words;

/// The form.
#[component]
pub(crate) fn NamePage(name: RwSignal<String>, back: impl Fn() + 'static) -> impl IntoView {
    let store = Store::here();
    let touched = RwSignal::new(false);
    let busy = Memo::new(move |_| progress(store));
    let problem = Memo::new(move |_| {
        let failed = store.failure.with(|failure| match failure {
            Some(failure @ (Failure::NameRefused { .. } | Failure::KeyGeneration)) => {
                Some(words::failure(failure))
            }
            _ => None,
        });
        failed.or_else(|| {
            let parsed = name.with(|name| name.trim().parse::<UserName>());
            parsed
                .err()
                .filter(|_| touched.get())
                .map(words::name_problem)
        })
    });
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        // Also after a refusal, when the form is usable again.
        if busy.with(Option::is_none)
            && let Some(input) = input.get()
        {
            let _ = input.focus();
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        touched.set(true);
        match name.with_untracked(|name| name.trim().parse()) {
            Ok(name) if busy.with_untracked(Option::is_none) => {
                store.submit(Command::Register { name });
            }
            _ => {
                if let Some(input) = input.get_untracked() {
                    let _ = input.focus();
                }
            }
        }
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <div class="card-sign warn">{icon(Icon::Shield)}</div>
            <h1>"A classic identity"</h1>
            <p class="quiet">
                "It has no password and lives in this browser only. Its encryption is weak: it is for talking to classic clients. Choose the name by which others here will find you."
            </p>
            <div class="field">
                <label for="name">"Your name"</label>
                <input
                    node_ref=input
                    id="name"
                    type="text"
                    class="large"
                    autocomplete="username"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="name-problem"
                    aria-invalid=move || problem.with(Option::is_some).to_string()
                    disabled=move || busy.with(Option::is_some)
                    prop:value=move || name.get()
                    on:input=move |event| {
                        name.set(event_target_value(&event));
                        touched.set(true);
                        if store.failure.with_untracked(Option::is_some) {
                            store.failure.set(None);
                        }
                    }
                />
                <p id="name-problem" class="problem" role="alert">
                    {move || problem.get()}
                </p>
            </div>
            <button
                type="submit"
                class="button primary wide"
                disabled=move || busy.with(Option::is_some)
            >
                "Create identity"
            </button>
            <div class="progress-line" role="status" class:on=move || busy.with(Option::is_some)>
                {move || {
                    busy.get()
                        .map(|text| {
                            view! {
                                {icon(Icon::Spinner)}
                                <span>{text}</span>
                            }
                        })
                }}
            </div>
            <button
                type="button"
                class="button plain wide"
                disabled=move || busy.with(Option::is_some)
                on:click=move |_| back()
            >
                "Back"
            </button>
        </form>
    }
}

/// What is under way, in words.
fn progress(store: Store) -> Option<String> {
    store.status.with(|status| match &status.phase {
        Phase::MakingKeys { .. } => Some("Making your keys. This takes a moment.".to_owned()),
        Phase::Registering { name } => Some(match status.connection {
            Connection::Online => format!("Registering {name}"),
            Connection::Connecting | Connection::Offline { .. } => {
                format!("Registering {name} as soon as the server can be reached")
            }
        }),
        _ => None,
    })
}
