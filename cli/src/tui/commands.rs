//! Commands with a slash, and completion.

use sotto_engine::api::{Command, ConversationCommand, GroupKind, Person};
use sotto_engine::slash::{self, Slash};
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, GroupId};

use super::heard::order;
use super::state::{Chat, Effect, Overlay, State, Then};

impl State {
    pub(super) fn slash(&mut self, command: Slash, effects: &mut Vec<Effect>) {
        match command {
            Slash::Room { who } => self.room(&who, effects),
            Slash::Leave => self.go_to_lobby(effects),
            Slash::Msg { who, text } => self.reach_by_name(&who, Then::Send(text), effects),
            Slash::Users => self.shows_members = true,
            Slash::History { count } => {
                if let Some(chat) = self.open {
                    self.cleared.remove(&chat);
                }
                let rows = usize::try_from(count).unwrap_or(usize::MAX);
                self.scroll_rows(true, rows.min(10_000), effects);
            }
            Slash::Clear => {
                let last = self.timeline().and_then(|it| it.entries.keys().next_back());
                if let (Some(chat), Some(last)) = (self.open, last.copied()) {
                    self.cleared.insert(chat, last);
                    self.show_newest(effects);
                }
            }
            Slash::Search { words } => self.search(words, effects),
            Slash::Group { name } => {
                self.opening.push_back(Then::Show);
                let members = Vec::new();
                order(ConversationCommand::CreateGroup { name, members }, effects);
            }
            Slash::Add { who } => {
                if let Some(conversation) = self.group() {
                    self.reach_by_name(&who, Then::AddTo(conversation), effects);
                }
            }
            Slash::Remove { who } => {
                let Some(conversation) = self.group() else {
                    return;
                };
                match self.member(conversation, &who) {
                    Some(account) => order(
                        ConversationCommand::Remove {
                            conversation,
                            account,
                        },
                        effects,
                    ),
                    None => self.say(format!("{who} is not in this group")),
                }
            }
            Slash::Rename { name } => {
                if let Some(conversation) = self.group() {
                    order(ConversationCommand::Rename { conversation, name }, effects);
                }
            }
            Slash::Quit => self.ask_to_leave(),
            Slash::Help { about: None } => self.overlay = Overlay::Help,
            Slash::Help { about: Some(about) } => {
                self.say(format!("{}: {}", about.usage(), about.summary()));
            }
            Slash::Exit => effects.push(Effect::Quit),
        }
    }

    /// Opens the lobby, a group by its name, or the chat with somebody. An account's name never
    /// means a group or a classic client that calls itself so.
    fn room(&mut self, who: &str, effects: &mut Vec<Effect>) {
        if who.eq_ignore_ascii_case("lobby") {
            return self.go_to_lobby(effects);
        }
        if self.account_called(who).is_some() {
            return self.reach_by_name(who, Then::Show, effects);
        }
        let groups = self.conversations.values();
        let mut named = groups.filter(|it| it.kind == GroupKind::Group && it.name == who);
        match (named.next().map(|it| it.id), named.next()) {
            (Some(id), None) => self.show(Chat::Group(id), effects),
            (Some(_), Some(_)) => self.say(format!("several groups are called {who}: use ^N")),
            (None, _) => self.reach_by_name(who, Then::Show, effects),
        }
    }

    fn go_to_lobby(&mut self, effects: &mut Vec<Effect>) {
        let lobby = self
            .conversations
            .values()
            .find(|it| it.kind == GroupKind::Lobby && super::state::is_in(it.state));
        match lobby.map(|it| it.id) {
            Some(id) => self.show(Chat::Group(id), effects),
            None => {
                self.opening.push_back(Then::Show);
                order(ConversationCommand::JoinLobby, effects);
            }
        }
    }

