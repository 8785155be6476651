//! Jobs of one connection.

use core::time::Duration;

use rand_core::OsRng;
use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey, DeviceRevocation};
use sotto_shared::sotto::group::{Commit, CreateGroup, Epoch, GroupKind, Send, SuiteId};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::sotto::{Push, Request};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};
use tokio::time::timeout;

use super::mail::fetch;
use super::*;
use crate::audit::Audit;
use crate::config::{AccountSettings, Limits};
use crate::connection::sotto::{Device, Fetch, Standing};
use crate::metrics::Metrics;
use crate::stop::Stopper;
use crate::storage::account::{AccountStorage as _, Change, NewAccount, StoredCredential};
use crate::storage::delivery::{Act, DeliveryStorage as _};
use crate::storage::sqlite::SqliteStorage;
use crate::transport::session::FREE_BYTES;

fn credential() -> StoredCredential {
    StoredCredential {
        password_file: vec![1].into(),
        wrapped_vault_key: vec![2].into(),
    }
}

/// A gateway's services with one account.
struct House {
    folder: tempfile::TempDir,
    storage: Arc<SqliteStorage>,
    services: Arc<Services>,
    key: AccountKey,
    device: Device,
}

impl House {
    async fn with_alice() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (limits, metrics) = (Limits::default(), Arc::<Metrics>::default());
        let commits = Arc::clone(&metrics.commits);
        let storage = SqliteStorage::open(folder.path(), (&limits).into(), commits).unwrap();
        let storage = Arc::new(storage);
        let settings = AccountSettings::default();
        let accounts = accounts::Accounts::new(&storage, settings, &metrics);
        let audit = Audit::open(folder.path()).unwrap();
        let services = Services::new(
            limits,
            Arc::clone(&storage) as _,
            accounts.unwrap(),
            metrics,
            audit,
        );
        let (key, account) = (
            AccountKey::generate(&mut OsRng),
            AccountId::random(&mut OsRng),
        );
        let client = ClientId::random(&mut OsRng);
        let new = NewAccount {
            name: "alice".parse().unwrap(),
            display_name: "Alice".parse().unwrap(),
            password: credential(),
            recovery: credential(),
            vault: vec![3].into(),
            certificate: certify(&key, account, client),
            label: label(),
            invitation: None,
            carry_over: None,
        };
        let registered = storage.apply(Change::Register(Box::new(new))).await;
        registered.unwrap().unwrap();
        Self {
            folder,
            storage,
            services: Arc::new(services),
            key,
            device: Device { account, client },
        }
    }
}

fn certify(key: &AccountKey, account: AccountId, client: ClientId) -> DeviceCertificate {
    let device_key = DeviceKey::generate(&mut OsRng).public();
    DeviceCertificate::issue(key, account, client, device_key, 1)
}

fn label() -> DeviceLabel {
    DeviceLabel {
        name: "a device".to_owned(),
        platform: "tests".to_owned(),
    }
}

#[tokio::test]
async fn a_revocation_cuts_the_session_though_who_asked_for_it_is_gone() {
    let House {
        folder,
        services,
        key,
        device,
        ..
    } = House::with_alice().await;
    let Device { account, client } = device;
    let (peer, mut inbox) = accounts::peer_of(&services, device);
    let mut jobs = Jobs::new();
    jobs.peer = Some(peer);
    let standing = Standing {
        device: Some(device),
        login: None,
    };
    let revocation = DeviceRevocation::issue(&key, account, client, 2);
    let work = AccountWork {
        standing,
        request: Request::RevokeDevices(vec![revocation]),
        nonce: None,
    };
    let stopper = Stopper::new();
    let address = "192.0.2.1".parse().unwrap();
    jobs.submit_account(work, &services, address, &stopper.watcher());
    // The connection dies.
    jobs.end();
    assert!(stopper.stop(core::time::Duration::from_secs(20)).await);
    let ended = inbox.try_recv().unwrap();
    assert_eq!(*ended, Push::SessionEnded(EndReason::Revoked));
    let log = std::fs::read_to_string(folder.path().join(crate::audit::FILE)).unwrap();
    assert!(log.contains("devices_revoked"), "{log}");
}

#[tokio::test]
async fn what_is_small_is_delivered_though_the_memory_is_taken() {
    let House {
        folder: _folder,
        storage,
        services,
        key,
        device,
    } = House::with_alice().await;
    let Device { account, client } = device;
    let mailbox = ClientId::random(&mut OsRng);
    let certificate = certify(&key, account, mailbox);
    let label = label();
    let added = storage.apply(Change::AddDevice { certificate, label });
    added.await.unwrap().unwrap();
    let group = GroupId::random(&mut OsRng);
    let create = CreateGroup {
        group,
        kind: GroupKind::Group,
        suite: SuiteId(3),
        peer: None,
        group_info: vec![1].into(),
    };
    let adding = Commit {
        id: SendId::random(&mut OsRng),
        group,
        epoch: Epoch(0),
        commit: vec![2].into(),
        group_info: vec![3].into(),
        added: vec![mailbox],
        removed: Vec::new(),
        welcome: vec![4].into(),
        external: false,
    };
    let message = Send {
        id: SendId::random(&mut OsRng),
        group,
        epoch: Epoch(1),
        message: vec![5; 2 * FREE_BYTES].into(),
    };
    let by = client;
    for act in [
        Act::Create { by, group: create },
        Act::Commit { by, commit: adding },
        Act::Send { by, message },
    ] {
        storage.submit(act).await.unwrap().unwrap();
    }
    let mut wanted = Fetch {
        mailbox,
        after: 0,
        limit: 1,
        bytes_max: usize::MAX,
    };
    let mut hold = Share::new(&services.budget);
    assert!(hold.resize(services.limits.in_flight_bytes, false));
    let soon = Duration::from_secs(4);
    assert!(soon < services.limits.pull_wait);
    let small = timeout(soon, fetch(wanted, Arc::clone(&services))).await;
    assert_eq!(small.unwrap().unwrap().entries.entries.len(), 1);
    wanted.after = 1;
    let mut large = Box::pin(fetch(wanted, Arc::clone(&services)));
    let moment = Duration::from_millis(200);
    assert!(timeout(moment, &mut large).await.is_err(), "no room");
    drop(hold);
    let large = timeout(soon, large).await.unwrap().unwrap();
    assert_eq!(large.entries.entries.len(), 1);
    assert!(services.budget.used() >= 2 * FREE_BYTES, "it is counted");
    drop(large);
    assert_eq!(services.budget.used(), 0);
}
