//! Any order of changes: names stay unique, and memory agrees with the disk.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// Few names, so that they meet.
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

#[derive(Debug, Clone)]
enum Step {
    SignUp(usize),
    Classic(usize, bool),
    CarryOver(usize),
    Bridge(usize),
    NoBridge(usize),
    Disable(usize, bool),
    Delete(usize),
    Send(usize, usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES.len();
    prop_oneof![
        4 => name().prop_map(Step::SignUp),
        2 => (name(), any::<bool>()).prop_map(|(name, upper)| Step::Classic(name, upper)),
        2 => name().prop_map(Step::CarryOver),
        3 => name().prop_map(Step::Bridge),
        1 => name().prop_map(Step::NoBridge),
        2 => (name(), any::<bool>()).prop_map(|(name, on)| Step::Disable(name, on)),
        2 => name().prop_map(Step::Delete),
        4 => (name(), name()).prop_map(|(from, to)| Step::Send(from, to)),
        1 => Just(Step::Reopen),
    ]
}

/// What there should be.
#[derive(Default)]
struct Model {
    users: HashMap<usize, User>,
    /// Classic clients by name: the id, and whether the spelling is in upper case.
    clients: HashMap<usize, Vec<(ClientId, bool)>>,
    bridges: HashMap<usize, ClientId>,
    disabled: HashMap<usize, bool>,
}

impl Model {
    fn is_disabled(&self, name: usize) -> bool {
        self.disabled.get(&name).copied().unwrap_or_default()
    }

    /// Clients that classic requests can meet.
    fn reachable(&self) -> u64 {
        let free: usize = self.clients.values().map(Vec::len).sum();
        let bridges = self.bridges.keys().filter(|name| !self.is_disabled(**name));
        (free + bridges.count()) as u64
    }

    fn mailbox(&self, name: usize) -> ClientId {
        let bridge = self.bridges.get(&name);
        let client = self.clients.get(&name).and_then(|clients| clients.first());
        *bridge
            .or(client.map(|(id, _)| id))
            .unwrap_or(&ClientId::ZERO)
    }

    async fn take(&mut self, store: &Store, step: &Step) {
        match *step {
            Step::SignUp(name) => {
                let user = User::new(NAMES[name]);
                let is_free = !self.users.contains_key(&name)
                    && self.clients.get(&name).is_none_or(Vec::is_empty);
                let done = store.apply(register(&user.sign_up())).await;
                assert_eq!(done.is_ok(), is_free, "{done:?}");
                if is_free {
                    self.users.insert(name, user);
                }
            }
            Step::Classic(name, upper) => {
                let clients = self.clients.entry(name).or_default();
                let is_free = !self.users.contains_key(&name)
                    && clients.iter().all(|(_, spelt)| *spelt != upper);
                let spelt = if upper {
                    NAMES[name].to_uppercase()
                } else {
                    NAMES[name].to_owned()
                };
                match store.register_classic(&spelt).await {
                    Written::Registered(client) => {
                        assert!(is_free);
                        clients.push((client, upper));
                    }
                    other => {
                        assert_eq!(other, Written::Refused(Refusal::NameTaken));
                        assert!(!is_free);
                    }
                }
            }
            Step::CarryOver(name) => {
                let clients = self.clients.entry(name).or_default();
                let Some((client, _)) = clients.first().copied() else {
                    return;
                };
                let user = User::new(NAMES[name]);
                let mut new = user.sign_up();
                new.carry_over = Some(user.bridge(client, 1).0);
                // Another client of the same name but for case is in the way.
                let is_free = clients.len() == 1;
                let done = store.apply(register(&new)).await;
                assert_eq!(done.is_ok(), is_free, "{done:?}");
                if is_free {
                    clients.clear();
                    self.bridges.insert(name, client);
                    self.users.insert(name, user);
                }
            }
            Step::Bridge(name) => {
                let Some(user) = self.users.get(&name) else {
                    return;
                };
                if self.is_disabled(name) {
                    return;
                }
                let client = ClientId::random(&mut rand_core::OsRng);
                let bridge = Some(user.bridge(client, 1));
                let account = user.account;
                store.done(Change::SetBridge { account, bridge }).await;
                self.bridges.insert(name, client);
            }
            Step::NoBridge(name) => {
                let Some(user) = self.users.get(&name) else {
                    return;
                };
                let account = user.account;
                let bridge = None;
                store.done(Change::SetBridge { account, bridge }).await;
                self.bridges.remove(&name);
            }
            Step::Disable(name, disabled) => {
                let Some(user) = self.users.get(&name) else {
                    return;
                };
                let account = user.account;
                let change = Change::SetDisabled { account, disabled };
                assert!(store.apply(change).await.is_ok());
                self.disabled.insert(name, disabled);
            }
            Step::Delete(name) => {
                let Some(user) = self.users.remove(&name) else {
                    return;
                };
                let delete = Change::DeleteAccount(user.account);
                assert!(store.apply(delete).await.is_ok());
                self.bridges.remove(&name);
                self.disabled.remove(&name);
            }
            Step::Send(from, to) => {
                let (from, to) = (self.mailbox(from), self.mailbox(to));
                store.send(from, to).await;
            }
            Step::Reopen => {}
        }
    }
}

async fn play(steps: Vec<Step>) {
    let mut store = Store::new(sqlite);
    let mut model = Model::default();
    for step in &steps {
        model.take(&store, step).await;
        if matches!(step, Step::Reopen) {
            store = store.reopen().await;
        }
        assert_eq!(store.both.storage.totals().clients, model.reachable());
        let mut listed: Vec<_> = model.users.keys().copied().collect();
        listed.retain(|name| !model.is_disabled(*name));
        listed.sort_unstable();
        let names: Vec<_> = listed.into_iter().map(|name| NAMES[name]).collect();
        assert_eq!(store.listed().await, names);
    }
    let totals = store.both.storage.totals();
    let store = store.reopen().await;
    assert_eq!(store.both.storage.totals(), totals);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn names_stay_unique_and_memory_agrees_with_the_disk(
        steps in proptest::collection::vec(step(), 1..30),
    ) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(play(steps));
    }
}
