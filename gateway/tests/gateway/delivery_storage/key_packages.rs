//! Key packages: each handed out once, the last resort as often as is asked.

use super::*;

fn package(name: &str, last_resort: bool, lifetime: i64) -> KeyPackage {
    KeyPackage {
        package: Bytes::copy_from_slice(name.as_bytes()),
        last_resort,
        expires_at: (START + lifetime) as u64,
    }
}

fn one_time(name: &str) -> KeyPackage {
    package(name, false, 1000)
}

impl Store {
    async fn publish(
        &self,
        by: ClientId,
        suite: SuiteId,
        packages: Vec<KeyPackage>,
        replace: bool,
    ) -> Result<KeyPackagesLeft, Denied> {
        let packages = PublishKeyPackages {
            suite,
            packages,
            replace,
        };
        match self.act(Act::Publish { by, packages }).await? {
            Acted::Published(left) => Ok(left),
            other => panic!("{other:?}"),
        }
    }

    async fn claim(&self, client: ClientId, one_time: bool) -> Option<String> {
        let wanted = vec![Wanted { client, one_time }];
        let suite = SUITE;
        match self.act(Act::Claim { suite, wanted }).await.unwrap() {
            Acted::Claimed { packages, .. } => packages
                .first()
                .map(|claimed| String::from_utf8(claimed.package.to_vec()).unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn a_one_time_package_is_handed_out_once(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    assert_eq!(store.claim(alice, true).await, None);
    let packages = vec![one_time("a"), one_time("b"), package("last", true, 1000)];
    let left = store.publish(alice, SUITE, packages, false).await.unwrap();
    let expected = KeyPackagesLeft {
        suite: SUITE,
        one_time: 2,
        last_resort: true,
    };
    assert_eq!(left, expected);
    let store = store.reopen().await;
    for expected in ["a", "b", "last", "last"] {
        assert_eq!(store.claim(alice, true).await.as_deref(), Some(expected));
    }
    let left = store.faces.delivery.key_packages_left(alice, SUITE).await;
    let left = left.unwrap().unwrap();
    assert_eq!((left.one_time, left.last_resort), (0, true));
    // Another last resort takes the place of the one before; a drained device keeps its one-time
    // packages.
    let packages = vec![one_time("c"), package("newer", true, 1000)];
    store.publish(alice, SUITE, packages, false).await.unwrap();
    assert_eq!(store.claim(alice, false).await.as_deref(), Some("newer"));
    assert_eq!(store.claim(alice, true).await.as_deref(), Some("c"));
    let left = store.publish(alice, SUITE, Vec::new(), true).await.unwrap();
    assert_eq!((left.one_time, left.last_resort), (0, false));
    assert_eq!(store.claim(alice, true).await, None);
}

pub(super) async fn of_those_who_claim_at_once_one_gets_the_one_time_package(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let packages = (0..10).map(|n| one_time(&n.to_string())).collect();
    store.publish(alice, SUITE, packages, false).await.unwrap();
    let wanted = vec![Wanted {
        client: alice,
        one_time: true,
    }];
    let claims: Vec<_> = (0..20)
        .map(|_| {
            let wanted = wanted.clone();
            let suite = SUITE;
            store.faces.delivery.submit(Act::Claim { suite, wanted })
        })
        .collect();
    let mut given = Vec::new();
    for claim in claims {
        match claim.await.unwrap().unwrap() {
            Acted::Claimed { packages, .. } => given.extend(packages),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(given.len(), 10);
    given.sort_by(|a, b| a.package.cmp(&b.package));
    given.dedup();
    assert_eq!(given.len(), 10);
}

pub(super) async fn expired_packages_are_not_handed_out(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let packages = vec![package("short", false, 10), package("last", true, 20)];
    store.publish(alice, SUITE, packages, false).await.unwrap();
    store.clock.advance(Duration::from_secs(10));
    assert_eq!(store.claim(alice, true).await.as_deref(), Some("last"));
    store.clock.advance(Duration::from_secs(10));
    assert_eq!(store.claim(alice, true).await, None);
    let left = store.faces.delivery.key_packages_left(alice, SUITE).await;
    assert!(!left.unwrap().unwrap().last_resort);
    let store = store.reopen().await;
    // Sweeping comes with the first orders.
    store.claim(alice, true).await;
    store.claim(alice, true).await;
    assert_eq!(store.count("key_packages"), 0);
}

pub(super) async fn the_oldest_packages_give_way_at_the_limit(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    let packages = (0..KEY_PACKAGES_MAX)
        .map(|n| one_time(&n.to_string()))
        .collect();
    let left = store.publish(alice, SUITE, packages, false).await.unwrap();
    assert_eq!(left.one_time as usize, KEY_PACKAGES_MAX);
    let packages = vec![package("last", true, 1000), one_time("new")];
    let left = store.publish(alice, SUITE, packages, false).await.unwrap();
    assert_eq!(left.one_time as usize, KEY_PACKAGES_MAX);
    assert!(left.last_resort);
    assert_eq!(store.claim(alice, true).await.as_deref(), Some("1"));
}

pub(super) async fn a_device_has_packages_of_a_few_suites_only(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await.client;
    for suite in 0..SUITES_MAX as u16 {
        let packages = vec![one_time("a")];
        let published = store.publish(alice, SuiteId(suite), packages, false).await;
        assert!(published.is_ok());
    }
    let more = SuiteId(SUITES_MAX as u16);
    let refused = store.publish(alice, more, vec![one_time("a")], false).await;
    assert_eq!(refused, Err(Denied::TooMany));
    let again = store.publish(alice, SuiteId(0), vec![one_time("b")], false);
    assert_eq!(again.await.unwrap().one_time, 2);
    let stranger = ClientId::random(&mut rand_core::OsRng);
    let refused = store.publish(stranger, SUITE, vec![one_time("a")], false);
    assert_eq!(refused.await, Err(Denied::NoDevice));
}

pub(super) async fn the_devices_of_an_account_are_told_with_the_newest_revocations(open: Open) {
    let store = Store::new(open);
    let alice = store.sign_up("alice").await;
    let bob = store.sign_up("bob").await;
    let mut gone = Vec::new();
    for _ in 0..=REVOCATIONS_MAX {
        let device = store.add_device(&alice).await;
        store.clock.advance(Duration::from_secs(1));
        store.revoke(&alice, device).await;
        gone.push(device);
    }
    let second = store.add_device(&alice).await;
    let nobody = AccountId::random(&mut rand_core::OsRng);
    let ask = |asker: AccountId| {
        let wanted = vec![nobody, alice.user.account];
        store.faces.delivery.devices_of(asker, wanted)
    };
    let found = ask(bob.user.account).await.unwrap().unwrap();
    assert_eq!(found.len(), 1);
    let certified: Vec<_> = found[0].certificates.iter().map(|it| it.client).collect();
    assert_eq!(certified, [alice.client, second]);
    let revoked: Vec<_> = found[0].revocations.iter().map(|it| it.client).collect();
    gone.reverse();
    assert_eq!(revoked, gone[..REVOCATIONS_MAX]);
    // Who is disabled is found by those who share a group only.
    let account = alice.user.account;
    let disabled = true;
    store
        .change(Change::SetDisabled { account, disabled })
        .await;
    assert_eq!(ask(bob.user.account).await.unwrap().unwrap(), []);
    let found = ask(account).await.unwrap().unwrap();
    assert_eq!(found.len(), 1);
    let disabled = false;
    store
        .change(Change::SetDisabled { account, disabled })
        .await;
    store.group(&[alice.client, bob.client]).await;
    let disabled = true;
    store
        .change(Change::SetDisabled { account, disabled })
        .await;
    assert_eq!(ask(bob.user.account).await.unwrap().unwrap().len(), 1);
}
