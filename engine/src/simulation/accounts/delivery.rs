//! The delivery service: key packages, groups, mailboxes.

use std::collections::{BTreeSet, VecDeque};

use sotto_shared::GroupId;
use sotto_shared::SendId;
use sotto_shared::account::DeviceRevocation;
use sotto_shared::sotto::group::{
    AccountDevices, ClaimedKeyPackage, Commit, CreateGroup, Delivery, DeliveryKind, Ephemeral,
    Epoch, GroupInfo, GroupKind, GroupOpened, GroupSeq, GroupSummary, KeyPackagesLeft, Stored,
    SuiteId,
};

use super::*;

/// Entries that are pushed before an acknowledgement is awaited. Small, so that it matters.
const WINDOW: u64 = 6;

#[derive(Default)]
pub(in crate::simulation) struct DeliveryService {
    packages: BTreeMap<(ClientId, SuiteId), Packages>,
    pub(in crate::simulation) groups: BTreeMap<GroupId, Group>,
    mailboxes: BTreeMap<ClientId, Mailbox>,
    done: BTreeMap<(ClientId, SendId), Stored>,
    pub(in crate::simulation) time: u64,
    revocations: Vec<DeviceRevocation>,
}

#[derive(Default)]
struct Packages {
    one_time: VecDeque<Bytes>,
    last_resort: Option<Bytes>,
}

pub(in crate::simulation) struct Group {
    kind: GroupKind,
    suite: SuiteId,
    pair: Option<[AccountId; 2]>,
    pub(in crate::simulation) epoch: Epoch,
    sequence: GroupSeq,
    pub(in crate::simulation) members: BTreeMap<ClientId, AccountId>,
    /// Who was a member when something was stored.
    pub(in crate::simulation) log: BTreeMap<u64, BTreeSet<ClientId>>,
    info: Bytes,
}

#[derive(Default)]
struct Mailbox {
    last: u64,
    acknowledged: u64,
    entries: VecDeque<Delivery>,
    /// What was pushed on the present connection.
    pushed: u64,
}

impl DeliveryService {
    fn put(&mut self, to: ClientId, delivery: Delivery) {
        let mailbox = self.mailboxes.entry(to).or_default();
        mailbox.last += 1;
        let number = mailbox.last;
        mailbox.entries.push_back(Delivery { number, ..delivery });
    }

    /// Whether everything was acknowledged, by those who are in `devices`.
    pub(in crate::simulation) fn is_empty(&self, devices: &BTreeSet<ClientId>) -> bool {
        let mut mailboxes = self.mailboxes.iter();
        mailboxes.all(|(client, it)| it.entries.is_empty() || !devices.contains(client))
    }

    /// A device has a new connection.
    pub(super) fn connected(&mut self, client: ClientId) {
        let mailbox = self.mailboxes.entry(client).or_default();
        mailbox.pushed = mailbox.acknowledged;
    }

    pub(super) fn revoked(&mut self, revocations: &[DeviceRevocation]) {
        for revocation in revocations {
            self.revocations.push(revocation.clone());
            let client = revocation.client;
            self.packages.retain(|(it, _), _| *it != client);
            self.mailboxes.remove(&client);
        }
    }

    /// What is due to a device.
    fn due(&mut self, client: ClientId) -> Vec<Delivery> {
        let mailbox = self.mailboxes.entry(client).or_default();
        let until = mailbox.acknowledged + WINDOW;
        let due: Vec<Delivery> = mailbox
            .entries
            .iter()
            .filter(|it| it.number > mailbox.pushed && it.number <= until)
            .cloned()
            .collect();
        if let Some(last) = due.last() {
            mailbox.pushed = last.number;
        }
        due
    }
}

impl ModelGateway {
    /// Pushes what waits to those who are here.
    pub(super) fn deliver(&mut self, conn: u64) {
        let Some(connection) = self.v3.connections.get_mut(&conn) else {
            return;
        };
        if let Some((_, client)) = connection.device {
            let due = self.v3.delivery.due(client);
            if !due.is_empty() {
                let frame = Push::Delivered(due).to_frame();
                frame.encode(&mut connection.pushes);
            }
        }
    }

