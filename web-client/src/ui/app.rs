//! Which screen is shown.

use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::{Command, Phase};

use super::boot::{Boot, Broken};
use super::connection::ConnectionBanner;
use super::conversation::{Conversation, NoConversation};
use super::dialogs::DialogHost;
use super::lock_page::LockPage;
use super::name_page::FirstVisit;
use super::notices::NoticeList;
use super::people::PeoplePane;
use super::store::Store;
use super::{dom, navigation, notify, time};

/// How often the day is looked at, so that "Today" stays true.
const DAY_CHECK: Duration = Duration::from_secs(30);

#[derive(Clone, PartialEq, Eq)]
enum Screen {
    Boot,
    Broken(String),
    Locked,
    FirstVisit,
    Main,
}

/// Puts the page in the place of what `index.html` painted.
pub(crate) fn mount() {
    let root = document().get_element_by_id("app");
    let Some(root) = root else { return };
    root.set_text_content(None);
    mount_to(dom::as_html(root), App).forget();
}

#[component]
fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    watch_page(store);
    navigation::follow_address(store);
    notify::badge_title(store);
    store.connect();

    let screen = Memo::new(move |_| {
        if store.no_worker.get() {
            return Screen::Broken("This browser could not start Sotto’s worker.".to_owned());
        }
        store.status.with(|status| match &status.phase {
            Phase::Opening => Screen::Boot,
            Phase::Locked => Screen::Locked,
            Phase::Broken { reason } => Screen::Broken(reason.clone()),
            Phase::Unregistered
            | Phase::MakingKeys { .. }
            | Phase::Registering { .. }
            | Phase::SigningIn { .. } => Screen::FirstVisit,
            Phase::Ready { .. } | Phase::SignedIn => Screen::Main,
        })
    });
    Effect::new(move |_| {
        if screen.get() == Screen::Main {
            store.send(Command::RefreshPeople);
        }
    });
    view! {
        {move || match screen.get() {
            Screen::Boot => view! { <Boot /> }.into_any(),
            Screen::Broken(reason) => view! { <Broken reason /> }.into_any(),
            Screen::Locked => view! { <LockPage /> }.into_any(),
            Screen::FirstVisit => view! { <FirstVisit /> }.into_any(),
            Screen::Main => view! { <Main /> }.into_any(),
        }}
        <DialogHost />
        <NoticeList notices=store.notices />
    }
}

#[component]
fn Main() -> impl IntoView {
    let store = Store::here();
    let open = Memo::new(move |_| store.open.get());
    view! {
        <main class="main" class:reading=move || open.get().is_some()>
            <h1 class="sr-only">"Sotto"</h1>
            <PeoplePane />
            <div class="stage">
                <ConnectionBanner />
                {move || match open.get() {
                    Some(with) => view! { <Conversation with /> }.into_any(),
                    None => view! { <NoConversation /> }.into_any(),
                }}
            </div>
        </main>
    }
}

/// Follows what only the page can see: whether it is looked at, and what day it is.
fn watch_page(store: Store) {
    let look = move || {
        let focused = dom::is_looked_at();
        if store.focused.get_untracked() != focused {
            store.focused.set(focused);
        }
    };
    let check_day = move || {
        let today = time::local_day(time::now());
        if store.today.get_untracked() != today {
            store.today.set(today);
        }
    };
    look();
    check_day();
    let handles = [
        window_event_listener(leptos::ev::focus, move |_| look()),
        window_event_listener(leptos::ev::blur, move |_| look()),
        window_event_listener(leptos::ev::visibilitychange, move |_| look()),
    ];
    let day = set_interval_with_handle(check_day, DAY_CHECK).ok();
    // A file dropped beside the conversation must not replace the page.
    let drops = [
        window_event_listener(leptos::ev::dragover, |event| event.prevent_default()),
        window_event_listener(leptos::ev::drop, |event| event.prevent_default()),
    ];
    on_cleanup(move || {
        handles
            .into_iter()
            .chain(drops)
            .for_each(|handle| handle.remove());
        if let Some(day) = day {
            day.clear();
        }
    });
}
