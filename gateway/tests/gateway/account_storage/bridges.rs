//! The classic mailbox of an account.

use super::*;

pub(super) async fn a_bridge_is_a_classic_client_while_it_is_on(open: Open) {
    let store = Store::new(open);
    let (alice, _) = store.sign_up("alice").await;
    let bob = store.classic("bob").await;
    let mailbox = ClientId::from_bytes([9; 16]);
    let (certificate, key) = alice.bridge(mailbox, 1);
    let on = |bridge| Change::SetBridge {
        account: alice.account,
        bridge,
    };
    store.done(on(Some((certificate.clone(), key)))).await;
    let stored = store.send(bob, mailbox).await;
    assert!(matches!(stored, Written::Stored(_)), "{stored:?}");
    store.done(on(Some((certificate.clone(), key)))).await;
    let size = store.both.storage.mailbox_size(mailbox).unwrap();
    assert_eq!(size.messages, 1, "a repetition deletes nothing");
    let record = store.account(alice.account).await.unwrap();
    assert_eq!(record.bridge.as_ref(), Some(&certificate));
    let listed = store.both.storage.clients(bob).await.unwrap().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].client, listed[0].name.as_str()),
        (mailbox, "alice")
    );
    let told = store.both.storage.public_key(bob, mailbox).await;
    assert_eq!(told.unwrap().unwrap().public_key, key);
    assert_eq!(
        store.register_classic("Alice").await,
        Written::Refused(Refusal::NameTaken)
    );
    // Whoever repeats the mailbox's own registration learns the id that everybody is told.
    let repeated = Write::Register {
        register: registration("alice", 1),
        once: true,
    };
    assert_eq!(store.write(repeated).await, Written::Registered(mailbox));

    let other = ClientId::from_bytes([8; 16]);
    store.done(on(Some(alice.bridge(other, 2)))).await;
    assert_eq!(store.both.storage.mailbox_size(mailbox), None);
    assert_eq!(
        store.both.storage.mailbox_size(other),
        Some(MailboxSize::default())
    );
    store.done(on(None)).await;
    store.done(on(None)).await;
    assert_eq!(store.account(alice.account).await.unwrap().bridge, None);
    assert_eq!(store.both.storage.totals().clients, 1);
    assert_eq!(
        store.apply(on(Some(alice.bridge(mailbox, 1)))).await,
        Err(Refused::IdTaken)
    );
    assert_eq!(
        store.register_classic("alice").await,
        Written::Refused(Refusal::NameTaken),
        "the name is the account's with and without a bridge"
    );
}

pub(super) async fn a_carried_over_client_keeps_its_mail(open: Open) {
    let store = Store::new(open);
    let classic = store.classic("Alice").await;
    let bob = store.classic("bob").await;
    assert!(matches!(store.send(bob, classic).await, Written::Stored(_)));
    let key = store.both.accounts.classic_key(classic).await;
    assert_eq!(key.unwrap().unwrap().unwrap().0, [1; 160]);
    let alice = User::new("alice");
    let mut new = alice.sign_up();
    new.carry_over = Some(alice.bridge(classic, 1).0);
    store.done(register(&new)).await;
    let store = store.reopen().await;
    let size = store.both.storage.mailbox_size(classic).unwrap();
    assert_eq!(size.messages, 1);
    let record = store.account(alice.account).await.unwrap();
    assert_eq!(record.bridge, new.carry_over);
    assert_eq!(store.both.storage.totals().clients, 2);
}

pub(super) async fn only_a_free_classic_client_is_carried_over(open: Open) {
    let store = Store::new(open);
    let classic = store.classic("Alice").await;
    let alice = User::new("alice");
    let mut new = alice.sign_up();
    new.carry_over = Some(alice.bridge(classic, 2).0);
    assert_eq!(
        store.apply(register(&new)).await,
        Err(Refused::Unknown),
        "a certificate of another key"
    );
    new.carry_over = Some(alice.bridge(ClientId::from_bytes([5; 16]), 1).0);
    assert_eq!(store.apply(register(&new)).await, Err(Refused::NameTaken));
    new.carry_over = Some(alice.bridge(classic, 1).0);
    store.done(register(&new)).await;
    let mallory = User::new("mallory");
    let mut new = mallory.sign_up();
    new.carry_over = Some(mallory.bridge(classic, 1).0);
    assert_eq!(store.apply(register(&new)).await, Err(Refused::IdTaken));
    assert_eq!(store.listed().await, ["alice"]);
}

pub(super) async fn a_disabled_account_is_hidden_and_its_classic_mailbox_unreachable(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let bob = store.classic("bob").await;
    let mailbox = ClientId::from_bytes([9; 16]);
    store
        .done(Change::SetBridge {
            account: alice.account,
            bridge: Some(alice.bridge(mailbox, 1)),
        })
        .await;
    assert!(matches!(store.send(bob, mailbox).await, Written::Stored(_)));
    store.invite(Some(alice.account), 1).await.unwrap();
    let disable = |disabled| Change::SetDisabled {
        account: alice.account,
        disabled,
    };
    let cut = Ok(Applied::Revoked(vec![new.certificate.client]));
    assert_eq!(store.apply(disable(true)).await, cut);
    assert_eq!(store.apply(disable(true)).await, cut);
    let store = store.reopen().await;
    assert!(store.listed().await.is_empty());
    let found = store
        .both
        .accounts
        .find_accounts(vec![new.name.clone()], vec![alice.account]);
    assert!(found.await.unwrap().unwrap().is_empty());
    let login = store
        .both
        .accounts
        .login(new.name.clone(), Slot::Password)
        .await;
    assert!(login.unwrap().unwrap().unwrap().account.disabled);
    assert_eq!(store.is_revoked(new.certificate.client).await, Some(false));
    assert!(!store.is_open(1).await);
    assert_eq!(store.both.storage.mailbox_size(mailbox), None);
    assert_eq!(
        store.send(mailbox, bob).await,
        Written::Refused(Refusal::UnknownRequester)
    );
    let listed = store.both.storage.clients(bob).await.unwrap().unwrap();
    assert!(listed.is_empty());
    assert_eq!(
        store.both.storage.public_key(bob, mailbox).await.unwrap(),
        Err(ReadError::Refused(Refusal::UnknownClient))
    );
    let late = Change::SetBridge {
        account: alice.account,
        bridge: Some(alice.bridge(ClientId::from_bytes([8; 16]), 1)),
    };
    for late in [late, add(&alice)] {
        assert_eq!(store.apply(late).await, Err(Refused::Unknown));
    }
    let late = store.invite(Some(alice.account), 2).await;
    assert_eq!(late, Err(Refused::Unknown));
    store.done(disable(false)).await;
    store.done(disable(false)).await;
    assert!(store.is_open(1).await);
    let size = store.both.storage.mailbox_size(mailbox).unwrap();
    assert_eq!((size.messages, size.bytes), (1, 5));
    assert_eq!(store.both.storage.totals().clients, 2);
    assert_eq!(store.listed().await, ["alice"]);
}