    pub(super) fn conversations(
        &mut self,
        account: AccountId,
        this: ClientId,
        request: Request,
    ) -> Response {
        match request {
            Request::PublishKeyPackages(publish) => {
                let key = (this, publish.suite);
                let packages = self.v3.delivery.packages.entry(key).or_default();
                if publish.replace {
                    *packages = Packages::default();
                }
                for package in publish.packages {
                    match package.last_resort {
                        true => packages.last_resort = Some(package.package),
                        false => packages.one_time.push_back(package.package),
                    }
                }
                self.left(this, publish.suite)
            }
            Request::CountKeyPackages(suite) => self.left(this, suite),
            Request::ClaimKeyPackages(claim) => {
                let mut told = Vec::new();
                for client in claim.clients {
                    let packages = self.v3.delivery.packages.get_mut(&(client, claim.suite));
                    let package = packages
                        .and_then(|it| it.one_time.pop_front().or_else(|| it.last_resort.clone()));
                    told.extend(package.map(|package| ClaimedKeyPackage { client, package }));
                }
                Response::KeyPackages(told)
            }
            Request::FindDevices(accounts) => Response::DevicesOf(
                accounts
                    .iter()
                    .filter_map(|id| self.v3.accounts.get(id))
                    .map(|account| self.devices_of(account))
                    .collect(),
            ),
            Request::CreateGroup(create) => self.create_group(account, this, &create),
            Request::GetGroupInfo(id) => match self.v3.delivery.groups.get(&id) {
                Some(group) if group.belongs(account) => Response::GroupInfo(Box::new(GroupInfo {
                    summary: group.summary(id, account, this),
                    group_info: group.info.clone(),
                })),
                _ => error(ErrorCode::UnknownGroup),
            },
            Request::ListGroups(after) => {
                let mut groups: Vec<GroupSummary> = self
                    .v3
                    .delivery
                    .groups
                    .iter()
                    .filter(|(id, group)| Some(**id) > after && group.belongs(account))
                    .map(|(id, group)| group.summary(*id, account, this))
                    .collect();
                // Pages of two, so that there are pages.
                let more = groups.len() > 2;
                groups.truncate(2);
                Response::Groups(groups, more)
            }
            Request::Commit(commit) => self.commit(account, this, &commit),
            Request::Send(send) => {
                let delivery = &mut self.v3.delivery;
                if let Some(stored) = delivery.done.get(&(this, send.id)) {
                    return Response::Stored(*stored);
                }
                let Some(group) = delivery.groups.get_mut(&send.group) else {
                    return error(ErrorCode::UnknownGroup);
                };
                if !group.members.contains_key(&this) {
                    return error(ErrorCode::NotMember);
                }
                if send.epoch != group.epoch {
                    return error(ErrorCode::StaleEpoch);
                }
                group.sequence.0 += 1;
                let entry = Delivery {
                    number: 0,
                    group: send.group,
                    sequence: group.sequence,
                    epoch: group.epoch,
                    kind: DeliveryKind::Message,
                    sender: this,
                    time: delivery.time,
                    payload: send.message,
                };
                let others: Vec<ClientId> = group.others(this).collect();
                let members = group.members.keys().copied().collect();
                group.log.insert(group.sequence.0, members);
                for other in others {
                    delivery.put(other, entry.clone());
                }
                self.stored(this, send.id, entry.sequence)
            }
            Request::SendEphemeral(send) => {
                let Some(group) = self.v3.delivery.groups.get(&send.group) else {
                    return error(ErrorCode::UnknownGroup);
                };
                if send.epoch != group.epoch {
                    return error(ErrorCode::StaleEpoch);
                }
                let others: BTreeSet<ClientId> = group.others(this).collect();
                let push = Push::Ephemeral(Ephemeral {
                    group: send.group,
                    epoch: send.epoch,
                    sender: this,
                    message: send.message,
                });
                self.v3.push(&push, |_, client| others.contains(&client));
                Response::Done
            }
            Request::Acknowledge(up_to) => {
                let mailbox = self.v3.delivery.mailboxes.entry(this).or_default();
                if up_to <= mailbox.last {
                    mailbox.acknowledged = mailbox.acknowledged.max(up_to);
                    mailbox.entries.retain(|it| it.number > up_to);
                }
                Response::Done
            }
            _ => error(ErrorCode::NotAllowed),
        }
    }

    fn left(&self, this: ClientId, suite: SuiteId) -> Response {
        let packages = self.v3.delivery.packages.get(&(this, suite));
        Response::KeyPackagesLeft(KeyPackagesLeft {
            suite,
            one_time: packages.map_or(0, |it| u32::try_from(it.one_time.len()).unwrap()),
            last_resort: packages.is_some_and(|it| it.last_resort.is_some()),
        })
    }

    fn devices_of(&self, account: &Account) -> AccountDevices {
        let valid = account.devices.iter().map(|(device, _)| device);
        AccountDevices {
            account: account.id,
            certificates: valid
                .filter(|device| !account.revoked.contains(&device.client))
                .cloned()
                .collect(),
            revocations: self
                .v3
                .delivery
                .revocations
                .iter()
                .filter(|it| it.account == account.id)
                .cloned()
                .collect(),
        }
    }

