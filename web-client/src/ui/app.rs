//! Which screen is shown.

use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::{Command, Phase, SessionEnd, SessionState, Status};

use super::account::{ConfirmPassword, Ended, RecoveryCodePage, Strips, keep_awake};
use super::boot::{Boot, Broken};
use super::chat::ChatView;
use super::connection::ConnectionBanner;
use super::contact::ContactPage;
use super::conversation::{Conversation, NoConversation};
use super::dialogs::DialogHost;
use super::entry::{Entry, EntryPage};
use super::lock_page::{LockPage, remember_account};
use super::navigation::Open;
use super::notices::NoticeList;
use super::people::PeoplePane;
use super::store::Store;
use super::{dom, navigation, notify, time};

/// How often day and time are looked at, so that "Today" and "5 min ago" stay true.
const DAY_CHECK: Duration = Duration::from_secs(30);

#[derive(Clone, PartialEq, Eq)]
enum Screen {
    Boot,
    Broken(String),
    Locked,
    Entry,
    RecoveryCode,
    ConfirmPassword,
    Ended(SessionEnd),
    Main,
}

/// The screen for a status. `upgrades`: a classic identity is to become an account; `code_later`
/// and `reads_on`: the user has put the recovery code off, and reads what an ended session left.
fn screen_for(status: &Status, upgrades: bool, code_later: bool, reads_on: bool) -> Screen {
    match &status.phase {
        Phase::Opening => Screen::Boot,
        Phase::Locked => Screen::Locked,
        Phase::Broken { reason } => Screen::Broken(reason.clone()),
        Phase::Unregistered
        | Phase::MakingKeys { .. }
        | Phase::Registering { .. }
        | Phase::SigningIn { .. } => Screen::Entry,
        Phase::Ready { .. } if upgrades => Screen::Entry,
        Phase::Ready { .. } => Screen::Main,
        Phase::SignedIn => {
            let Some(account) = &status.account else {
                return Screen::Boot;
            };
            match account.session {
                SessionState::Ended(end) if !reads_on => Screen::Ended(end),
                SessionState::PasswordChanged => Screen::ConfirmPassword,
                _ if account.recovery_code_waits && !code_later => Screen::RecoveryCode,
                _ => Screen::Main,
            }
        }
    }
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
    remember_account(store);
    keep_awake(store);
    store.connect();

    let screen = Memo::new(move |_| {
        if store.no_worker.get() {
            return Screen::Broken("This browser could not start Sotto’s worker.".to_owned());
        }
        let upgrades = store.entry.get() == EntryPage::SignUp;
        let (code_later, reads_on) = (store.own.code_later.get(), store.own.reads_on.get());
        store
            .status
            .with(|status| screen_for(status, upgrades, code_later, reads_on))
    });
    let is_nobody = move || {
        store
            .status
            .with_untracked(|status| status.phase == Phase::Unregistered)
    };
    Effect::new(move |before: Option<Screen>| {
        let screen = screen.get();
        if screen != Screen::Main {
            store.dialogs.dismiss();
        }
        match (&before, &screen) {
            (_, Screen::Main) => store.send(Command::RefreshPeople),
            // What was read lies on this side, too.
            (Some(_), Screen::Locked) => store.forget(),
            (Some(before), Screen::Entry) if *before != Screen::Entry && is_nobody() => {
                store.forget();
                navigation::forget(store);
            }
            _ => {}
        }
        if before == Some(Screen::Locked) {
            store.send(Command::Attach);
        }
        screen
    });
    Effect::new(move |_| {
        // Who is in needs no way in; a later visit begins at its beginning.
        if store.status.with(|status| status.phase == Phase::SignedIn) {
            store.entry.set(EntryPage::Choice);
            store.invitation.set(String::new());
        }
    });
    view! {
        {move || match screen.get() {
            Screen::Boot => view! { <Boot /> }.into_any(),
            Screen::Broken(reason) => view! { <Broken reason /> }.into_any(),
            Screen::Locked => view! { <LockPage /> }.into_any(),
            Screen::Entry => view! { <Entry /> }.into_any(),
            Screen::RecoveryCode => view! { <RecoveryCodePage /> }.into_any(),
            Screen::ConfirmPassword => view! { <ConfirmPassword /> }.into_any(),
            Screen::Ended(end) => view! { <Ended end /> }.into_any(),
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
            <Strips />
            <PeoplePane />
            <div class="stage">
                <ConnectionBanner />
                {move || match open.get() {
                    Some(Open::Chat(chat)) => view! { <ChatView chat /> }.into_any(),
                    Some(Open::Person(with)) => view! { <Conversation with /> }.into_any(),
                    Some(Open::Contact(account)) => {
                        view! { <ContactPage account /> }.into_any()
                    }
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
        store.now.set(time::now().0 / 1000);
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

#[cfg(test)]
mod tests {
    use super::super::state::samples::{account_status, status};
    use super::*;
    use sotto_engine::api::{AccountStatus, SignInStep};

    fn signed_in(account: AccountStatus) -> Status {
        Status {
            account: Some(Box::new(account)),
            ..status(Phase::SignedIn)
        }
    }

    #[test]
    fn nothing_is_shown_of_an_ended_session_until_the_user_asks() {
        for end in [
            SessionEnd::Revoked,
            SessionEnd::AccountDeleted,
            SessionEnd::AccountDisabled,
            SessionEnd::Unknown,
            SessionEnd::OtherGateway,
        ] {
            let status = signed_in(AccountStatus {
                session: SessionState::Ended(end),
                recovery_code_waits: true,
                ..account_status()
            });
            assert!(screen_for(&status, false, false, false) == Screen::Ended(end));
            assert!(screen_for(&status, false, true, true) == Screen::Main);
        }
    }

    #[test]
    fn a_changed_password_comes_before_everything_else() {
        let status = signed_in(AccountStatus {
            session: SessionState::PasswordChanged,
            recovery_code_waits: true,
            ..account_status()
        });
        assert!(screen_for(&status, false, false, true) == Screen::ConfirmPassword);
    }

    #[test]
    fn the_recovery_code_is_shown_until_it_is_put_off_or_saved() {
        let waits = |recovery_code_waits| {
            signed_in(AccountStatus {
                recovery_code_waits,
                ..account_status()
            })
        };
        assert!(screen_for(&waits(true), false, false, false) == Screen::RecoveryCode);
        assert!(screen_for(&waits(true), false, true, false) == Screen::Main);
        assert!(screen_for(&waits(false), false, false, false) == Screen::Main);
    }

    #[test]
    fn a_classic_identity_is_at_home_until_it_wants_a_password() {
        let ready = status(Phase::Ready {
            name: "ada".parse().unwrap(),
            client: super::super::state::samples::id(1),
            fingerprint: String::new(),
        });
        assert!(screen_for(&ready, false, false, false) == Screen::Main);
        assert!(screen_for(&ready, true, false, false) == Screen::Entry);
        let under_way = status(Phase::SigningIn {
            name: "ada".parse().unwrap(),
            step: SignInStep::Keys,
        });
        assert!(screen_for(&under_way, true, false, false) == Screen::Entry);
    }
}
