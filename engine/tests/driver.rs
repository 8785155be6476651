//! The driver on a store: passphrases, failing storage, and what a face hears.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::Cell;
use std::rc::Rc;

use rand_core::SeedableRng;
use sotto_engine::api::{Command, Connection, Event, Failure, Passphrase, Phase, State};
use sotto_engine::block_on;
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::machine::Profile;
use sotto_engine::store::{Batch, Direction, Entry, MemoryStore, Store, StoreError};
use sotto_engine::time::Timestamp;
use sotto_shared::classic::response::{ClientRecord, Registered, Response};
use sotto_shared::classic::{Decoded, RequestDecoder, Version};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, UserName};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A store that can be looked at from outside and told to fail.
#[derive(Clone, Default)]
struct Disk {
    store: Rc<std::cell::RefCell<MemoryStore>>,
    full: Rc<Cell<bool>>,
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
        if self.full.get() {
            return Err(StoreError::Backend("the disk is full".to_owned()));
        }
        block_on(self.store.borrow_mut().apply(batch))
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        if self.full.get() {
            return Err(StoreError::Backend("the disk is full".to_owned()));
        }
        block_on(self.store.borrow_mut().clear())
    }
}

struct User {
    disk: Disk,
    driver: Driver<Disk>,
    outputs: Vec<Output>,
}

impl User {
    fn open(disk: &Disk) -> Self {
        let driver = block_on(Driver::open(disk.clone(), Profile::Reliable, [1; 32]));
        let mut user = Self {
            disk: disk.clone(),
            driver,
            outputs: Vec::new(),
        };
        user.input(Input::Start);
        user
    }

    /// A registered user who knows bob.
    fn registered(disk: &Disk) -> (Self, ClientId) {
        let mut user = Self::open(disk);
        let bob = ClientId::from_bytes([2; 16]);
        user.input(Input::Connected);
        user.command(Command::Register {
            name: "alice".parse().unwrap(),
        });
        user.input(Input::Tick);
        user.answer(&Response::Registered(Registered {
            client: ClientId::from_bytes([1; 16]),
        }));
        user.answer(&Response::Waiting(Vec::new()));
        let name: UserName = "bob".parse().unwrap();
        user.answer(&Response::ClientList(vec![ClientRecord {
            client: bob,
            name,
        }]));
        user.outputs.clear();
        (user, bob)
    }

    fn input(&mut self, input: Input) {
        let outputs = block_on(self.driver.handle(input, NOW));
        self.outputs.extend(outputs);
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn answer(&mut self, response: &Response) {
        let bytes = response.to_bytes(Version::V2, ByteOrder::Little).to_vec();
        self.input(Input::Received(bytes));
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Event(event) => Some(event),
            _ => None,
        })
    }

    fn phase(&self) -> Phase {
        let mut status = self.events().filter_map(|event| match event {
            Event::Status(status) => Some(status.phase.clone()),
            _ => None,
        });
        let first = status.next().expect("a status");
        status.last().unwrap_or(first)
    }

    fn failures(&self) -> Vec<&Failure> {
        self.events()
            .filter_map(|event| match event {
                Event::Failed(failure) => Some(failure),
                _ => None,
            })
            .collect()
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase(text.to_owned())
}

#[test]
fn identity_and_people_survive_a_restart() {
    let disk = Disk::default();
    let (mut user, bob) = User::registered(&disk);
    user.command(Command::SendText {
        to: bob,
        text: "hi".to_owned(),
    });
    let user = User::open(&disk);
    assert!(matches!(user.phase(), Phase::Ready { name, .. } if name.as_str() == "alice"));
    let people = user.events().find_map(|event| match event {
        Event::People(people) => Some(people.clone()),
        _ => None,
    });
    assert_eq!(
        people.unwrap().first().map(|person| person.client),
        Some(bob)
    );
}

#[test]
fn a_passphrase_locks_the_store_and_a_wrong_one_loses_nothing() {
    let disk = Disk::default();
    let (mut user, _) = User::registered(&disk);
    user.command(Command::SetPassphrase {
        passphrase: Some(passphrase("open sesame")),
    });
    assert!(
        user.events()
            .any(|event| matches!(event, Event::Status(it) if it.passphrase))
    );

    let mut user = User::open(&disk);
    assert_eq!(user.phase(), Phase::Locked);
    assert!(user.driver.storage_key().is_none());
    let before = disk.store.borrow().clone();
    user.command(Command::Unlock {
        passphrase: passphrase("open simsim"),
    });
    assert_eq!(user.failures(), [&Failure::WrongPassphrase]);
    assert_eq!(user.phase(), Phase::Locked);
    assert_eq!(*disk.store.borrow(), before);

    user.outputs.clear();
    user.command(Command::Unlock {
        passphrase: passphrase("open sesame"),
    });
    assert!(matches!(user.phase(), Phase::Ready { .. }));
    assert!(user.outputs.contains(&Output::Connect));

    user.command(Command::SetPassphrase { passphrase: None });
    assert!(matches!(User::open(&disk).phase(), Phase::Ready { .. }));
}

