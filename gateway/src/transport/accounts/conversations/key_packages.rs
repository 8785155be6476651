//! Key packages, and whose devices there are.

use std::time::Instant;

use sotto_shared::sotto::group::{ClaimKeyPackages, PublishKeyPackages, SuiteId};
use sotto_shared::sotto::{ErrorCode, Response};
use sotto_shared::{AccountId, ClientId};

use super::super::{Answer, Ask, read};
use super::{CLAIMS, Conversations, ONE_TIME_CLAIMS, ONE_TIME_CLAIMS_BY_ONE};
use crate::connection::sotto::{error, error_until};
use crate::metrics::LimitHit;
use crate::storage::delivery::{Act, Acted, Wanted};

impl Ask<'_> {
    pub(in super::super) async fn publish_key_packages(
        &mut self,
        packages: PublishKeyPackages,
    ) -> Answer {
        let by = self.device()?.client;
        let sizes = packages.packages.iter().map(|it| it.package.len());
        self.take_send(sizes.sum())?;
        let act = Act::Publish { by, packages };
        match self.accounts.conversations.act(act).await? {
            Acted::Published(left) => Ok(Response::KeyPackagesLeft(left).into()),
            _ => Err(error(ErrorCode::Unavailable)),
        }
    }

    pub(in super::super) async fn count_key_packages(&mut self, suite: SuiteId) -> Answer {
        let client = self.device()?.client;
        let storage = &self.accounts.conversations.storage;
        let left = read(storage.key_packages_left(client, suite)).await?;
        Ok(Response::KeyPackagesLeft(left).into())
    }

    pub(in super::super) async fn claim_key_packages(
        &mut self,
        request: ClaimKeyPackages,
    ) -> Answer {
        let account = self.device()?.account;
        let ClaimKeyPackages { suite, mut clients } = request;
        clients.sort_unstable();
        clients.dedup();
        let now = Instant::now();
        let conversations = &self.accounts.conversations;
        let count = u32::try_from(clients.len()).unwrap_or(u32::MAX);
        if let Err(wait) = conversations.claims.take(account, count, CLAIMS, now) {
            self.services
                .limit_hit(LimitHit::KeyPackageClaims, self.address);
            return Err(error_until(ErrorCode::RateLimited, wait));
        }
        let wanted = clients
            .iter()
            .map(|client| Wanted {
                client: *client,
                one_time: self.may_have_one_time(account, *client, now),
            })
            .collect();
        match conversations.act(Act::Claim { suite, wanted }).await? {
            Acted::Claimed {
                packages,
                last_resorts,
            } => {
                let metrics = &self.services.metrics.conversations;
                let count = u64::try_from(packages.len()).unwrap_or(u64::MAX);
                metrics.key_packages.add(count);
                metrics.last_resorts.add(last_resorts);
                Ok(Response::KeyPackages(packages).into())
            }
            _ => Err(error(ErrorCode::Unavailable)),
        }
    }

    pub(in super::super) async fn find_devices(&mut self, accounts: Vec<AccountId>) -> Answer {
        let asker = self.device()?.account;
        let storage = &self.accounts.conversations.storage;
        let mut wanted: Vec<AccountId> = accounts;
        wanted.sort_unstable();
        wanted.dedup();
        let found = read(storage.devices_of(asker, wanted)).await?;
        Ok(Response::DevicesOf(found).into())
    }
}

impl Ask<'_> {
    fn may_have_one_time(&self, account: AccountId, client: ClientId, now: Instant) -> bool {
        let conversations = &self.accounts.conversations;
        let may = conversations.may_have_one_time(account, client, now);
        if !may {
            self.services.metrics.refused(LimitHit::OneTimeKeyPackages);
        }
        may
    }
}

impl Conversations {
    /// Whether a one-time package is handed out, or else the last resort. Who asks too often does
    /// not take it from others.
    fn may_have_one_time(&self, account: AccountId, client: ClientId, now: Instant) -> bool {
        let key = (account, client);
        let by_one = &self.one_time_claims_by_one;
        by_one.take(key, 1, ONE_TIME_CLAIMS_BY_ONE, now).is_ok()
            && self
                .one_time_claims
                .take(client, 1, ONE_TIME_CLAIMS, now)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::storage::sqlite::SqliteStorage;

    #[test]
    fn a_device_is_drained_neither_by_one_nor_by_many() {
        let folder = tempfile::tempdir().unwrap();
        let limits = crate::config::Limits::default();
        let storage = SqliteStorage::open(folder.path(), (&limits).into(), Arc::default());
        let conversations = Conversations::new(Arc::new(storage.unwrap()));
        let (device, other) = (ClientId::from_bytes([1; 16]), ClientId::from_bytes([2; 16]));
        let now = Instant::now();
        let mut asker = 0;
        let mut given = 0;
        while given < ONE_TIME_CLAIMS.most {
            asker += 1;
            let account = AccountId::from_bytes([asker; 16]);
            let mut got = 0;
            while given < ONE_TIME_CLAIMS.most
                && conversations.may_have_one_time(account, device, now)
            {
                got += 1;
                given += 1;
            }
            assert!(got <= ONE_TIME_CLAIMS_BY_ONE.most);
            assert!(got > 0);
        }
        let late = AccountId::from_bytes([0xff; 16]);
        assert!(!conversations.may_have_one_time(late, device, now));
        assert!(conversations.may_have_one_time(late, other, now));
        let later = now + ONE_TIME_CLAIMS.over / ONE_TIME_CLAIMS.most;
        assert!(conversations.may_have_one_time(late, device, later));
    }
}
