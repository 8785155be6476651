//! What every storage promises. Each case runs on every implementation.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sotto_gateway::metrics::CommitMetrics;
use sotto_gateway::storage::delivery::MailboxBounds;
use sotto_gateway::storage::sqlite::{Options, SqliteStorage};
use sotto_gateway::storage::{
    MailboxSize, ReadError, Refusal, Storage, StoredId, Waiting, Write, Written,
};
use sotto_shared::{ClientId, MessageId, SendId};

use crate::support::{contents, message, registration};

/// Opens a storage that keeps its data in a folder.
type Open = fn(&Path, Options) -> Arc<dyn Storage>;

fn sqlite(folder: &Path, options: Options) -> Arc<dyn Storage> {
    Arc::new(SqliteStorage::open(folder, options, Arc::new(CommitMetrics::default())).unwrap())
}

fn options() -> Options {
    Options {
        clients: 100,
        mailbox: MailboxSize {
            messages: 100,
            bytes: 10_000,
        },
        delivery: MailboxBounds::default(),
        receipts: Duration::from_secs(3600),
        last_seen: Duration::from_secs(3600),
        database_max: 0,
        clock: sotto_gateway::storage::Clock::default(),
    }
}

macro_rules! conformance {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::sqlite).await;
                }
            )+
        }
    };
}

conformance! {
    batches_take_effect_in_order,
    reads_see_what_was_written,
    refusals_change_nothing,
    a_send_id_is_stored_once,
    deletions_take_the_prefix_of_one_mailbox,
    waiting_is_bounded_but_never_empty_while_something_waits,
    everything_is_there_after_reopening,
    nothing_is_written_after_closing,
    concurrent_batches_keep_counters_right,
}

struct Store {
    storage: Arc<dyn Storage>,
    _folder: tempfile::TempDir,
}

impl Store {
    fn new(open: Open) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            storage: open(folder.path(), options()),
            _folder: folder,
        }
    }

    async fn write(&self, write: Write) -> Written {
        self.storage.write(vec![write]).await.unwrap()[0]
    }

    async fn register(&self, name: &str) -> ClientId {
        match self.write(register(name, false)).await {
            Written::Registered(client) => client,
            other => panic!("{other:?}"),
        }
    }

    async fn waiting(&self, mailbox: ClientId) -> Waiting {
        self.storage
            .waiting(mailbox, usize::MAX)
            .await
            .unwrap()
            .unwrap()
    }
}

fn register(name: &str, once: bool) -> Write {
    Write::Register {
        register: registration(name, 1),
        once,
    }
}

fn send(from: ClientId, to: ClientId, content: &[u8]) -> Write {
    Write::Send {
        from,
        message: message(to, content),
        send_id: None,
    }
}

fn send_once(from: ClientId, to: ClientId, content: &[u8], id: u8) -> Write {
    Write::Send {
        from,
        message: message(to, content),
        send_id: Some(SendId::from_bytes([id; 16])),
    }
}

