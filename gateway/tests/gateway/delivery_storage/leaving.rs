//! What goes with devices and accounts.

use super::*;

pub(super) async fn a_revoked_device_loses_everything_at_once(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await;
    let group = store.group(&[alice, bob.client]).await;
    let packages = PublishKeyPackages {
        suite: SUITE,
        packages: vec![KeyPackage {
            package: Bytes::from_static(b"package"),
            last_resort: true,
            expires_at: u64::MAX,
        }],
        replace: false,
    };
    let by = bob.client;
    store.act(Act::Publish { by, packages }).await.unwrap();
    store.send(alice, message(group, 1, "hello")).await.unwrap();
    store.add_device(&bob).await;
    store.revoke(&bob, bob.client).await;
    assert_eq!(store.entries(bob.client).await, []);
    for table in ["group_messages", "contents", "entries", "key_packages"] {
        assert_eq!(store.count(table), 0, "{table}");
    }
    store
        .send(alice, message(group, 1, "anybody?"))
        .await
        .unwrap();
    assert_eq!(store.count("entries"), 0);
    for act in [
        Act::Send {
            by,
            message: message(group, 1, "it's me"),
        },
        Act::Commit {
            by,
            commit: external(group, 1),
        },
        Act::Acknowledge { by, up_to: 1 },
    ] {
        assert_eq!(store.act(act).await, Err(Denied::NoDevice));
    }
    let wanted = vec![Wanted {
        client: by,
        one_time: true,
    }];
    let suite = SUITE;
    assert!(matches!(
        store.act(Act::Claim { suite, wanted }).await,
        Ok(Acted::Claimed { packages, .. }) if packages.is_empty()
    ));
}

pub(super) async fn the_account_of_a_revoked_device_finds_its_way_back(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await;
    let group = store.group(&[alice, bob.client]).await;
    let second = store.add_device(&bob).await;
    store.revoke(&bob, bob.client).await;
    let store = store.reopen().await;
    let listed = store.faces.delivery.groups(second, None, 10).await;
    let listed = listed.unwrap().unwrap();
    assert_eq!(listed.len(), 1);
    assert!(!listed[0].member && listed[0].account_member);
    let mut back = external(group, 1);
    back.removed = vec![bob.client];
    store.commit(second, back).await.unwrap();
    store
        .send(alice, message(group, 2, "welcome"))
        .await
        .unwrap();
    assert_eq!(store.waiting(second).await[0].2, b"welcome");
    // Once the leaf is removed, its place is.
    assert_eq!(store.count("members"), 2);
    let mut removing = commit(group, 2);
    removing.removed = vec![second];
    store.commit(alice, removing).await.unwrap();
    let refused = store.commit(second, external(group, 3)).await;
    assert_eq!(refused, Err(Denied::NotAllowed));
}

pub(super) async fn a_deleted_account_leaves_no_place_and_no_message(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let shared = store.group(&[alice.client, bob.client]).await;
    let own = store.group(&[bob.client]).await;
    let chat = new_group();
    let with_alice = direct(chat, alice.user.account);
    store.create(bob.client, with_alice).await.unwrap();
    store
        .send(alice.client, message(shared, 1, "hello"))
        .await
        .unwrap();
    let account = bob.user.account;
    store.change(Change::DeleteAccount(account)).await;
    for (table, left) in [
        ("group_messages", 0),
        ("contents", 0),
        ("entries", 0),
        ("mailboxes", 0),
        ("mls_groups", 1),
        ("group_infos", 1),
        ("members", 1),
    ] {
        assert_eq!(store.count(table), left, "{table}");
    }
    let listed = store.faces.delivery.groups(alice.client, None, 10).await;
    let listed: Vec<_> = listed.unwrap().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].group, shared);
    // Its leaves are removed though it is gone; the ids of its groups are free.
    let mut removing = commit(shared, 1);
    removing.removed = vec![bob.client];
    store.commit(alice.client, removing).await.unwrap();
    let opened = store.create(alice.client, plain(own)).await.unwrap();
    assert!(opened.created);
}

pub(super) async fn a_revocation_that_is_refused_takes_nothing(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    store.add_device(&bob).await;
    let group = store.group(&[alice.client, bob.client]).await;
    let change = Change::RevokeDevices {
        account: bob.user.account,
        revocations: vec![bob.user.revoke(bob.client), bob.user.revoke(alice.client)],
    };
    assert!(store.faces.accounts.apply(change).await.unwrap().is_err());
    assert_eq!(store.entries(bob.client).await.len(), 1);
    store
        .send(alice.client, message(group, 1, "hello"))
        .await
        .unwrap();
    assert_eq!(store.entries(bob.client).await[1].number, 2);
}
