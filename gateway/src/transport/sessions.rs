//! Which device is connected, and what is pushed to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sotto_shared::sotto::Push;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::{AccountId, ClientId};
use tokio::sync::{Notify, mpsc};

use crate::connection::sotto::Device;
use crate::metrics::Metrics;

/// Where a session finds what is pushed to it, and that something new waits in its mailbox. What
/// it does not hand on is bounded by its connection
/// ([`crate::connection::sotto::PUSH_BACKLOG_MAX`]).
#[derive(Debug)]
pub(crate) struct Inbox {
    pushes: mpsc::UnboundedReceiver<Arc<Push>>,
    mail: Arc<Notify>,
}

/// What a session finds in its [`Inbox`].
#[derive(Debug)]
pub(crate) enum News {
    /// To be handed on.
    Push(Arc<Push>),
    /// Something new waits in the mailbox.
    Mail,
}

impl Inbox {
    /// What comes next; nothing once the session is over and everything was handed on.
    pub(crate) async fn next(&mut self) -> Option<News> {
        tokio::select! {
            biased;
            push = self.pushes.recv() => push.map(News::Push),
            () = self.mail.notified() => Some(News::Mail),
        }
    }

    #[cfg(test)]
    pub(crate) fn try_recv(&mut self) -> Result<Arc<Push>, mpsc::error::TryRecvError> {
        self.pushes.try_recv()
    }
}

/// The sessions of all devices. A device has one at a time.
#[derive(Debug)]
pub(crate) struct Sessions {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the last session.
    last: u64,
    devices: HashMap<ClientId, Entry>,
    accounts: HashMap<AccountId, Vec<ClientId>>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    account: AccountId,
    pushes: mpsc::UnboundedSender<Arc<Push>>,
    mail: Arc<Notify>,
}

/// A session's number: there is never another one with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionNumber(u64);