#[test]
fn another_tab_opens_the_locked_store_with_the_key_it_was_given() {
    let disk = Disk::default();
    let (mut user, _) = User::registered(&disk);
    user.command(Command::SetPassphrase {
        passphrase: Some(passphrase("open sesame")),
    });
    let key = user.driver.storage_key().unwrap();
    let open = Driver::open_with_key(disk, Profile::Reliable, [2; 32], key);
    let outputs = block_on(async { open.await.handle(Input::Start, NOW).await });
    assert!(outputs.iter().any(|output| matches!(
        output,
        Output::Event(Event::Status(status))
            if status.passphrase && matches!(status.phase, Phase::Ready { .. })
    )));
}

#[test]
fn a_store_that_was_made_anew_is_not_sealed_under_the_key_of_the_old_one() {
    let (user, _) = User::registered(&Disk::default());
    let old = user.driver.storage_key().unwrap();
    let anew = Disk::default();
    let open = Driver::open_with_key(anew.clone(), Profile::Reliable, [2; 32], old.clone());
    let driver = block_on(open);
    assert!(driver.storage_key().is_some_and(|key| key != old));
    drop(driver);
    assert_eq!(User::open(&anew).phase(), Phase::Unregistered);
}

#[test]
fn a_half_cleared_store_is_explained_and_left_alone() {
    let disk = Disk::default();
    let _ = User::registered(&disk);
    let mut clear = Batch::default();
    clear.delete(*b"k");
    block_on(disk.store.borrow_mut().apply(clear)).unwrap();
    let before = disk.store.borrow().clone();
    let mut user = User::open(&disk);
    assert!(matches!(user.phase(), Phase::Broken { reason } if reason.contains("incomplete")));
    user.command(Command::Register {
        name: "mallory".parse().unwrap(),
    });
    assert_eq!(*disk.store.borrow(), before);
}

#[test]
fn a_damaged_record_is_explained_and_left_alone() {
    let disk = Disk::default();
    let _ = User::registered(&disk);
    let mut damage = Batch::default();
    damage.put(
        *b"midentity",
        *b"rubbish that is long enough to have a nonce and a tag",
    );
    block_on(disk.store.borrow_mut().apply(damage)).unwrap();
    assert!(
        matches!(User::open(&disk).phase(), Phase::Broken { reason } if reason.contains("damaged"))
    );
}

#[test]
fn what_the_disk_did_not_take_is_not_sent_and_not_shown() {
    let disk = Disk::default();
    let (mut user, bob) = User::registered(&disk);
    disk.full.set(true);
    user.command(Command::SendText {
        to: bob,
        text: "hi".to_owned(),
    });
    assert!(
        matches!(user.failures().as_slice(), [Failure::Storage { reason }] if reason.contains("full"))
    );
    assert!(
        !user
            .outputs
            .iter()
            .any(|output| matches!(output, Output::Transmit(_)))
    );
    assert!(
        !user
            .events()
            .any(|event| matches!(event, Event::Messages { .. }))
    );
    assert!(user.outputs.contains(&Output::Disconnect));

    disk.full.set(false);
    user.outputs.clear();
    let retry_at = user.driver.next_timeout().expect("it tries again");
    assert!(retry_at > NOW, "not at once");
    let outputs = block_on(user.driver.handle(Input::Tick, retry_at));
    assert!(outputs.contains(&Output::Connect));
    assert!(user.disk.store.borrow().len() > 1, "and nothing was lost");
}

#[test]
fn a_taken_name_can_be_changed_without_making_keys_again() {
    let mut user = User::open(&Disk::default());
    user.input(Input::Connected);
    user.command(Command::Register {
        name: "alice".parse().unwrap(),
    });
    user.input(Input::Tick);
    user.answer(&Response::Error(String::new()));
    assert_eq!(user.phase(), Phase::Unregistered);
    assert!(matches!(
        user.failures().as_slice(),
        [Failure::NameRefused { .. }]
    ));
    user.outputs.clear();
    user.command(Command::Register {
        name: "alice2".parse().unwrap(),
    });
    assert!(
        matches!(user.phase(), Phase::Registering { .. }),
        "no key is made"
    );
    assert!(
        user.outputs
            .iter()
            .any(|output| matches!(output, Output::Transmit(_)))
    );
}

