//! `group`, `lobby`.

use sotto_engine::api::{
    Command as Order, Conversation, ConversationCommand, ConversationState, GroupKind, Member,
};
use sotto_shared::{AccountId, GroupId};

use super::super::Session;
use crate::args::{GroupCommand, LobbyCommand};
use crate::problem::{Exit, Problem};

impl Session {
    pub(in super::super) async fn group(&mut self, command: GroupCommand) -> Result<(), Problem> {
        self.signed_in()?;
        match command {
            GroupCommand::Create { name, members } => self.create_group(name, &members).await,
            GroupCommand::Add { group, members } => self.add_members(&group, &members).await,
            GroupCommand::Remove { group, member } => self.remove_member(&group, &member).await,
            GroupCommand::Leave { group } => {
                let id = self.some_group(&group).await?;
                self.leave(id).await
            }
            GroupCommand::List => self.list_groups(),
            GroupCommand::Members { group } => {
                let id = self.known_group(&group)?;
                self.show_members(id)
            }
            GroupCommand::Rename { group, name } => {
                let id = self.some_group(&group).await?;
                let rename = ConversationCommand::Rename {
                    conversation: id,
                    name: name.clone(),
                };
                self.change(id, rename, |it| it.name == name.trim()).await
            }
            GroupCommand::Admin { group, member, off } => {
                let id = self.some_group(&group).await?;
                let account = self.somebody(&member).await?;
                let set = ConversationCommand::SetAdmin {
                    conversation: id,
                    account,
                    admin: !off,
                };
                let is_so = |it: &Member| it.account == account && it.admin != off;
                self.change(id, set, |it| it.members.iter().any(is_so))
                    .await
            }
        }
    }

    pub(in super::super) async fn lobby(&mut self, command: LobbyCommand) -> Result<(), Problem> {
        self.signed_in()?;
        match command {
            LobbyCommand::Join => {
                self.require_session().await?;
                let join = ConversationCommand::JoinLobby;
                let id = self.open_conversation(join).await?;
                let id = self.stand(id).await?;
                self.settle().await?;
                self.show_conversation(id)
            }
            LobbyCommand::Leave => {
                self.require_session().await?;
                let id = self.lobby_here()?;
                self.leave(id).await
            }
        }
    }

    async fn create_group(&mut self, name: String, members: &[String]) -> Result<(), Problem> {
        self.require_session().await?;
        let members = self.everybody(members).await?;
        let create = ConversationCommand::CreateGroup {
            name,
            members: members.clone(),
        };
        let id = self.open_conversation(create).await?;
        let id = self.stand(id).await?;
        self.done_with(id, |it| members.iter().all(|who| is_in(it, *who)))
            .await
    }

    async fn add_members(&mut self, group: &str, members: &[String]) -> Result<(), Problem> {
        let id = self.some_group(group).await?;
        let accounts = self.everybody(members).await?;
        let add = ConversationCommand::Add {
            conversation: id,
            accounts: accounts.clone(),
        };
        self.change(id, add, |it| accounts.iter().all(|who| is_in(it, *who)))
            .await
    }

    async fn remove_member(&mut self, group: &str, member: &str) -> Result<(), Problem> {
        let id = self.some_group(group).await?;
        let account = self.somebody(member).await?;
        let remove = ConversationCommand::Remove {
            conversation: id,
            account,
        };
        self.change(id, remove, |it| !is_in(it, account)).await
    }

    async fn leave(&mut self, id: GroupId) -> Result<(), Problem> {
        self.require_session().await?;
        let leave = ConversationCommand::Leave { conversation: id };
        self.order(Order::Conversation(leave)).await?;
        self.until(|session| {
            let it = session.client.conversation(id);
            it.is_none_or(|it| it.state != ConversationState::Active)
        })
        .await?;
        self.settle().await?;
        Ok(self.printer.done("you have left")?)
    }

    /// Gives an order about a group, and works until that is so.
    async fn change(
        &mut self,
        id: GroupId,
        order: ConversationCommand,
        is_so: impl Fn(&Conversation) -> bool,
    ) -> Result<(), Problem> {
        self.order(Order::Conversation(order)).await?;
        self.done_with(id, is_so).await
    }

    /// Works until a group is so, and shows it.
    async fn done_with(
        &mut self,
        id: GroupId,
        is_so: impl Fn(&Conversation) -> bool,
    ) -> Result<(), Problem> {
        let is_done = self
            .until(|session| session.client.conversation(id).is_none_or(&is_so))
            .await?;
        self.settle().await?;
        self.show_conversation(id)?;
        if is_done {
            return Ok(());
        }
        let text = "it is not done yet: somebody has no device with keys at the gateway";
        let problem = Problem::new(Exit::Refused, text).because("not_reachable");
        Err(problem.and("It goes on whenever sotto is connected"))
    }

    /// Works until the gateway has everything that there is to tell it.
    async fn settle(&mut self) -> Result<(), Problem> {
        self.until(Session::is_settled).await.map(drop)
    }

    /// A group, among those that are known once the gateway was heard.
    async fn some_group(&mut self, wanted: &str) -> Result<GroupId, Problem> {
        self.require_session().await?;
        self.known_group(wanted)
    }

    fn known_group(&self, wanted: &str) -> Result<GroupId, Problem> {
        self.group_called(wanted)?.ok_or_else(|| {
            let text = format!("there is no group called {wanted}");
            let problem = Problem::new(Exit::Refused, text).because("no_such_conversation");
            problem.and("`sotto group list` shows those there are")
        })
    }

    async fn everybody(&mut self, wanted: &[String]) -> Result<Vec<AccountId>, Problem> {
        let mut accounts = Vec::new();
        for who in wanted {
            accounts.push(self.somebody(who).await?);
        }
        Ok(accounts)
    }

    /// Somebody with an account.
    async fn somebody(&mut self, wanted: &str) -> Result<AccountId, Problem> {
        match self.account_called(wanted) {
            Some(account) => Ok(account),
            None => self.find_contact(wanted).await,
        }
    }

    fn list_groups(&self) -> Result<(), Problem> {
        let names = self.names();
        let mut groups: Vec<&Conversation> = self
            .client
            .conversations()
            .filter(|it| it.kind != GroupKind::Direct)
            .collect();
        groups.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        for it in groups {
            self.printer.conversation(&self.shown(it.id, &names)?)?;
        }
        Ok(())
    }

    fn show_members(&self, id: GroupId) -> Result<(), Problem> {
        let names = self.names();
        let shown = self.shown(id, &names)?;
        let mut members = shown.conversation.members.clone();
        members.sort_by_key(|it| shown.name(it.account));
        for member in &members {
            self.printer.member(&shown, member)?;
        }
        Ok(())
    }

    fn show_conversation(&self, id: GroupId) -> Result<(), Problem> {
        let names = self.names();
        Ok(self.printer.conversation(&self.shown(id, &names)?)?)
    }
}

fn is_in(it: &Conversation, account: AccountId) -> bool {
    it.members.iter().any(|member| member.account == account)
}
