//! Locking and erasing the local store: by command, by time, and when the disk fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use core::time::Duration;
use sotto_engine::api::{
    AUTO_LOCK_MINUTES_MAX, AccountCommand, AccountEvent, AccountFailure, Command, Deed, Event,
    Failure, Passphrase, Phase,
};
use sotto_engine::block_on;
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::machine::Profile;
use sotto_engine::store::{Batch, Direction, Entry, MemoryStore, Store, StoreError};
use sotto_engine::time::Timestamp;

const START: Timestamp = Timestamp(1_700_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);

/// A store that can be looked at from outside and told to fail.
#[derive(Clone, Default)]
struct Disk {
    store: Rc<RefCell<MemoryStore>>,
    full: Rc<Cell<bool>>,
}

impl Disk {
    fn check(&self) -> Result<(), StoreError> {
        match self.full.get() {
            true => Err(StoreError::Backend("the disk is full".to_owned())),
            false => Ok(()),
        }
    }
}

impl Store for Disk {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        block_on(self.store.borrow().get(key))
    }

    async fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        block_on(self.store.borrow().scan(from, to, direction, limit))
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.check()?;
        block_on(self.store.borrow_mut().apply(batch))
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.check()?;
        block_on(self.store.borrow_mut().clear())
    }
}

struct User {
    driver: Driver<Disk>,
    now: Timestamp,
    outputs: Vec<Output>,
}

impl User {
    fn open(disk: &Disk) -> Self {
        let driver = block_on(Driver::open(disk.clone(), Profile::Reliable, [1; 32]));
        let mut user = Self {
            driver,
            now: START,
            outputs: Vec::new(),
        };
        user.input(Input::Start);
        user
    }

    /// A user whose store is under a passphrase and open.
    fn under_passphrase(disk: &Disk) -> Self {
        let mut user = Self::open(disk);
        user.command(Command::SetPassphrase {
            passphrase: Some(words("open sesame")),
        });
        user
    }

    fn with_auto_lock(disk: &Disk, minutes: u16) -> Self {
        let mut user = Self::under_passphrase(disk);
        let minutes = Some(minutes);
        user.account(AccountCommand::SetAutoLock { minutes });
        user
    }