impl Sessions {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            state: Mutex::default(),
            metrics,
        }
    }

    /// Begins a device's session. The one it had is over.
    pub(crate) fn enter(&self, device: Device) -> (SessionNumber, Inbox) {
        let (pushes, receiver) = mpsc::unbounded_channel();
        let mail = Arc::<Notify>::default();
        let inbox = Inbox {
            pushes: receiver,
            mail: Arc::clone(&mail),
        };
        let mut state = self.lock();
        state.end(device.client, EndReason::Replaced);
        state.last += 1;
        let number = state.last;
        let entry = Entry {
            number,
            account: device.account,
            pushes,
            mail,
        };
        state.devices.insert(device.client, entry);
        let devices = state.accounts.entry(device.account).or_default();
        devices.push(device.client);
        self.count(&state);
        (SessionNumber(number), inbox)
    }

    /// Ends a session, if it is not over already.
    pub(crate) fn leave(&self, client: ClientId, number: SessionNumber) {
        let mut state = self.lock();
        if state.is_current(client, number) {
            state.remove(client);
        }
        self.count(&state);
    }

    /// Whether this is the device's session still.
    pub(crate) fn is_current(&self, client: ClientId, number: SessionNumber) -> bool {
        self.lock().is_current(client, number)
    }

    /// Ends the sessions of these devices of an account.
    pub(crate) fn cut(&self, account: AccountId, clients: &[ClientId], reason: EndReason) {
        let mut state = self.lock();
        for client in clients {
            let entry = state.devices.get(client);
            if entry.is_some_and(|entry| entry.account == account) {
                state.end(*client, reason);
            }
        }
        self.count(&state);
    }

    /// Ends all sessions of an account.
    pub(crate) fn cut_account(&self, account: AccountId, reason: EndReason) {
        let clients = self.lock().accounts.get(&account).cloned();
        self.cut(account, &clients.unwrap_or_default(), reason);
    }

    /// Pushes to an account's devices, but not to one of them.
    pub(crate) fn push(&self, account: AccountId, except: Option<ClientId>, push: Push) {
        let push = Arc::new(push);
        let state = self.lock();
        for client in state.accounts.get(&account).into_iter().flatten() {
            if Some(*client) != except
                && let Some(entry) = state.devices.get(client)
            {
                drop(entry.pushes.send(Arc::clone(&push)));
            }
        }
    }

    /// Pushes to those of these devices that are connected; how many are.
    pub(crate) fn push_to(&self, clients: &[ClientId], push: Push) -> usize {
        let push = Arc::new(push);
        let state = self.lock();
        let entries = clients.iter().filter_map(|it| state.devices.get(it));
        entries
            .map(|entry| drop(entry.pushes.send(Arc::clone(&push))))
            .count()
    }

    /// Tells those of these devices that are connected that something new waits.
    pub(crate) fn wake(&self, clients: &[ClientId]) {
        let state = self.lock();
        for entry in clients.iter().filter_map(|it| state.devices.get(it)) {
            entry.mail.notify_one();
        }
    }

    /// Pushes to every device.
    pub(crate) fn push_all(&self, push: Push) {
        let push = Arc::new(push);
        for entry in self.lock().devices.values() {
            drop(entry.pushes.send(Arc::clone(&push)));
        }
    }

    /// Whether a device is connected.
    pub(crate) fn is_connected(&self, client: ClientId) -> bool {
        self.lock().devices.contains_key(&client)
    }

    /// Whether a device of the account is connected.
    pub(crate) fn is_online(&self, account: AccountId) -> bool {
        self.lock().accounts.contains_key(&account)
    }

    /// How many accounts have a device that is connected.
    pub(crate) fn accounts(&self) -> usize {
        self.lock().accounts.len()
    }

    fn count(&self, state: &State) {
        let sessions = u64::try_from(state.devices.len()).unwrap_or(u64::MAX);
        self.metrics.sessions.set(sessions);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_current(&self, client: ClientId, number: SessionNumber) -> bool {
        self.devices
            .get(&client)
            .is_some_and(|entry| entry.number == number.0)
    }

    fn end(&mut self, client: ClientId, reason: EndReason) {
        if let Some(entry) = self.remove(client) {
            drop(entry.pushes.send(Arc::new(Push::SessionEnded(reason))));
        }
    }

    fn remove(&mut self, client: ClientId) -> Option<Entry> {
        let entry = self.devices.remove(&client)?;
        if let Some(devices) = self.accounts.get_mut(&entry.account) {
            devices.retain(|other| *other != client);
            if devices.is_empty() {
                self.accounts.remove(&entry.account);
            }
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(account: u8, client: u8) -> Device {
        Device {
            account: AccountId::from_bytes([account; 16]),
            client: ClientId::from_bytes([client; 16]),
        }
    }

    fn next(inbox: &mut Inbox) -> Option<Push> {
        inbox.try_recv().ok().map(|push| (*push).clone())
    }

    #[test]
    fn a_newer_session_of_a_device_replaces_the_older_one() {
        let sessions = Sessions::new(Arc::default());
        let alice = device(1, 1);
        let (first, mut inbox) = sessions.enter(alice);
        let (second, _) = sessions.enter(alice);
        assert_eq!(
            next(&mut inbox),
            Some(Push::SessionEnded(EndReason::Replaced))
        );
        assert!(!sessions.is_current(alice.client, first));
        sessions.leave(alice.client, first);
        assert!(sessions.is_current(alice.client, second));
        sessions.leave(alice.client, second);
        assert!(!sessions.is_online(alice.account));
        assert_eq!(sessions.accounts(), 0);
    }

    #[test]
    fn nobody_is_cut_in_the_name_of_another_account() {
        let sessions = Sessions::new(Arc::default());
        let (number, mut inbox) = sessions.enter(device(1, 1));
        sessions.cut(
            AccountId::from_bytes([2; 16]),
            &[device(1, 1).client],
            EndReason::Revoked,
        );
        assert!(sessions.is_current(device(1, 1).client, number));
        assert_eq!(next(&mut inbox), None);
    }
}
