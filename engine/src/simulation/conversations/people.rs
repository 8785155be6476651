//! People with devices, signed in already: signing in is played elsewhere, and slow.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey};
use sotto_shared::{AccountId, ClientId, GatewayId, GroupId};

use super::super::gateway::ModelGateway;
use super::super::node::Node;
use super::super::{Faults, NONE, World};
use crate::account::stored::StoredAccount;
use crate::api::{
    Command, ConversationCommand, ConversationState, Item, ItemBody, Place, Seq, SessionState,
};
use crate::mls::Suite;

/// Device `number` of account `of`.
pub(super) fn device(of: u8, number: u8) -> StoredAccount {
    let account_key = AccountKey::from_bytes(&[of + 1; 32]);
    let mut seed = [of + 1; 32];
    seed[31] = 100 + number;
    let device_key = DeviceKey::from_bytes(&seed);
    let account = AccountId::from_bytes([of + 1; 16]);
    let mut client = [of + 1; 16];
    client[15] = 100 + number;
    let client = ClientId::from_bytes(client);
    let certificate =
        DeviceCertificate::issue(&account_key, account, client, device_key.public(), 7);
    let name = format!("person{of}");
    StoredAccount {
        account,
        name: name.parse().unwrap(),
        display_name: name.parse().unwrap(),
        hides_presence: false,
        gateway: GatewayId::from_bytes([9; 16]),
        account_key,
        device_key,
        certificate,
        password_epoch: 1,
        vault_version: 1,
        bridge: None,
        recovery_code: None,
    }
}

/// A world in which somebody may come with a further device.
pub(super) struct Town {
    pub(super) world: World,
    pub(super) suite: Suite,
    /// Of each node.
    pub(super) devices: Vec<StoredAccount>,
}

impl Town {
    /// As many people as there are numbers, each with so many devices.
    pub(super) fn new(seed: u64, suite: Suite, people: &[u8]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let now = 1_700_000_000_000;
        let mut gateway = ModelGateway::new(&mut rng);
        let mut devices = Vec::new();
        for (of, count) in (0_u8..).zip(people) {
            let own: Vec<StoredAccount> = (0..*count).map(|number| device(of, number)).collect();
            let certificates = own.iter().map(|it| it.certificate.clone()).collect();
            let first = own.first().unwrap();
            gateway.plant(&first.name, first.account_key.public(), certificates);
            devices.extend(own);
        }
        let nodes = devices
            .iter()
            .map(|it| Node::signed_in(it, suite, &mut rng, now))
            .collect();
        let world = World {
            rng,
            gateway,
            nodes,
            now,
        };
        Self {
            world,
            suite,
            devices,
        }
    }

    pub(super) fn account(of: u8) -> AccountId {
        AccountId::from_bytes([of + 1; 16])
    }

    pub(super) fn node(&self, at: usize) -> &Node {
        &self.world.nodes[at]
    }

    /// Somebody has one device more.
    pub(super) fn add_device(&mut self, of: u8, number: u8) -> usize {
        let device = device(of, number);
        self.world.gateway.plant_device(device.certificate.clone());
        let now = self.world.now;
        let node = Node::signed_in(&device, self.suite, &mut self.world.rng, now);
        self.world.nodes.push(node);
        self.devices.push(device);
        self.devices.len() - 1
    }

    pub(super) fn tell(&mut self, at: usize, command: ConversationCommand, faults: Faults) {
        let now = self.world.now;
        self.world.nodes[at].command(Command::Conversation(command), now, faults);
    }

    pub(super) fn say(&mut self, at: usize, conversation: GroupId, text: &str, faults: Faults) {
        let command = ConversationCommand::Send {
            conversation,
            text: text.to_owned(),
            mentions: Vec::new(),
            reply_to: None,
        };
        self.tell(at, command, faults);
    }

    pub(super) fn step(&mut self, faults: Faults) {
        self.world.gateway.v3.delivery.time = self.world.now;
        self.world.step(faults);
    }

    pub(super) fn run(&mut self, steps: usize, faults: Faults) {
        for _ in 0..steps {
            self.step(faults);
        }
    }

    /// Whether nothing is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        let here = self
            .devices
            .iter()
            .map(|device| device.certificate.client)
            .collect();
        let nodes = &self.world.nodes;
        nodes.iter().all(|node| {
            let status = node.account.status.as_ref();
            let is_open = status.is_some_and(|it| it.session == SessionState::Open);
            node.is_quiet() && is_open && node.unsent() == 0 && node.records(b"e") == 0
        }) && self.world.gateway.v3.delivery.is_empty(&here)
    }

    /// No more faults: everything that waits comes to its end.
    pub(super) fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..400 {
            self.world.now += 2_000;
            self.world.gateway.v3.delivery.time = self.world.now;
            for at in 0..self.world.nodes.len() {
                for _ in 0..6 {
                    let node = self.world.nodes.get_mut(at).unwrap();
                    node.advance(&mut self.world.gateway, self.world.now, NONE);
                }
            }
            quiet = if self.is_quiet() { quiet + 1 } else { 0 };
            if quiet > 40 {
                return;
            }
        }
        panic!("the town did not settle: {}", self.describe());
    }

    /// For the message of a failed test.
    pub(super) fn describe(&self) -> String {
        let mut lines = Vec::new();
        for (at, node) in self.world.nodes.iter().enumerate() {
            let states: Vec<ConversationState> =
                node.chats.all.values().map(|it| it.state).collect();
            lines.push(format!(
                "{at}: {}, out {}, waiting {}, {states:?}, {:?}, {:?}",
                node.state(),
                node.records(b"h"),
                node.records(b"e"),
                node.chats.figures,
                node.account.failures,
            ));
        }
        lines.join("\n")
    }

    /// The texts of a conversation on a device, by place.
    pub(super) fn texts(&self, at: usize, id: GroupId) -> Vec<(u64, String)> {
        let said = |item: Item| match (item.place, item.body) {
            (Place::At(Seq(seq)), ItemBody::Text { text, .. }) => Some((seq, text)),
            _ => None,
        };
        self.node(at)
            .items(id)
            .into_iter()
            .filter_map(said)
            .collect()
    }
}
