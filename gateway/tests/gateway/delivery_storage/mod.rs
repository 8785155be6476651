//! What every storage promises of conversations. Each case runs on every implementation.

mod commits;
mod groups;
mod key_packages;
mod leaving;
mod mailboxes;
mod random;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sotto_gateway::metrics::CommitMetrics;
use sotto_gateway::storage::account::{AccountStorage, Change};
use sotto_gateway::storage::delivery::{
    Act, Acted, DeliveryStorage, Denied, Entries, GROUPS_CREATED_MAX, MailboxBounds, SUITES_MAX,
    Wanted,
};
use sotto_gateway::storage::sqlite::{Options, SqliteStorage};
use sotto_gateway::storage::{Clock, MailboxSize, Storage};
use sotto_shared::limits::{GROUP_DEVICES_MAX, KEY_PACKAGES_MAX, REVOCATIONS_MAX};
use sotto_shared::sotto::group::{
    Commit, CreateGroup, Delivery, DeliveryKind, Epoch, GroupKind, GroupOpened, GroupSeq,
    KeyPackage, KeyPackagesLeft, PublishKeyPackages, Send, Stored, SuiteId,
};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};

use crate::account_support::*;

const START: i64 = 1_800_000_000;
const SUITE: SuiteId = SuiteId(0x004D);

/// All faces of one storage that conversations need.
struct Faces {
    storage: Arc<dyn Storage>,
    accounts: Arc<dyn AccountStorage>,
    delivery: Arc<dyn DeliveryStorage>,
}

/// Opens a storage that keeps its data in a folder.
type Open = fn(&Path, Options) -> Faces;

fn sqlite(folder: &Path, options: Options) -> Faces {
    let storage = SqliteStorage::open(folder, options, Arc::new(CommitMetrics::default()));
    let storage = Arc::new(storage.unwrap());
    Faces {
        storage: Arc::<SqliteStorage>::clone(&storage),
        accounts: Arc::<SqliteStorage>::clone(&storage),
        delivery: storage,
    }
}

fn options(clock: &Clock, delivery: MailboxBounds) -> Options {
    Options {
        clients: 100,
        mailbox: MailboxSize {
            messages: 100,
            bytes: 10_000,
        },
        delivery,
        receipts: Duration::from_secs(3600),
        last_seen: Duration::from_secs(3600),
        database_max: 0,
        clock: clock.clone(),
    }
}

