//! People who are mentioned in a text: `@name` as it is typed, and as it is sent.

use sotto_engine::api::Mention;
use sotto_shared::AccountId;

/// Names that are offered at once.
const OFFERED_MAX: usize = 8;

/// Somebody who can be mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Who.
    pub(crate) account: AccountId,
    /// The account's name: what is typed and sent.
    pub(crate) name: String,
    /// What they want to be called.
    pub(crate) shown: String,
}

/// The stretches of `text` that mean one of `candidates`, as they are sent.
pub(crate) fn find(text: &str, candidates: &[Candidate]) -> Vec<Mention> {
    let mut mentions = Vec::new();
    for (start, _) in text.match_indices('@') {
        let glued = text
            .get(..start)
            .and_then(|before| before.chars().next_back())
            .is_some_and(|before| before.is_alphanumeric() || before == '@');
        if glued {
            continue;
        }
        let Some(rest) = text.get(start + 1..) else {
            continue;
        };
        let longest = candidates
            .iter()
            .filter(|candidate| is_whole(rest, &candidate.name))
            .max_by_key(|candidate| candidate.name.len());
        let numbers = longest.and_then(|candidate| {
            let length = u32::try_from(candidate.name.len() + 1).ok()?;
            Some((candidate.account, u32::try_from(start).ok()?, length))
        });
        if let Some((account, start, length)) = numbers {
            mentions.push(Mention {
                account,
                start,
                length,
            });
        }
    }
    mentions
}

/// Whether `text` begins with `name`, in any case, and the name ends there.
fn is_whole(text: &str, name: &str) -> bool {
    let begins = text
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name));
    let mut rest = text.get(name.len()..).unwrap_or_default().chars();
    let ends = match rest.next() {
        None => true,
        // A dot or a hyphen can be part of a name, or of the sentence.
        Some('.' | '-' | '_') => !rest.next().is_some_and(char::is_alphanumeric),
        Some(next) => !next.is_alphanumeric(),
    };
    begins && ends && !name.is_empty()
}

/// What is being typed as a name before the cursor: where its `@` stands, and the letters behind.
pub(crate) fn typed(before_cursor: &str) -> Option<(usize, &str)> {
    let at = before_cursor.rfind('@')?;
    let word = before_cursor.get(at + 1..)?;
    let opens = before_cursor
        .get(..at)?
        .chars()
        .next_back()
        .is_none_or(|before| !before.is_alphanumeric() && before != '@');
    (opens && !word.contains(char::is_whitespace)).then_some((at, word))
}

/// Whom to offer for what is being typed: first those whose name begins so.
pub(crate) fn offers(word: &str, candidates: &[Candidate]) -> Vec<Candidate> {
    let word = word.to_lowercase();
    let mut fitting: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| {
            let shown = candidate.shown.to_lowercase();
            let rank = if candidate.name.starts_with(&word) {
                0
            } else if shown.split_whitespace().any(|part| part.starts_with(&word)) {
                1
            } else {
                return None;
            };
            Some((rank, candidate.name.as_str(), candidate))
        })
        .collect();
    fitting.sort_unstable_by_key(|(rank, name, _)| (*rank, *name));
    fitting
        .into_iter()
        .take(OFFERED_MAX)
        .map(|(.., candidate)| candidate.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::account;
    use super::*;

    fn people() -> Vec<Candidate> {
        [
            (1, "ada", "Ada Lovelace"),
            (2, "ada.b", "Ada Byron"),
            (3, "bob", "Robert Adams"),
        ]
        .into_iter()
        .map(|(n, name, shown)| Candidate {
            account: account(n),
            name: name.to_owned(),
            shown: shown.to_owned(),
        })
        .collect()
    }

    fn mention(n: u8, start: u32, length: u32) -> Mention {
        Mention {
            account: account(n),
            start,
            length,
        }
    }

    #[test]
    fn names_are_found_whole_the_longest_first_and_in_order() {
        let find = |text| find(text, &people());
        assert_eq!(find("ä @ada hi"), [mention(1, 3, 4)]);
        assert_eq!(find("@ada.b, @BOB."), [mention(2, 0, 6), mention(3, 8, 4)]);
        assert_eq!(find("ask @ada."), [mention(1, 4, 4)]);
        for text in ["me@ada.org", "@adam", "@", "@@ada", "@ada.c", "nobody"] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn a_name_is_being_typed_from_its_sign_to_the_cursor() {
        assert_eq!(typed("hi @ad"), Some((3, "ad")));
        assert_eq!(typed("@"), Some((0, "")));
        for text in ["hi", "me@home", "@ada hi", ""] {
            assert_eq!(typed(text), None, "{text}");
        }
    }

    #[test]
    fn those_whose_name_begins_so_are_offered_first() {
        let names = |word: &str| -> Vec<_> {
            offers(word, &people())
                .into_iter()
                .map(|it| it.name)
                .collect()
        };
        assert_eq!(names("ad"), ["ada", "ada.b", "bob"]);
        assert_eq!(names("LOVE"), ["ada"]);
        assert_eq!(names("x"), [""; 0]);
    }
}