    fn stored(&mut self, this: ClientId, id: SendId, sequence: GroupSeq) -> Response {
        let time = self.v3.delivery.time;
        let stored = Stored { sequence, time };
        self.v3.delivery.done.insert((this, id), stored);
        Response::Stored(stored)
    }

    fn create_group(
        &mut self,
        account: AccountId,
        this: ClientId,
        create: &CreateGroup,
    ) -> Response {
        let pair = create
            .peer
            .map(|peer| [account.min(peer), account.max(peer)]);
        let groups = &mut self.v3.delivery.groups;
        let there = groups.iter().find(|(_, group)| {
            group.kind == create.kind && create.kind != GroupKind::Group && group.pair == pair
        });
        if let Some((group, _)) = there {
            let (group, created) = (*group, false);
            return Response::GroupOpened(GroupOpened { group, created });
        }
        let created = !groups.contains_key(&create.group);
        groups.entry(create.group).or_insert_with(|| Group {
            kind: create.kind,
            suite: create.suite,
            pair,
            epoch: Epoch(0),
            sequence: GroupSeq(0),
            members: [(this, account)].into(),
            log: BTreeMap::new(),
            info: create.group_info.clone(),
        });
        let group = create.group;
        Response::GroupOpened(GroupOpened { group, created })
    }

    fn commit(&mut self, account: AccountId, this: ClientId, commit: &Commit) -> Response {
        let delivery = &mut self.v3.delivery;
        if let Some(stored) = delivery.done.get(&(this, commit.id)) {
            return Response::Stored(*stored);
        }
        let mut accounts = BTreeMap::new();
        for owner in self.v3.accounts.values() {
            for (device, _) in &owner.devices {
                if !owner.revoked.contains(&device.client) {
                    accounts.insert(device.client, owner.id);
                }
            }
        }
        let Some(group) = delivery.groups.get_mut(&commit.group) else {
            return error(ErrorCode::UnknownGroup);
        };
        match commit.external {
            false if !group.members.contains_key(&this) => return error(ErrorCode::NotMember),
            true if !group.belongs(account) => return error(ErrorCode::NotAllowed),
            _ => {}
        }
        if commit.epoch != group.epoch {
            return error(ErrorCode::StaleEpoch);
        }
        if commit.added.iter().any(|it| !accounts.contains_key(it)) {
            return error(ErrorCode::UnknownDevice);
        }
        assert_eq!(commit.added.is_empty(), commit.welcome.is_empty());
        let hearers: Vec<ClientId> = group
            .others(this)
            .filter(|it| !commit.added.contains(it))
            .collect();
        for removed in &commit.removed {
            if *removed != this {
                group.members.remove(removed);
            }
        }
        for added in &commit.added {
            group.members.insert(*added, accounts[added]);
        }
        group.members.insert(this, account);
        group.sequence.0 += 1;
        let entry = Delivery {
            number: 0,
            group: commit.group,
            sequence: group.sequence,
            epoch: group.epoch,
            kind: DeliveryKind::Commit,
            sender: this,
            time: delivery.time,
            payload: commit.commit.clone(),
        };
        group.epoch = group.epoch.next();
        group.info = commit.group_info.clone();
        let welcome = Delivery {
            epoch: group.epoch,
            kind: DeliveryKind::Welcome,
            payload: commit.welcome.clone(),
            ..entry.clone()
        };
        let sequence = group.sequence;
        for hearer in hearers {
            if accounts.contains_key(&hearer) {
                delivery.put(hearer, entry.clone());
            }
        }
        for added in &commit.added {
            delivery.put(*added, welcome.clone());
        }
        self.stored(this, commit.id, sequence)
    }
}

impl Group {
    fn others(&self, this: ClientId) -> impl Iterator<Item = ClientId> {
        let members: Vec<ClientId> = self.members.keys().copied().collect();
        members.into_iter().filter(move |it| *it != this)
    }

    fn belongs(&self, account: AccountId) -> bool {
        self.kind == GroupKind::Lobby
            || self.pair.is_some_and(|pair| pair.contains(&account))
            || self.members.values().any(|it| *it == account)
    }

    fn summary(&self, id: GroupId, account: AccountId, this: ClientId) -> GroupSummary {
        let mut others = self.members.iter().filter(|(client, _)| **client != this);
        GroupSummary {
            group: id,
            kind: self.kind,
            suite: self.suite,
            epoch: self.epoch,
            sequence: self.sequence,
            member: self.members.contains_key(&this),
            account_member: others.any(|(_, it)| *it == account),
        }
    }
}
