//! Commits: one per epoch, with all that belongs to it.

use super::*;

pub(super) async fn of_racing_commits_the_first_is_taken(open: Open) {
    let store = Store::new(open);
    let mut devices = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        devices.push(store.sign_up(name).await.client);
    }
    let group = store.group(&devices).await;
    for epoch in 1..6 {
        let pending: Vec<_> = devices
            .iter()
            .map(|by| {
                let (by, commit) = (*by, commit(group, epoch));
                store.faces.delivery.submit(Act::Commit { by, commit })
            })
            .collect();
        let mut taken = 0;
        for pending in pending {
            match pending.await.unwrap() {
                Ok(Acted::Stored { stored, .. }) => {
                    assert_eq!(stored.sequence, GroupSeq(epoch + 1));
                    taken += 1;
                }
                other => assert_eq!(other, Err(Denied::StaleEpoch)),
            }
        }
        assert_eq!(taken, 1);
    }
    let info = store.faces.delivery.group_info(devices[0], group).await;
    let info = info.unwrap().unwrap().unwrap();
    assert_eq!(info.summary.epoch, Epoch(6));
    assert_eq!(info.group_info, &b"group info 6"[..]);
}

pub(super) async fn members_get_the_commit_and_those_who_are_added_the_welcome(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let carol = store.sign_up("carol").await.client;
    let group = store.group(&[alice, bob]).await;
    assert_eq!(store.waiting(alice).await, []);
    let first = store.entries(bob).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].kind, DeliveryKind::Welcome);
    assert_eq!((first[0].epoch, first[0].sequence), (Epoch(1), GroupSeq(1)));
    let mut adding = commit(group, 1);
    adding.added = vec![carol, carol];
    adding.welcome = Bytes::from_static(b"come in");
    let act = Act::Commit {
        by: alice,
        commit: adding,
    };
    let Ok(Acted::Stored {
        stored,
        mut reached,
        missed,
    }) = store.act(act).await
    else {
        panic!("refused");
    };
    let mut expected = [bob, carol];
    expected.sort();
    reached.sort();
    assert_eq!(reached, expected);
    assert_eq!(missed, 0);
    assert_eq!(stored.time, (START * 1000) as u64);
    let commits = store.entries(bob).await;
    let got = &commits[1];
    assert_eq!((got.number, got.kind), (2, DeliveryKind::Commit));
    assert_eq!((got.epoch, got.sequence), (Epoch(1), GroupSeq(2)));
    assert_eq!((got.sender, got.group), (alice, group));
    assert_eq!(got.payload, &b"commit 1"[..]);
    let welcome = store.entries(carol).await;
    assert_eq!(welcome.len(), 1);
    assert_eq!(welcome[0].kind, DeliveryKind::Welcome);
    assert_eq!(
        (welcome[0].epoch, welcome[0].sequence),
        (Epoch(2), GroupSeq(2))
    );
    assert_eq!(welcome[0].payload, &b"come in"[..]);
    // From now on she is told everything.
    store.send(carol, message(group, 2, "hi")).await.unwrap();
    store.send(alice, message(group, 2, "ho")).await.unwrap();
    assert_eq!(store.entries(carol).await.len(), 2);
    assert_eq!(store.entries(alice).await.len(), 1);
}

pub(super) async fn who_is_removed_gets_the_commit_and_nothing_after_it(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let carol = store.sign_up("carol").await.client;
    let group = store.group(&[alice, bob, carol]).await;
    let mut removing = commit(group, 1);
    removing.removed = vec![bob, ClientId::random(&mut rand_core::OsRng)];
    store.commit(alice, removing).await.unwrap();
    store
        .send(alice, message(group, 2, "secret"))
        .await
        .unwrap();
    store.commit(carol, commit(group, 2)).await.unwrap();
    let last = store.entries(bob).await;
    assert_eq!(last.len(), 2);
    assert_eq!(last[1].kind, DeliveryKind::Commit);
    assert_eq!(store.entries(carol).await.len(), 3);
    let refused = store.send(bob, message(group, 3, "still here?")).await;
    assert_eq!(refused, Err(Denied::NotMember));
    let refused = store.commit(bob, commit(group, 3)).await;
    assert_eq!(refused, Err(Denied::NotMember));
    let refused = store.commit(bob, external(group, 3)).await;
    assert_eq!(refused, Err(Denied::NotAllowed));
    let info = store.faces.delivery.group_info(bob, group).await;
    assert_eq!(info.unwrap().unwrap(), None);
    // In again: the welcome comes behind everything from before.
    let mut adding = commit(group, 3);
    adding.added = vec![bob];
    adding.welcome = Bytes::from_static(b"again");
    store.commit(alice, adding).await.unwrap();
    let all = store.entries(bob).await;
    assert_eq!(all.len(), 3);
    assert_eq!((all[2].number, all[2].kind), (3, DeliveryKind::Welcome));
}