fn stored(written: Written) -> MessageId {
    match written {
        Written::Stored(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn batches_take_effect_in_order(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let batches: Vec<_> = (0..10_u8)
        .map(|n| {
            store
                .storage
                .write(vec![send(alice, bob, &[n, 0]), send(alice, bob, &[n, 1])])
        })
        .collect();
    let mut ids = Vec::new();
    for batch in batches {
        ids.extend(batch.await.unwrap().into_iter().map(stored));
    }
    assert!(ids.is_sorted());
    let waiting = store.waiting(bob).await;
    let numbers: Vec<_> = waiting
        .messages
        .iter()
        .map(|message| message.message)
        .collect();
    assert_eq!(numbers, ids);
    let order: Vec<_> = (0..10).flat_map(|n| [vec![n, 0], vec![n, 1]]).collect();
    assert_eq!(contents(&waiting.messages), order);
}

async fn reads_see_what_was_written(open: Open) {
    let store = Store::new(open);
    let alice = store.register("alice").await;
    assert!(store.storage.ready().await.unwrap());
    assert!(
        store
            .storage
            .clients(alice)
            .await
            .unwrap()
            .unwrap()
            .is_empty()
    );
    let bob = store.register("bob").await;
    let carol = store.register("carol").await;
    let list = store.storage.clients(bob).await.unwrap().unwrap();
    let names: Vec<_> = list
        .iter()
        .map(|record| (record.client, record.name.as_str()))
        .collect();
    assert_eq!(names, [(alice, "alice"), (carol, "carol")]);
    let key = store.storage.public_key(alice, bob).await.unwrap().unwrap();
    assert_eq!((key.client, key.public_key.0), (bob, [1; 160]));
    assert_eq!(store.waiting(alice).await, Waiting::default());
    assert_eq!(store.storage.client_count(), 3);
}

async fn refusals_change_nothing(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let nobody = ClientId::from_bytes([9; 16]);
    for (write, refusal) in [
        (send(nobody, bob, b""), Refusal::UnknownRequester),
        (send(alice, nobody, b""), Refusal::UnknownClient),
        (send(alice, alice, b""), Refusal::ToOneself),
        (send(alice, bob, &[0; 10_001]), Refusal::MailboxFull),
        (send_once(alice, nobody, b"", 1), Refusal::UnknownClient),
        (register("alice", false), Refusal::NameTaken),
        (
            Write::Acknowledge {
                mailbox: nobody,
                through: MessageId(1),
            },
            Refusal::UnknownRequester,
        ),
        (
            Write::Register {
                register: registration("alice", 2),
                once: true,
            },
            Refusal::NameTaken,
        ),
    ] {
        assert_eq!(
            store.write(write.clone()).await,
            Written::Refused(refusal),
            "{write:?}"
        );
    }
    assert_eq!(
        store.write(register("alice", true)).await,
        Written::Registered(alice)
    );
    assert_eq!(
        store.storage.mailbox_size(bob),
        Some(MailboxSize::default())
    );
    assert_eq!(store.storage.mailbox_size(nobody), None);
    let refused = Err(ReadError::Refused(Refusal::UnknownRequester));
    assert_eq!(store.storage.waiting(nobody, 100).await.unwrap(), refused);
    let refused = Err(ReadError::Refused(Refusal::UnknownClient));
    assert_eq!(
        store.storage.public_key(alice, nobody).await.unwrap(),
        refused
    );
    // A refused send id is not used up.
    stored(store.write(send_once(alice, bob, b"", 1)).await);
    for n in 3..=100 {
        store.register(&n.to_string()).await;
    }
    assert_eq!(
        store.write(register("one more", false)).await,
        Written::Refused(Refusal::ClientsFull)
    );
    assert_eq!(
        store.write(register("alice", true)).await,
        Written::Registered(alice)
    );
}

async fn a_send_id_is_stored_once(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let batch = vec![
        send_once(alice, bob, b"x", 1),
        send_once(alice, bob, b"x", 1),
    ];
    let ids: Vec<_> = store
        .storage
        .write(batch)
        .await
        .unwrap()
        .into_iter()
        .map(stored)
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_eq!(store.waiting(bob).await.messages.len(), 1);
    let all = Write::Delivered {
        mailbox: bob,
        through: StoredId(i64::MAX),
    };
    assert_eq!(store.write(all).await, Written::Deleted);
    assert_eq!(
        stored(store.write(send_once(alice, bob, b"x", 1)).await),
        ids[0]
    );
    assert!(store.waiting(bob).await.messages.is_empty());
    assert_ne!(
        stored(store.write(send_once(alice, bob, b"x", 2)).await),
        ids[0]
    );
    stored(store.write(send_once(bob, alice, b"x", 1)).await);
    assert_eq!(store.waiting(alice).await.messages.len(), 1);
}

async fn deletions_take_the_prefix_of_one_mailbox(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let mut ids = Vec::new();
    for n in 0..4_u8 {
        ids.push(stored(store.write(send(alice, bob, &[n; 10])).await));
        stored(store.write(send(bob, alice, &[n])).await);
    }
    let through = store
        .storage
        .waiting(bob, 2 * 35)
        .await
        .unwrap()
        .unwrap()
        .through
        .unwrap();
    assert_eq!(
        store
            .write(Write::Delivered {
                mailbox: bob,
                through
            })
            .await,
        Written::Deleted
    );
    assert_eq!(
        contents(&store.waiting(bob).await.messages),
        [[2; 10], [3; 10]]
    );
    let size = MailboxSize {
        messages: 2,
        bytes: 20,
    };
    assert_eq!(store.storage.mailbox_size(bob), Some(size));
    let acknowledge = |through| Write::Acknowledge {
        mailbox: bob,
        through,
    };
    for not_there in [
        ids[0],
        MessageId(ids[2].0 + 1),
        MessageId(0),
        MessageId(u32::MAX),
    ] {
        assert_eq!(store.write(acknowledge(not_there)).await, Written::Deleted);
        assert_eq!(store.storage.mailbox_size(bob), Some(size));
    }
    assert_eq!(store.write(acknowledge(ids[2])).await, Written::Deleted);
    assert_eq!(contents(&store.waiting(bob).await.messages), [[3; 10]]);
    assert_eq!(store.waiting(alice).await.messages.len(), 4);
}

async fn waiting_is_bounded_but_never_empty_while_something_waits(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    for size in [100, 5, 5] {
        stored(store.write(send(alice, bob, &vec![1; size])).await);
    }
    for (bytes, messages) in [
        (0, 1),
        (124, 1),
        (125, 1),
        (154, 1),
        (155, 2),
        (184, 2),
        (185, 3),
    ] {
        let waiting = store.storage.waiting(bob, bytes).await.unwrap().unwrap();
        assert_eq!(waiting.messages.len(), messages, "{bytes}");
        let last = waiting.messages.last().unwrap().message;
        assert_eq!(waiting.through.unwrap().on_wire(), last);
    }
}

async fn everything_is_there_after_reopening(open: Open) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store {
        storage: open(folder.path(), options()),
        _folder: tempfile::tempdir().unwrap(),
    };
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let id = stored(store.write(send_once(alice, bob, b"hello", 1)).await);
    let all = Write::Delivered {
        mailbox: bob,
        through: StoredId(i64::MAX),
    };
    store.write(all).await;
    stored(store.write(send(alice, bob, b"still here")).await);
    let before = store.storage.totals();
    store.storage.close().await.unwrap();
    drop(store);
    let store = Store {
        storage: open(folder.path(), options()),
        _folder: tempfile::tempdir().unwrap(),
    };
    assert_eq!(store.storage.totals(), before);
    assert_eq!(
        contents(&store.waiting(bob).await.messages),
        [b"still here"]
    );
    assert_eq!(
        stored(store.write(send_once(alice, bob, b"hello", 1)).await),
        id
    );
    assert_eq!(
        store.write(register("alice", true)).await,
        Written::Registered(alice)
    );
    store
        .write(Write::Delivered {
            mailbox: bob,
            through: StoredId(i64::MAX),
        })
        .await;
    let next = stored(store.write(send(alice, bob, b"new")).await);
    assert!(next.0 > id.0 + 1, "numbers are never used twice");
}

async fn nothing_is_written_after_closing(open: Open) {
    let store = Store::new(open);
    let alice = store.register("alice").await;
    let last = store.storage.write(vec![register("bob", false)]);
    store.storage.close().await.unwrap();
    assert!(matches!(last.await.unwrap()[0], Written::Registered(_)));
    assert!(
        store
            .storage
            .write(vec![send(alice, alice, b"")])
            .await
            .is_err()
    );
}

async fn concurrent_batches_keep_counters_right(open: Open) {
    let store = Store::new(open);
    let (alice, bob) = (store.register("alice").await, store.register("bob").await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let storage = Arc::clone(&store.storage);
            tokio::spawn(async move {
                let mut accepted = 0;
                for _ in 0..20 {
                    let written = storage
                        .write(vec![send(alice, bob, &[1; 100])])
                        .await
                        .unwrap();
                    accepted += u64::from(matches!(written[0], Written::Stored(_)));
                }
                accepted
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.unwrap();
    }
    assert_eq!(accepted, 100);
    let size = MailboxSize {
        messages: 100,
        bytes: 10_000,
    };
    assert_eq!(store.storage.mailbox_size(bob), Some(size));
    assert_eq!(store.waiting(bob).await.messages.len(), 100);
}
