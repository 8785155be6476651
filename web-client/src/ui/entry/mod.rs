//! The way in: making an account, signing in, recovering one, or going on with a classic identity.
//!
//! | file | page |
//! | --- | --- |
//! | `choice` | the first one |
//! | `sign_up` | a new account, also for a classic identity that is here already |
//! | `sign_in` | a new device of an account |
//! | `recover` | the same with the recovery code, and a new password |
//! | `progress` | while any of them is under way |
//! | `parts` | fields that they share |

mod choice;
mod parts;
mod progress;
mod recover;
mod sign_in;
mod sign_up;

pub(crate) use self::parts::NewPassword;

use leptos::prelude::*;
use sotto_engine::api::{DeviceName, Phase};

use super::form::Form;
use super::import_page::ImportPage;
use super::name_page::NamePage;
use super::state::device;
use super::store::Store;

/// Which page leads in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EntryPage {
    /// What do you want to do?
    #[default]
    Choice,
    /// A new account.
    SignUp,
    /// With name and password.
    SignIn,
    /// With name and recovery code.
    Recover,
    /// A classic identity from a file.
    Import,
    /// A new classic identity.
    Classic,
}

/// Most characters of a device's name.
pub(crate) const DEVICE_NAME_MAX: usize = sotto_shared::limits::DEVICE_NAME_MAX;

/// What was typed, on whichever page: who turns back finds it again.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    name: RwSignal<String>,
    display_name: RwSignal<String>,
    password: RwSignal<String>,
    code: RwSignal<String>,
    device: RwSignal<String>,
    stay_unlocked: RwSignal<bool>,
    revoke_others: RwSignal<bool>,
    /// Name for a classic identity.
    classic: RwSignal<String>,
}

impl Draft {
    fn new() -> Self {
        Self {
            name: RwSignal::default(),
            display_name: RwSignal::default(),
            password: RwSignal::default(),
            code: RwSignal::default(),
            device: RwSignal::new(platform()),
            stay_unlocked: RwSignal::new(false),
            revoke_others: RwSignal::new(false),
            classic: RwSignal::default(),
        }
    }

    fn device(self) -> DeviceName {
        let platform = platform();
        let typed = self.device.with_untracked(|name| {
            let name: String = name.trim().chars().take(DEVICE_NAME_MAX).collect();
            (!name.is_empty()).then_some(name)
        });
        DeviceName {
            name: typed.unwrap_or_else(|| platform.clone()),
            platform,
        }
    }
}

fn platform() -> String {
    device::name_of(&window().navigator().user_agent().unwrap_or_default())
}

/// The page that leads in.
#[component]
pub(crate) fn Entry() -> impl IntoView {
    let store = Store::here();
    let draft = Draft::new();
    let form = Form::new(store);
    let under_way = Memo::new(move |_| {
        let failed = store.failure.with(Option::is_some);
        let signing_in = store
            .status
            .with(|status| matches!(status.phase, Phase::SigningIn { .. }));
        signing_in && !failed
    });
    Effect::new(move |before: Option<bool>| {
        let under_way = under_way.get();
        if before == Some(true) && !under_way {
            form.busy.set(false);
        }
        under_way
    });
    let go = move |page: EntryPage| {
        form.touch();
        store.entry.set(page);
    };
    view! {
        <main class="page">
            <div class="entry" hidden=move || under_way.get()>
                {move || match store.entry.get() {
                    EntryPage::Choice => view! { <choice::Choice go /> }.into_any(),
                    EntryPage::SignUp => view! { <sign_up::SignUp draft form go /> }.into_any(),
                    EntryPage::SignIn => view! { <sign_in::SignIn draft form go /> }.into_any(),
                    EntryPage::Recover => view! { <recover::Recover draft form go /> }.into_any(),
                    EntryPage::Import => {
                        view! {
                            <ImportPage
                                back=move || go(EntryPage::Choice)
                                make=move || go(EntryPage::Classic)
                            />
                        }
                            .into_any()
                    }
                    EntryPage::Classic => {
                        view! { <NamePage name=draft.classic back=move || go(EntryPage::Import) /> }
                            .into_any()
                    }
                }}
            </div>
            <Show when=move || under_way.get()>
                <progress::Progress />
            </Show>
        </main>
    }
}
