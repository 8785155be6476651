//! Who is meant in a text.

use sotto_engine::api::Mention;
use sotto_shared::AccountId;

/// The stretches `@name` of a text that mean somebody, by `who` of that name. Of `@ben.` it is
/// `@ben`, if nobody is called `ben.`.
pub(crate) fn mentions(text: &str, who: impl Fn(&str) -> Option<AccountId>) -> Vec<Mention> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices('@') {
        let (before, behind) = (text.get(..start), text.get(start + 1..));
        let (Some(before), Some(behind)) = (before, behind) else {
            continue;
        };
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '@') {
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
        let mut name = behind.get(..end).unwrap_or_default();
        let account = loop {
            match (who(name), name.strip_suffix(['.', '_', '-'])) {
                (Some(account), _) => break Some(account),
                (None, Some(shorter)) => name = shorter,
                (None, None) => break None,
            }
        };
        let (Some(account), Ok(start), Ok(length)) =
            (account, u32::try_from(start), u32::try_from(name.len() + 1))
        else {
            continue;
        };
        found.push(Mention {
            account,
            start,
            length,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEN: AccountId = AccountId::from_bytes([1; 16]);

    fn found(text: &str) -> Vec<&str> {
        mentions(text, |name| {
            (name == "ben" || name == "b.c-").then_some(BEN)
        })
        .iter()
        .map(|it| &text[it.start as usize..(it.start + it.length) as usize])
        .collect()
    }

    #[test]
    fn whole_names_of_members_are_mentions() {
        assert_eq!(found("@ben and @ben. (@ben)"), ["@ben", "@ben", "@ben"]);
        assert_eq!(found("é @b.c- x"), ["@b.c-"]);
        for text in ["@benny", "me@ben", "@", "@carol", "@@ben", "ben"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
