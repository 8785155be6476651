//! The session on its connection.

use super::*;

#[test]
fn a_restarting_gateway_is_left_alone_for_as_long_as_it_asks() {
    let mut world = World::signed_up(33, &["alice"]);
    let pause = Duration::from_secs(90);
    world.gateway.restart(pause, Duration::from_secs(10));
    world.until("closed", |world| {
        status(world.node(0)).session == SessionState::Closed
    });
    let closed = world.now;
    world.until("open again", |world| is_open(world.node(0)));
    let away = Duration::from_millis(world.now - closed);
    assert!(away > pause - Duration::from_secs(10), "{away:?}");
    assert!(away < pause + Duration::from_secs(30), "{away:?}");
}

#[test]
fn nobody_yet_leaves_the_gateway_alone_until_there_is_something_to_say() {
    let mut world = World::empty(37, Profile::Reliable);
    world.until("asked", |world| world.gateway.v3.hellos == 3);
    world.gateway.cut_strangers();
    world.run(2_000, NONE);
    assert_eq!(world.gateway.v3.hellos, 3);
    world.tell(0, sign_up("alice"));
    world.until("signed up", |world| is_open(world.node(0)));
}

#[test]
fn a_silent_session_is_asked_for_a_sign_of_life() {
    let mut world = World::signed_up(38, &["alice"]);
    world.until("a ping", |world| world.gateway.v3.pings > 1);
    assert!(is_open(world.node(0)));
}

#[test]
fn what_needs_the_gateway_fails_at_once_without_it_and_is_not_done_later() {
    let mut world = World::signed_up(40, &["alice"]);
    let profile = AccountCommand::UpdateProfile {
        display_name: "Alice B".parse().unwrap(),
        hides_presence: true,
    };
    // On its way when the connection breaks.
    world.tell(0, profile.clone());
    let now = world.now;
    world.nodes[0].drop_connection(now, NONE);
    assert!(failed(world.node(0), &AccountFailure::Interrupted));
    world.tell(0, profile);
    assert!(failed(world.node(0), &AccountFailure::Offline));
    world.until("open again", |world| is_open(world.node(0)));
    assert!(!did(world.node(0), Deed::ProfileUpdated));
    assert!(!status(world.node(0)).hides_presence);
}
