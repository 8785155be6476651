//! Does what version 3 requests ask for.

mod allowance;
mod attempts;
mod authenticate;
mod bridge;
mod conversations;
mod credentials;
mod devices;
mod directory;
mod invitations;
mod login;
mod notices;
mod opaque;
mod operator;
mod peer;
mod register;
mod searches;

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_core::OsRng;
use sotto_shared::account::Nonce;
use sotto_shared::sotto::response::Hello;
use sotto_shared::sotto::{Error, ErrorCode, Request, Response, VERSION};
use sotto_shared::{AccountId, GatewayId};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

use super::Services;
use super::sessions::{Inbox, Sessions};
use crate::audit::Event;
use crate::config::AccountSettings;
use crate::connection::sotto::{AccountResult, AccountWork, Device, Standing, error};
use crate::metrics::Metrics;
use crate::storage::account::{AccountStorage, Applied, Change, Refused};
use crate::storage::delivery::DeliveryStorage;
use crate::storage::{Pending, ReadError};
use attempts::Attempts;
use conversations::Conversations;
use notices::Notices;
use opaque::Opaque;
use searches::Searches;

pub use allowance::Rate;
pub use conversations::{
    CLAIMS, DEVICE_NOTICES_MAX, EPHEMERAL_MAX, EPHEMERALS, ONE_TIME_CLAIMS, ONE_TIME_CLAIMS_BY_ONE,
    SEND_UNIT,
};
pub use notices::{NOTICE_PAUSE, PRESENCE_PUSH_MAX};
pub(crate) use operator::Operator;
pub(super) use peer::Peer;
#[cfg(test)]
pub(super) use peer::peer_of;
pub use searches::{SEARCH_WINDOW, SEARCHES_MAX};

/// Name and version of this program.
const AGENT: &str = concat!("sotto-gateway/", env!("CARGO_PKG_VERSION"));

/// Accounts whose changes take turns: see [`Accounts::turn`].
const TURNS: usize = 64;

/// Everything about accounts that connections share.
#[derive(Debug)]
pub(crate) struct Accounts {
    storage: Arc<dyn AccountStorage>,
    gateway: GatewayId,
    opaque: Opaque,
    policy: AccountSettings,
    pub(crate) sessions: Sessions,
    attempts: Attempts,
    notices: Notices,
    searches: Searches,
    pub(crate) conversations: Conversations,
    turns: Vec<AsyncMutex<()>>,
}

impl Accounts {
    /// Nothing if the storage's OPAQUE set-up cannot be read.
    pub(crate) fn new<S: AccountStorage + DeliveryStorage>(
        storage: &Arc<S>,
        policy: AccountSettings,
        metrics: &Arc<Metrics>,
    ) -> Option<Self> {
        let identity = storage.identity();
        Some(Self {
            opaque: Opaque::new(&identity.opaque_setup)?,
            gateway: identity.gateway,
            conversations: Conversations::new(Arc::<S>::clone(storage)),
            storage: Arc::<S>::clone(storage),
            policy,
            sessions: Sessions::new(Arc::clone(metrics)),
            attempts: Attempts::default(),
            notices: Notices::default(),
            searches: Searches::default(),
            turns: (0..TURNS).map(|_| AsyncMutex::default()).collect(),
        })
    }

    /// Changes of one account, and what they were allowed by, come one after the other: so that
    /// nothing is let in by a password or device that another connection is just taking away.
    async fn turn(&self, account: AccountId) -> Option<MutexGuard<'_, ()>> {
        let [.., last] = account.as_bytes();
        match self.turns.get(usize::from(*last) % TURNS) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    async fn apply(&self, change: Change) -> Result<Applied, Error> {
        let applied = self.storage.apply(change).await;
        applied
            .unwrap_or(Err(Refused::Failed))
            .map_err(|refused| error(code_of(refused)))
    }
}

/// What a job gives beside its answer.
pub(super) struct Finished {
    /// Nothing if it is not known what to answer: a change is durable, and what follows it failed.
    pub(super) result: Option<AccountResult>,
    pub(super) peer: Box<Peer>,
    /// Where the session that has begun finds its pushes.
    pub(super) inbox: Option<Inbox>,
}

/// Does one request. `asker` is gone when the connection is.
pub(super) async fn run(
    work: AccountWork,
    mut peer: Box<Peer>,
    services: Arc<Services>,
    address: IpAddr,
    asker: Weak<()>,
) -> Finished {
    let mut inbox = None;
    let mut ask = Ask {
        services: &services,
        accounts: &services.accounts,
        address,
        peer: &mut peer,
        standing: work.standing,
        nonce: work.nonce,
        inbox: &mut inbox,
        asker,
        is_lost: false,
    };
    let result = ask.answer(work.request).await;
    let result = result.unwrap_or_else(|error| Response::Error(error).into());
    Finished {
        result: (!ask.is_lost).then_some(result),
        peer,
        inbox,
    }
}

