//! Groups.

use sotto_shared::GroupId;
use sotto_shared::limits::GROUPS_PAGE_MAX;
use sotto_shared::sotto::group::{Commit, CreateGroup};
use sotto_shared::sotto::{ErrorCode, Response};

use super::super::{Answer, Ask, read};
use crate::connection::sotto::error;
use crate::storage::delivery::{Act, Acted};

impl Ask<'_> {
    pub(in super::super) async fn create_group(&mut self, group: CreateGroup) -> Answer {
        let by = self.device()?.client;
        self.take_send(group.group_info.len())?;
        let act = Act::Create { by, group };
        match self.accounts.conversations.act(act).await? {
            Acted::Opened(opened) => Ok(Response::GroupOpened(opened).into()),
            _ => Err(error(ErrorCode::Unavailable)),
        }
    }

    pub(in super::super) async fn get_group_info(&mut self, group: GroupId) -> Answer {
        let client = self.device()?.client;
        let storage = &self.accounts.conversations.storage;
        let info = read(storage.group_info(client, group)).await?;
        // Whoever may not join learns nothing of it.
        let info = info.ok_or_else(|| error(ErrorCode::UnknownGroup))?;
        Ok(Response::GroupInfo(Box::new(info)).into())
    }

    pub(in super::super) async fn list_groups(&mut self, after: Option<GroupId>) -> Answer {
        let client = self.device()?.client;
        let storage = &self.accounts.conversations.storage;
        let found = storage.groups(client, after, GROUPS_PAGE_MAX + 1);
        let mut groups = read(found).await?;
        let more = groups.len() > GROUPS_PAGE_MAX;
        groups.truncate(GROUPS_PAGE_MAX);
        Ok(Response::Groups(groups, more).into())
    }

    pub(in super::super) async fn commit(&mut self, commit: Commit) -> Answer {
        let by = self.device()?.client;
        self.take_send(commit.commit.len() + commit.group_info.len() + commit.welcome.len())?;
        self.store(Act::Commit { by, commit }).await
    }
}
