//! Inviting others to this server.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Deed, InvitationInfo};

use super::super::dom;
use super::super::form::{About, Form};
use super::super::icons::{Icon, icon};
use super::super::own::Invited;
use super::super::store::Store;
use super::super::words;
use super::modal::Modal;

/// The dialog.
#[component]
pub(super) fn Invitations() -> impl IntoView {
    let store = Store::here();
    store.own.invited.set(None);
    store.ask(AccountCommand::ListInvitations);
    let form = Form::new(store).when_done(Deed::InvitationCancelled, move || {
        store.ask(AccountCommand::ListInvitations);
    });
    Effect::new(move |_| {
        if store.own.invited.with(Option::is_some) {
            form.busy.set(false);
            store.ask(AccountCommand::ListInvitations);
        }
    });
    let row = move |invitation: InvitationInfo| {
        view! {
            <li class="line">
                <span>
                    {move || {
                        format!("Expires {}", words::in_time(invitation.expires_at, store.now.get()))
                    }}
                </span>
                <button
                    class="button small"
                    disabled=move || form.busy.get()
                    on:click=move |_| {
                        form.send(AccountCommand::CancelInvitation { id: invitation.id })
                    }
                >
                    "Take back"
                </button>
            </li>
        }
    };
    view! {
        <Modal title="Invitations">
            <p class="hint">
                "Whoever has an invitation can make one account on this server. Give it only to the person whom it is for."
            </p>
            {move || {
                store.own.invited.get().map(|invited| view! { <NewInvitation invited /> })
            }}
            <p class="problem" role="alert">
                {move || form.problem(About::Form, |_| About::Form).get()}
            </p>
            <div class="buttons">
                <button
                    class="button primary"
                    disabled=move || form.busy.get()
                    on:click=move |_| form.send(AccountCommand::Invite)
                >
                    "Make an invitation"
                </button>
            </div>
            <section>
                <h3>"Open invitations"</h3>
                {move || match store.own.invitations.get() {
                    None => {
                        view! { <p class="hint" role="status">"Asking the server…"</p> }.into_any()
                    }
                    Some(list) if list.is_empty() => {
                        view! { <p class="hint">"None."</p> }.into_any()
                    }
                    Some(list) => {
                        view! {
                            <ul class="lines-list" aria-label="Open invitations">
                                {list.into_iter().map(row).collect_view()}
                            </ul>
                        }
                            .into_any()
                    }
                }}
            </section>
        </Modal>
    }
}

#[component]
fn NewInvitation(invited: Invited) -> impl IntoView {
    let store = Store::here();
    let origin = window().location().origin().unwrap_or_default();
    let link = format!("{origin}/#invite={}", invited.code.0);
    let copied = RwSignal::new(false);
    let to_copy = link.clone();
    view! {
        <div class="made" role="status">
            <p>
                <strong>"Here it is. "</strong>
                {format!(
                    "It is shown only now, and expires {}.",
                    words::in_time(invited.expires_at, store.now.get_untracked()),
                )}
            </p>
            <code class="made-link">{link}</code>
            <button
                class="button small"
                on:click=move |_| dom::copy(
                    &to_copy,
                    move || {
                        copied.try_set(true);
                    },
                )
            >
                {icon(Icon::Copy)}
                {move || if copied.get() { "Copied" } else { "Copy link" }}
            </button>
        </div>
    }
}
