//! Getting in, and getting out.

use super::*;

#[test]
fn signing_up_under_crashes_ends_in_a_whole_account_or_none() {
    let harsh = Faults {
        crash: 12,
        drop: 25,
        clock: 0,
    };
    for seed in 1..=4 {
        let mut world = World::empty(seed, Profile::Reliable);
        let mut tries = 0;
        while !is_open(world.node(0)) {
            if *world.node(0).phase() == Phase::Unregistered {
                let name = format!("alice{tries}");
                let command = Command::Account(sign_up(&name));
                world.nodes[0].command(command, world.now, harsh);
            }
            world.run(40, harsh);
            tries += 1;
            assert!(tries < 300, "seed {seed}: she never got in");
        }
        let name = status(world.node(0)).name.to_string();
        // Every name that the gateway has is the one that she has: no half account is left.
        assert_eq!(world.gateway.accounts(), [(name, 1)], "seed {seed}");
        assert!(status(world.node(0)).recovery_code_waits);
    }
}

#[test]
fn signing_in_under_crashes_leaves_no_device_behind_that_nobody_has() {
    let harsh = Faults {
        crash: 12,
        drop: 25,
        clock: 0,
    };
    for seed in 51..=53 {
        let mut world = World::signed_up(seed, &["alice"]);
        let mut tries = 0;
        while !is_open(world.node(1)) {
            if *world.node(1).phase() == Phase::Unregistered {
                let command = Command::Account(sign_in("alice", PASSWORD));
                world.nodes[1].command(command, world.now, harsh);
            }
            world.run(40, harsh);
            tries += 1;
            assert!(tries < 300, "seed {seed}: she never got in");
        }
        let devices = world.gateway.accounts();
        assert_eq!(devices, [("alice".to_owned(), 2)], "seed {seed}");
    }
}

#[test]
fn whoever_gives_up_is_nobody_and_can_begin_anew() {
    let mut world = World::empty(54, Profile::Reliable);
    for steps in [0, 3, 9, 18] {
        world.tell(0, sign_up("alice"));
        world.run(steps, NONE);
        assert!(!is_open(world.node(0)), "too late to give up");
        world.tell(0, AccountCommand::Cancel);
        assert_eq!(*world.node(0).phase(), Phase::Unregistered);
    }
    world.tell(0, sign_up("another"));
    world.until("signed up", |world| is_open(world.node(0)));
}

#[test]
fn a_second_device_signs_in_and_the_first_is_told() {
    let mut world = World::signed_up(11, &["alice"]);
    world.tell(1, sign_in("alice", ANOTHER));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::LoginFailed)
    });
    assert_eq!(*world.node(1).phase(), Phase::Unregistered);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    assert_eq!(world.account(0), world.account(1));
    let added = AccountEvent::Notice(Notice::DeviceAdded {
        name: "Test".to_owned(),
    });
    assert!(world.node(0).account.events.contains(&added));
    assert!(!world.node(1).account.events.contains(&added));
    let devices = world.devices(1);
    assert!(
        devices
            .iter()
            .all(|device| device.certified && device.online)
    );
    assert!(devices.first().is_some_and(|device| device.this));
    assert_eq!(devices.len(), 2);
}

#[test]
fn a_recovery_code_opens_the_account_and_is_used_up() {
    let mut world = World::signed_up(35, &["alice"]);
    let code = |node: &Node| {
        node.account.events.iter().find_map(|it| match it {
            AccountEvent::RecoveryCode(code) => Some(code.clone()),
            _ => None,
        })
    };
    let old = code(world.node(0)).unwrap();
    world.tell(0, AccountCommand::RecoveryCodeSaved);
    assert!(!status(world.node(0)).recovery_code_waits);
    let recover = AccountCommand::Recover {
        name: "alice".parse().unwrap(),
        code: old.clone(),
        password: words(ANOTHER),
        device: device(),
        revoke_others: false,
        stay_unlocked: false,
    };
    world.tell(1, recover);
    world.until("recovered", |world| is_open(world.node(1)));
    assert!(code(world.node(1)).is_some_and(|new| new != old));
    assert_eq!(status(world.node(0)).session, SessionState::PasswordChanged);
}