    /// Does something with somebody of this name, who is looked for at the gateway if nobody here
    /// is called so.
    fn reach_by_name(&mut self, who: &str, then: Then, effects: &mut Vec<Effect>) {
        if let Some(account) = self.account_called(who) {
            return self.reach(account, then, effects);
        }
        let classic = self.people.values().find(|it| is_classic(it, who));
        match (classic.map(|it| it.client), then) {
            (Some(client), Then::Show) => self.show(Chat::Classic(client), effects),
            (Some(_), Then::Send(_)) => {
                self.say(format!(
                    "{who} has no account, only a classic name, which is weakly encrypted: /room \
                     {who} opens it"
                ));
            }
            (Some(_), Then::AddTo(_)) => {
                self.say(format!("{who} has no account, and cannot be in a group"));
            }
            (None, then) => match AccountName::parse(who) {
                Ok(name) => {
                    self.finding.push((name.clone(), then));
                    let find = sotto_engine::api::AccountCommand::Find { name };
                    effects.push(Effect::Order(Command::Account(find)));
                }
                Err(_) => self.say(format!("nobody here is called {who}")),
            },
        }
    }

    fn account_called(&self, name: &str) -> Option<AccountId> {
        if let Some(own) = self.account().filter(|own| own.name.as_str() == name) {
            return Some(own.account);
        }
        crate::resolve::account(self.contacts.values(), name).map(|it| it.account)
    }

    /// A member of a conversation by name.
    pub(super) fn member(&self, conversation: GroupId, name: &str) -> Option<AccountId> {
        let members = &self.conversations.get(&conversation)?.members;
        let mut accounts = members.iter().map(|it| it.account);
        accounts.find(|account| self.name(*account) == name)
    }

    /// The group that is open; says so if there is none.
    fn group(&mut self) -> Option<GroupId> {
        let group = self.conversation().filter(|it| it.kind == GroupKind::Group);
        let id = group.map(|it| it.id);
        if id.is_none() {
            self.say("this is no group");
        }
        id
    }

    fn ask_to_leave(&mut self) {
        let Some((id, kind)) = self.conversation().map(|it| (it.id, it.kind)) else {
            return self.say("this is no group");
        };
        if kind == GroupKind::Direct {
            return self.say("a chat of two cannot be left: Alt-A puts it out of the way");
        }
        let question = format!("Leave {} for good?", self.title(Chat::Group(id)));
        let leave = ConversationCommand::Leave { conversation: id };
        self.overlay = Overlay::Confirm(question, Box::new(Command::Conversation(leave)));
    }

    /// Puts the next way to go on at the cursor.
    pub(super) fn complete(&mut self, is_next: bool) {
        if let Some((completions, at)) = &mut self.completions {
            let count = completions.len().max(1);
            *at = match is_next {
                true => (*at + 1) % count,
                false => (*at + count - 1) % count,
            };
        } else {
            let names = self.names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let cursor = self.composer.before_cursor().len();
            let completions = slash::complete(self.composer.text(), cursor, &names);
            if completions.is_empty() {
                return;
            }
            self.completions = Some((completions, 0));
        }
        if let Some((completions, at)) = &self.completions
            && let Some(completion) = completions.get(*at)
        {
            self.composer
                .replace_from(completion.range.start, &completion.text);
        }
    }

    /// Who may be meant here: members first.
    fn names(&self) -> Vec<String> {
        let members = self.conversation().map(|it| it.members.as_slice());
        let mut names: Vec<String> = members
            .unwrap_or_default()
            .iter()
            .map(|it| self.name(it.account))
            .collect();
        names.sort();
        let contacts = self.contacts.values().map(|it| it.name.to_string());
        let groups = self
            .conversations
            .values()
            .filter(|it| it.kind == GroupKind::Group && !it.name.is_empty())
            .map(|it| it.name.clone());
        let classic = self.people.values().filter(|it| it.account.is_none());
        let classic = classic.map(|it| it.name.to_string());
        let mut others: Vec<String> = contacts.chain(groups).chain(classic).collect();
        others.sort();
        others.retain(|name| !names.contains(name));
        others.dedup();
        names.extend(others);
        names
    }
}

fn is_classic(person: &Person, name: &str) -> bool {
    person.account.is_none() && person.listed && person.name.as_str() == name
}
