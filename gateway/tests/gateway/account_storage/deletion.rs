//! What is left of a deleted account: used ids.

use super::*;

pub(super) async fn a_deleted_account_frees_its_name_and_never_its_ids(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let second = alice.certify();
    store
        .done(Change::AddDevice {
            certificate: second.clone(),
            label: label("second"),
        })
        .await;
    let bridge = ClientId::from_bytes([9; 16]);
    store
        .done(Change::SetBridge {
            account: alice.account,
            bridge: Some(alice.bridge(bridge, 1)),
        })
        .await;
    assert_eq!(
        store.apply(Change::DeleteAccount(alice.account)).await,
        Ok(Applied::Revoked(vec![
            new.certificate.client,
            second.client
        ]))
    );
    let store = store.reopen().await;
    let mut again = new.clone();
    assert_eq!(store.apply(register(&again)).await, Err(Refused::IdTaken));
    let newcomer = User::new("alice");
    for used in [new.certificate.client, second.client, bridge] {
        again = newcomer.sign_up();
        again.certificate = newcomer.certify_as(used);
        assert_eq!(store.apply(register(&again)).await, Err(Refused::IdTaken));
    }
    store.done(register(&newcomer.sign_up())).await;
    assert_eq!(
        store.apply(Change::DeleteAccount(alice.account)).await,
        Err(Refused::Unknown)
    );
    let gone = Change::DeleteAccount(newcomer.account);
    assert!(store.apply(gone).await.is_ok());
    store.classic("Alice").await;
}

pub(super) async fn a_deleted_account_leaves_nothing_in_memory_or_on_questions(open: Open) {
    let store = Store::new(open);
    let before = store.both.storage.totals();
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
    assert!(matches!(store.send(mailbox, bob).await, Written::Stored(_)));
    store.invite(Some(alice.account), 1).await.unwrap();
    store
        .done(Change::LoginFailed(vec![subject("alice")]))
        .await;
    assert!(
        store
            .apply(Change::DeleteAccount(alice.account))
            .await
            .is_ok()
    );

    assert_eq!(store.account(alice.account).await, None);
    assert_eq!(store.is_revoked(new.certificate.client).await, None);
    assert!(store.devices(alice.account).await.is_empty());
    assert!(!store.is_open(1).await);
    assert_eq!(store.failures(&subject("alice")).await, Failures::default());
    assert_eq!(store.both.storage.mailbox_size(mailbox), None);
    assert_eq!(store.both.storage.totals().clients, before.clients + 1);
    assert_eq!(
        store.both.storage.waiting(mailbox, 1000).await.unwrap(),
        Err(ReadError::Refused(Refusal::UnknownRequester))
    );
    assert_eq!(
        store.send(bob, mailbox).await,
        Written::Stored(sotto_shared::MessageId(1)),
        "the sender's receipt is the sender's"
    );
    let waiting = store
        .both
        .storage
        .waiting(bob, 1000)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        waiting.messages.len(),
        1,
        "what was sent is its addressee's"
    );
    let totals = store.both.storage.totals();
    let store = store.reopen().await;
    assert_eq!(store.both.storage.totals(), totals);
}
