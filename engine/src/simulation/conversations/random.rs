//! Direct chats and groups under random use and random faults.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::RngCore;
use sotto_shared::GroupId;

use super::people::Town;
use crate::api::{ConversationCommand, ConversationState, Seq, SessionState};
use crate::mls::Suite;
use crate::simulation::{Faults, NONE, below, env, one_in};

/// Seeds that an ordinary test run plays.
const SEEDS: u64 = 20;
/// Devices of a town, at most.
const DEVICES_MAX: usize = 12;
/// Entries of MLS on a device, of one group, that are there whatever happens; beside what each of
/// its members takes.
const RECORDS_MAX: usize = 150;

const FAULTS: Faults = Faults {
    crash: 40,
    drop: 25,
    clock: 300,
};

/// What is played.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Play {
    Direct,
    Groups,
}

/// What was said: by which node, and what.
type Said = Vec<(usize, String)>;

impl Town {
    fn random(seed: u64, suite: Suite) -> Self {
        let mut people = Vec::new();
        let mut draw = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..2 + seed % 4 {
            people.push(1 + u8::try_from(draw >> 60).unwrap() % 2);
            draw = draw.rotate_left(7);
        }
        Self::new(seed, suite, &people)
    }

    fn people(&self) -> u8 {
        let accounts: BTreeSet<_> = self.devices.iter().map(|it| it.account).collect();
        u8::try_from(accounts.len()).unwrap()
    }

    fn one_of(&mut self, count: usize) -> usize {
        below(&mut self.world.rng, count)
    }

    /// Somebody says or does something.
    fn act(&mut self, play: Play, said: &mut Said, faults: Faults) {
        let at = self.one_of(self.devices.len());
        let somebody = u8::try_from(self.one_of(usize::from(self.people()))).unwrap();
        let account = Self::account(somebody);
        let conversations: Vec<(GroupId, ConversationState)> = {
            let all = self.node(at).chats.all.values();
            all.map(|it| (it.id, it.state)).collect()
        };
        let open: Vec<GroupId> = conversations
            .iter()
            .filter(|(_, state)| {
                matches!(
                    state,
                    ConversationState::Active | ConversationState::Joining
                )
            })
            .map(|(id, _)| *id)
            .collect();
        let dice = self.world.rng.next_u32() % 40;
        if open.is_empty() || dice < 3 {
            let command = match (play, dice) {
                (Play::Groups, 0 | 1) => ConversationCommand::CreateGroup {
                    name: format!("Group {}", said.len()),
                    members: vec![account],
                },
                _ => ConversationCommand::OpenDirect { with: account },
            };
            return self.tell(at, command, faults);
        }
        let conversation = open[self.one_of(open.len())];
        let command = match (play, dice) {
            (_, 3) if self.devices.len() < DEVICES_MAX => {
                let number = u8::try_from(self.devices.len()).unwrap();
                self.add_device(somebody, number);
                return;
            }
            (Play::Groups, 4..=7) => ConversationCommand::Add {
                conversation,
                accounts: vec![account],
            },
            (Play::Groups, 8 | 9) => ConversationCommand::Remove {
                conversation,
                account,
            },
            (Play::Groups, 10 | 11) => ConversationCommand::SetAdmin {
                conversation,
                account,
                admin: dice == 10,
            },
            (Play::Groups, 12) => ConversationCommand::Rename {
                conversation,
                name: format!("Name {}", said.len()),
            },
            (Play::Groups, 13) => ConversationCommand::Leave { conversation },
            (Play::Groups, 14) => ConversationCommand::JoinLobby,
            (_, 17) => ConversationCommand::MarkRead {
                conversation,
                up_to: Seq(u64::from(self.world.rng.next_u32() % 20)),
            },
            (_, 18) => ConversationCommand::Keep {
                conversation,
                pinned: true,
                muted: false,
                archived: false,
            },
            (_, 19 | 20) => ConversationCommand::React {
                conversation,
                seq: Seq(u64::from(self.world.rng.next_u32() % 20)),
                emoji: "x".to_owned(),
                on: true,
            },
            (_, 15 | 16) => ConversationCommand::Typing {
                conversation,
                typing: dice == 15,
            },
            _ => {
                let text = format!("{at} says {}", self.world.rng.next_u32());
                // Said is what is on the disk.
                let before = self.node(at).records(b"h");
                self.say(at, conversation, &text, faults);
                if self.node(at).records(b"h") > before {
                    said.push((at, text));
                }
                return;
            }
        };
        self.tell(at, command, faults);
    }