type Answer = Result<AccountResult, Error>;

/// One request, and all that it takes to answer it.
struct Ask<'a> {
    services: &'a Arc<Services>,
    accounts: &'a Accounts,
    address: IpAddr,
    peer: &'a mut Peer,
    standing: Standing,
    nonce: Option<Nonce>,
    inbox: &'a mut Option<Inbox>,
    asker: Weak<()>,
    /// Whether an error would say that nothing was changed, though something was.
    is_lost: bool,
}

impl Ask<'_> {
    async fn answer(&mut self, request: Request) -> Answer {
        if self.standing.device.is_some() {
            self.check_session()?;
        }
        match request {
            Request::Hello(_) => Ok(self.hello().into()),
            Request::Ping => Ok(Response::Pong.into()),
            Request::RegisterStart(request) => self.register_start(request).await,
            Request::RegisterFinish(request) => self.register_finish(*request).await,
            Request::LoginStart(request) => self.login_start(request).await,
            Request::LoginFinish(request) => self.login_finish(&request).await,
            Request::AddDevice(request) => self.add_device(request).await,
            Request::Authenticate(request) => self.authenticate(request).await,
            Request::ListDevices => self.list_devices().await,
            Request::RevokeDevices(request) => self.revoke_devices(request).await,
            Request::RenameDevice(request) => self.rename_device(request).await,
            Request::CredentialsStart(request) => self.credentials_start(request).await,
            Request::CredentialsFinish(request) => self.credentials_finish(request).await,
            Request::DeleteAccount(request) => self.delete_account(request).await,
            Request::UpdateProfile(request) => self.update_profile(request).await,
            Request::SetBridge(request) => self.set_bridge(request).await,
            Request::ListAccounts(request) => self.list_accounts(request).await,
            Request::FindAccounts(request) => self.find_accounts(request).await,
            Request::Invite => self.invite().await,
            Request::ListInvitations => self.list_invitations().await,
            Request::CancelInvitation(request) => self.cancel_invitation(request).await,
            Request::PublishKeyPackages(request) => self.publish_key_packages(request).await,
            Request::CountKeyPackages(suite) => self.count_key_packages(suite).await,
            Request::ClaimKeyPackages(request) => self.claim_key_packages(request).await,
            Request::FindDevices(accounts) => self.find_devices(accounts).await,
            Request::CreateGroup(request) => self.create_group(request).await,
            Request::GetGroupInfo(group) => self.get_group_info(group).await,
            Request::ListGroups(after) => self.list_groups(after).await,
            Request::Commit(request) => self.commit(*request).await,
            Request::Send(request) => self.send(request).await,
            Request::SendEphemeral(request) => self.send_ephemeral(request).await,
            Request::Acknowledge(up_to) => self.acknowledge(up_to).await,
        }
    }

    fn hello(&self) -> Response {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = now.unwrap_or_default().as_millis();
        Response::Hello(Box::new(Hello {
            version: VERSION.into(),
            gateway: self.accounts.gateway,
            nonce: Nonce::generate(&mut OsRng),
            time: u64::try_from(millis).unwrap_or(u64::MAX),
            agent: AGENT.to_owned(),
            limits: self.services.limits.for_clients(),
            registration: self.accounts.policy.registration,
            directory: self.accounts.policy.directory,
            bridge: true,
        }))
    }

    /// The device that asks. The connection has seen to it that there is one.
    fn device(&self) -> Result<Device, Error> {
        self.standing
            .device
            .ok_or_else(|| error(ErrorCode::NotAuthenticated))
    }

    /// Whether the device's session goes on: a device that was cut off a moment ago asks in vain,
    /// though its connection does not know it yet.
    fn check_session(&self) -> Result<(), Error> {
        match &self.peer.ticket {
            Some(ticket) if ticket.is_current() => Ok(()),
            _ => Err(error(ErrorCode::NotAuthenticated)),
        }
    }

    fn event(&self, event: Event) {
        self.services.event(event, self.address);
    }
}

/// What a question to the storage is answered with, or the error for the peer.
async fn read<T>(pending: Pending<Result<T, ReadError>>) -> Result<T, Error> {
    match pending.await {
        Ok(Ok(value)) => Ok(value),
        _ => Err(error(ErrorCode::Unavailable)),
    }
}

const fn code_of(refused: Refused) -> ErrorCode {
    match refused {
        Refused::NameTaken => ErrorCode::NameTaken,
        Refused::IdTaken => ErrorCode::ProofFailed,
        Refused::Unknown => ErrorCode::Conflict,
        Refused::InvitationInvalid => ErrorCode::InvitationInvalid,
        Refused::TooManyDevices => ErrorCode::TooManyDevices,
        Refused::TooManyInvitations => ErrorCode::TooManyInvitations,
        Refused::AccountsFull => ErrorCode::RegistrationClosed,
        Refused::Failed => ErrorCode::Unavailable,
    }
}
