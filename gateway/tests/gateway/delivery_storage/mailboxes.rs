//! Mailboxes: numbered, bounded, and each message in them once.

use super::*;

impl Store {
    async fn pair(&self) -> (ClientId, ClientId, GroupId) {
        let alice = self.sign_up("alice").await.client;
        let bob = self.sign_up("bob").await.client;
        let group = self.group(&[alice, bob]).await;
        assert_eq!(self.acknowledge(bob, 1).await, 1);
        (alice, bob, group)
    }

    async fn say(&self, by: ClientId, group: GroupId, text: &str) -> Stored {
        self.send(by, message(group, 1, text)).await.unwrap()
    }
}

pub(super) async fn entries_are_numbered_without_gaps_for_good(open: Open) {
    let mut store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    let other = store.group(&[alice, bob]).await;
    let mut expected = 2;
    for round in 0..4 {
        for _ in 0..3 {
            store.say(alice, group, "one").await;
            store.say(alice, other, "two").await;
        }
        let numbers: Vec<_> = store.entries(bob).await;
        for entry in &numbers {
            assert_eq!(entry.number, expected);
            expected += 1;
        }
        store.acknowledge(bob, expected - 1).await;
        assert_eq!(store.entries(bob).await, []);
        if round % 2 == 0 {
            store = store.reopen().await;
        }
    }
    assert_eq!(expected, 27);
}

pub(super) async fn a_message_is_stored_once_and_goes_with_its_last_entry(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    let carol = store.sign_up("carol").await.client;
    let mut adding = commit(group, 1);
    adding.added = vec![carol];
    adding.welcome = Bytes::from_static(b"come in");
    store.commit(alice, adding).await.unwrap();
    store.acknowledge(bob, 2).await;
    store.acknowledge(carol, 1).await;
    assert_eq!(store.count("group_messages"), 0);
    store.send(alice, message(group, 2, "hello")).await.unwrap();
    let counts = || {
        let tables = ["group_messages", "contents", "entries"];
        tables.map(|table| store.count(table))
    };
    assert_eq!(counts(), [1, 1, 2]);
    store.acknowledge(bob, 3).await;
    assert_eq!(counts(), [1, 1, 1]);
    assert_eq!(store.waiting(carol).await[0].2, b"hello");
    store.acknowledge(carol, 2).await;
    assert_eq!(counts(), [0, 0, 0]);
}

pub(super) async fn a_repeated_send_is_stored_once_also_after_a_restart(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    let once = message(group, 1, "once");
    let first = store.send(alice, once.clone()).await.unwrap();
    assert_eq!(store.send(alice, once.clone()).await, Ok(first));
    let store = store.reopen().await;
    store.clock.advance(Duration::from_secs(5));
    assert_eq!(store.send(alice, once.clone()).await, Ok(first));
    // Though the group has moved on, and the sender is no member any more.
    let mut removing = commit(group, 1);
    removing.removed = vec![alice];
    store.commit(bob, removing).await.unwrap();
    assert_eq!(store.send(alice, once).await, Ok(first));
    assert_eq!(store.entries(bob).await.len(), 1);
}

pub(super) async fn ids_of_sends_are_forgotten_in_time(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    store.say(alice, group, "one").await;
    let there = store.count("sent");
    store.clock.advance(Duration::from_secs(3599));
    let store = store.reopen().await;
    store.say(alice, group, "two").await;
    assert_eq!(store.count("sent"), there + 1);
    store.clock.advance(Duration::from_secs(1));
    let store = store.reopen().await;
    store.acknowledge(bob, 2).await;
    store.acknowledge(bob, 2).await;
    assert_eq!(store.count("sent"), 1);
}

pub(super) async fn only_members_of_the_present_epoch_send(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    let mallory = store.sign_up("mallory").await.client;
    for (by, text, why) in [
        (mallory, message(group, 1, "hi"), Denied::NotMember),
        (alice, message(group, 0, "hi"), Denied::StaleEpoch),
        (alice, message(group, 2, "hi"), Denied::StaleEpoch),
        (alice, message(new_group(), 1, "hi"), Denied::UnknownGroup),
    ] {
        assert_eq!(store.send(by, text).await, Err(why));
    }
    assert_eq!(store.entries(bob).await, []);
    let first = store.say(alice, group, "one").await;
    let second = store.say(bob, group, "two").await;
    assert_eq!(first.sequence, GroupSeq(2));
    assert_eq!(second.sequence, GroupSeq(3));
    assert_eq!(store.entries(alice).await.len(), 1);
    let audience = |client: ClientId| {
        let audience = store.faces.delivery.audience(client, group);
        async move { audience.await.unwrap().unwrap().unwrap() }
    };
    let hears = audience(alice).await;
    assert_eq!((hears.epoch, hears.member), (Epoch(1), true));
    assert_eq!(hears.others, [bob]);
    let hears = audience(mallory).await;
    assert!(!hears.member);
}

