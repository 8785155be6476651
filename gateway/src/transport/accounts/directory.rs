//! Other people, and the own profile.

use std::time::Instant;

use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::request::{FindAccounts, ListAccounts, UpdateProfile};
use sotto_shared::sotto::response::Accounts as Page;
use sotto_shared::sotto::types::{AccountEntry, DirectoryPolicy};
use sotto_shared::sotto::{ErrorCode, Response};

use super::{Answer, Ask, read};
use crate::connection::sotto::{error, error_until};
use crate::storage::account::Change;

impl Ask<'_> {
    pub(super) async fn list_accounts(&mut self, request: ListAccounts) -> Answer {
        if self.accounts.policy.directory != DirectoryPolicy::Listed {
            return Err(error(ErrorCode::NotAllowed));
        }
        let limit = usize::try_from(request.limit).unwrap_or(DIRECTORY_PAGE_MAX);
        let limit = match limit {
            0 => DIRECTORY_PAGE_MAX,
            limit => limit.min(DIRECTORY_PAGE_MAX),
        };
        let found = self.accounts.storage.accounts(request.after, limit + 1);
        let mut accounts = read(found).await?;
        let more = accounts.len() > limit;
        accounts.truncate(limit);
        for entry in &mut accounts {
            self.accounts.fill_presence(entry);
        }
        Ok(Response::Accounts(Page { accounts, more }).into())
    }

    pub(super) async fn find_accounts(&mut self, request: FindAccounts) -> Answer {
        let FindAccounts {
            mut names,
            accounts,
        } = request;
        let own = self.device()?.account;
        let searches = &self.accounts.searches;
        let is_exact = self.accounts.policy.directory == DirectoryPolicy::Exact;
        names.sort_unstable();
        names.dedup();
        if is_exact && let Err(wait) = searches.take(own, names.len(), Instant::now()) {
            return Err(error_until(ErrorCode::RateLimited, wait));
        }
        let found = self.accounts.storage.find_accounts(names.clone(), accounts);
        let mut accounts = read(found).await?;
        if is_exact {
            let is_asked = |entry: &&AccountEntry| names.contains(&entry.name);
            searches.give_back(own, accounts.iter().filter(is_asked).count());
        }
        for entry in &mut accounts {
            self.accounts.fill_presence(entry);
        }
        let more = false;
        Ok(Response::Accounts(Page { accounts, more }).into())
    }

    pub(super) async fn update_profile(&mut self, request: UpdateProfile) -> Answer {
        let account = self.device()?.account;
        let change = Change::UpdateProfile {
            account,
            display_name: request.display_name,
            hides_presence: request.hides_presence,
        };
        let _turn = self.accounts.turn(account).await;
        self.check_session()?;
        self.accounts.apply(change).await?;
        self.accounts.notices.changed(self.services, account);
        Ok(Response::Done.into())
    }
}
