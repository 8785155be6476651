//! What every storage promises of accounts. Each case runs on every implementation.

mod accounts;
mod bridges;
mod deletion;
mod devices;
mod disk;
mod invitations;
mod logins;
mod random;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sotto_gateway::metrics::CommitMetrics;
use sotto_gateway::storage::account::{
    AccountRecord, AccountStorage, Applied, Change, Failures, INVITATION_LIFETIME, INVITATIONS_MAX,
    LOGIN_WINDOW, LoginSubject, NewAccount, Refused,
};
use sotto_gateway::storage::delivery::MailboxBounds;
use sotto_gateway::storage::sqlite::{Options, SqliteStorage};
use sotto_gateway::storage::{Clock, MailboxSize, ReadError, Refusal, Storage, Write, Written};
use sotto_shared::account::Slot;
use sotto_shared::limits::DEVICES_MAX;
use sotto_shared::sotto::types::{Invitation, Presence};
use sotto_shared::{AccountId, ClientId, SendId};

use crate::account_support::*;
use crate::support::{message, registration};

const START: i64 = 1_800_000_000;

/// Both faces of one storage.
pub(crate) struct Both {
    storage: Arc<dyn Storage>,
    accounts: Arc<dyn AccountStorage>,
}

/// Opens a storage that keeps its data in a folder.
type Open = fn(&Path, Options) -> Both;

fn sqlite(folder: &Path, options: Options) -> Both {
    let storage = SqliteStorage::open(folder, options, Arc::new(CommitMetrics::default()));
    let storage = Arc::new(storage.unwrap());
    Both {
        storage: Arc::<SqliteStorage>::clone(&storage),
        accounts: storage,
    }
}

fn options(clock: &Clock) -> Options {
    Options {
        clients: 10,
        mailbox: MailboxSize {
            messages: 100,
            bytes: 10_000,
        },
        delivery: MailboxBounds::default(),
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
    accounts: [
        a_registered_account_is_found_in_every_way,
        the_gateway_keeps_its_identity_and_accounts_over_a_restart,
        a_repeated_registration_is_refused,
        names_are_reserved_across_dialects_without_case,
        new_credentials_replace_the_old_ones_at_once,
        accounts_are_limited_as_clients_are,
        hidden_presence_is_told_to_nobody,
        pages_are_in_order_of_names,
        of_those_who_want_a_name_at_once_one_gets_it,
        refused_changes_change_nothing,
        changes_are_refused_after_closing,
    ],
    deletion: [
        a_deleted_account_frees_its_name_and_never_its_ids,
        a_deleted_account_leaves_nothing_in_memory_or_on_questions,
    ],
    devices: [
        ids_of_devices_and_classic_clients_are_distinct,
        a_revoked_device_stays_revoked_and_known,
        revocations_are_whole_or_nothing,
        the_last_device_allowed_is_added_and_no_further_one,
        revoked_devices_make_room,
    ],
    bridges: [
        a_bridge_is_a_classic_client_while_it_is_on,
        a_carried_over_client_keeps_its_mail,
        only_a_free_classic_client_is_carried_over,
        a_disabled_account_is_hidden_and_its_classic_mailbox_unreachable,
    ],
    invitations: [
        an_invitation_is_used_once_and_only_in_time,
        an_account_has_a_bounded_number_of_open_invitations,
        invitations_are_taken_back_by_their_own_account_only,
        an_invitation_lets_one_in_of_those_who_use_it_at_once,
    ],
    logins: [
        failed_logins_count_for_their_window,
        a_clock_that_is_put_back_locks_nobody,
        failed_logins_survive_a_restart,
        failed_logins_of_one_subject_are_nobody_elses,
        a_successful_login_forgets_its_own_failures_only,
    ],
}

pub(crate) struct Store {
    both: Both,
    clock: Clock,
    folder: tempfile::TempDir,
    open: Open,
}

impl Store {
    fn new(open: Open) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::set_to(START);
        Self {
            both: open(folder.path(), options(&clock)),
            clock,
            folder,
            open,
        }
    }

    /// Closes it and opens it anew.
    async fn reopen(self) -> Self {
        let Self {
            both,
            clock,
            folder,
            open,
        } = self;
        both.storage.close().await.unwrap();
        drop(both);
        Self {
            both: open(folder.path(), options(&clock)),
            clock,
            folder,
            open,
        }
    }

    async fn apply(&self, change: Change) -> Result<Applied, Refused> {
        self.both.accounts.apply(change).await.unwrap()
    }

    async fn done(&self, change: Change) {
        assert_eq!(
            self.apply(change.clone()).await,
            Ok(Applied::Done),
            "{change:?}"
        );
    }

    async fn sign_up(&self, name: &str) -> (User, NewAccount) {
        let user = User::new(name);
        let new = user.sign_up();
        self.done(register(&new)).await;
        (user, new)
    }

    async fn register_classic(&self, name: &str) -> Written {
        self.write(Write::Register {
            register: registration(name, 1),
            once: false,
        })
        .await
    }

    async fn classic(&self, name: &str) -> ClientId {
        match self.register_classic(name).await {
            Written::Registered(client) => client,
            other => panic!("{other:?}"),
        }
    }

    async fn write(&self, write: Write) -> Written {
        self.both.storage.write(vec![write]).await.unwrap()[0]
    }

    async fn send(&self, from: ClientId, to: ClientId) -> Written {
        self.write(Write::Send {
            from,
            message: message(to, b"hello"),
            send_id: Some(SendId::from_bytes([7; 16])),
        })
        .await
    }

    async fn account(&self, account: AccountId) -> Option<AccountRecord> {
        self.both.accounts.account(account).await.unwrap().unwrap()
    }

    async fn is_revoked(&self, client: ClientId) -> Option<bool> {
        let device = self.both.accounts.device(client).await.unwrap().unwrap();
        device.map(|device| device.revoked)
    }

    async fn devices(&self, account: AccountId) -> Vec<ClientId> {
        let devices = self.both.accounts.devices(account).await.unwrap();
        let ids = devices.unwrap().into_iter();
        ids.map(|device| device.certificate.client).collect()
    }

    async fn failures(&self, subject: &LoginSubject) -> Failures {
        let failures = self.both.accounts.login_failures(subject.clone()).await;
        failures.unwrap().unwrap()
    }

    async fn invite(&self, by: Option<AccountId>, digest: u8) -> Result<Applied, Refused> {
        self.apply(Change::Invite {
            by,
            digest: [digest; 32],
            lifetime: INVITATION_LIFETIME,
        })
        .await
    }

    async fn is_open(&self, digest: u8) -> bool {
        let open = self.both.accounts.invitation_is_open([digest; 32]).await;
        open.unwrap().unwrap()
    }

    async fn listed(&self) -> Vec<String> {
        let page = self.both.accounts.accounts(None, 100).await;
        let entries = page.unwrap().unwrap().into_iter();
        entries.map(|entry| entry.name.to_string()).collect()
    }
}

fn register(new: &NewAccount) -> Change {
    Change::Register(Box::new(new.clone()))
}

fn add(user: &User) -> Change {
    Change::AddDevice {
        certificate: user.certify(),
        label: label("another"),
    }
}

fn subject(name: &str) -> LoginSubject {
    LoginSubject::Name(name.parse().unwrap(), Slot::Password)
}

fn address(address: &str) -> LoginSubject {
    LoginSubject::Address(address.parse().unwrap())
}
