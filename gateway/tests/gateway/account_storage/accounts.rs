//! Sign-up, names, credentials, deletion, the directory.

use super::*;

pub(super) async fn a_registered_account_is_found_in_every_way(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let record = store.account(alice.account).await.unwrap();
    assert_eq!(record.name, new.name);
    assert_eq!(record.display_name, new.display_name);
    assert_eq!(record.account_key, alice.key.public());
    assert_eq!((record.password_epoch, record.vault_version), (1, 1));
    assert!(!record.disabled && !record.hides_presence && record.bridge.is_none());
    for (slot, credential) in [
        (Slot::Password, &new.password),
        (Slot::Recovery, &new.recovery),
    ] {
        let login = store.both.accounts.login(new.name.clone(), slot).await;
        let login = login.unwrap().unwrap().unwrap();
        assert_eq!(&login.credential, credential);
        let file = store.both.accounts.password_file(new.name.clone(), slot);
        let expected = (alice.account, credential.password_file.clone());
        assert_eq!(file.await.unwrap().unwrap(), Some(expected));
        assert_eq!(login.vault, new.vault);
        assert_eq!(login.account, record);
    }
    let device = store.both.accounts.device(new.certificate.client).await;
    let device = device.unwrap().unwrap().unwrap();
    assert_eq!(device.certificate, new.certificate);
    assert_eq!(device.account, record);
    assert!(!device.revoked);
    let found = store
        .both
        .accounts
        .find_accounts(vec![new.name.clone()], vec![alice.account])
        .await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.len(), 1, "asked for twice and found once");
    assert_eq!(found[0].account, alice.account);
    assert_eq!(store.listed().await, ["alice"]);
    let summary = store.both.accounts.account_list().await.unwrap().unwrap();
    assert_eq!(summary.len(), 1);
    assert_eq!(summary[0].devices, 1);
    assert_eq!(summary[0].created_at, START as u64);
    let nobody = store
        .both
        .accounts
        .login("nobody".parse().unwrap(), Slot::Password)
        .await;
    assert_eq!(nobody.unwrap().unwrap(), None);
    assert_eq!(store.account(AccountId::ZERO).await, None);
    assert_eq!(store.is_revoked(ClientId::ZERO).await, None);
}

pub(super) async fn the_gateway_keeps_its_identity_and_accounts_over_a_restart(open: Open) {
    let store = Store::new(open);
    let other = Store::new(open);
    let identity = store.both.accounts.identity();
    assert_ne!(identity.gateway, other.both.accounts.identity().gateway);
    assert_eq!(
        format!("{identity:?}"),
        format!("GatewayIdentity {{ gateway: {:?}, .. }}", identity.gateway)
    );
    let (alice, _) = store.sign_up("alice").await;
    let before = store.account(alice.account).await;
    let store = store.reopen().await;
    let again = store.both.accounts.identity();
    assert_eq!(again.gateway, identity.gateway);
    assert_eq!(again.opaque_setup, identity.opaque_setup);
    assert_eq!(store.account(alice.account).await, before);
}

pub(super) async fn a_repeated_registration_is_refused(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    let store = store.reopen().await;
    assert_eq!(store.apply(register(&new)).await, Err(Refused::NameTaken));
    let mut renamed = new.clone();
    renamed.name = "mallory".parse().unwrap();
    assert_eq!(store.apply(register(&renamed)).await, Err(Refused::IdTaken));
    renamed.certificate = alice.certify();
    assert_eq!(store.apply(register(&renamed)).await, Err(Refused::IdTaken));
    assert_eq!(store.listed().await, ["alice"]);
}

pub(super) async fn names_are_reserved_across_dialects_without_case(open: Open) {
    let store = Store::new(open);
    store.sign_up("kiss.me").await;
    store.classic("Bob").await;
    for name in ["kiss.me", "KISS.ME", "Kiss.Me", "\u{212a}i\u{17f}s.me"] {
        assert_eq!(
            store.register_classic(name).await,
            Written::Refused(Refusal::NameTaken),
            "{name}"
        );
        let once = Write::Register {
            register: registration(name, 1),
            once: true,
        };
        assert_eq!(
            store.write(once).await,
            Written::Refused(Refusal::NameTaken)
        );
    }
    store.classic("kiss me").await;
    for name in ["bob", "kiss.me"] {
        let new = User::new(name).sign_up();
        assert_eq!(
            store.apply(register(&new)).await,
            Err(Refused::NameTaken),
            "{name}"
        );
    }
    assert_eq!(store.listed().await, ["kiss.me"]);
}

