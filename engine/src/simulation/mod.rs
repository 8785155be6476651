//! Many engines and a model gateway under dropped, cut and delayed bytes, crashes at any effect and
//! clock jumps. Every run follows from its seed; `SOTTO_SIM_SEEDS=5000 cargo test -p sotto-engine
//! simulation` runs more of them, `SOTTO_SIM_FIRST` says where to begin.

mod accounts;
mod conversations;
mod gateway;
mod node;
mod stories;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_shared::ClientId;

use crate::api::{Body, Command, Message, Phase, State};
use crate::identity::Identity;
use crate::machine::Profile;
use gateway::ModelGateway;
use node::Node;

/// Seeds that an ordinary test run plays.
const SEEDS: u64 = 300;

/// What may go wrong, each as one in so many; zero for never.
#[derive(Clone, Copy)]
struct Faults {
    crash: u32,
    drop: u32,
    clock: u32,
}

const NONE: Faults = Faults {
    crash: 0,
    drop: 0,
    clock: 0,
};
const ALL: Faults = Faults {
    crash: 40,
    drop: 25,
    clock: 200,
};

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn one_in(rng: &mut ChaCha20Rng, n: u32) -> bool {
    n > 0 && rng.next_u32().is_multiple_of(n)
}

fn below(rng: &mut ChaCha20Rng, n: usize) -> usize {
    usize::try_from(rng.next_u32()).unwrap() % n
}

/// Identities, made once: key generation is slow.
fn identities() -> &'static [Identity] {
    static MADE: std::sync::OnceLock<Vec<Identity>> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        let mut rng = ChaCha20Rng::seed_from_u64(0);
        let mut make = |name: &str| Identity {
            name: name.parse().unwrap(),
            client: ClientId::random(&mut rng),
            private_key: sotto_shared::crypto::PrivateKey::generate(&mut rng).unwrap(),
        };
        ["alice", "bob", "carol"].map(&mut make).into()
    })
}

struct World {
    rng: ChaCha20Rng,
    gateway: ModelGateway,
    nodes: Vec<Node>,
    now: u64,
}

impl World {
    /// People who are registered already and know nobody yet.
    fn registered(seed: u64, profile: Profile) -> Self {
        let mut world = Self::empty(seed, profile);
        for (node, identity) in world.nodes.iter_mut().zip(identities()) {
            world.gateway.add(identity);
            let file = identity.to_my_info().unwrap().as_bytes().to_vec();
            node.command(
                Command::Import {
                    file,
                    passphrase: None,
                },
                world.now,
                NONE,
            );
        }
        world
    }

    fn empty(seed: u64, profile: Profile) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let now = 1_700_000_000_000;
        let nodes = (0..3).map(|_| Node::new(profile, &mut rng, now)).collect();
        Self {
            gateway: ModelGateway::new(&mut rng),
            rng,
            nodes,
            now,
        }
    }

    /// One thing happens somewhere.
    fn step(&mut self, faults: Faults) {
        self.now += u64::from(self.rng.next_u32() % 150);
        let at = below(&mut self.rng, self.nodes.len());
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        if one_in(&mut self.rng, faults.drop) {
            node.drop_connection(self.now, faults);
        }
        if one_in(&mut self.rng, faults.clock) {
            node.jump_clock(&mut self.rng);
        }
        node.advance(&mut self.gateway, self.now, faults);
    }

    fn run(&mut self, steps: usize, faults: Faults) {
        for _ in 0..steps {
            self.step(faults);
        }
    }

    /// No more faults: everything that waits comes to its end.
    fn settle(&mut self) {
        self.settle_first(self.nodes.len());
    }

    /// As [`World::settle`], for as many nodes as have somebody on them.
    fn settle_first(&mut self, count: usize) {
        self.nodes.truncate(count);
        for round in 0..200 {
            self.now += 3_000;
            for at in 0..self.nodes.len() {
                for _ in 0..30 {
                    let node = self.nodes.get_mut(at).unwrap();
                    node.advance(&mut self.gateway, self.now, NONE);
                    self.now += 5;
                }
            }
            if round > 30 && self.nodes.iter().all(Node::is_idle) && self.gateway.is_empty() {
                return;
            }
        }
        let states: Vec<String> = self.nodes.iter().map(Node::state).collect();
        panic!(
            "the world did not settle: {states:?}, mailboxes empty: {}",
            self.gateway.is_empty()
        );
    }

    /// Somebody says or does something.
    fn act(&mut self, faults: Faults) {
        let at = below(&mut self.rng, self.nodes.len());
        let people: Vec<ClientId> = self.nodes[at].people().to_vec();
        if people.is_empty() {
            return;
        }
        let to = people[below(&mut self.rng, people.len())];
        let command = match self.rng.next_u32() % 20 {
            0..=12 => {
                let texts = [
                    "ok",
                    "ok",
                    "hello",
                    "שלום",
                    "a longer text that takes several blocks",
                ];
                let text = texts[below(&mut self.rng, texts.len())].to_owned();
                Command::SendText { to, text }
            }
            13 | 14 => {
                // With eight bytes of padding or more, no wrong key fits by chance.
                let mut content = vec![0; below(&mut self.rng, 200) * 16 + below(&mut self.rng, 9)];
                self.rng.fill_bytes(&mut content);
                Command::SendFile {
                    to,
                    name: "f.bin".to_owned(),
                    content,
                }
            }
            15 => Command::RequestKey { from: to },
            16 => Command::SendKey { to },
            17 => Command::FetchPublicKey { of: to },
            18 => Command::RefreshPeople,
            _ => Command::LoadHistory {
                with: to,
                before: None,
                limit: 10,
            },
        };
        self.nodes[at].command(command, self.now, faults);
    }

    /// What one said to another, as the one's own store has it, and as the other's has it.
    fn conversation(&self, from: usize, to: usize) -> (Vec<Message>, Vec<Message>) {
        let (from, to) = (&self.nodes[from], &self.nodes[to]);
        let said = from
            .messages(to.id())
            .into_iter()
            .filter(|message| message.mine)
            .collect();
        let heard = to
            .messages(from.id())
            .into_iter()
            .filter(|message| !message.mine)
            .collect();
        (said, heard)
    }

    /// Everything that was accepted arrived once, in order, readable.
    fn check(&self, seed: u64) {
        for from in 0..self.nodes.len() {
            for to in (0..self.nodes.len()).filter(|to| *to != from) {
                let (said, heard) = self.conversation(from, to);
                for message in &said {
                    assert_eq!(message.state, State::Stored, "seed {seed}: {message:?}");
                }
                let said: Vec<String> = said.iter().map(gist).collect();
                let heard: Vec<String> = heard.iter().map(gist).collect();
                assert_eq!(said, heard, "seed {seed}: from {from} to {to}");
            }
        }
    }
}

