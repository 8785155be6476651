//! Accounts with many devices, and a group of all of them.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use rand_core::OsRng;
use rusqlite::params;
use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey};
use sotto_shared::limits::DEVICES_MAX;
use sotto_shared::sotto::group::{Commit, CreateGroup, Epoch, GroupKind, SuiteId};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};

use super::line::{Device, Line};
use super::raw;

/// The group that everything is sent to. There is one.
pub(super) const GROUP: GroupId = GroupId::from_bytes([0x5a; 16]);
/// Its epoch, once everybody is in it.
pub(super) const EPOCH: Epoch = Epoch(1);

const INSERT_ACCOUNT: &str = "INSERT INTO accounts \
    (ID, Name, DisplayName, AccountKey, CreatedAt) VALUES (?1, ?2, ?2, ?3, 1)";
const INSERT_DEVICE: &str = "INSERT INTO devices \
    (ID, Account, Certificate, Name) VALUES (?1, ?2, ?3, 'bench')";

/// Everybody.
pub(super) struct World {
    devices: Vec<Device>,
}

impl World {
    /// Puts accounts and devices into the database of a gateway that does not run: signing up takes
    /// a password each time, and seconds.
    pub(super) fn make(data: &Path, count: usize) -> Result<Self> {
        let mut database = raw::open(&data.join(raw::DATABASE))?;
        let transaction = database.transaction()?;
        let mut devices = Vec::with_capacity(count);
        for number in 0..count.div_ceil(DEVICES_MAX) {
            let (key, account) = (
                AccountKey::generate(&mut OsRng),
                AccountId::random(&mut OsRng),
            );
            transaction.execute(
                INSERT_ACCOUNT,
                params![
                    account.as_bytes(),
                    format!("user{number}"),
                    key.public().as_bytes()
                ],
            )?;
            let row = transaction.last_insert_rowid();
            for _ in devices.len()..count.min((number + 1) * DEVICES_MAX) {
                let client = ClientId::random(&mut OsRng);
                let device = DeviceKey::generate(&mut OsRng);
                let certificate =
                    DeviceCertificate::issue(&key, account, client, device.public(), 1);
                transaction.execute(
                    INSERT_DEVICE,
                    params![client.as_bytes(), row, certificate.to_bytes()],
                )?;
                let key = device;
                devices.push(Device { key, client });
            }
        }
        transaction.commit()?;
        Ok(Self { devices })
    }

    /// Makes the group, with everybody in it, and nothing in the mailboxes.
    pub(super) async fn gather(self, to: SocketAddr) -> Result<Vec<Device>> {
        let [creator, others @ ..] = self.devices.as_slice() else {
            bail!("there is nobody");
        };
        let mut line = Line::open(to, creator).await?;
        let create = Request::CreateGroup(CreateGroup {
            group: GROUP,
            kind: GroupKind::Group,
            suite: SuiteId(0x004D),
            peer: None,
            group_info: Bytes::from_static(b"group info"),
        });
        match line.ask(&create).await? {
            Response::GroupOpened(_) => {}
            other => bail!("making a group was answered with {other:?}"),
        }
        let commit = Request::Commit(Box::new(Commit {
            id: SendId::random(&mut OsRng),
            group: GROUP,
            epoch: Epoch(0),
            commit: Bytes::from_static(b"commit"),
            group_info: Bytes::from_static(b"group info"),
            added: others.iter().map(|other| other.client).collect(),
            removed: Vec::new(),
            welcome: Bytes::from_static(b"welcome"),
            external: false,
        }));
        match line.ask(&commit).await? {
            Response::Stored(_) => {}
            other => bail!("a commit was answered with {other:?}"),
        }
        for other in others {
            let mut line = Line::open(to, other).await.context("a member")?;
            match line.ask(&Request::Acknowledge(1)).await? {
                Response::Done => {}
                other => bail!("an acknowledgement was answered with {other:?}"),
            }
        }
        Ok(self.devices)
    }
}
