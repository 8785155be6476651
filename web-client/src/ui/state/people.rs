//! Everybody known, and the order in which they are listed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use sotto_engine::api::Person;
use sotto_shared::ClientId;

/// Everybody known.
#[derive(Debug, Default)]
pub(crate) struct People {
    by_id: HashMap<ClientId, Arc<Person>>,
    arrived: bool,
}

/// Who is listed, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Those with a conversation, latest first.
    pub(crate) recent: Vec<ClientId>,
    /// The others whom the gateway lists, by name.
    pub(crate) others: Vec<ClientId>,
}

impl Listing {
    /// Everybody listed, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ClientId> {
        self.recent.iter().chain(&self.others).copied()
    }
}

impl People {
    /// Puts these in the place of all that were known.
    pub(crate) fn replace(&mut self, people: Vec<Person>) {
        self.arrived = true;
        self.by_id = people
            .into_iter()
            .map(|person| (person.client, Arc::new(person)))
            .collect();
    }

    /// Adds or changes one.
    pub(crate) fn put(&mut self, person: Person) {
        self.by_id.insert(person.client, Arc::new(person));
    }

    pub(crate) fn get(&self, client: ClientId) -> Option<Arc<Person>> {
        self.by_id.get(&client).cloned()
    }

    /// Whether the list was told at all.
    pub(crate) fn arrived(&self) -> bool {
        self.arrived
    }

    pub(crate) fn unread_total(&self) -> u32 {
        self.by_id
            .values()
            .fold(0, |sum, person| sum.saturating_add(person.unread))
    }

    /// Those whose name holds every word of `query`, whatever its case.
    pub(crate) fn listing(&self, query: &str) -> Listing {
        let query = query.to_lowercase();
        let words: Vec<_> = query.split_whitespace().collect();
        let mut recent = Vec::new();
        let mut others = Vec::new();
        for person in self.by_id.values() {
            let name = person.name.as_str().to_lowercase();
            if !words.iter().all(|word| name.contains(word)) {
                continue;
            }
            match &person.last {
                Some(last) => recent.push((Reverse(last.at), name, person.client)),
                None if person.listed => others.push((name, person.client)),
                None => {}
            }
        }
        recent.sort_unstable();
        others.sort_unstable();
        Listing {
            recent: recent.into_iter().map(|(_, _, client)| client).collect(),
            others: others.into_iter().map(|(_, client)| client).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{id, person, said};
    use super::*;

    fn people(list: Vec<Person>) -> People {
        let mut people = People::default();
        people.replace(list);
        people
    }

    #[test]
    fn conversations_come_first_latest_on_top_then_names_in_order() {
        let people = people(vec![
            person(1, "zoe"),
            Person {
                last: said("old", 1),
                ..person(2, "old")
            },
            person(3, "Anna"),
            Person {
                last: said("new", 2),
                ..person(4, "new")
            },
        ]);
        assert_eq!(
            people.listing(""),
            Listing {
                recent: vec![id(4), id(2)],
                others: vec![id(3), id(1)],
            }
        );
    }

    #[test]
    fn search_wants_every_word_in_any_case() {
        let people = people(vec![person(1, "Ada Lovelace"), person(2, "Ada Byron")]);
        assert_eq!(people.listing("LOVE ada").others, vec![id(1)]);
        assert_eq!(people.listing("nobody"), Listing::default());
    }

    #[test]
    fn unlisted_people_stay_only_with_their_conversation() {
        let people = people(vec![
            Person {
                listed: false,
                ..person(1, "gone")
            },
            Person {
                listed: false,
                last: said("bye", 1),
                ..person(2, "left")
            },
        ]);
        assert_eq!(people.listing("").iter().collect::<Vec<_>>(), vec![id(2)]);
    }

    #[test]
    fn unread_adds_up() {
        let mut people = people(vec![person(1, "a"), person(2, "b")]);
        for (n, unread) in [(1, 2), (2, 3)] {
            people.put(Person {
                unread,
                ..person(n, "x")
            });
        }
        assert_eq!(people.unread_total(), 5);
    }
}
