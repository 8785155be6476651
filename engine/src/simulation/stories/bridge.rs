//! The classic mailbox.

use super::*;

#[test]
fn a_bridged_account_and_a_classic_client_lose_and_double_nothing() {
    let faults = Faults {
        crash: 60,
        drop: 40,
        clock: 0,
    };
    for seed in 21..=23 {
        let mut world = World::signed_up(seed, &["alice"]);
        world.bridge_on(0);
        for (at, name) in [(1, "bob"), (2, "carol")] {
            let name = name.parse().unwrap();
            let now = world.now;
            world.nodes[at].command(Command::Register { name }, now, NONE);
        }
        world.until("registered", |world| {
            world.nodes.iter().all(|node| node.people().len() == 2)
        });
        for _ in 0..30 {
            world.act(faults);
            world.run(12, faults);
        }
        world.settle();
        world.check(seed);
    }
}

#[test]
fn a_classic_identity_is_carried_over_and_loses_nothing() {
    let mut world = World::empty(31, Profile::Reliable);
    for (at, name) in [(0, "alice"), (1, "bob")] {
        let name = name.parse().unwrap();
        let now = world.now;
        world.nodes[at].command(Command::Register { name }, now, NONE);
    }
    world.until("registered", |world| {
        world.nodes.iter().take(2).all(|it| it.people().len() == 1)
    });
    let (alice, bob) = (world.node(0).id(), world.node(1).id());
    let send = |world: &mut World, at: usize, to, text: &str| {
        let text = text.to_owned();
        let now = world.now;
        world.nodes[at].command(Command::SendText { to, text }, now, NONE);
    };
    send(&mut world, 0, bob, "before");
    world.tell(0, sign_up("alice"));
    world.until("signed up", |world| is_open(world.node(0)));
    assert_eq!(world.node(0).id(), alice);
    send(&mut world, 1, alice, "after");
    world.settle_first(2);
    world.check(31);
    assert!(world.node(0).messages(bob).len() >= 3);

    world.tell(0, AccountCommand::SetBridge { on: false });
    world.until("off", |world| did(world.node(0), Deed::BridgeSet));
    send(&mut world, 0, bob, "into the void");
    assert_eq!(
        world.node(0).account.failures.last(),
        Some(&Failure::WrongPhase)
    );
    assert!(!world.node(0).messages(bob).is_empty(), "history stays");
}

#[test]
fn a_bridge_that_is_switched_on_under_crashes_is_on_or_off() {
    let harsh = Faults {
        crash: 5,
        drop: 20,
        clock: 0,
    };
    for seed in 41..=44 {
        let mut world = World::signed_up(seed, &["alice"]);
        for _ in 0..40 {
            let now = world.now;
            let on = Command::Account(AccountCommand::SetBridge { on: true });
            world.nodes[0].command(on, now, harsh);
            world.run(20, harsh);
        }
        world.until("open", |world| is_open(world.node(0)));
        let here = status(world.node(0)).bridge.clone();
        if let Some(bridge) = &here {
            assert!(bridge.here, "seed {seed}: its key is lost");
        }
        assert_eq!(world.gateway.clients(), usize::from(here.is_some()));
    }
}
