//! Any order of changes against a model of a few lines.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;

const HUMANS: usize = 3;
const DEVICES: usize = 6;
const GROUPS: usize = 3;
/// Few, so that mailboxes are full now and then.
const ROOM: usize = 6;

#[derive(Debug, Clone)]
enum Step {
    Create(usize, usize),
    Send(usize, usize),
    Add(usize, usize, usize),
    Remove(usize, usize, usize),
    Join(usize, usize),
    /// Another epoch than the present one.
    Stale(usize, usize),
    Repeat,
    Acknowledge(usize, usize),
    Revoke(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let device = || 0..DEVICES;
    let group = || 0..GROUPS;
    prop_oneof![
        2 => (device(), group()).prop_map(|(by, group)| Step::Create(by, group)),
        8 => (device(), group()).prop_map(|(by, group)| Step::Send(by, group)),
        5 => (device(), group(), device()).prop_map(|(by, group, whom)| Step::Add(by, group, whom)),
        2 => (device(), group(), device()).prop_map(|(by, group, whom)| Step::Remove(by, group, whom)),
        3 => (device(), group()).prop_map(|(by, group)| Step::Join(by, group)),
        1 => (device(), group()).prop_map(|(by, group)| Step::Stale(by, group)),
        2 => Just(Step::Repeat),
        6 => (device(), 0..4_usize).prop_map(|(by, back)| Step::Acknowledge(by, back)),
        1 => device().prop_map(Step::Revoke),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Default)]
struct GroupModel {
    epoch: u64,
    sequence: u64,
    members: BTreeSet<usize>,
    /// Revoked, and not removed yet.
    ghosts: BTreeSet<usize>,
}

type Item = (u64, usize, u64, DeliveryKind, Vec<u8>);

#[derive(Default)]
struct BoxModel {
    last: u64,
    acknowledged: u64,
    waiting: Vec<Item>,
    /// By group: the entry that says what was missed, if it is the last of the group and unseen.
    missed: HashMap<usize, u64>,
}

#[derive(Default)]
struct Model {
    groups: HashMap<usize, GroupModel>,
    boxes: HashMap<usize, BoxModel>,
    revoked: BTreeSet<usize>,
    last_send: Option<(usize, Send, Stored)>,
    /// Since when all is known anew.
    reopened: bool,
}

impl Model {
    fn put(
        &mut self,
        to: usize,
        group: usize,
        sequence: u64,
        kind: DeliveryKind,
        what: &[u8],
    ) -> bool {
        let mailbox = self.boxes.entry(to).or_default();
        if mailbox.waiting.len() < ROOM {
            mailbox.last += 1;
            mailbox.missed.remove(&group);
            let item = (mailbox.last, group, sequence, kind, what.to_vec());
            mailbox.waiting.push(item);
            return true;
        }
        if let Some(number) = mailbox.missed.get(&group) {
            let item = mailbox.waiting.iter_mut().find(|item| item.0 == *number);
            item.unwrap().2 = sequence;
        } else {
            mailbox.last += 1;
            mailbox.missed.insert(group, mailbox.last);
            let kind = DeliveryKind::Missed;
            let item = (mailbox.last, group, sequence, kind, Vec::new());
            mailbox.waiting.push(item);
        }
        false
    }

    fn has_room(&self, to: usize) -> bool {
        self.boxes.get(&to).is_none_or(|it| it.waiting.len() < ROOM)
    }
}

struct Play {
    humans: Vec<Human>,
    devices: Vec<ClientId>,
    groups: Vec<GroupId>,
    model: Model,
}

impl Play {
    async fn new(store: &Store) -> Self {
        let mut humans = Vec::new();
        let mut devices = Vec::new();
        for number in 0..HUMANS {
            let human = store.sign_up(&format!("human{number}")).await;
            devices.push(human.client);
            devices.push(store.add_device(&human).await);
            humans.push(human);
        }
        Self {
            humans,
            devices,
            groups: (0..GROUPS).map(|_| new_group()).collect(),
            model: Model::default(),
        }
    }

    fn epoch(&self, group: usize) -> u64 {
        self.model.groups.get(&group).map_or(0, |it| it.epoch)
    }

    fn is_member(&self, by: usize, group: usize) -> bool {
        let groups = &self.model.groups;
        groups
            .get(&group)
            .is_some_and(|it| it.members.contains(&by))
    }