pub(super) async fn new_credentials_replace_the_old_ones_at_once(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    store.done(add(&alice)).await;
    let failed = Change::LoginFailed(vec![
        subject("alice"),
        LoginSubject::Name(new.name.clone(), Slot::Recovery),
        address("192.0.2.1"),
    ]);
    store.done(failed).await;
    let set = |password: Option<&str>, recovery: Option<&str>, revoked| Change::SetCredentials {
        account: alice.account,
        password: password.map(credential),
        recovery: recovery.map(credential),
        revocations: revoked,
    };
    let stored = async |slot| {
        let login = store.both.accounts.login(new.name.clone(), slot).await;
        login.unwrap().unwrap().unwrap().credential
    };
    let recovery = set(None, Some("new code"), Vec::new());
    assert_eq!(store.apply(recovery).await, Ok(Applied::Credentials(1)));
    assert_eq!(store.failures(&subject("alice")).await.count, 1);
    assert_eq!(stored(Slot::Password).await, new.password);
    assert_eq!(stored(Slot::Recovery).await, credential("new code"));

    let unknown = vec![alice.revoke(ClientId::from_bytes([1; 16]))];
    let refused = set(Some("lost"), None, unknown);
    assert_eq!(store.apply(refused).await, Err(Refused::Unknown));
    assert_eq!(stored(Slot::Password).await, new.password);

    let revoked = vec![alice.revoke(new.certificate.client)];
    let password = set(Some("new password"), None, revoked);
    assert_eq!(store.apply(password).await, Ok(Applied::Credentials(2)));
    assert_eq!(stored(Slot::Password).await, credential("new password"));
    assert_eq!(stored(Slot::Recovery).await, credential("new code"));
    assert_eq!(store.is_revoked(new.certificate.client).await, Some(true));
    assert_eq!(
        store.account(alice.account).await.unwrap().password_epoch,
        2
    );
    assert_eq!(store.failures(&subject("alice")).await, Failures::default());
    let recovery = LoginSubject::Name(new.name.clone(), Slot::Recovery);
    assert_eq!(store.failures(&recovery).await, Failures::default());
    assert_eq!(store.failures(&address("192.0.2.1")).await.count, 1);
}

pub(super) async fn accounts_are_limited_as_clients_are(open: Open) {
    let store = Store::new(open);
    let mut last = None;
    for n in 0..10 {
        last = Some(store.sign_up(&format!("user{n}")).await.0);
        store.classic(&format!("classic {n}")).await;
    }
    let new = User::new("another").sign_up();
    assert_eq!(
        store.apply(register(&new)).await,
        Err(Refused::AccountsFull)
    );
    let last = last.unwrap();
    let bridge = Change::SetBridge {
        account: last.account,
        bridge: Some(last.bridge(ClientId::from_bytes([9; 16]), 1)),
    };
    assert_eq!(store.apply(bridge).await, Err(Refused::AccountsFull));
    assert_eq!(store.account(last.account).await.unwrap().bridge, None);
    let store = store.reopen().await;
    assert_eq!(
        store.apply(register(&new)).await,
        Err(Refused::AccountsFull)
    );
    assert!(
        store
            .apply(Change::DeleteAccount(last.account))
            .await
            .is_ok()
    );
    store.done(register(&new)).await;
}

pub(super) async fn hidden_presence_is_told_to_nobody(open: Open) {
    let store = Store::new(open);
    let (alice, new) = store.sign_up("alice").await;
    store.clock.advance(Duration::from_secs(100));
    let seen = vec![new.certificate.client, ClientId::from_bytes([3; 16])];
    store.done(Change::Seen(seen)).await;
    let presence = async || {
        let found = store.both.accounts.accounts(None, 1).await;
        found.unwrap().unwrap()[0].presence
    };
    let shown = Presence {
        online: false,
        last_seen: Some(START as u64 + 100),
    };
    assert_eq!(presence().await, Some(shown));
    let profile = |hides_presence| Change::UpdateProfile {
        account: alice.account,
        display_name: "Alice A.".parse().unwrap(),
        hides_presence,
    };
    store.done(profile(true)).await;
    assert_eq!(presence().await, None);
    let record = store.account(alice.account).await.unwrap();
    assert!(record.hides_presence);
    assert_eq!(record.display_name.as_str(), "Alice A.");
    let devices = store.both.accounts.devices(alice.account).await;
    assert_eq!(devices.unwrap().unwrap()[0].last_seen, START as u64 + 100);
    store.done(profile(false)).await;
    assert_eq!(presence().await, Some(shown));
}

