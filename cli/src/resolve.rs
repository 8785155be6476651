//! Who a name or an id on the command line means.

use sotto_engine::api::Person;
use sotto_shared::ClientId;

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