    /// What this input alone brings about.
    fn input(&mut self, input: Input) {
        self.outputs = block_on(self.driver.handle(input, self.now));
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn account(&mut self, command: AccountCommand) {
        self.command(Command::Account(command));
    }

    fn unlock(&mut self, text: &str) {
        let passphrase = words(text);
        self.command(Command::Unlock { passphrase });
    }

    fn phase(&mut self) -> Phase {
        let outputs = block_on(
            self.driver
                .handle(Input::Command(Command::Attach), self.now),
        );
        let mut phases = outputs.into_iter().filter_map(|output| match output {
            Output::Event(Event::Status(status)) => Some(status.phase),
            _ => None,
        });
        phases.next().expect("a status")
    }

    fn hears(&self, event: &Event) -> bool {
        self.outputs.contains(&Output::Event(event.clone()))
    }

    fn is_locked(&self) -> bool {
        self.driver.storage_key().is_none()
    }
}

fn words(text: &str) -> Passphrase {
    Passphrase(text.to_owned())
}

fn failed(failure: AccountFailure) -> Event {
    Event::Failed(Failure::Account(failure))
}

#[test]
fn locking_forgets_the_key_and_leaves_the_connection() {
    let mut user = User::under_passphrase(&Disk::default());
    user.account(AccountCommand::Lock);
    assert!(user.outputs.contains(&Output::Disconnect));
    assert!(user.is_locked());
    assert_eq!(user.phase(), Phase::Locked);
    assert_eq!(user.driver.next_timeout(), None);
    user.input(Input::Connected);
    user.input(Input::Received(vec![1, 2, 3]));
    user.input(Input::Tick);
    assert!(user.outputs.is_empty());

    user.unlock("open simsim");
    assert!(user.hears(&Event::Failed(Failure::WrongPassphrase)));
    assert!(user.is_locked());
    user.unlock("open sesame");
    assert!(!user.is_locked());
    assert_eq!(user.phase(), Phase::Unregistered);
}

#[test]
fn a_store_without_a_passphrase_does_not_lock() {
    let mut user = User::open(&Disk::default());
    user.account(AccountCommand::Lock);
    assert!(user.hears(&failed(AccountFailure::CannotLock)));
    assert!(!user.is_locked());
    let minutes = Some(1);
    user.account(AccountCommand::SetAutoLock { minutes });
    user.now = START + MINUTE * 600;
    user.input(Input::Tick);
    assert!(!user.is_locked());
}

#[test]
fn the_store_locks_by_itself_after_the_time_that_was_set_and_not_before() {
    let mut user = User::with_auto_lock(&Disk::default(), 5);
    assert!(user.hears(&Event::Account(AccountEvent::Done(Deed::AutoLockSet))));
    let due = START + MINUTE * 5;
    assert!(user.driver.next_timeout().is_some_and(|at| at <= due));
    user.now = START + (MINUTE * 5 - Duration::from_millis(1));
    user.input(Input::Tick);
    assert!(!user.is_locked());
    user.now = due;
    user.input(Input::Tick);
    assert!(user.is_locked());
    assert!(user.outputs.contains(&Output::Disconnect));
}

#[test]
fn who_is_here_puts_off_the_lock_and_what_arrives_does_not() {
    let mut user = User::with_auto_lock(&Disk::default(), 5);
    user.now = START + MINUTE * 4;
    user.account(AccountCommand::Active);
    user.now = START + MINUTE * 8;
    user.input(Input::Received(Vec::new()));
    assert!(!user.is_locked());
    user.now = START + MINUTE * 9;
    user.input(Input::Received(Vec::new()));
    assert!(user.is_locked(), "bytes are no user");
}

#[test]
fn a_machine_that_slept_wakes_up_locked_whatever_wakes_it() {
    for wakes in [
        Input::Command(Command::Account(AccountCommand::Active)),
        Input::Command(Command::ExportMyInfo),
        Input::Connected,
    ] {
        let mut user = User::with_auto_lock(&Disk::default(), 5);
        user.now = START + MINUTE * 60;
        user.input(wakes);
        assert!(user.is_locked());
    }
}

#[test]
fn a_clock_that_was_set_back_locks() {
    let mut user = User::with_auto_lock(&Disk::default(), 5);
    user.now = Timestamp(START.0 - 3_600_000);
    user.input(Input::Tick);
    assert!(user.is_locked());
}

#[test]
fn auto_lock_survives_a_restart_and_has_its_limits() {
    let disk = Disk::default();
    let _ = User::with_auto_lock(&disk, 7);
    let mut user = User::open(&disk);
    assert!(user.is_locked());
    user.unlock("open sesame");
    user.now = START + MINUTE * 7;
    user.input(Input::Tick);
    assert!(user.is_locked());

    let mut user = User::with_auto_lock(&Disk::default(), u16::MAX);
    let max = MINUTE * u32::from(AUTO_LOCK_MINUTES_MAX);
    user.now = START + (max - Duration::from_millis(1));
    user.input(Input::Tick);
    assert!(!user.is_locked());
    user.now = START + max;
    user.input(Input::Tick);
    assert!(user.is_locked());
}

#[test]
fn staying_unlocked_takes_the_passphrase() {
    let disk = Disk::default();
    let mut user = User::under_passphrase(&disk);
    let stay = |stay, text| AccountCommand::SetStayUnlocked {
        stay,
        password: words(text),
    };
    user.account(stay(true, "open simsim"));
    assert!(user.hears(&Event::Failed(Failure::WrongPassphrase)));
    assert!(User::open(&disk).is_locked());
    user.account(stay(true, "open sesame"));
    assert!(user.hears(&Event::Account(AccountEvent::Done(Deed::StayUnlockedSet))));
    assert!(!User::open(&disk).is_locked());
}

#[test]
fn forgetting_erases_everything_and_begins_anew_also_while_locked() {
    let disk = Disk::default();
    let mut user = User::with_auto_lock(&disk, 5);
    let old = user.driver.storage_key().unwrap();
    user.account(AccountCommand::Lock);
    let before = disk.store.borrow().clone();
    user.account(AccountCommand::Forget);
    assert!(user.outputs.contains(&Output::Disconnect));
    assert_eq!(user.phase(), Phase::Unregistered);
    assert!(user.driver.storage_key().is_some_and(|key| key != old));
    assert_ne!(*disk.store.borrow(), before);
    assert_eq!(disk.store.borrow().len(), 1, "only a new key slot");
    user.now = START + MINUTE * 60;
    user.input(Input::Tick);
    assert!(!user.is_locked(), "auto-lock was forgotten, too");
}

#[test]
fn what_could_not_be_erased_is_told_and_stays_whole() {
    let disk = Disk::default();
    let mut user = User::under_passphrase(&disk);
    user.account(AccountCommand::Lock);
    let before = disk.store.borrow().clone();
    disk.full.set(true);
    user.account(AccountCommand::Forget);
    assert!(user.outputs.iter().any(|output| matches!(
        output,
        Output::Event(Event::Failed(Failure::Storage { .. }))
    )));
    assert_eq!(user.phase(), Phase::Locked);
    assert_eq!(*disk.store.borrow(), before);
    disk.full.set(false);
    user.unlock("open sesame");
    assert!(!user.is_locked());
}

#[test]
fn a_disk_that_fails_changes_neither_passphrase_nor_auto_lock() {
    let disk = Disk::default();
    let mut user = User::under_passphrase(&disk);
    let before = disk.store.borrow().clone();
    disk.full.set(true);
    user.command(Command::SetPassphrase { passphrase: None });
    user.account(AccountCommand::SetAutoLock { minutes: Some(1) });
    user.account(AccountCommand::SetStayUnlocked {
        stay: true,
        password: words("open sesame"),
    });
    assert_eq!(*disk.store.borrow(), before);
    user.now = START + MINUTE * 2;
    user.input(Input::Tick);
    assert!(!user.is_locked(), "auto-lock was not set");
    user.account(AccountCommand::Lock);
    user.unlock("open sesame");
    assert!(!user.is_locked());
}