    /// What holds whatever happened.
    fn check(&self, seed: u64, said: &Said, play: Play) {
        let mut places: BTreeMap<&str, (GroupId, u64)> = BTreeMap::new();
        let groups = &self.world.gateway.v3.delivery.groups;
        let heard: Vec<BTreeMap<GroupId, BTreeMap<u64, String>>> = (0..self.devices.len())
            .map(|at| {
                let of = |id: &GroupId| (*id, self.texts(at, *id).into_iter().collect());
                groups.keys().map(of).collect()
            })
            .collect();
        for (id, group) in groups {
            let mut all: BTreeMap<u64, &str> = BTreeMap::new();
            for device in &heard {
                for (seq, text) in &device[id] {
                    let other = all.insert(*seq, text).unwrap_or(text);
                    assert_eq!(other, text, "seed {seed}: at {seq}");
                }
            }
            for (seq, text) in all {
                let members = &group.log[&seq];
                for (at, device) in self.devices.iter().enumerate() {
                    let is_member = members.contains(&device.certificate.client);
                    let has_heard = heard[at][id].contains_key(&seq);
                    assert_eq!(
                        is_member,
                        has_heard,
                        "seed {seed}: {at} and {text:?} at {seq} of {id}\n{}",
                        self.describe()
                    );
                }
                let (_, text) = said.iter().find(|(_, it)| it == text).unwrap();
                let twice = places.insert(text, (*id, seq));
                assert_eq!(twice, None, "seed {seed}: {text:?} is there twice");
            }
        }
        let mut last: BTreeMap<(usize, GroupId), u64> = BTreeMap::new();
        for (at, text) in said {
            let place = places.get(text.as_str());
            if play == Play::Direct {
                assert!(
                    place.is_some(),
                    "seed {seed}: {text:?} is lost\n{}",
                    self.describe()
                );
            }
            let Some((id, seq)) = place else {
                continue;
            };
            let before = last.insert((*at, *id), *seq).unwrap_or(0);
            assert!(before < *seq, "seed {seed}: {text:?} came before its time");
        }
        for at in 0..self.devices.len() {
            self.check_node(seed, at);
        }
    }

    fn check_node(&self, seed: u64, at: usize) {
        let node = self.node(at);
        let figures = &node.chats.figures;
        assert_eq!(figures.undecryptable, Vec::new(), "seed {seed}: {at}");
        assert_eq!(figures.rejoined, 0, "seed {seed}: {at}");
        let status = node.account.status.as_ref().unwrap();
        assert_eq!(status.session, SessionState::Open, "seed {seed}: {at}");
        for conversation in node.chats.all.values() {
            let state = conversation.state;
            assert!(
                !matches!(
                    state,
                    ConversationState::Broken(_) | ConversationState::Joining
                ),
                "seed {seed}: {at} in {conversation:?}"
            );
        }
        let records = node.records(b"g");
        let most = (node.chats.all.len() + 1) * (RECORDS_MAX + 20 * DEVICES_MAX);
        assert!(records < most, "seed {seed}: {records} records on {at}");
    }
}

fn play(play: Play, default: u64) {
    let first = env("SOTTO_SIM_FIRST", 1);
    for seed in first..first + env("SOTTO_SIM_SEEDS", default) {
        // The larger keys take another path in places, and more time.
        let suite = match seed % 16 {
            0 => Suite::PostQuantum,
            _ => Suite::Classical,
        };
        let mut town = Town::random(seed, suite);
        let mut said = Said::new();
        town.run(80, NONE);
        for _ in 0..40 {
            town.act(play, &mut said, FAULTS);
            let steps = town.one_of(24);
            town.run(steps, FAULTS);
            if one_in(&mut town.world.rng, 60) {
                let pause = core::time::Duration::from_millis(100);
                town.world.gateway.restart(pause, pause);
            }
        }
        town.settle();
        town.check(seed, &said, play);
    }
}

#[test]
fn a_direct_chat_goes_both_ways() {
    for suite in Suite::ALL {
        let mut town = Town::new(1, suite, &[1, 1]);
        town.settle();
        let with = Town::account(1);
        town.tell(0, ConversationCommand::OpenDirect { with }, NONE);
        let id = *town.node(0).chats.opened.last().unwrap();
        town.say(0, id, "hello", NONE);
        town.settle();
        town.say(1, id, "hello yourself", NONE);
        town.settle();
        let texts = town.texts(0, id);
        assert_eq!(texts.len(), 2, "{}", town.describe());
        assert_eq!(texts, town.texts(1, id));
    }
}

#[test]
fn direct_chats_lose_double_and_reorder_nothing_whatever_breaks() {
    play(Play::Direct, SEEDS);
}

#[test]
fn groups_show_everybody_what_was_said_while_they_were_in_them() {
    play(Play::Groups, SEEDS);
}