/// What a message says, on either side.
fn gist(message: &Message) -> String {
    match &message.body {
        Body::File { size, .. } => format!("file of {size}"),
        body => format!("{body:?}"),
    }
}

#[test]
fn nothing_is_lost_doubled_or_reordered_whatever_breaks() {
    let first = env("SOTTO_SIM_FIRST", 1);
    for seed in first..first + env("SOTTO_SIM_SEEDS", SEEDS) {
        let mut world = World::registered(seed, Profile::Reliable);
        world.run(60, NONE);
        for _ in 0..40 {
            world.act(ALL);
            world.run(12, ALL);
        }
        world.settle();
        world.check(seed);
    }
}

#[test]
fn a_foreign_server_without_faults_delivers_everything_once() {
    for seed in 1..=40 {
        let mut world = World::registered(seed, Profile::Seed);
        world.run(60, NONE);
        for _ in 0..30 {
            world.act(NONE);
            world.run(12, NONE);
        }
        world.settle();
        world.check(seed);
    }
}

#[test]
fn a_foreign_server_that_breaks_off_doubles_nothing_by_itself() {
    let mut doubtful = 0;
    for seed in 1..=60 {
        let mut world = World::registered(seed, Profile::Seed);
        world.run(60, NONE);
        for _ in 0..30 {
            world.act(NONE);
            world.run(
                12,
                Faults {
                    crash: 0,
                    drop: 25,
                    clock: 0,
                },
            );
        }
        world.settle();
        for from in 0..world.nodes.len() {
            for to in (0..world.nodes.len()).filter(|to| *to != from) {
                let (said, _) = world.conversation(from, to);
                let heard = world
                    .gateway
                    .accepted(world.nodes[from].id(), world.nodes[to].id());
                let content =
                    |message: &&Message| matches!(message.body, Body::Text(_) | Body::File { .. });
                let said: Vec<Message> = said.iter().filter(content).cloned().collect();
                assert!(
                    heard <= said.len(),
                    "seed {seed}: {heard} stored of {}",
                    said.len()
                );
                doubtful += said
                    .iter()
                    .filter(|message| matches!(message.state, State::Failed(_)))
                    .count();
            }
        }
    }
    assert!(doubtful > 0, "the faults of this test never hit a send");
}

#[test]
fn registration_survives_crashes_and_lost_answers() {
    for seed in 1..=12 {
        let mut world = World::empty(seed, Profile::Reliable);
        let harsh = Faults {
            crash: 6,
            drop: 6,
            clock: 0,
        };
        for (at, name) in ["alice", "bob", "carol"].iter().enumerate() {
            let mut tries = 0;
            while !matches!(world.nodes[at].phase(), Phase::Ready { .. }) {
                if matches!(world.nodes[at].phase(), Phase::Unregistered) {
                    let name = name.parse().unwrap();
                    world.nodes[at].command(Command::Register { name }, world.now, harsh);
                }
                world.run(20, harsh);
                tries += 1;
                assert!(tries < 500, "seed {seed}: {name} never got in");
            }
        }
        world.settle();
        assert_eq!(
            world.gateway.clients(),
            3,
            "seed {seed}: somebody is registered twice"
        );
        for node in &world.nodes {
            assert_eq!(node.people().len(), 2, "seed {seed}");
        }
    }
}