#[test]
fn a_recovery_that_revokes_the_others_ends_their_sessions() {
    let mut world = World::signed_up(36, &["alice"]);
    let code = world.node(0).account.events.iter().find_map(|it| match it {
        AccountEvent::RecoveryCode(code) => Some(code.clone()),
        _ => None,
    });
    let recover = AccountCommand::Recover {
        name: "alice".parse().unwrap(),
        code: code.unwrap(),
        password: words(ANOTHER),
        device: device(),
        revoke_others: true,
        stay_unlocked: false,
    };
    world.tell(1, recover);
    world.until("recovered", |world| is_open(world.node(1)));
    let revoked = SessionState::Ended(SessionEnd::Revoked);
    assert_eq!(status(world.node(0)).session, revoked);
}

#[test]
fn a_password_changed_elsewhere_silences_a_device_until_it_is_confirmed() {
    let mut world = World::signed_up(12, &["alice"]);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    let change = AccountCommand::ChangePassword {
        current: words(PASSWORD),
        new: words(ANOTHER),
        revoke_others: false,
    };
    world.tell(0, change);
    world.until("changed", |world| {
        did(world.node(0), Deed::PasswordChanged)
            && status(world.node(1)).session == SessionState::PasswordChanged
    });
    assert!(is_open(world.node(0)));
    world.tell(1, AccountCommand::RevokeOtherDevices);
    assert!(failed(world.node(1), &AccountFailure::WrongPhase));
    let now = world.now;
    world.nodes[1].drop_connection(now, NONE);
    world.until("found again", |world| {
        status(world.node(1)).session == SessionState::PasswordChanged
    });
    let confirm = |password| AccountCommand::ConfirmPassword {
        password: words(password),
    };
    world.tell(1, confirm(PASSWORD));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::LoginFailed)
    });
    world.tell(1, confirm(ANOTHER));
    world.until("confirmed", |world| is_open(world.node(1)));
    assert!(did(world.node(1), Deed::PasswordConfirmed));
}

#[test]
fn a_revoked_device_says_why_and_stays_away() {
    let mut world = World::signed_up(13, &["alice"]);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    world.bridge_on(1);
    let client = status(world.node(1)).client;
    world.tell(0, AccountCommand::RevokeDevice { client });
    let revoked = SessionState::Ended(SessionEnd::Revoked);
    world.until("revoked", |world| {
        did(world.node(0), Deed::DevicesRevoked) && status(world.node(1)).session == revoked
    });
    let hellos = world.gateway.v3.hellos;
    world.run(2_000, NONE);
    assert_eq!(world.gateway.v3.hellos, hellos, "nobody knocks again");
    assert_eq!(status(world.node(1)).session, revoked);
    assert_eq!(world.devices(0).len(), 1);
    world.tell(1, AccountCommand::Forget);
    assert_eq!(*world.node(1).phase(), Phase::Unregistered);
    world.tell(0, AccountCommand::SignOut);
    world.until("signed out", |world| {
        *world.node(0).phase() == Phase::Unregistered
    });
}

#[test]
fn a_deleted_account_leaves_nothing_here_or_there() {
    let mut world = World::signed_up(34, &["alice", "bob"]);
    let alice = world.account(0);
    let delete = AccountCommand::Delete {
        password: words(PASSWORD),
    };
    world.tell(0, delete);
    world.until("deleted", |world| {
        *world.node(0).phase() == Phase::Unregistered
    });
    assert_eq!(world.gateway.accounts(), [("bob".to_owned(), 1)]);
    assert!(!world.node(1).account.contacts.contains_key(&alice));
}

#[test]
fn a_deletion_with_a_wrong_password_can_be_tried_again_at_once() {
    let mut world = World::signed_up(47, &["alice"]);
    let delete = |password| AccountCommand::Delete {
        password: words(password),
    };
    let wrong = AccountFailure::LoginFailed;
    world.tell(0, delete("not the right one"));
    while !failed(world.node(0), &wrong) {
        world.step(NONE);
    }
    // The session is still on its way back.
    assert_eq!(status(world.node(0)).session, SessionState::Closed);
    world.tell(0, delete(PASSWORD));
    world.until("deleted", |world| {
        *world.node(0).phase() == Phase::Unregistered
    });
    assert!(world.gateway.accounts().is_empty());
    assert!(!failed(world.node(0), &AccountFailure::Offline));
}
