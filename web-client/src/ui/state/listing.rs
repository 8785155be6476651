//! What is listed on the left side, in which sections and order.

use std::cmp::Reverse;

use sotto_engine::api::Presence;
use sotto_shared::{AccountId, ClientId, GroupId};

use super::chats::{Chats, title};
use super::contacts::Contacts;
use super::people::People;

/// Something in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Row {
    /// A conversation.
    Chat(GroupId),
    /// Somebody with an account.
    Contact(AccountId),
    /// A classic client.
    Person(ClientId),
}

/// A section of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Section {
    /// Everything that was said something in, of both worlds.
    Conversations,
    /// Others with an account.
    Contacts,
    /// Others without one; for a classic identity, all others.
    Others,
    /// Conversations out of the way.
    Archived,
}

/// The sections of the list, in order, none of them empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    sections: Vec<(Section, Vec<Row>)>,
}

impl Rows {
    fn new(sections: Vec<(Section, Vec<Row>)>) -> Self {
        let is_any = |(_, rows): &(Section, Vec<Row>)| !rows.is_empty();
        Self {
            sections: sections.into_iter().filter(is_any).collect(),
        }
    }

    /// All rows but the archived ones, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row> {
        let shown = self.sections.iter();
        shown
            .filter(|(section, _)| *section != Section::Archived)
            .flat_map(|(_, rows)| rows.iter().copied())
    }

    /// Which sections there are.
    pub(crate) fn sections(&self) -> Vec<Section> {
        self.sections.iter().map(|(section, _)| *section).collect()
    }

    /// The rows of a section that are among the first `count` of the list.
    pub(crate) fn of(&self, section: Section, count: usize) -> Vec<Row> {
        let mut left = count;
        for (it, rows) in &self.sections {
            if *it == section {
                return rows.iter().take(left).copied().collect();
            }
            left = left.saturating_sub(rows.len());
        }
        Vec::new()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
}

/// For a classic identity: conversations, then the others.
pub(crate) fn classic(people: &People, query: &str) -> Rows {
    let listing = people.listing(query);
    let rows = |clients: Vec<ClientId>| clients.into_iter().map(Row::Person).collect();
    Rows::new(vec![
        (Section::Conversations, rows(listing.recent)),
        (Section::Others, rows(listing.others)),
    ])
}

