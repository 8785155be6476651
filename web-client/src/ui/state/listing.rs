//! Who is listed on the left side, in which section and order.

use std::cmp::Reverse;

use sotto_engine::api::Presence;
use sotto_shared::{AccountId, ClientId};

use super::contacts::Contacts;
use super::people::People;

/// Somebody in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    /// Somebody with an account.
    Contact(AccountId),
    /// A classic client.
    Person(ClientId),
}

/// The two sections of the list.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Above.
    pub(crate) first: Vec<Row>,
    /// Below.
    pub(crate) second: Vec<Row>,
}

impl Rows {
    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row> {
        self.first.iter().chain(&self.second).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.second.is_empty()
    }
}

/// For a classic identity: conversations, then the others.
pub(crate) fn classic(people: &People, query: &str) -> Rows {
    let listing = people.listing(query);
    let rows = |clients: Vec<ClientId>| clients.into_iter().map(Row::Person).collect();
    Rows {
        first: rows(listing.recent),
        second: rows(listing.others),
    }
}

/// For an account: contacts (latest conversation first, then who is online, then by name), and
/// classic people that belong to none of them.
pub(crate) fn accounts(people: &People, contacts: &Contacts, query: &str) -> Rows {
    let lower = query.to_lowercase();
    let words: Vec<_> = lower
        .split_whitespace()
        .map(|word| word.trim_start_matches('@'))
        .collect();
    let mut found: Vec<_> = contacts
        .iter()
        .filter_map(|contact| {
            let shown = contact.display_name.as_str().to_lowercase();
            let fits = |word: &&str| shown.contains(word) || contact.name.as_str().contains(word);
            words.iter().all(fits).then(|| {
                let person = contact.classic.and_then(|client| people.get(client));
                let last = person.and_then(|p| p.last.as_ref().map(|last| last.at));
                let is_online = matches!(contact.presence, Some(Presence { online: true, .. }));
                (Reverse(last), Reverse(is_online), shown, contact.account)
            })
        })
        .collect();
    found.sort_unstable();
    let classic = people.listing(query);
    let is_nobodys = |client: &ClientId| contacts.of_classic(*client).is_none();
    Rows {
        first: found
            .into_iter()
            .map(|(.., account)| Row::Contact(account))
            .collect(),
        second: classic.iter().filter(is_nobodys).map(Row::Person).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{contact, id, person, said};
    use super::*;
    use sotto_engine::api::{Contact, Person};

    fn account(n: u8) -> Row {
        Row::Contact(AccountId::from_bytes([n; 16]))
    }

    fn world() -> (People, Contacts) {
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
        (people, contacts)
    }

    #[test]
    fn contacts_come_by_conversation_then_presence_then_name() {
        let (people, contacts) = world();
        let rows = accounts(&people, &contacts, "");
        assert_eq!(rows.first, [account(1), account(2), account(4), account(3)]);
        assert_eq!(
            rows.second,
            [Row::Person(id(12))],
            "a contact's mailbox is not listed twice"
        );
    }

    #[test]
    fn contacts_are_found_by_either_name() {
        let (people, contacts) = world();
        assert_eq!(accounts(&people, &contacts, "@ada").first, [account(1)]);
        assert_eq!(accounts(&people, &contacts, "LOVE").first, [account(1)]);
        assert!(accounts(&people, &contacts, "nobody").is_empty());
    }
}
