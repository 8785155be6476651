//! Recovery codes and devices whose answers are lost.

use super::*;

const ADD_DEVICE: u16 = 3014;
const CREDENTIALS_FINISH: u16 = 3031;

/// The code that was told last.
fn code(node: &Node) -> Passphrase {
    let codes = node.account.events.iter().rev().find_map(|it| match it {
        AccountEvent::RecoveryCode(code) => Some(code.clone()),
        _ => None,
    });
    codes.unwrap()
}

fn recover(code: Passphrase) -> AccountCommand {
    AccountCommand::Recover {
        name: "alice".parse().unwrap(),
        code,
        password: words(ANOTHER),
        device: device(),
        revoke_others: false,
        stay_unlocked: true,
    }
}

#[test]
fn a_new_recovery_code_outlives_a_crash_before_its_answer() {
    let mut world = World::signed_up(51, &["alice"]);
    let old = code(world.node(0));
    world.tell(0, AccountCommand::RecoveryCodeSaved);
    let lost = &mut world.gateway.v3.mishaps;
    lost.insert(CREDENTIALS_FINISH, Mishap::Lost);
    let renew = AccountCommand::NewRecoveryCode {
        password: words(PASSWORD),
    };
    world.tell(0, renew);
    while world.gateway.v3.mishaps.contains_key(&CREDENTIALS_FINISH) {
        world.step(NONE);
    }
    assert!(!status(world.node(0)).recovery_code_waits);
    let now = world.now;
    world.nodes[0].restart(now);
    assert!(status(world.node(0)).recovery_code_waits);
    let new = code(world.node(0));
    assert_ne!(new, old);
    world.tell(1, recover(new));
    world.until("recovered", |world| is_open(world.node(1)));
}

#[test]
fn a_recovery_without_room_for_the_device_keeps_the_new_code() {
    let mut world = World::signed_up(52, &["alice"]);
    let old = code(world.node(0));
    let full = Mishap::Refused(ErrorCode::TooManyDevices);
    world.gateway.v3.mishaps.insert(ADD_DEVICE, full);
    world.tell(1, recover(old.clone()));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::PasswordSetOnly)
    });
    let new = code(world.node(1));
    assert_ne!(new, old);
    // Until it is saved, also when somebody signs in, or tries to.
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::LoginFailed)
    });
    world.nodes[1].account.events.clear();
    let now = world.now;
    world.nodes[1].restart(now);
    assert_eq!(code(world.node(1)), new);
    world.tell(1, sign_in("alice", ANOTHER));
    world.until("signed in", |world| is_open(world.node(1)));
    assert!(status(world.node(1)).recovery_code_waits);
    world.tell(1, AccountCommand::RecoveryCodeSaved);
    assert!(!status(world.node(1)).recovery_code_waits);
}

#[test]
fn a_device_that_was_stored_although_the_gateway_says_unavailable_is_signed_in() {
    let mut world = World::signed_up(53, &["alice"]);
    let unavailable = Mishap::DoneBut(ErrorCode::Unavailable);
    world.gateway.v3.mishaps.insert(ADD_DEVICE, unavailable);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    assert_eq!(world.gateway.accounts(), [("alice".to_owned(), 2)]);
}
