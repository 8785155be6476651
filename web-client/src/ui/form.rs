//! Forms that ask something of the account, and wait for what comes of it.

use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, AccountFailure, Command, Deed, Failure};

use super::store::Store;
use super::{time, words};

/// What a failure is about: the field beside which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The user name.
    Name,
    /// The display name.
    Display,
    /// The password that is set or proven.
    Password,
    /// The recovery code.
    Code,
    /// The invitation.
    Invitation,
    /// None of them.
    Form,
}

/// A form that waits. Copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    store: Store,
    /// Whether an answer is waited for.
    pub(crate) busy: RwSignal<bool>,
    /// What is wrong before anything is sent.
    pub(crate) wrong: RwSignal<Option<(About, String)>>,
}

impl Form {
    /// A form in its component: forgotten with it.
    pub(crate) fn new(store: Store) -> Self {
        let busy = RwSignal::new(false);
        store.failure.set(None);
        Effect::new(move |_| {
            if store.failure.with(Option::is_some) {
                busy.set(false);
            }
        });
        on_cleanup(move || store.own.set_asking(false));
        Self {
            store,
            busy,
            wrong: RwSignal::new(None),
        }
    }

    /// Calls `then` when this was done.
    pub(crate) fn when_done(self, deed: Deed, then: impl Fn() + 'static) -> Self {
        let deeds = self.store.own.deeds;
        Effect::new(move |before: Option<u32>| {
            let (count, last) = deeds.get();
            let is_new = before.is_some_and(|before| before != count);
            if is_new && last == Some(deed) && self.busy.get_untracked() {
                self.busy.set(false);
                then();
            }
            count
        });
        self
    }

    /// Sends what the form asks for.
    pub(crate) fn send(self, command: AccountCommand) {
        self.submit(Command::Account(command));
    }

    /// Sends what the form asks for.
    pub(crate) fn submit(self, command: Command) {
        self.wrong.set(None);
        self.store.failure.set(None);
        self.store.own.set_asking(true);
        self.busy.set(true);
        self.store.send(command);
    }

    /// Says what is wrong, and sends nothing.
    pub(crate) fn refuse(self, about: About, why: impl Into<String>) {
        self.store.failure.set(None);
        self.wrong.set(Some((about, why.into())));
    }

    /// What was typed has changed: what was wrong with it is forgotten.
    pub(crate) fn touch(self) {
        if self.wrong.with_untracked(Option::is_some) {
            self.wrong.set(None);
        }
        if self.store.failure.with_untracked(Option::is_some) {
            self.store.failure.set(None);
        }
    }

    /// What is wrong beside a field. `of` tells which failure is about which field.
    pub(crate) fn problem(self, about: About, of: fn(&AccountFailure) -> About) -> Problem {
        Signal::derive(move || {
            let wrong = self
                .wrong
                .with(|wrong| wrong.clone().filter(|(place, _)| *place == about));
            wrong.map(|(_, why)| why).or_else(|| {
                self.store.failure.with(|failure| {
                    let place = match failure {
                        Some(Failure::Account(failure)) => of(failure),
                        Some(Failure::WrongPassphrase) => About::Password,
                        _ => About::Form,
                    };
                    let failure = failure.as_ref().filter(|_| place == about);
                    failure.map(words::failure)
                })
            })
        })
    }

    /// Seconds until it can be tried again; nothing if it can be now.
    pub(crate) fn wait(self) -> Signal<Option<u64>> {
        let failed_at = StoredValue::new(time::now());
        let now = RwSignal::new(time::now());
        let retry_after = Memo::new(move |_| {
            let seconds = self.store.failure.with(|failure| match failure {
                Some(Failure::Account(
                    AccountFailure::Locked { retry_after }
                    | AccountFailure::RateLimited { retry_after },
                )) => Some(*retry_after),
                _ => None,
            });
            failed_at.set_value(time::now());
            seconds
        });
        let tick =
            set_interval_with_handle(move || now.set(time::now()), Duration::from_secs(1)).ok();
        on_cleanup(move || {
            if let Some(tick) = tick {
                tick.clear();
            }
        });
        Signal::derive(move || {
            let retry_after = retry_after.get()?;
            let gone = (now.get() - failed_at.get_value()).as_secs();
            retry_after.checked_sub(gone).filter(|left| *left > 0)
        })
    }
}

/// What is wrong, in a sentence.
pub(crate) type Problem = Signal<Option<String>>;

/// Where failures of signing up, signing in and recovering stand.
pub(crate) fn beside(failure: &AccountFailure) -> About {
    match failure {
        AccountFailure::NameTaken(_) => About::Name,
        AccountFailure::WeakPassword(_) | AccountFailure::LoginFailed => About::Password,
        AccountFailure::CodeMistyped { .. } => About::Code,
        AccountFailure::InvitationInvalid => About::Invitation,
        _ => About::Form,
    }
}

/// The same where the recovery code is what is proven.
pub(crate) fn beside_code(failure: &AccountFailure) -> About {
    match failure {
        AccountFailure::LoginFailed => About::Code,
        other => beside(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_stand_beside_what_they_are_about() {
        let name = "ada".parse().unwrap();
        assert_eq!(beside(&AccountFailure::NameTaken(name)), About::Name);
        assert_eq!(beside(&AccountFailure::LoginFailed), About::Password);
        assert_eq!(beside_code(&AccountFailure::LoginFailed), About::Code);
        assert_eq!(
            beside_code(&AccountFailure::CodeMistyped { group: Some(3) }),
            About::Code
        );
        assert_eq!(
            beside(&AccountFailure::InvitationInvalid),
            About::Invitation
        );
        assert_eq!(
            beside(&AccountFailure::Locked { retry_after: 1 }),
            About::Form
        );
    }
}
