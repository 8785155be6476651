//! Groups: made, and moved from epoch to epoch.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};
use sotto_shared::limits::GROUP_DEVICES_MAX;
use sotto_shared::sotto::group::{Commit, CreateGroup, DeliveryKind, GroupKind, GroupOpened};
use sotto_shared::{ClientId, GroupId};

use super::super::super::delivery::{Acted, Denied, GROUPS_CREATED_MAX};
use super::super::apply::Apply;
use super::apply::{Device, Group, Member, Result, deny_if};
use super::message::{Item, Reach};
use super::statements;

impl Apply<'_> {
    pub(super) fn create_group(&mut self, by: ClientId, request: &CreateGroup) -> Result<Acted> {
        let device = self.asking(by)?;
        let pair = self.pair(device, request)?;
        let there = match request.kind {
            GroupKind::Direct => self.find_group_id(statements::FIND_DIRECT, pair)?,
            GroupKind::Lobby => self.find_group_id(statements::FIND_LOBBY, [])?,
            GroupKind::Group => None,
        };
        if let Some(group) = there {
            let created = false;
            return Ok(Acted::Opened(GroupOpened { group, created }));
        }
        let id = request.group;
        if let Some(group) = self.group(id)? {
            let is_own = self
                .database
                .prepare_cached(statements::IS_MEMBER)?
                .exists(params![group.number, device.number])?;
            let is_repetition = is_own && group.kind == request.kind;
            deny_if(!is_repetition, Denied::IdTaken)?;
            let created = false;
            return Ok(Acted::Opened(GroupOpened { group: id, created }));
        }
        let count: u32 = self
            .database
            .prepare_cached(statements::COUNT_CREATED)?
            .query_row([device.account], |row| row.get(0))?;
        deny_if(count >= GROUPS_CREATED_MAX, Denied::TooMany)?;
        let row = params![
            id.as_bytes(),
            kind_number(request.kind),
            request.suite.0,
            device.account,
            pair[0],
            pair[1]
        ];
        self.run(statements::INSERT_GROUP, row)?;
        let number = self.database.last_insert_rowid();
        let info = params![number, &request.group_info[..]];
        self.run(statements::PUT_GROUP_INFO, info)?;
        let member = params![number, device.number, device.account];
        self.run(statements::PUT_MEMBER, member)?;
        let created = true;
        Ok(Acted::Opened(GroupOpened { group: id, created }))
    }

    /// The accounts of a direct chat, in order: twice the same in that with oneself.
    fn pair(&self, device: Device, request: &CreateGroup) -> Result<[i64; 2]> {
        let Some(peer) = request.peer else {
            return Ok([0; 2]);
        };
        let peer: Option<i64> = self
            .database
            .prepare_cached(statements::ACCOUNT)?
            .query_row([peer.as_bytes()], |row| row.get(0))
            .optional()?;
        let peer = peer.ok_or(Denied::UnknownPeer)?;
        Ok([device.account.min(peer), device.account.max(peer)])
    }

    fn find_group_id<const N: usize>(&self, sql: &str, key: [i64; N]) -> Result<Option<GroupId>> {
        let found = self
            .database
            .prepare_cached(sql)?
            .query_row(rusqlite::params_from_iter(key), |row| {
                row.get(0).map(GroupId::from_bytes)
            });
        Ok(found.optional()?)
    }

    pub(super) fn commit(&mut self, by: ClientId, commit: &Commit) -> Result<Acted> {
        let device = self.asking(by)?;
        if let Some(stored) = self.repeated(device.number, commit.id)? {
            return Ok(Acted::Repeated(stored));
        }
        let group = self.group(commit.group)?.ok_or(Denied::UnknownGroup)?;
        let members = self.members(group.number)?;
        may_commit(&group, &members, device, commit.external)?;
        deny_if(commit.epoch != group.epoch, Denied::StaleEpoch)?;
        let removed = self.removed(commit, &members, device)?;
        let added = self.added(commit, &group)?;
        self.change_members(&group, device, &members, &removed, &added)?;
        self.run(statements::NEXT_EPOCH, [group.number])?;
        let info = params![group.number, &commit.group_info[..]];
        self.run(statements::PUT_GROUP_INFO, info)?;

        let welcomed: Vec<i64> = added.iter().map(|added| added.number).collect();
        let hears = |member: &&Member| {
            member.active && member.device != device.number && !welcomed.contains(&member.device)
        };
        let hearers: Vec<i64> = members.iter().filter(hears).map(|it| it.device).collect();
        let mut reach = Reach::default();
        let mut item = Item {
            kind: DeliveryKind::Commit,
            epoch: group.epoch,
            sender: by,
            content: &commit.commit,
        };
        self.fan_out(&group, &item, &hearers, &mut reach)?;
        item.kind = DeliveryKind::Welcome;
        item.epoch = group.epoch.next();
        item.content = &commit.welcome;
        self.fan_out(&group, &item, &welcomed, &mut reach)?;
        let stored = self.remember(device.number, commit.id, &group)?;
        Ok(reach.stored(stored))
    }

    /// The members that a commit removes, whoever of those it names is one.
    fn removed(&self, commit: &Commit, members: &[Member], by: Device) -> Result<HashSet<i64>> {
        let mut removed = HashSet::new();
        for client in &commit.removed {
            let number: Option<i64> = self
                .database
                .prepare_cached(statements::DEVICE_NUMBER)?
                .query_row([client.as_bytes()], |row| row.get(0))
                .optional()?;
            // A device of an account that is gone is no member any more.
            removed.extend(number.filter(|number| *number != by.number));
        }
        removed.retain(|number| members.iter().any(|member| member.device == *number));
        Ok(removed)
    }

    /// The devices that a commit adds.
    fn added(&self, commit: &Commit, group: &Group) -> Result<Vec<Device>> {
        let has_welcome = !commit.welcome.is_empty();
        deny_if(has_welcome == commit.added.is_empty(), Denied::NotAllowed)?;
        let mut added: Vec<Device> = Vec::with_capacity(commit.added.len());
        for client in &commit.added {
            let device = self.find_device(statements::FIND_DEVICE, *client)?;
            let device = device.ok_or(Denied::UnknownDevice)?;
            let is_strange =
                group.kind == GroupKind::Direct && !group.pair.contains(&device.account);
            deny_if(is_strange, Denied::NotAllowed)?;
            if added.iter().all(|other| other.number != device.number) {
                added.push(device);
            }
        }
        Ok(added)
    }

    fn change_members(
        &self,
        group: &Group,
        by: Device,
        members: &[Member],
        removed: &HashSet<i64>,
        added: &[Device],
    ) -> Result<()> {
        let mut devices: HashSet<i64> = members.iter().map(|member| member.device).collect();
        for number in removed {
            devices.remove(number);
            self.run(statements::DELETE_MEMBER, params![group.number, number])?;
        }
        let was_there = members
            .iter()
            .any(|member| member.active && member.device == by.number);
        let sender = (!was_there).then_some(&by);
        for device in added.iter().chain(sender) {
            devices.insert(device.number);
            let row = params![group.number, device.number, device.account];
            self.run(statements::PUT_MEMBER, row)?;
        }
        deny_if(devices.len() > GROUP_DEVICES_MAX, Denied::GroupFull)
    }
}

/// Members commit. By an external commit joins who belongs to the group.
fn may_commit(group: &Group, members: &[Member], by: Device, external: bool) -> Result<()> {
    let is_active = |member: &Member| member.active && member.device == by.number;
    if !external {
        return deny_if(!members.iter().any(is_active), Denied::NotMember);
    }
    let belongs = match group.kind {
        GroupKind::Lobby => true,
        GroupKind::Direct => group.pair.contains(&by.account),
        GroupKind::Group => false,
    };
    let belongs = belongs || members.iter().any(|member| member.account == by.account);
    deny_if(!belongs, Denied::NotAllowed)
}

pub(super) const fn kind_number(kind: GroupKind) -> i64 {
    match kind {
        GroupKind::Direct => 1,
        GroupKind::Group => 2,
        GroupKind::Lobby => 3,
    }
}
