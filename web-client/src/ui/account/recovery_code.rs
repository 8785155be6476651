//! The recovery code, shown until the user has it on paper.

use leptos::prelude::*;
use sotto_engine::api::AccountCommand;

use super::super::field::TextField;
use super::super::form::About;
use super::super::form::Form;
use super::super::icons::{Icon, icon};
use super::super::state::code::is_last_group;
use super::super::store::Store;
use super::super::{dom, files};

/// The page.
#[component]
pub(crate) fn RecoveryCodePage() -> impl IntoView {
    let store = Store::here();
    let checking = RwSignal::new(false);
    view! {
        <main class="page">
            {move || {
                if checking.get() {
                    view! { <Check back=move || checking.set(false) /> }.into_any()
                } else {
                    view! { <Code next=move || checking.set(true) store /> }.into_any()
                }
            }}
        </main>
    }
}

#[component]
fn Code(store: Store, next: impl Fn() + 'static) -> impl IntoView {
    let code = move || {
        store
            .own
            .recovery_code
            .with(|code| code.as_ref().map(|code| code.0.clone()))
    };
    let who = move || store.own_name().map(String::from).unwrap_or_default();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        if let Some(code) = code() {
            dom::copy(&code, move || {
                copied.try_set(true);
            });
        }
    };
    let save = move |_| {
        if let Some(code) = code() {
            let (name, place) = (who(), window().location().host().unwrap_or_default());
            let sheet = format!(
                "Sotto recovery code\r\n\r\nServer: {place}\r\nUser name: {name}\r\n\r\n{code}\r\n\r\nIt opens this account when the password is lost. Keep it where nobody else looks.\r\n"
            );
            if let Some(blob) = files::blob(sheet.as_bytes()) {
                files::save(&blob, &format!("sotto-recovery-code-{name}.txt"));
            }
        }
    };
    let title = NodeRef::<leptos::html::H1>::new();
    Effect::new(move |_| {
        if let Some(title) = title.get() {
            let _ = title.focus();
        }
    });
    view! {
        <section class="card sheet">
            <div class="card-sign">{icon(Icon::Key)}</div>
            <h1 node_ref=title tabindex="-1">
                "Write down your recovery code"
            </h1>
            <p class="quiet">
                "If you forget your password, this code is the only way back into your account. Nobody can make you another one, not even the people who run this server. Write it on paper, or print it, and keep it where nobody else looks."
            </p>
            <p class="print-only">{who} " · " {window().location().host().unwrap_or_default()}</p>
            <p class="code-sheet" role="group" aria-label="Recovery code">
                {move || {
                    code()
                        .map_or_else(
                            || icon(Icon::Spinner).into_any(),
                            |code| {
                                code.split('-')
                                    .map(|group| {
                                        view! { <code>{group.to_owned()}</code> " " }
                                    })
                                    .collect_view()
                                    .into_any()
                            },
                        )
                }}
            </p>
            <div class="buttons no-print">
                <button class="button small" on:click=copy>
                    {icon(Icon::Copy)}
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
                <button
                    class="button small"
                    on:click=move |_| {
                        let _ = window().print();
                    }
                >
                    {icon(Icon::Print)}
                    "Print"
                </button>
                <button class="button small" on:click=save>
                    {icon(Icon::Download)}
                    "Save as text file"
                </button>
            </div>
            <button
                class="button primary wide no-print"
                disabled=move || code().is_none()
                on:click=move |_| next()
            >
                "I have written it down"
            </button>
            <button
                class="button plain wide no-print"
                on:click=move |_| store.own.code_later.set(true)
            >
                "Later"
            </button>
        </section>
    }
}

#[component]
fn Check(back: impl Fn() + 'static) -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store);
    let typed = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let fits = store.own.recovery_code.with_untracked(|code| {
            code.as_ref()
                .is_some_and(|code| typed.with_untracked(|typed| is_last_group(typed, &code.0)))
        });
        if fits {
            store.ask(AccountCommand::RecoveryCodeSaved);
            store.own.recovery_code.set(None);
        } else {
            form.refuse(
                About::Code,
                "That is not the last group. Please look at what you wrote down.",
            );
        }
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <div class="card-sign">{icon(Icon::Check)}</div>
            <h1>"Let us check it"</h1>
            <p class="quiet">
                "Type the last of the 8 groups from your paper. From then on the code is not shown again."
            </p>
            <TextField
                label="Last group of the code"
                id="last-group"
                value=typed
                class="code"
                autofocus=true
                problem=form.problem(About::Code, |_| About::Form)
                typing=Callback::new(move |text: String| {
                    form.touch();
                    text
                })
            />
            <button type="submit" class="button primary wide">
                "Done"
            </button>
            <button type="button" class="button plain wide" on:click=move |_| back()>
                "Show the code again"
            </button>
        </form>
    }
}