pub(super) async fn pages_are_in_order_of_names(open: Open) {
    let store = Store::new(open);
    for name in ["dave", "alice", "carol", "bob"] {
        store.sign_up(name).await;
    }
    let page = async |after: Option<&str>, limit| {
        let after = after.map(|name| name.parse().unwrap());
        let page = store.both.accounts.accounts(after, limit).await;
        let entries = page.unwrap().unwrap().into_iter();
        entries
            .map(|entry| entry.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["alice", "bob"]);
    assert_eq!(page(Some("bob"), 2).await, ["carol", "dave"]);
    assert_eq!(page(Some("bobby"), 1).await, ["carol"]);
    assert!(page(Some("dave"), 2).await.is_empty());
}

pub(super) async fn refused_changes_change_nothing(open: Open) {
    let store = Store::new(open);
    let (alice, _) = store.sign_up("alice").await;
    let mailbox = ClientId::from_bytes([9; 16]);
    store
        .done(Change::SetBridge {
            account: alice.account,
            bridge: Some(alice.bridge(mailbox, 1)),
        })
        .await;
    let before = (
        store.account(alice.account).await,
        store.both.storage.totals(),
    );
    // The old mailbox would be gone before the new one is refused.
    let bob = store.classic("bob").await;
    let refused = Change::SetBridge {
        account: alice.account,
        bridge: Some(alice.bridge(bob, 1)),
    };
    let batch = store.both.accounts.apply(refused);
    let (other, _) = store.sign_up("other").await;
    assert_eq!(batch.await.unwrap(), Err(Refused::IdTaken));
    assert_eq!(store.account(alice.account).await, before.0);
    assert_eq!(
        store.both.storage.mailbox_size(mailbox),
        Some(MailboxSize::default())
    );
    assert_eq!(store.both.storage.totals().clients, before.1.clients + 1);
    assert!(store.account(other.account).await.is_some());
    let nobody = AccountId::from_bytes([1; 16]);
    for change in [
        Change::DeleteAccount(nobody),
        Change::SetDisabled {
            account: nobody,
            disabled: true,
        },
        Change::SetBridge {
            account: nobody,
            bridge: None,
        },
        Change::UpdateProfile {
            account: nobody,
            display_name: "Nobody".parse().unwrap(),
            hides_presence: false,
        },
        add(&User::new("nobody")),
    ] {
        assert_eq!(
            store.apply(change.clone()).await,
            Err(Refused::Unknown),
            "{change:?}"
        );
    }
}

pub(super) async fn changes_are_refused_after_closing(open: Open) {
    let store = Store::new(open);
    let last = store
        .both
        .accounts
        .apply(register(&User::new("alice").sign_up()));
    store.both.storage.close().await.unwrap();
    assert_eq!(last.await.unwrap(), Ok(Applied::Done), "accepted before");
    let change = Change::LoginFailed(vec![subject("alice")]);
    assert!(store.both.accounts.apply(change).await.is_err());
}

pub(super) async fn of_those_who_want_a_name_at_once_one_gets_it(open: Open) {
    let store = Store::new(open);
    let pending: Vec<_> = (0..8)
        .map(|_| {
            let accounts = &store.both.accounts;
            accounts.apply(register(&User::new("alice").sign_up()))
        })
        .collect();
    let classic = store.both.storage.write(vec![Write::Register {
        register: registration("Alice", 1),
        once: true,
    }]);
    let mut got_it = 0;
    for result in pending {
        match result.await.unwrap() {
            Ok(Applied::Done) => got_it += 1,
            other => assert_eq!(other, Err(Refused::NameTaken)),
        }
    }
    assert_eq!(got_it, 1);
    let refused = Written::Refused(Refusal::NameTaken);
    assert_eq!(classic.await.unwrap(), [refused]);
    assert_eq!(store.both.storage.totals().clients, 0);
}
