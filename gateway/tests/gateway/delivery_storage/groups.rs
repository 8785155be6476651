//! Groups: who makes them, who sees them.

use super::*;

pub(super) async fn there_is_one_direct_chat_of_two_or_with_oneself_and_one_lobby(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let (first, second) = (new_group(), new_group());
    let by_alice = direct(first, bob.user.account);
    let opened = store.create(alice.client, by_alice.clone()).await.unwrap();
    assert_eq!((opened.group, opened.created), (first, true));
    let store = store.reopen().await;
    let again = store.create(alice.client, by_alice).await.unwrap();
    assert_eq!((again.group, again.created), (first, false));
    let by_bob = direct(second, alice.user.account);
    let opened = store.create(bob.client, by_bob).await.unwrap();
    assert_eq!((opened.group, opened.created), (first, false));
    let with_herself = direct(new_group(), alice.user.account);
    let notes = with_herself.group;
    let opened = store.create(alice.client, with_herself).await.unwrap();
    assert_eq!((opened.group, opened.created), (notes, true));
    let again = direct(new_group(), alice.user.account);
    let opened = store.create(alice.client, again).await.unwrap();
    assert_eq!((opened.group, opened.created), (notes, false));
    let info = store.faces.delivery.group_info(bob.client, notes).await;
    assert_eq!(info.unwrap().unwrap(), None);
    let nobody = AccountId::random(&mut rand_core::OsRng);
    let refused = store.create(alice.client, direct(new_group(), nobody));
    assert_eq!(refused.await, Err(Denied::UnknownPeer));

    let hall = new_group();
    let opened = store.create(bob.client, lobby(hall)).await.unwrap();
    assert!(opened.created);
    let opened = store.create(alice.client, lobby(new_group())).await;
    let opened = opened.unwrap();
    assert_eq!((opened.group, opened.created), (hall, false));
}

pub(super) async fn a_groups_id_is_never_anothers(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let bob = store.sign_up("bob").await.client;
    let group = store.group(&[alice]).await;
    let again = store.create(alice, plain(group)).await.unwrap();
    assert_eq!((again.group, again.created), (group, false));
    for stolen in [plain(group), lobby(group)] {
        assert_eq!(store.create(bob, stolen).await, Err(Denied::IdTaken));
    }
    let info = store.faces.delivery.group_info(bob, group).await;
    assert_eq!(info.unwrap().unwrap(), None);
}

pub(super) async fn an_account_creates_a_bounded_number_of_groups(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await.client;
    let mut last = Vec::new();
    for _ in 0..GROUPS_CREATED_MAX {
        let group = plain(new_group());
        let by = alice.client;
        last.push(store.faces.delivery.submit(Act::Create { by, group }));
    }
    for pending in last {
        assert!(pending.await.unwrap().is_ok());
    }
    let second = store.add_device(&alice).await;
    let refused = store.create(second, plain(new_group())).await;
    assert_eq!(refused, Err(Denied::TooMany));
    // Others are not concerned, and add her where they like.
    store.group(&[bob, second]).await;
}

pub(super) async fn groups_are_listed_for_those_who_belong_to_them(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let second = store.add_device(&alice).await;
    let own = store.group(&[alice.client]).await;
    let bobs = store.group(&[bob.client]).await;
    let chat = new_group();
    let with_alice = direct(chat, alice.user.account);
    store.create(bob.client, with_alice).await.unwrap();
    let hall = new_group();
    store.create(bob.client, lobby(hall)).await.unwrap();
    let listed = async |client: ClientId| {
        let mut all = Vec::new();
        // Page by page.
        while let Some(group) = {
            let after = all.last().map(|(id, _, _)| *id);
            let page = store.faces.delivery.groups(client, after, 1).await;
            let page = page.unwrap().unwrap();
            assert!(page.len() <= 1);
            page.first().copied()
        } {
            all.push((group.group, group.member, group.account_member));
        }
        all
    };
    let sorted = |mut groups: Vec<(GroupId, bool, bool)>| {
        groups.sort();
        groups
    };
    let of_alice = [
        (own, true, false),
        (chat, false, false),
        (hall, false, false),
    ];
    assert_eq!(listed(alice.client).await, sorted(of_alice.to_vec()));
    let of_second = [
        (own, false, true),
        (chat, false, false),
        (hall, false, false),
    ];
    assert_eq!(listed(second).await, sorted(of_second.to_vec()));
    let of_bob = [
        (bobs, true, false),
        (chat, true, false),
        (hall, true, false),
    ];
    assert_eq!(listed(bob.client).await, sorted(of_bob.to_vec()));
    let info = |client: ClientId, group: GroupId| {
        let info = store.faces.delivery.group_info(client, group);
        async move { info.await.unwrap().unwrap() }
    };
    assert_eq!(info(alice.client, bobs).await, None);
    assert_eq!(info(alice.client, new_group()).await, None);
    for (client, group) in [(second, own), (second, chat), (second, hall)] {
        let info = info(client, group).await.unwrap();
        assert_eq!(info.group_info, &b"group info 0"[..]);
        assert_eq!(info.summary.epoch, Epoch(0));
        assert_eq!(info.summary.sequence, GroupSeq(0));
        assert!(!info.summary.member);
    }
}

pub(super) async fn those_who_share_a_group_are_neighbours_but_not_by_the_lobby(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let carol = store.sign_up("carol").await;
    let hall = new_group();
    store.create(carol.client, lobby(hall)).await.unwrap();
    store.commit(alice.client, external(hall, 0)).await.unwrap();
    let neighbours = async |limit| {
        let found = store.faces.delivery.neighbours(alice.user.account, limit);
        found.await.unwrap().unwrap()
    };
    assert_eq!(neighbours(10).await, []);
    store.group(&[bob.client, alice.client]).await;
    store.group(&[alice.client, bob.client]).await;
    assert_eq!(neighbours(10).await, [bob.user.account]);
    store.group(&[alice.client, carol.client]).await;
    assert_eq!(neighbours(10).await.len(), 2);
    assert_eq!(neighbours(1).await.len(), 1);
}
