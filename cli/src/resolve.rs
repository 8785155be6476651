//! Who a name or an id on the command line means.

use sotto_engine::api::{Contact, Person};
use sotto_shared::{AccountId, ClientId};

use crate::problem::{Exit, Problem};

/// What was found.
#[derive(Debug)]
pub(crate) enum Resolved<'a> {
    /// Exactly one person.
    One(&'a Person),
    /// Nobody: the server may know more.
    Nobody,
    /// Several people of that name.
    Several(Vec<&'a Person>),
}

/// Looks for a person. An id is never taken for a name, so that nobody can pass for somebody else
/// by registering their id as a name. Of several people with the name, those that the server lists
/// go before those that it once did.
pub(crate) fn resolve<'a>(
    people: impl Iterator<Item = &'a Person> + Clone,
    wanted: &str,
) -> Resolved<'a> {
    if let Ok(id) = wanted.parse::<ClientId>() {
        return match people.clone().find(|person| person.client == id) {
            Some(person) => Resolved::One(person),
            None => Resolved::Nobody,
        };
    }
    let named: Vec<&Person> = people
        .filter(|person| person.name.as_str() == wanted)
        .collect();
    let listed: Vec<&Person> = named
        .iter()
        .copied()
        .filter(|person| person.listed)
        .collect();
    let found = if listed.is_empty() { named } else { listed };
    match found.as_slice() {
        [] => Resolved::Nobody,
        [one] => Resolved::One(one),
        _ => Resolved::Several(found),
    }
}

/// Looks for somebody with an account, by name or id.
pub(crate) fn account<'a>(
    mut contacts: impl Iterator<Item = &'a Contact>,
    wanted: &str,
) -> Option<&'a Contact> {
    match wanted.parse::<AccountId>() {
        Ok(id) => contacts.find(|contact| contact.account == id || is_classic(contact, &id)),
        Err(_) => contacts.find(|contact| contact.name.as_str() == wanted),
    }
}

/// Whether the classic mailbox of a contact has this id.
fn is_classic(contact: &Contact, id: &AccountId) -> bool {
    contact
        .classic
        .is_some_and(|client| client.as_bytes() == id.as_bytes())
}

/// The classic mailbox of somebody with an account. Their name never means a classic client that
/// only calls itself so: the gateway could put one there.
pub(crate) fn mailbox(contact: &Contact) -> Result<ClientId, Problem> {
    contact.classic.ok_or_else(|| {
        let text = format!(
            "{} has an account, but no classic mailbox to write to",
            contact.name
        );
        Problem::new(Exit::Refused, text)
    })
}

/// Which of the things that have ids and names is meant: by id, by the beginning of an id (4
/// digits at least), or by a name that only one of them has.
pub(crate) fn one_of<T>(
    things: &[T],
    id: impl Fn(&T) -> String,
    name: impl Fn(&T) -> Option<&str>,
    wanted: &str,
) -> Result<usize, Problem> {
    let beginning = wanted.to_ascii_lowercase();
    let is_beginning =
        beginning.len() >= ID_BEGINNING && beginning.bytes().all(|byte| byte.is_ascii_hexdigit());
    let matching = |fits: &dyn Fn(&T) -> bool| -> Vec<usize> {
        let found = things.iter().enumerate().filter(|(_, thing)| fits(thing));
        found.map(|(at, _)| at).collect()
    };
    let by_id = match is_beginning {
        true => matching(&|thing| id(thing).starts_with(&beginning)),
        false => Vec::new(),
    };
    let by_name = matching(&|thing| name(thing) == Some(wanted));
    let mut found = by_id;
    found.extend(by_name);
    found.dedup();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let text = format!("there is none called {wanted}, and no id begins so");
            Err(Problem::new(Exit::Refused, text))
        }
        several => {
            let ids = several.iter().filter_map(|at| things.get(*at)).map(id);
            let ids: Vec<String> = ids.collect();
            let text = format!("{wanted} may mean several: {}", ids.join(", "));
            Err(Problem::new(Exit::Refused, text).and("Give more of the id"))
        }
    }
}

/// Fewest digits that may stand for an id.
const ID_BEGINNING: usize = 4;

/// Nobody is called so; somebody may be called nearly so.
pub(crate) fn nobody<'a>(people: impl Iterator<Item = &'a Person>, wanted: &str) -> Problem {
    let text = format!("nobody is registered as {wanted}");
    let near = wanted.to_lowercase();
    let similar: Vec<&str> = people
        .map(|person| person.name.as_str())
        .filter(|name| name.trim().to_lowercase() == near.trim())
        .collect();
    let problem = Problem::new(Exit::Refused, text);
    match similar.as_slice() {
        [] => problem.and("`sotto people` shows who is"),
        names => problem.and(&format!(
            "Names are case-sensitive: did you mean {}?",
            names.join(", ")
        )),
    }
}

