//! Conversations of version 3: `send`, `listen`, `group`, `lobby`, `history`, `search`.

mod groups;
mod listen;
mod send;

use std::collections::BTreeMap;
use std::time::Duration;

use sotto_engine::api::{
    Command as Order, Conversation, ConversationCommand, ConversationEvent, ConversationFailure,
    ConversationState, Event, From as Whence, GroupKind, Item, Place, TIMELINE_PAGE_MAX, Trust,
};
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, ClientId, GroupId};

use super::{Session, key_changed};
use crate::output::Shown;
use crate::problem::{Exit, Problem};
use crate::resolve::{self, Resolved, nobody, resolve, several};

/// What the lobby is called on the command line.
const LOBBY: &str = "lobby";

/// How long something is waited for that nobody here works on.
const IDLE: Duration = Duration::from_secs(5);

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// To a conversation of version 3.
    Conversation(GroupId),
    /// To somebody who has no account.
    Classic(ClientId),
}

impl Session {
    /// Whom a name or an id means. An account goes before everything else that is called so, and
    /// the gateway is asked for one before a group or a classic client is meant.
    pub(super) async fn addressee(&mut self, wanted: &str) -> Result<Addressee, Problem> {
        // The gateway may tell of a changed account key, or of a new account.
        let reached = match self.catch_up().await {
            Err(problem) if problem.exit == Exit::NotConnected => Err(problem),
            result => Ok(result?),
        };
        if wanted == LOBBY {
            return self.lobby_here().map(Addressee::Conversation);
        }
        let mut account = self.account_called(wanted);
        if account.is_none() && reached.is_ok() {
            account = self.look_up(wanted).await?;
        }
        if let Some(account) = account {
            return self.direct(account).await.map(Addressee::Conversation);
        }
        let group = self.group_called(wanted)?;
        let people = self.client.people().filter(|it| it.account.is_none());
        let people: Vec<_> = people.collect();
        match (group, resolve(people.iter().copied(), wanted)) {
            (Some(_), Resolved::One(_) | Resolved::Several(_)) => {
                let text = format!("{wanted} is a group and somebody's classic name");
                Err(Problem::new(Exit::Refused, text).and("Give the id of the one that is meant"))
            }
            (Some(id), Resolved::Nobody) => {
                // Whether an account is called so, only the gateway knows.
                if AccountName::parse(wanted).is_ok() && id.to_string() != wanted {
                    reached?;
                }
                Ok(Addressee::Conversation(id))
            }
            (None, found) => {
                reached?;
                match found {
                    Resolved::One(person) => Ok(Addressee::Classic(person.client)),
                    Resolved::Several(found) => Err(several(&found, wanted)),
                    Resolved::Nobody => {
                        // Who has no account is only to be seen from a classic mailbox.
                        self.require_classic().map_err(|problem| Problem {
                            text: format!(
                                "nobody here has an account called {wanted}, and {}",
                                problem.text
                            ),
                            ..problem
                        })?;
                        Err(nobody(self.client.people(), wanted))
                    }
                }
            }
        }
    }

    /// The conversation with somebody, a group or the lobby, among those that are here.
    pub(super) fn conversation_with(&self, wanted: &str) -> Result<Option<GroupId>, Problem> {
        if wanted == LOBBY {
            return Ok(self.find_conversation(|it| it.kind == GroupKind::Lobby));
        }
        match self.account_called(wanted) {
            Some(account) => Ok(self.direct_with(account)),
            None => self.group_called(wanted),
        }
    }

    fn account_called(&self, wanted: &str) -> Option<AccountId> {
        let own = self.client.account();
        let is_own = |name: &str, id: AccountId| {
            name == wanted || wanted.parse::<AccountId>().is_ok_and(|it| it == id)
        };
        if let Some(own) = own.filter(|own| is_own(own.name.as_str(), own.account)) {
            return Some(own.account);
        }
        resolve::account(self.client.contacts(), wanted).map(|it| it.account)
    }

    fn direct_with(&self, account: AccountId) -> Option<GroupId> {
        self.find_conversation(|it| it.kind == GroupKind::Direct && it.peer == Some(account))
    }

    fn find_conversation(&self, fits: impl Fn(&Conversation) -> bool) -> Option<GroupId> {
        let found = self.client.conversations().find(|it| fits(it));
        found.map(|it| it.id)
    }

    /// A group by its id, the beginning of that, or its name.
    fn group_called(&self, wanted: &str) -> Result<Option<GroupId>, Problem> {
        let groups: Vec<(GroupId, &str)> = self
            .client
            .conversations()
            .filter(|it| it.kind == GroupKind::Group)
            .map(|it| (it.id, it.name.as_str()))
            .collect();
        let fits = |(id, name): &(GroupId, &str)| {
            *name == wanted || (wanted.len() >= 4 && id.to_string().starts_with(wanted))
        };
        if !groups.iter().any(fits) {
            return Ok(None);
        }
        let at = resolve::one_of(&groups, |it| it.0.to_string(), |it| Some(it.1), wanted)?;
        Ok(groups.get(at).map(|it| it.0))
    }

    /// The direct chat with somebody, which is made if there is none.
    async fn direct(&mut self, with: AccountId) -> Result<GroupId, Problem> {
        if let Some(contact) = self.client.contact(with)
            && matches!(contact.trust, Trust::Changed { .. })
        {
            return Err(key_changed(contact));
        }
        if let Some(id) = self.direct_with(with) {
            return Ok(id);
        }
        self.open_conversation(ConversationCommand::OpenDirect { with })
            .await
    }

