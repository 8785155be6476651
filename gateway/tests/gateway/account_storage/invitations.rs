//! Invitations.

use super::*;

pub(super) async fn an_invitation_is_used_once_and_only_in_time(open: Open) {
    let store = Store::new(open);
    let expires_at = START as u64 + INVITATION_LIFETIME.as_secs();
    for digest in [1, 2] {
        match store.invite(None, digest).await {
            Ok(Applied::Invited(Invitation { expires_at: at, .. })) => assert_eq!(at, expires_at),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.invite(None, 1).await, Err(Refused::IdTaken));
    let with = |name: &str, digest| {
        let mut new = User::new(name).sign_up();
        new.invitation = Some([digest; 32]);
        register(&new)
    };
    assert_eq!(
        store.apply(with("alice", 3)).await,
        Err(Refused::InvitationInvalid)
    );
    store.done(with("alice", 1)).await;
    assert!(!store.is_open(1).await);
    assert_eq!(
        store.apply(with("bob", 1)).await,
        Err(Refused::InvitationInvalid)
    );
    assert_eq!(store.apply(with("alice", 2)).await, Err(Refused::NameTaken));
    assert!(store.is_open(2).await, "a refused sign-up uses nothing up");
    store
        .clock
        .advance(INVITATION_LIFETIME - Duration::from_secs(1));
    assert!(store.is_open(2).await);
    store.clock.advance(Duration::from_secs(1));
    assert!(!store.is_open(2).await);
    assert_eq!(
        store.apply(with("bob", 2)).await,
        Err(Refused::InvitationInvalid)
    );
}

pub(super) async fn an_account_has_a_bounded_number_of_open_invitations(open: Open) {
    let store = Store::new(open);
    let (alice, _) = store.sign_up("alice").await;
    let (bob, _) = store.sign_up("bob").await;
    let by = Some(alice.account);
    for digest in 1..=20 {
        assert!(store.invite(by, digest).await.is_ok());
    }
    assert_eq!(INVITATIONS_MAX, 20);
    assert_eq!(store.invite(by, 21).await, Err(Refused::TooManyInvitations));
    assert!(store.invite(Some(bob.account), 22).await.is_ok());
    assert!(store.invite(None, 23).await.is_ok());
    store.clock.advance(INVITATION_LIFETIME);
    assert!(store.invite(by, 21).await.is_ok());
}

pub(super) async fn invitations_are_taken_back_by_their_own_account_only(open: Open) {
    let store = Store::new(open);
    let (alice, _) = store.sign_up("alice").await;
    let (bob, _) = store.sign_up("bob").await;
    let Ok(Applied::Invited(invitation)) = store.invite(Some(alice.account), 1).await else {
        panic!("not invited");
    };
    let open = store.both.accounts.invitations(alice.account).await;
    assert_eq!(open.unwrap().unwrap(), core::slice::from_ref(&invitation));
    let bobs = store.both.accounts.invitations(bob.account).await;
    assert!(bobs.unwrap().unwrap().is_empty());
    let cancel = |by: &User| Change::CancelInvitation {
        by: by.account,
        id: invitation.id,
    };
    assert_eq!(store.apply(cancel(&bob)).await, Err(Refused::Unknown));
    assert!(store.is_open(1).await);
    store.done(cancel(&alice)).await;
    assert!(!store.is_open(1).await);
    assert_eq!(store.apply(cancel(&alice)).await, Err(Refused::Unknown));
    let stranger = Some(AccountId::from_bytes([3; 16]));
    assert_eq!(store.invite(stranger, 2).await, Err(Refused::Unknown));
}

pub(super) async fn an_invitation_lets_one_in_of_those_who_use_it_at_once(open: Open) {
    let store = Store::new(open);
    store.invite(None, 1).await.unwrap();
    let pending: Vec<_> = (0..8)
        .map(|n| {
            let mut new = User::new(&format!("user{n}")).sign_up();
            new.invitation = Some([1; 32]);
            store.both.accounts.apply(register(&new))
        })
        .collect();
    let mut let_in = 0;
    for result in pending {
        match result.await.unwrap() {
            Ok(Applied::Done) => let_in += 1,
            other => assert_eq!(other, Err(Refused::InvitationInvalid)),
        }
    }
    assert_eq!(let_in, 1);
    assert_eq!(store.listed().await.len(), 1);
}