/// Several people are called so.
pub(crate) fn several(found: &[&Person], wanted: &str) -> Problem {
    let ids: Vec<String> = found
        .iter()
        .map(|person| person.client.to_string())
        .collect();
    let text = format!("several people are called {wanted}");
    Problem::new(Exit::Refused, text).and(&format!("Give one of their ids: {}", ids.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::KeyState;

    fn person(n: u8, name: &str, listed: bool) -> Person {
        Person {
            client: ClientId::from_bytes([n; 16]),
            name: name.parse().unwrap(),
            listed,
            key: KeyState::None,
            fingerprint: None,
            unread: 0,
            last: None,
            account: None,
        }
    }

    fn contact(n: u8, name: &str, classic: Option<u8>) -> Contact {
        Contact {
            account: AccountId::from_bytes([n; 16]),
            name: name.parse().unwrap(),
            display_name: "Somebody".parse().unwrap(),
            presence: None,
            trust: sotto_engine::api::Trust::Unverified,
            classic: classic.map(|n| ClientId::from_bytes([n; 16])),
        }
    }

    #[test]
    fn accounts_are_found_by_name_by_id_and_by_their_mailbox() {
        let contacts = [contact(1, "ben", Some(3)), contact(2, "carol", None)];
        for wanted in ["ben", &"01".repeat(16), &"03".repeat(16)] {
            let found = account(contacts.iter(), wanted).unwrap();
            assert_eq!(found.name.as_str(), "ben", "{wanted}");
        }
        assert!(account(contacts.iter(), "Ben").is_none());
        assert_eq!(
            mailbox(&contacts[0]).unwrap(),
            ClientId::from_bytes([3; 16])
        );
        assert!(
            mailbox(&contacts[1])
                .unwrap_err()
                .text
                .contains("no classic mailbox")
        );
    }

    #[test]
    fn a_thing_is_meant_by_name_or_by_the_beginning_of_its_id() {
        let things = [
            ("abcd01", "phone"),
            ("abcd02", "laptop"),
            ("ffff03", "phone"),
        ];
        let find = |wanted: &str| one_of(&things, |it| it.0.to_owned(), |it| Some(it.1), wanted);
        assert_eq!(find("laptop").unwrap(), 1);
        assert_eq!(find("ABCD01").unwrap(), 0);
        assert_eq!(find("ffff").unwrap(), 2);
        for (wanted, why) in [("phone", "several"), ("abcd", "several"), ("fff", "none")] {
            assert!(find(wanted).unwrap_err().text.contains(why), "{wanted}");
        }
    }

    #[test]
    fn a_device_called_like_anothers_id_is_ambiguous() {
        let things = [("abcd01", "phone"), ("ffff03", "abcd")];
        let found = one_of(&things, |it| it.0.to_owned(), |it| Some(it.1), "abcd");
        assert!(found.unwrap_err().text.contains("several"));
    }

    #[test]
    fn an_id_as_a_name_fools_nobody() {
        let id = "01".repeat(16);
        let people = [person(2, &id, true), person(1, "bob", true)];
        let Resolved::One(found) = resolve(people.iter(), &id) else {
            panic!()
        };
        assert_eq!(found.name.as_str(), "bob");
        assert!(matches!(resolve(people[..1].iter(), &id), Resolved::Nobody));
    }

    #[test]
    fn listed_people_go_before_those_that_are_gone() {
        let people = [person(1, "bob", false), person(2, "bob", true)];
        let Resolved::One(found) = resolve(people.iter(), "bob") else {
            panic!()
        };
        assert!(found.listed);
        let Resolved::One(gone) = resolve(people[..1].iter(), "bob") else {
            panic!()
        };
        assert!(!gone.listed);
    }

    #[test]
    fn ambiguous_names_are_refused_with_the_ids_to_choose_from() {
        let people = [person(1, "bob", true), person(2, "bob", true)];
        let Resolved::Several(found) = resolve(people.iter(), "bob") else {
            panic!()
        };
        let text = several(&found, "bob").text;
        assert!(text.contains(&"01".repeat(16)) && text.contains(&"02".repeat(16)));
    }

    #[test]
    fn a_name_in_another_case_is_suggested() {
        let people = [person(1, "Bob", true)];
        assert!(
            nobody(people.iter(), "bob")
                .text
                .contains("did you mean Bob?")
        );
        assert!(nobody(people.iter(), "carol").text.contains("sotto people"));
    }
}
