//! Devices and their ids.

use super::*;

pub(super) async fn ids_of_devices_and_classic_clients_are_distinct(open: Open) {
    let store = Store::new(open);
    let classic = store.classic("bob").await;
    let alice = User::new("alice");
    let mut new = alice.sign_up();
    for taken in [classic, ClientId::ZERO] {
        new.certificate = alice.certify_as(taken);
        assert_eq!(store.apply(register(&new)).await, Err(Refused::IdTaken));
    }
    let (alice, new) = store.sign_up("alice").await;
    for taken in [classic, new.certificate.client, ClientId::ZERO] {
        let bridge = Change::SetBridge {
            account: alice.account,
            bridge: Some(alice.bridge(taken, 1)),
        };
        assert_eq!(store.apply(bridge).await, Err(Refused::IdTaken));
        let device = Change::AddDevice {
            certificate: alice.certify_as(taken),
            label: label("another"),
        };
        assert_eq!(store.apply(device).await, Err(Refused::IdTaken));
    }
    // Devices are nothing that classic requests could meet.
    let device = new.certificate.client;
    assert_eq!(
        store.send(classic, device).await,
        Written::Refused(Refusal::UnknownClient)
    );
    assert_eq!(
        store.send(device, classic).await,
        Written::Refused(Refusal::UnknownRequester)
    );
    let listed = store.both.storage.clients(classic).await.unwrap().unwrap();
    assert!(listed.is_empty());
}

pub(super) async fn a_revoked_device_stays_revoked_and_known(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let first = new.certificate.client;
    let second = alice.certify();
    let add = Change::AddDevice {
        certificate: second.clone(),
        label: label("second"),
    };
    store.done(add.clone()).await;
    store.done(add.clone()).await;
    assert_eq!(store.devices(alice.account).await, [first, second.client]);
    let revoke = Change::RevokeDevices {
        account: alice.account,
        revocations: vec![alice.revoke(second.client)],
    };
    let applied = store.apply(revoke.clone()).await;
    assert_eq!(applied, Ok(Applied::Revoked(vec![second.client])));
    assert_eq!(store.apply(revoke).await, Ok(Applied::Revoked(Vec::new())));
    let store = store.reopen().await;
    assert_eq!(store.is_revoked(second.client).await, Some(true));
    assert_eq!(store.is_revoked(first).await, Some(false));
    assert_eq!(store.devices(alice.account).await, [first]);
    assert_eq!(store.apply(add).await, Err(Refused::IdTaken));
    let rename = |client| Change::RenameDevice {
        account: alice.account,
        client,
        name: "mine".to_owned(),
    };
    store.done(rename(first)).await;
    let devices = store.both.accounts.devices(alice.account).await;
    assert_eq!(devices.unwrap().unwrap()[0].label.name, "mine");
    assert_eq!(
        store.apply(rename(second.client)).await,
        Err(Refused::Unknown)
    );
}

pub(super) async fn revocations_are_whole_or_nothing(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let (_, bobs) = store.sign_up("bob").await;
    let revoke = Change::RevokeDevices {
        account: alice.account,
        revocations: vec![
            alice.revoke(new.certificate.client),
            alice.revoke(bobs.certificate.client),
        ],
    };
    assert_eq!(store.apply(revoke).await, Err(Refused::Unknown));
    assert_eq!(store.is_revoked(new.certificate.client).await, Some(false));
    assert_eq!(store.is_revoked(bobs.certificate.client).await, Some(false));
    let mallory = User {
        account: alice.account,
        ..User::new("mallory")
    };
    assert_eq!(
        store.apply(add(&mallory)).await,
        Err(Refused::Unknown),
        "another key certifies nothing"
    );
}

pub(super) async fn the_last_device_allowed_is_added_and_no_further_one(open: Open) {
    let store = Store::new(open);
    let (alice, _) = store.sign_up("alice").await;
    for _ in 1..DEVICES_MAX {
        store.done(add(&alice)).await;
    }
    assert_eq!(store.apply(add(&alice)).await, Err(Refused::TooManyDevices));
    assert_eq!(store.devices(alice.account).await.len(), DEVICES_MAX);
}

pub(super) async fn revoked_devices_make_room(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    for _ in 1..DEVICES_MAX {
        store.done(add(&alice)).await;
    }
    let revoke = Change::RevokeDevices {
        account: alice.account,
        revocations: vec![alice.revoke(new.certificate.client)],
    };
    store.apply(revoke).await.unwrap();
    store.done(add(&alice)).await;
    assert_eq!(store.apply(add(&alice)).await, Err(Refused::TooManyDevices));
}