pub(super) async fn acknowledging_backwards_or_too_far_does_nothing(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    for text in ["one", "two", "three"] {
        store.say(alice, group, text).await;
    }
    for harmless in [0, 1, 5, u64::MAX] {
        assert_eq!(store.acknowledge(bob, harmless).await, 0);
    }
    assert_eq!(store.acknowledge(bob, 3).await, 2);
    assert_eq!(store.acknowledge(bob, 2).await, 0);
    assert_eq!(
        store.waiting(bob).await,
        [(4, DeliveryKind::Message, b"three".to_vec())]
    );
}

pub(super) async fn entries_come_in_pages_of_bounded_size(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    for text in ["1234567890", "1234567890", "1", "2"] {
        store.say(alice, group, text).await;
    }
    let numbers = |page: &Entries| -> Vec<u64> {
        let entries = page.entries.iter();
        entries.map(|entry| entry.number).collect()
    };
    let page = store.page(bob, 0, 10, 15).await;
    assert_eq!((numbers(&page), page.more), (vec![2], true));
    let page = store.page(bob, 2, 10, 1).await;
    assert_eq!((numbers(&page), page.more), (vec![3], true));
    let page = store.page(bob, 3, 1, 100).await;
    assert_eq!((numbers(&page), page.more), (vec![4], true));
    let page = store.page(bob, 3, 10, 100).await;
    assert_eq!((numbers(&page), page.more), (vec![4, 5], false));
    let page = store.page(bob, 5, 10, 100).await;
    assert_eq!((numbers(&page), page.more), (vec![], false));
}

pub(super) async fn a_full_mailbox_misses_and_says_so_once(open: Open) {
    let bounds = MailboxBounds {
        entries: 2,
        ..MailboxBounds::default()
    };
    let store = Store::bounded(open, bounds);
    let (alice, bob, group) = store.pair().await;
    let carol = store.sign_up("carol").await.client;
    let mut adding = commit(group, 1);
    adding.added = vec![carol];
    adding.welcome = Bytes::from_static(b"come in");
    store.commit(alice, adding).await.unwrap();
    let say = async |text: &str| {
        let sent = store.send(alice, message(group, 2, text)).await.unwrap();
        store
            .acknowledge(carol, store.entries(carol).await.last().unwrap().number)
            .await;
        sent
    };
    for text in ["a", "b", "c"] {
        say(text).await;
    }
    let missed = |number| (number, DeliveryKind::Missed, Vec::new());
    let waiting = store.waiting(bob).await;
    assert_eq!(waiting.len(), 3);
    assert_eq!(waiting[2], missed(4));
    assert_eq!(store.entries(bob).await[2].sequence, GroupSeq(5));
    // It was read: what is missed now is told anew.
    say("d").await;
    let entries = store.entries(bob).await;
    assert_eq!(entries.len(), 4);
    assert_eq!(
        (entries[2].sequence, entries[3].sequence),
        (GroupSeq(5), GroupSeq(6))
    );
    // With room again, things come behind it, and what is missed then is told behind them.
    store.acknowledge(bob, 5).await;
    for text in ["e", "f", "g", "h"] {
        say(text).await;
    }
    let entries = store.entries(bob).await;
    let brief: Vec<_> = entries
        .iter()
        .map(|it| (it.number, it.sequence.0))
        .collect();
    assert_eq!(brief, [(6, 7), (7, 8), (8, 10)]);
}

pub(super) async fn when_no_mailbox_takes_it_the_sender_learns_it(open: Open) {
    let bounds = MailboxBounds {
        entries: 2,
        ..MailboxBounds::default()
    };
    let store = Store::bounded(open, bounds);
    let (alice, bob, group) = store.pair().await;
    store.say(alice, group, "one").await;
    store.say(alice, group, "two").await;
    let three = message(group, 1, "three");
    let refused = store.send(alice, three.clone()).await;
    assert_eq!(refused, Err(Denied::MailboxFull));
    assert_eq!(store.entries(bob).await.len(), 2);
    store.acknowledge(bob, 2).await;
    // The id of what was refused is not taken.
    let stored = store.send(alice, three).await.unwrap();
    assert_eq!(stored.sequence, GroupSeq(4));
    let store = store.reopen().await;
    let refused = store.send(alice, message(group, 1, "four")).await;
    assert_eq!(refused, Err(Denied::MailboxFull));
    // Somebody alone in a group is heard by nobody, and that is fine.
    let alone = store.group(&[alice]).await;
    store.send(alice, message(alone, 0, "one")).await.unwrap();
}

