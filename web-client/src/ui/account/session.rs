//! A session that is over, or needs its new password.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, SessionEnd};

use super::super::field::{PasswordField, SubmitButton, typed};
use super::super::form::{About, Form, beside};
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::words;

/// The password was changed on another device.
#[component]
pub(crate) fn ConfirmPassword() -> impl IntoView {
    let store = Store::here();
    let password = RwSignal::new(String::new());
    let form = Form::new(store);
    let name = store.own_name().map(String::from).unwrap_or_default();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if form.busy.get_untracked() {
            return;
        }
        match typed(password) {
            Some(password) => form.send(AccountCommand::ConfirmPassword { password }),
            None => form.refuse(About::Password, "Type your new password."),
        }
    };
    view! {
        <main class="page">
            <form class="card" on:submit=submit novalidate>
                <div class="card-sign">{icon(Icon::Lock)}</div>
                <h1>"Enter your new password"</h1>
                <p class="quiet">
                    "The password of your account was changed on another device. From now on the new one opens this browser, too."
                </p>
                <input
                    class="sr-only"
                    type="text"
                    name="username"
                    autocomplete="username"
                    tabindex="-1"
                    aria-hidden="true"
                    readonly
                    value=name
                />
                <PasswordField
                    label="New password"
                    id="password"
                    problem_id="password-problem"
                    value=password
                    autocomplete="current-password"
                    autofocus=true
                    problem=form.problem(About::Password, beside)
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, beside).get()}
                </p>
                <SubmitButton label="Continue" busy=form.busy wait=form.wait() />
                <p class="hint">
                    "Was it not you? Somebody knows your password. Recover your account with the recovery code, and sign out all other devices."
                </p>
            </form>
        </main>
    }
}

/// The session of this device is over for good.
#[component]
pub(crate) fn Ended(end: SessionEnd) -> impl IntoView {
    let store = Store::here();
    let asked = RwSignal::new(false);
    let [title, what_to_do] = words::session_end(end);
    let can_read = !matches!(end, SessionEnd::Revoked | SessionEnd::AccountDeleted);
    view! {
        <main class="page">
            <section class="card">
                <div class="card-sign warn">{icon(Icon::Alert)}</div>
                <h1>{title}</h1>
                <p role="alert">{what_to_do}</p>
                <Show
                    when=move || asked.get()
                    fallback=move || {
                        view! {
                            <button
                                class="button primary wide"
                                on:click=move |_| {
                                    asked.set(true);
                                    super::super::dom::focus_soon("#erase");
                                }
                            >
                                "Erase this browser’s copy"
                            </button>
                        }
                    }
                >
                    <p class="quiet">
                        "All messages, files and keys in this browser are erased. That cannot be undone."
                    </p>
                    <button
                        id="erase"
                        class="button danger wide"
                        on:click=move |_| store.ask(AccountCommand::Forget)
                    >
                        "Erase everything here"
                    </button>
                    <button class="button plain wide" on:click=move |_| asked.set(false)>
                        "Cancel"
                    </button>
                </Show>
                <Show when=move || can_read && !asked.get()>
                    <button
                        class="button plain wide"
                        on:click=move |_| store.own.reads_on.set(true)
                    >
                        "Read what is here"
                    </button>
                </Show>
            </section>
        </main>
    }
}