pub(super) async fn only_who_belongs_joins_by_an_external_commit(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let carol = store.sign_up("carol").await;
    let second = store.add_device(&alice).await;
    let group = store.group(&[alice.client]).await;
    let stranger = store.commit(bob.client, external(group, 0)).await;
    assert_eq!(stranger, Err(Denied::NotAllowed));
    let own = store.commit(second, commit(group, 0)).await;
    assert_eq!(own, Err(Denied::NotMember));
    store.commit(second, external(group, 0)).await.unwrap();
    assert_eq!(store.entries(alice.client).await.len(), 1);
    assert_eq!(store.entries(second).await.len(), 0);

    let chat = new_group();
    let with_bob = direct(chat, bob.user.account);
    store.create(alice.client, with_bob).await.unwrap();
    store.commit(bob.client, external(chat, 0)).await.unwrap();
    let refused = store.commit(carol.client, external(chat, 1)).await;
    assert_eq!(refused, Err(Denied::NotAllowed));
    // Nobody else is let in by a member either.
    let mut adding = commit(chat, 1);
    adding.added = vec![carol.client];
    adding.welcome = Bytes::from_static(b"come in");
    let refused = store.commit(bob.client, adding).await;
    assert_eq!(refused, Err(Denied::NotAllowed));

    let hall = new_group();
    store.create(bob.client, lobby(hall)).await.unwrap();
    store.commit(carol.client, external(hall, 0)).await.unwrap();
    store
        .send(carol.client, message(hall, 1, "hello"))
        .await
        .unwrap();
    let nowhere = store.commit(alice.client, external(new_group(), 0)).await;
    assert_eq!(nowhere, Err(Denied::UnknownGroup));
}

pub(super) async fn who_joins_again_stays_one_member(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let group = store.group(&[alice, bob]).await;
    let mut again = external(group, 1);
    again.removed = vec![bob];
    store.commit(bob, again).await.unwrap();
    // Nothing of its own, and the other one is told once.
    assert_eq!(store.entries(bob).await.len(), 1);
    assert_eq!(store.entries(alice).await.len(), 1);
    store.send(alice, message(group, 2, "once")).await.unwrap();
    let texts = store.waiting(bob).await;
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[1].2, b"once");
    store.send(bob, message(group, 2, "heard")).await.unwrap();
    assert_eq!(store.entries(alice).await.len(), 2);
}

pub(super) async fn a_repeated_commit_is_answered_as_the_first_time(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let group = store.group(&[alice, bob]).await;
    let once = commit(group, 1);
    let first = store.commit(alice, once.clone()).await.unwrap();
    store.commit(bob, commit(group, 2)).await.unwrap();
    let store = store.reopen().await;
    store.clock.advance(Duration::from_secs(60));
    assert_eq!(store.commit(alice, once.clone()).await, Ok(first));
    // By somebody else it is another one.
    assert_eq!(store.commit(bob, once).await, Err(Denied::StaleEpoch));
    assert_eq!(store.entries(bob).await.len(), 2);
}

pub(super) async fn a_group_has_a_bounded_number_of_devices(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let mut devices = vec![alice.client];
    // As many as there may be, of accounts with as many devices as may be.
    let mut number = 0;
    while devices.len() < GROUP_DEVICES_MAX + 1 {
        let human = store.sign_up(&format!("human{number}")).await;
        number += 1;
        devices.push(human.client);
        while devices.len() <= GROUP_DEVICES_MAX && devices.len() % 32 != 1 {
            devices.push(store.add_device(&human).await);
        }
    }
    let group = store.group(&devices[..GROUP_DEVICES_MAX]).await;
    let mut adding = commit(group, 1);
    adding.added = vec![devices[GROUP_DEVICES_MAX]];
    adding.welcome = Bytes::from_static(b"come in");
    let refused = store.commit(alice.client, adding.clone()).await;
    assert_eq!(refused, Err(Denied::GroupFull));
    adding.removed = vec![devices[1]];
    store.commit(alice.client, adding).await.unwrap();
    assert_eq!(store.entries(devices[GROUP_DEVICES_MAX]).await.len(), 1);
}

pub(super) async fn a_refused_commit_changes_nothing(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await.client;
    let carol = store.sign_up("carol").await.client;
    let group = store.group(&[alice.client, bob]).await;
    let mut unknown = commit(group, 1);
    unknown.removed = vec![bob];
    unknown.added = vec![carol, ClientId::random(&mut rand_core::OsRng)];
    unknown.welcome = Bytes::from_static(b"come in");
    let mut no_welcome = commit(group, 1);
    no_welcome.added = vec![carol];
    let mut nobody = commit(group, 1);
    nobody.welcome = Bytes::from_static(b"come in");
    let gone = store.add_device(&alice).await;
    store.revoke(&alice, gone).await;
    let mut revoked = unknown.clone();
    revoked.added = vec![carol, gone];
    for (refused, why) in [
        (unknown, Denied::UnknownDevice),
        (revoked, Denied::UnknownDevice),
        (no_welcome, Denied::NotAllowed),
        (nobody, Denied::NotAllowed),
        (commit(group, 0), Denied::StaleEpoch),
        (commit(group, 2), Denied::StaleEpoch),
    ] {
        assert_eq!(store.commit(alice.client, refused).await, Err(why));
    }
    assert_eq!(store.entries(bob).await.len(), 1);
    assert_eq!(store.entries(carol).await, []);
    let info = store.faces.delivery.group_info(bob, group).await;
    let info = info.unwrap().unwrap().unwrap();
    assert_eq!(info.summary.epoch, Epoch(1));
    assert_eq!(info.group_info, &b"group info 1"[..]);
    assert!(info.summary.member);
    store
        .send(bob, message(group, 1, "still here"))
        .await
        .unwrap();
}

pub(super) async fn commits_go_through_though_mailboxes_are_full(open: Open) {
    let bounds = MailboxBounds {
        entries: 1,
        ..MailboxBounds::default()
    };
    let store = Store::bounded(open, bounds);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let group = store.group(&[alice, bob]).await;
    let full = store.send(alice, message(group, 1, "no room")).await;
    assert_eq!(full, Err(Denied::MailboxFull));
    store.commit(alice, commit(group, 1)).await.unwrap();
    let entries = store.entries(bob).await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].kind, DeliveryKind::Missed);
    assert_eq!(entries[1].sequence, GroupSeq(2));
}