    /// Why a device cannot do anything in a group, if so.
    fn denied(&self, by: usize, group: usize) -> Option<Denied> {
        if self.model.revoked.contains(&by) {
            Some(Denied::NoDevice)
        } else if !self.model.groups.contains_key(&group) {
            Some(Denied::UnknownGroup)
        } else if !self.is_member(by, group) {
            Some(Denied::NotMember)
        } else {
            None
        }
    }

    async fn take(&mut self, store: &Store, step: &Step) {
        match *step {
            Step::Create(by, group) => {
                let created = store
                    .create(self.devices[by], plain(self.groups[group]))
                    .await;
                if self.model.revoked.contains(&by) {
                    assert_eq!(created, Err(Denied::NoDevice));
                } else if self.is_member(by, group) {
                    assert!(!created.unwrap().created);
                } else if self.model.groups.contains_key(&group) {
                    assert_eq!(created, Err(Denied::IdTaken));
                } else {
                    assert!(created.unwrap().created);
                    let model = self.model.groups.entry(group).or_default();
                    model.members.insert(by);
                }
            }
            Step::Send(by, group) => {
                let send = message(self.groups[group], self.epoch(group), "hello");
                let sent = store.send(self.devices[by], send.clone()).await;
                if let Some(denied) = self.denied(by, group) {
                    assert_eq!(sent, Err(denied));
                    return;
                }
                let others = self.model.groups[&group].members.iter().copied();
                let others: Vec<_> = others.filter(|other| *other != by).collect();
                let takes = others.iter().any(|other| self.model.has_room(*other));
                if !takes && !others.is_empty() {
                    assert_eq!(sent, Err(Denied::MailboxFull));
                    return;
                }
                let model = self.model.groups.get_mut(&group).unwrap();
                model.sequence += 1;
                let sequence = model.sequence;
                let stored = sent.unwrap();
                assert_eq!(stored.sequence, GroupSeq(sequence));
                for other in others {
                    let kind = DeliveryKind::Message;
                    self.model.put(other, group, sequence, kind, b"hello");
                }
                self.model.last_send = Some((by, send, stored));
            }
            Step::Add(by, group, whom) => {
                let mut adding = commit(self.groups[group], self.epoch(group));
                adding.added = vec![self.devices[whom]];
                adding.welcome = Bytes::from_static(b"welcome");
                let done = store.commit(self.devices[by], adding).await;
                if let Some(denied) = self.denied(by, group) {
                    assert_eq!(done, Err(denied));
                } else if self.model.revoked.contains(&whom) {
                    assert_eq!(done, Err(Denied::UnknownDevice));
                } else {
                    self.committed(by, group, Some(whom), None, done.unwrap());
                }
            }
            Step::Remove(by, group, whom) => {
                let mut removing = commit(self.groups[group], self.epoch(group));
                removing.removed = vec![self.devices[whom]];
                let done = store.commit(self.devices[by], removing).await;
                match self.denied(by, group) {
                    Some(denied) => assert_eq!(done, Err(denied)),
                    None => self.committed(by, group, None, Some(whom), done.unwrap()),
                }
            }
            Step::Join(by, group) => {
                let join = external(self.groups[group], self.epoch(group));
                let done = store.commit(self.devices[by], join).await;
                match self.denied(by, group) {
                    Some(denied @ (Denied::NoDevice | Denied::UnknownGroup)) => {
                        assert_eq!(done, Err(denied));
                    }
                    _ => {
                        let model = &self.model.groups[&group];
                        let places = model.members.union(&model.ghosts);
                        if places.into_iter().any(|place| place / 2 == by / 2) {
                            self.committed(by, group, None, None, done.unwrap());
                        } else {
                            assert_eq!(done, Err(Denied::NotAllowed));
                        }
                    }
                }
            }
            Step::Stale(by, group) => {
                let epoch = self.epoch(group) + 1;
                let stale = message(self.groups[group], epoch, "early");
                let sent = store.send(self.devices[by], stale).await;
                let denied = self.denied(by, group).unwrap_or(Denied::StaleEpoch);
                assert_eq!(sent, Err(denied));
            }
            Step::Repeat => {
                if let Some((by, send, stored)) = self.model.last_send.clone() {
                    let again = store.send(self.devices[by], send).await;
                    match self.model.revoked.contains(&by) {
                        true => assert_eq!(again, Err(Denied::NoDevice)),
                        false => assert_eq!(again, Ok(stored)),
                    }
                }
            }
            Step::Acknowledge(by, back) => {
                if self.model.revoked.contains(&by) {
                    return;
                }
                let mailbox = self.model.boxes.entry(by).or_default();
                let up_to = mailbox.last.saturating_sub(back as u64);
                let before = mailbox.waiting.len();
                if up_to > mailbox.acknowledged {
                    mailbox.acknowledged = up_to;
                    mailbox.waiting.retain(|item| item.0 > up_to);
                    mailbox.missed.retain(|_, number| *number > up_to);
                }
                let gone = (before - mailbox.waiting.len()) as u64;
                assert_eq!(store.acknowledge(self.devices[by], up_to).await, gone);
            }
            Step::Revoke(whom) => {
                if self.model.revoked.insert(whom) {
                    store
                        .revoke(&self.humans[whom / 2], self.devices[whom])
                        .await;
                    self.model.boxes.remove(&whom);
                    for group in self.model.groups.values_mut() {
                        if group.members.remove(&whom) {
                            group.ghosts.insert(whom);
                        }
                    }
                }
            }
            Step::Reopen => self.model.reopened = true,
        }
    }