/// For an account: conversations of both worlds (the pinned first, then the latest), contacts
/// without one (who is online first, then by name), and other classic people. Who is looked for by
/// name is found as a contact even where only a classic conversation is.
pub(crate) fn accounts(
    chats: &Chats,
    people: &People,
    contacts: &Contacts,
    own: AccountId,
    query: &str,
) -> Rows {
    let lower = query.to_lowercase();
    let words: Vec<_> = lower
        .split_whitespace()
        .map(|word| word.trim_start_matches('@'))
        .collect();
    let fits = |names: &[&str]| {
        let mut words = words.iter();
        words.all(|word| names.iter().any(|name| name.to_lowercase().contains(word)))
    };
    let mut current = Vec::new();
    let mut archived = Vec::new();
    for chat in chats.iter() {
        let shown = title(chat, contacts, own);
        let peer = chat.peer.and_then(|peer| contacts.get(peer));
        let name = peer.as_ref().map_or("", |peer| peer.name.as_str());
        if fits(&[&shown, name]) {
            let list = match chat.archived {
                true => &mut archived,
                false => &mut current,
            };
            list.push((!chat.pinned, Reverse(chat.active_at), Row::Chat(chat.id)));
        }
    }
    let classic = people.listing("");
    let mut strangers = Vec::new();
    for client in classic.iter() {
        let Some(person) = people.get(client) else {
            continue;
        };
        let contact = contacts.of_classic(client);
        let named = match &contact {
            Some(contact) => fits(&[contact.display_name.as_str(), contact.name.as_str()]),
            None => fits(&[person.name.as_str()]),
        };
        match &person.last {
            _ if !named => {}
            Some(last) => current.push((true, Reverse(last.at), Row::Person(client))),
            None if contact.is_none() => strangers.push(Row::Person(client)),
            None => {}
        }
    }
    let mut found: Vec<_> = contacts
        .iter()
        .filter_map(|contact| {
            let shown = contact.display_name.as_str();
            let has_classic = || {
                let person = contact.classic.and_then(|client| people.get(client));
                person.is_some_and(|person| person.last.is_some())
            };
            let is_listed =
                chats.direct(contact.account).is_some() || (words.is_empty() && has_classic());
            let is_online = matches!(contact.presence, Some(Presence { online: true, .. }));
            (!is_listed && fits(&[shown, contact.name.as_str()]))
                .then(|| (Reverse(is_online), shown.to_lowercase(), contact.account))
        })
        .collect();
    current.sort_unstable();
    archived.sort_unstable();
    found.sort_unstable();
    let rows = |list: Vec<(bool, _, Row)>| list.into_iter().map(|(.., row)| row).collect();
    let contacts = found.into_iter().map(|(.., it)| Row::Contact(it)).collect();
    Rows::new(vec![
        (Section::Conversations, rows(current)),
        (Section::Contacts, contacts),
        (Section::Others, strangers),
        (Section::Archived, rows(archived)),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::samples::{account, contact, conversation, group, id, person, said};
    use super::*;
    use sotto_engine::api::{Contact, Conversation, Person};
    use sotto_engine::time::Timestamp;

    fn contact_row(n: u8) -> Row {
        Row::Contact(account(n))
    }

    struct World {
        chats: Chats,
        people: People,
        contacts: Contacts,
    }

    impl World {
        fn rows(&self, query: &str) -> Rows {
            accounts(
                &self.chats,
                &self.people,
                &self.contacts,
                account(99),
                query,
            )
        }

        fn of(&self, section: Section, query: &str) -> Vec<Row> {
            self.rows(query).of(section, 100)
        }
    }

    fn world() -> World {
        let mut people = People::default();
        people.replace(vec![
            Person {
                last: said("hello", 5),
                ..person(11, "ada")
            },
            person(12, "stranger"),
        ]);
        let mut contacts = Contacts::default();
        let online = Some(Presence {
            online: true,
            last_seen: None,
        });
        contacts.replace(vec![
            contact(3, "zed", "Zed"),
            Contact {
                presence: online,
                ..contact(2, "mary", "Mary")
            },
            Contact {
                classic: Some(id(11)),
                ..contact(1, "ada", "Ada Lovelace")
            },
            contact(4, "ben", "Ben"),
        ]);
        World {
            chats: Chats::default(),
            people,
            contacts,
        }
    }

    fn chat(n: u8, at: u64) -> Conversation {
        Conversation {
            active_at: Timestamp(at),
            ..conversation(n)
        }
    }

    #[test]
    fn contacts_without_a_conversation_come_by_presence_then_name() {
        let world = world();
        assert_eq!(
            world.of(Section::Contacts, ""),
            [contact_row(2), contact_row(4), contact_row(3)]
        );
        assert_eq!(
            world.of(Section::Conversations, ""),
            [Row::Person(id(11))],
            "a contact's mailbox is not listed twice"
        );
        assert_eq!(world.of(Section::Others, ""), [Row::Person(id(12))]);
    }

    #[test]
    fn conversations_of_both_worlds_stand_together_the_pinned_first_then_the_latest() {
        let mut world = world();
        world.chats.replace(vec![
            chat(1, 4),
            chat(2, 6),
            Conversation {
                pinned: true,
                ..chat(3, 1)
            },
            Conversation {
                archived: true,
                ..chat(4, 9)
            },
        ]);
        let chat = |n| Row::Chat(group(n));
        assert_eq!(
            world.of(Section::Conversations, ""),
            [chat(3), chat(2), Row::Person(id(11)), chat(1)]
        );
        assert_eq!(world.of(Section::Archived, ""), [chat(4)]);
        assert!(!world.rows("").iter().any(|row| row == chat(4)));
    }

    #[test]
    fn who_has_a_direct_chat_is_listed_by_it_and_the_classic_one_stays_beside_it() {
        let mut world = world();
        world.chats.replace(vec![Conversation {
            peer: Some(account(1)),
            ..chat(1, 9)
        }]);
        assert_eq!(
            world.of(Section::Conversations, "ada"),
            [Row::Chat(group(1)), Row::Person(id(11))]
        );
        assert_eq!(world.of(Section::Contacts, "ada"), []);
    }

    #[test]
    fn contacts_are_found_by_either_name_also_where_only_a_classic_chat_is() {
        let world = world();
        for query in ["@ada", "LOVE", "lace ada"] {
            assert_eq!(
                world.of(Section::Contacts, query),
                [contact_row(1)],
                "{query}"
            );
        }
        assert!(world.rows("nobody").is_empty());
    }

    #[test]
    fn a_long_list_is_cut_across_sections() {
        let world = world();
        let rows = world.rows("");
        assert_eq!(rows.of(Section::Contacts, 2), [contact_row(2)]);
        assert_eq!(rows.of(Section::Others, 2), []);
    }
}