macro_rules! conformance {
    ($($module:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        mod on_sqlite {
            $($(
                #[tokio::test]
                async fn $case() {
                    super::$module::$case(super::sqlite).await;
                }
            )+)+
        }
    };
}

conformance! {
    key_packages: [
        a_one_time_package_is_handed_out_once,
        of_those_who_claim_at_once_one_gets_the_one_time_package,
        expired_packages_are_not_handed_out,
        the_oldest_packages_give_way_at_the_limit,
        a_device_has_packages_of_a_few_suites_only,
        the_devices_of_an_account_are_told_with_the_newest_revocations,
    ],
    groups: [
        there_is_one_direct_chat_of_two_or_with_oneself_and_one_lobby,
        a_groups_id_is_never_anothers,
        an_account_creates_a_bounded_number_of_groups,
        groups_are_listed_for_those_who_belong_to_them,
        those_who_share_a_group_are_neighbours_but_not_by_the_lobby,
    ],
    commits: [
        of_racing_commits_the_first_is_taken,
        members_get_the_commit_and_those_who_are_added_the_welcome,
        who_is_removed_gets_the_commit_and_nothing_after_it,
        only_who_belongs_joins_by_an_external_commit,
        who_joins_again_stays_one_member,
        a_repeated_commit_is_answered_as_the_first_time,
        a_group_has_a_bounded_number_of_devices,
        a_refused_commit_changes_nothing,
        commits_go_through_though_mailboxes_are_full,
    ],
    mailboxes: [
        entries_are_numbered_without_gaps_for_good,
        a_message_is_stored_once_and_goes_with_its_last_entry,
        a_repeated_send_is_stored_once_also_after_a_restart,
        ids_of_sends_are_forgotten_in_time,
        only_members_of_the_present_epoch_send,
        acknowledging_backwards_or_too_far_does_nothing,
        entries_come_in_pages_of_bounded_size,
        a_full_mailbox_misses_and_says_so_once,
        when_no_mailbox_takes_it_the_sender_learns_it,
        bytes_of_a_mailbox_are_bounded,
        what_waits_for_too_long_is_missed,
        everything_survives_a_restart,
        a_flood_to_a_large_group_is_stored_whole_and_in_order,
    ],
    leaving: [
        a_revoked_device_loses_everything_at_once,
        the_account_of_a_revoked_device_finds_its_way_back,
        a_deleted_account_leaves_no_place_and_no_message,
        a_revocation_that_is_refused_takes_nothing,
    ],
}

/// A storage with a clock of its own.
struct Store {
    faces: Faces,
    clock: Clock,
    bounds: MailboxBounds,
    folder: tempfile::TempDir,
    open: Open,
}

/// Somebody with one device.
struct Human {
    user: User,
    client: ClientId,
}

impl Store {
    fn new(open: Open) -> Self {
        Self::bounded(open, MailboxBounds::default())
    }

    fn bounded(open: Open, bounds: MailboxBounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::set_to(START);
        Self {
            faces: open(folder.path(), options(&clock, bounds)),
            clock,
            bounds,
            folder,
            open,
        }
    }

    /// Closes it and opens it anew.
    async fn reopen(self) -> Self {
        let Self {
            faces,
            clock,
            bounds,
            folder,
            open,
        } = self;
        faces.storage.close().await.unwrap();
        drop(faces);
        Self {
            faces: open(folder.path(), options(&clock, bounds)),
            clock,
            bounds,
            folder,
            open,
        }
    }

    async fn change(&self, change: Change) {
        self.faces.accounts.apply(change).await.unwrap().unwrap();
    }

    async fn sign_up(&self, name: &str) -> Human {
        let user = User::new(name);
        let new = user.sign_up();
        let client = new.certificate.client;
        self.change(Change::Register(Box::new(new))).await;
        Human { user, client }
    }

    async fn add_device(&self, human: &Human) -> ClientId {
        let certificate = human.user.certify();
        let client = certificate.client;
        let label = label("another");
        self.change(Change::AddDevice { certificate, label }).await;
        client
    }

    async fn revoke(&self, human: &Human, client: ClientId) {
        let account = human.user.account;
        let revocations = vec![human.user.revoke(client)];
        let change = Change::RevokeDevices {
            account,
            revocations,
        };
        self.change(change).await;
    }

    async fn act(&self, act: Act) -> Result<Acted, Denied> {
        self.faces.delivery.submit(act).await.unwrap()
    }

    async fn create(&self, by: ClientId, create: CreateGroup) -> Result<GroupOpened, Denied> {
        match self.act(Act::Create { by, group: create }).await? {
            Acted::Opened(opened) => Ok(opened),
            other => panic!("{other:?}"),
        }
    }

    /// A group of these devices, of which the first made it; in epoch 1 if there are more.
    async fn group(&self, devices: &[ClientId]) -> GroupId {
        let group = GroupId::random(&mut rand_core::OsRng);
        let [creator, others @ ..] = devices else {
            panic!("somebody makes it");
        };
        let opened = self.create(*creator, plain(group)).await.unwrap();
        assert!(opened.created);
        if !others.is_empty() {
            let mut commit = commit(group, 0);
            commit.added = others.to_vec();
            commit.welcome = Bytes::from_static(b"welcome");
            self.commit(*creator, commit).await.unwrap();
        }
        group
    }

    async fn commit(&self, by: ClientId, commit: Commit) -> Result<Stored, Denied> {
        self.stored(Act::Commit { by, commit }).await
    }

    async fn send(&self, by: ClientId, message: Send) -> Result<Stored, Denied> {
        self.stored(Act::Send { by, message }).await
    }

    async fn stored(&self, act: Act) -> Result<Stored, Denied> {
        match self.act(act).await? {
            Acted::Stored { stored, .. } | Acted::Repeated(stored) => Ok(stored),
            other => panic!("{other:?}"),
        }
    }

    async fn page(&self, client: ClientId, after: u64, limit: usize, bytes: usize) -> Entries {
        let entries = self.faces.delivery.entries(client, after, limit, bytes);
        entries.await.unwrap().unwrap()
    }

    async fn entries(&self, client: ClientId) -> Vec<Delivery> {
        self.page(client, 0, 10_000, usize::MAX).await.entries
    }

    /// What waits, in a few words.
    async fn waiting(&self, client: ClientId) -> Vec<(u64, DeliveryKind, Vec<u8>)> {
        let entries = self.entries(client).await.into_iter();
        let brief = |entry: Delivery| (entry.number, entry.kind, entry.payload.to_vec());
        entries.map(brief).collect()
    }

    async fn acknowledge(&self, by: ClientId, up_to: u64) -> u64 {
        match self.act(Act::Acknowledge { by, up_to }).await.unwrap() {
            Acted::Acknowledged(count) => count,
            other => panic!("{other:?}"),
        }
    }

    fn count(&self, table: &str) -> i64 {
        let path = self
            .folder
            .path()
            .join(sotto_gateway::storage::sqlite::FILE);
        let database = rusqlite::Connection::open(path).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

fn plain(group: GroupId) -> CreateGroup {
    CreateGroup {
        group,
        kind: GroupKind::Group,
        suite: SUITE,
        peer: None,
        group_info: Bytes::from_static(b"group info 0"),
    }
}

fn direct(group: GroupId, peer: AccountId) -> CreateGroup {
    CreateGroup {
        kind: GroupKind::Direct,
        peer: Some(peer),
        ..plain(group)
    }
}

fn lobby(group: GroupId) -> CreateGroup {
    CreateGroup {
        kind: GroupKind::Lobby,
        ..plain(group)
    }
}

fn new_group() -> GroupId {
    GroupId::random(&mut rand_core::OsRng)
}

fn commit(group: GroupId, epoch: u64) -> Commit {
    Commit {
        id: SendId::random(&mut rand_core::OsRng),
        group,
        epoch: Epoch(epoch),
        commit: Bytes::from(format!("commit {epoch}")),
        group_info: Bytes::from(format!("group info {}", epoch + 1)),
        added: Vec::new(),
        removed: Vec::new(),
        welcome: Bytes::new(),
        external: false,
    }
}

fn external(group: GroupId, epoch: u64) -> Commit {
    Commit {
        external: true,
        ..commit(group, epoch)
    }
}

fn message(group: GroupId, epoch: u64, text: &str) -> Send {
    Send {
        id: SendId::random(&mut rand_core::OsRng),
        group,
        epoch: Epoch(epoch),
        message: Bytes::copy_from_slice(text.as_bytes()),
    }
}