pub(super) async fn bytes_of_a_mailbox_are_bounded(open: Open) {
    let bounds = MailboxBounds {
        bytes: 10,
        ..MailboxBounds::default()
    };
    let store = Store::bounded(open, bounds);
    let (alice, bob, group) = store.pair().await;
    store.say(alice, group, "12345").await;
    store.say(alice, group, "67890").await;
    let refused = store.send(alice, message(group, 1, "x")).await;
    assert_eq!(refused, Err(Denied::MailboxFull));
    store.acknowledge(bob, 3).await;
    // Whatever fits into nothing waits alone.
    store.say(alice, group, "more than ten bytes").await;
    let store = store.reopen().await;
    let refused = store.send(alice, message(group, 1, "x")).await;
    assert_eq!(refused, Err(Denied::MailboxFull));
}

pub(super) async fn what_waits_for_too_long_is_missed(open: Open) {
    let bounds = MailboxBounds {
        bytes: 10,
        expiry: Duration::from_secs(100),
        ..MailboxBounds::default()
    };
    let store = Store::bounded(open, bounds);
    let (alice, bob, group) = store.pair().await;
    store.say(alice, group, "12345").await;
    store.clock.advance(Duration::from_secs(99));
    store.say(alice, group, "67890").await;
    let store = store.reopen().await;
    store.acknowledge(bob, 0).await;
    assert_eq!(store.waiting(bob).await[0].2, b"12345");
    store.clock.advance(Duration::from_secs(1));
    let store = store.reopen().await;
    store.acknowledge(bob, 0).await;
    store.acknowledge(bob, 0).await;
    let entries = store.entries(bob).await;
    assert_eq!(entries[0].kind, DeliveryKind::Missed);
    assert_eq!((entries[0].number, entries[0].sequence), (2, GroupSeq(2)));
    assert_eq!(entries[0].payload, Bytes::new());
    assert_eq!(entries[1].payload, &b"67890"[..]);
    assert_eq!(store.count("contents"), 1);
    // Its bytes are free.
    store.say(alice, group, "abc").await;
    store.acknowledge(bob, 4).await;
    assert_eq!(store.count("group_messages"), 0);
}

pub(super) async fn everything_survives_a_restart(open: Open) {
    let store = Store::new(open);
    let (alice, bob, group) = store.pair().await;
    store.say(alice, group, "one").await;
    let before = store.entries(bob).await;
    let store = store.reopen().await;
    assert_eq!(store.entries(bob).await, before);
    let next = store.say(alice, group, "two").await;
    assert_eq!(next.sequence, GroupSeq(3));
    assert_eq!(store.entries(bob).await[1].number, 3);
    store.acknowledge(bob, 3).await;
    let store = store.reopen().await;
    store.say(alice, group, "three").await;
    assert_eq!(store.entries(bob).await[0].number, 4);
    store.faces.storage.close().await.unwrap();
    let late = store.faces.delivery.submit(Act::Send {
        by: alice,
        message: message(group, 1, "late"),
    });
    assert!(late.await.is_err());
}

pub(super) async fn a_flood_to_a_large_group_is_stored_whole_and_in_order(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let mut devices = vec![alice.client];
    for number in 0..4 {
        let human = store.sign_up(&format!("human{number}")).await;
        devices.push(human.client);
        for _ in 1..32 {
            devices.push(store.add_device(&human).await);
        }
    }
    let group = store.group(&devices).await;
    // More entries than one transaction makes.
    let sends: Vec<_> = (0..300)
        .map(|number| Act::Send {
            by: alice.client,
            message: message(group, 1, &number.to_string()),
        })
        .map(|act| store.faces.delivery.submit(act))
        .collect();
    for (pending, number) in sends.into_iter().zip(2..) {
        match pending.await.unwrap() {
            Ok(Acted::Stored {
                stored, reached, ..
            }) => {
                assert_eq!(stored.sequence, GroupSeq(number));
                assert_eq!(reached.len(), 128);
            }
            other => panic!("{other:?}"),
        }
    }
    for client in [devices[1], devices[128]] {
        let entries = store.entries(client).await;
        assert_eq!(entries.len(), 301);
        for (entry, number) in entries.iter().skip(1).zip(0..) {
            assert_eq!(entry.payload, i32::to_string(&number));
        }
    }
    assert_eq!(store.count("group_messages"), 301);
}
