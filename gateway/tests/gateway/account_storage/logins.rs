//! Failed logins.

use super::*;

pub(super) async fn failed_logins_count_for_their_window(open: Open) {
    let store = Store::new(open);
    let alice = subject("alice");
    let fail = || Change::LoginFailed(vec![alice.clone()]);
    assert_eq!(store.failures(&alice).await, Failures::default());
    store.done(fail()).await;
    store.clock.advance(Duration::from_secs(60));
    store.done(fail()).await;
    let expect = |count, seconds| Failures {
        count,
        oldest_expires: Duration::from_secs(seconds),
    };
    let window = LOGIN_WINDOW.as_secs();
    assert_eq!(store.failures(&alice).await, expect(2, window - 60));
    store.clock.advance(LOGIN_WINDOW - Duration::from_secs(61));
    assert_eq!(store.failures(&alice).await, expect(2, 1));
    store.clock.advance(Duration::from_secs(1));
    assert_eq!(store.failures(&alice).await, expect(1, 60));
    store.clock.advance(Duration::from_secs(60));
    assert_eq!(store.failures(&alice).await, Failures::default());
}

pub(super) async fn a_clock_that_is_put_back_locks_nobody(open: Open) {
    let store = Store::new(open);
    let alice = subject("alice");
    for _ in 0..5 {
        store.done(Change::LoginFailed(vec![alice.clone()])).await;
    }
    assert_eq!(store.failures(&alice).await.count, 5);
    store.clock.put_back(Duration::from_secs(3600));
    assert_eq!(store.failures(&alice).await, Failures::default());
    store.done(Change::LoginFailed(vec![alice.clone()])).await;
    assert_eq!(store.failures(&alice).await.count, 1);
    assert_eq!(store.failures(&alice).await.oldest_expires, LOGIN_WINDOW);
    // What lies ahead is deleted, so that it does not count when its time comes.
    let store = store.reopen().await;
    for _ in 0..2 {
        store.done(Change::LoginFailed(vec![alice.clone()])).await;
    }
    store.clock.advance(Duration::from_secs(3600));
    assert_eq!(store.failures(&alice).await, Failures::default());
}

pub(super) async fn failed_logins_survive_a_restart(open: Open) {
    let mut store = Store::new(open);
    for _ in 0..5 {
        let failed = Change::LoginFailed(vec![subject("alice"), address("192.0.2.1")]);
        store.done(failed).await;
        store = store.reopen().await;
    }
    assert_eq!(store.failures(&subject("alice")).await.count, 5);
    assert_eq!(store.failures(&address("192.0.2.1")).await.count, 5);
}

pub(super) async fn failed_logins_of_one_subject_are_nobody_elses(open: Open) {
    let store = Store::new(open);
    let subjects = [
        subject("alice"),
        subject("alice2"),
        LoginSubject::Name("alice".parse().unwrap(), Slot::Recovery),
        address("192.0.2.1"),
        address("192.0.2.2"),
        address("2001:db8:0:1::1"),
        address("2001:db8:0:2::1"),
    ];
    for (times, subject) in (1_u32..).zip(&subjects) {
        for _ in 0..times {
            store.done(Change::LoginFailed(vec![subject.clone()])).await;
        }
    }
    for (times, subject) in (1_u32..).zip(&subjects) {
        assert_eq!(store.failures(subject).await.count, times, "{subject:?}");
    }
    for (same, count) in [("2001:db8:0:1:ffff::9", 6), ("::ffff:192.0.2.1", 4)] {
        assert_eq!(store.failures(&address(same)).await.count, count);
    }
}

pub(super) async fn a_successful_login_forgets_its_own_failures_only(open: Open) {
    let store = Store::new(open);
    let subjects = vec![subject("alice"), subject("bob"), address("192.0.2.1")];
    for _ in 0..3 {
        store.done(Change::LoginFailed(subjects.clone())).await;
    }
    let succeeded = Change::LoginSucceeded(vec![subject("alice"), address("192.0.2.1")]);
    store.done(succeeded).await;
    assert_eq!(store.failures(&subject("alice")).await.count, 0);
    assert_eq!(store.failures(&subject("bob")).await.count, 3);
    assert_eq!(
        store.failures(&address("192.0.2.1")).await.count,
        2,
        "nobody clears an address by logging in to an account of their own"
    );
    store.done(Change::ResetLogin("bob".parse().unwrap())).await;
    assert_eq!(store.failures(&subject("bob")).await.count, 0);
}