#[test]
fn text_to_somebody_without_a_key_waits_and_asks_for_the_public_key() {
    let disk = Disk::default();
    let (mut user, bob) = User::registered(&disk);
    user.command(Command::SendText {
        to: bob,
        text: "hi".to_owned(),
    });
    let states: Vec<State> = user
        .events()
        .filter_map(|event| match event {
            Event::Messages { messages, .. } => messages.last().map(|it| it.state.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [State::Queued, State::WaitingForKey],
        "the key, then the text"
    );
    let frame = user.outputs.iter().find_map(|output| match output {
        Output::Transmit(frame) => Some(frame.clone()),
        _ => None,
    });
    let mut decoder = RequestDecoder::new(1 << 20);
    decoder.push(&frame.expect("a request"));
    let Some(Decoded::Request(request)) = decoder.next_decoded() else {
        panic!("no request")
    };
    assert_eq!(request.body.code(), 602);
}

#[test]
fn a_broken_answer_drops_the_connection_and_tries_again() {
    let (mut user, _) = User::registered(&Disk::default());
    user.command(Command::RefreshPeople);
    user.input(Input::Received(vec![2, 0xff, 0xff, 1, 0, 0, 0, 9]));
    assert!(user.outputs.contains(&Output::Disconnect));
    assert!(user.events().any(|event| matches!(
        event,
        Event::Status(status) if matches!(status.connection, Connection::Offline { retry_at: Some(_) })
    )));
}

#[test]
fn an_answer_that_arrives_slowly_is_awaited() {
    let (mut user, _) = User::registered(&Disk::default());
    user.command(Command::RefreshPeople);
    let answer = Response::ClientList(Vec::new()).to_bytes(Version::V2, ByteOrder::Little);
    let mut now = NOW;
    for byte in answer.iter() {
        now = now + std::time::Duration::from_secs(20);
        let received = Input::Received(vec![*byte]);
        let outputs = block_on(user.driver.handle(received, now));
        assert!(!outputs.contains(&Output::Disconnect));
        let ticked = block_on(user.driver.handle(Input::Tick, now));
        assert!(!ticked.contains(&Output::Disconnect));
    }
}

#[test]
fn a_text_that_came_before_its_key_is_read_when_the_key_comes() {
    use bytes::Bytes;
    use sotto_engine::api::Body;
    use sotto_shared::MessageId;
    use sotto_shared::classic::MessageKind;
    use sotto_shared::classic::response::WaitingMessage;
    use sotto_shared::crypto::{PrivateKey, SymmetricKey};

    let disk = Disk::default();
    let (mut user, bob) = User::registered(&disk);
    user.command(Command::ExportMyInfo);
    let file = user.events().find_map(|event| match event {
        Event::Exported { file, .. } => Some(file.clone()),
        _ => None,
    });
    let text = String::from_utf8(file.unwrap()).unwrap();
    let identity = sotto_engine::identity::Identity::from_my_info(&text).unwrap();
    let public = PrivateKey::public(&identity.private_key);
    let key = SymmetricKey::from_bytes([9; 16]);
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([3; 32]);
    let wrapped = public.wrap_key(&mut rng, &key).unwrap();
    let message = |id, kind, content: &[u8]| WaitingMessage {
        from: bob,
        message: MessageId(id),
        kind,
        content: Bytes::copy_from_slice(content),
    };
    let text = message(7, MessageKind::TEXT, &key.encrypt("hello".as_bytes()));
    let key = message(8, MessageKind::KEY, &wrapped);
    let tick = |user: &mut User| {
        let later = user.driver.next_timeout().unwrap();
        let outputs = block_on(user.driver.handle(Input::Tick, later));
        user.outputs.extend(outputs);
    };
    tick(&mut user);
    user.answer(&Response::Waiting(vec![text]));
    user.answer(&Response::Waiting(vec![key]));
    let bodies: Vec<Body> = user
        .events()
        .filter_map(|event| match event {
            Event::Messages { messages, .. } => messages.last().map(|it| it.body.clone()),
            _ => None,
        })
        .collect();
    assert!(
        matches!(bodies.first(), Some(Body::Undecryptable { .. })),
        "{bodies:?}"
    );
    assert_eq!(bodies.last(), Some(&Body::Text("hello".to_owned())));
}