    fn committed(
        &mut self,
        by: usize,
        group: usize,
        added: Option<usize>,
        removed: Option<usize>,
        stored: Stored,
    ) {
        let model = self.model.groups.get_mut(&group).unwrap();
        let epoch = model.epoch;
        model.epoch += 1;
        model.sequence += 1;
        let sequence = model.sequence;
        assert_eq!(stored.sequence, GroupSeq(sequence));
        let hearers = model.members.iter().copied();
        let hearers: Vec<_> = hearers
            .filter(|hearer| *hearer != by && Some(*hearer) != added)
            .collect();
        if let Some(removed) = removed.filter(|removed| *removed != by) {
            model.members.remove(&removed);
            model.ghosts.remove(&removed);
        }
        model.members.extend(added);
        model.members.insert(by);
        let what = format!("commit {epoch}");
        for hearer in hearers {
            let kind = DeliveryKind::Commit;
            self.model
                .put(hearer, group, sequence, kind, what.as_bytes());
        }
        if let Some(added) = added {
            let kind = DeliveryKind::Welcome;
            self.model.put(added, group, sequence, kind, b"welcome");
        }
    }

    /// Looks at every mailbox.
    async fn check(&mut self, store: &Store) {
        for (number, client) in self.devices.iter().enumerate() {
            let got: Vec<Item> = store
                .entries(*client)
                .await
                .into_iter()
                .map(|entry| {
                    let group = self
                        .groups
                        .iter()
                        .position(|it| *it == entry.group)
                        .unwrap();
                    let payload = entry.payload.to_vec();
                    (entry.number, group, entry.sequence.0, entry.kind, payload)
                })
                .collect();
            let mailbox = self.model.boxes.entry(number).or_default();
            // What was seen is told anew.
            mailbox.missed.clear();
            assert_eq!(got, mailbox.waiting, "device {number}");
        }
    }
}

async fn play(steps: Vec<(Step, bool)>) {
    let bounds = MailboxBounds {
        entries: ROOM as u64,
        ..MailboxBounds::default()
    };
    let mut store = Store::bounded(sqlite, bounds);
    let mut play = Play::new(&store).await;
    for (step, looks) in &steps {
        play.take(&store, step).await;
        if play.model.reopened {
            store = store.reopen().await;
            play.model.reopened = false;
            for mailbox in play.model.boxes.values_mut() {
                mailbox.missed.clear();
            }
        }
        if *looks {
            play.check(&store).await;
        }
    }
    play.check(&store).await;
    let waiting: usize = play.model.boxes.values().map(|it| it.waiting.len()).sum();
    assert_eq!(store.count("entries"), waiting as i64);
    // Nothing is kept for nobody.
    for client in &play.devices {
        store
            .act(Act::Acknowledge {
                by: *client,
                up_to: play_last(&play, *client),
            })
            .await
            .ok();
    }
    for table in ["entries", "group_messages", "contents"] {
        assert_eq!(store.count(table), 0, "{table}");
    }
}

fn play_last(play: &Play, client: ClientId) -> u64 {
    let number = play.devices.iter().position(|it| *it == client).unwrap();
    play.model
        .boxes
        .get(&number)
        .map_or(0, |mailbox| mailbox.last)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn mailboxes_hold_what_the_model_holds(
        steps in prop::collection::vec((step(), any::<bool>()), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}