    /// The lobby, if one has joined.
    fn lobby_here(&self) -> Result<GroupId, Problem> {
        let is_in = |it: &Conversation| {
            let is_in = matches!(
                it.state,
                ConversationState::Active | ConversationState::Joining
            );
            it.kind == GroupKind::Lobby && is_in
        };
        self.find_conversation(is_in).ok_or_else(|| {
            let text = "you are not in the lobby";
            let problem = Problem::new(Exit::Refused, text).because("not_in_lobby");
            problem.and("`sotto lobby join` joins it")
        })
    }

    /// Gives an order that opens a conversation. The gateway may not have heard of that yet.
    async fn open_conversation(&mut self, order: ConversationCommand) -> Result<GroupId, Problem> {
        let mut events = self.order(Order::Conversation(order)).await?;
        loop {
            if let Some(id) = opened(&events) {
                return Ok(id);
            }
            self.refuse_ended()?;
            events = self.next_events().await?;
        }
    }

    /// Works until a conversation stands. It may turn out that there is one already: then it is
    /// that.
    async fn stand(&mut self, mut id: GroupId) -> Result<GroupId, Problem> {
        loop {
            match self.client.conversation(id).map(|it| it.state) {
                Some(ConversationState::Joining) => {}
                Some(_) => return Ok(id),
                None => return Err(ConversationFailure::NoSuchConversation.into()),
            }
            self.refuse_ended()?;
            let events = self.next_events().await?;
            id = opened(&events).unwrap_or(id);
        }
    }

    /// Works until something is so; whether it is, when nothing has happened for a while.
    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) -> Result<bool, Problem> {
        while !is_so(self) {
            self.refuse_ended()?;
            if self.is_settled() {
                // Nothing is being sent: what is cut short here is a wait.
                match tokio::time::timeout(IDLE, self.next_events()).await {
                    Ok(result) => result.map(drop)?,
                    Err(_) => return Ok(false),
                }
            } else {
                self.next_events().await?;
            }
        }
        Ok(true)
    }

    /// The newest lines of a conversation.
    pub(super) async fn conversation_history(
        &mut self,
        id: GroupId,
        limit: usize,
    ) -> Result<(), Problem> {
        let mut newest_first: Vec<Item> = Vec::new();
        let mut from = Whence::Newest;
        while newest_first.len() < limit {
            let left = u16::try_from(limit - newest_first.len()).unwrap_or(u16::MAX);
            let (items, more) = self.lines(id, from, left.min(TIMELINE_PAGE_MAX)).await?;
            let first = items.iter().find_map(|it| match it.place {
                Place::At(seq) => Some(seq),
                Place::Pending(_) => None,
            });
            newest_first.extend(items.into_iter().rev());
            match first {
                Some(first) if more => from = Whence::Before(first),
                _ => break,
            }
        }
        newest_first.truncate(limit);
        let names = self.names();
        let shown = self.shown(id, &names)?;
        for item in newest_first.iter().rev() {
            self.printer.item(&shown, item)?;
        }
        Ok(())
    }

    /// A page of a conversation, oldest first, and whether there is more.
    async fn lines(
        &mut self,
        conversation: GroupId,
        from: Whence,
        limit: u16,
    ) -> Result<(Vec<Item>, bool), Problem> {
        let load = ConversationCommand::Load {
            conversation,
            from,
            limit,
        };
        let events = self.order(Order::Conversation(load)).await?;
        let page = events.into_iter().find_map(|event| match event {
            Event::Conversation(ConversationEvent::Page { items, more, .. }) => Some((items, more)),
            _ => None,
        });
        page.ok_or_else(|| Problem::new(Exit::Failed, "the conversation could not be read"))
    }

    pub(super) async fn search(&mut self, words: &str, limit: usize) -> Result<(), Problem> {
        self.signed_in()?;
        let names = self.names();
        let (mut shown, mut after) = (0, None);
        while shown < limit {
            let search = ConversationCommand::Search {
                query: 1,
                words: words.to_owned(),
                within: None,
                after,
            };
            let events = self.order(Order::Conversation(search)).await?;
            let found = events.into_iter().find_map(|event| match event {
                Event::Conversation(ConversationEvent::Found { hits, more, .. }) => {
                    Some((hits, more))
                }
                _ => None,
            });
            let Some((hits, more)) = found else {
                return Err(Problem::new(Exit::Failed, "nothing could be looked for"));
            };
            for hit in hits.iter().take(limit - shown) {
                let in_it = self.shown(hit.conversation, &names)?;
                self.printer.hit(&in_it, hit)?;
            }
            shown += hits.len();
            after = more;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// What accounts are called.
    fn names(&self) -> BTreeMap<AccountId, String> {
        let contacts = self.client.contacts();
        let mut names: BTreeMap<_, _> = contacts
            .map(|it| (it.account, it.name.to_string()))
            .collect();
        if let Some(own) = self.client.account() {
            names.insert(own.account, own.name.to_string());
        }
        names
    }

    fn shown<'a>(
        &'a self,
        id: GroupId,
        names: &'a BTreeMap<AccountId, String>,
    ) -> Result<Shown<'a>, Problem> {
        let conversation = self.client.conversation(id);
        let conversation = conversation.ok_or(ConversationFailure::NoSuchConversation)?;
        Ok(Shown {
            conversation,
            names,
        })
    }
}

/// The conversation that was opened.
fn opened(events: &[Event]) -> Option<GroupId> {
    events.iter().rev().find_map(|event| match event {
        Event::Conversation(ConversationEvent::Opened(id)) => Some(*id),
        _ => None,
    })
}
