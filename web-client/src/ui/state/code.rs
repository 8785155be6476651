//! Codes that people type from paper, in groups.

use sotto_shared::account::recovery_code::{RECOVERY_CHARS, RECOVERY_GROUP};

/// A code as it is typed: capitals, in groups with dashes between them. What a code cannot hold is
/// kept, so that nobody wonders where it went; the engine says what is wrong with it.
pub(crate) fn in_groups(typed: &str) -> String {
    let mut text = String::with_capacity(typed.len() + RECOVERY_CHARS / RECOVERY_GROUP);
    let symbols = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !is_dash(*c))
        .flat_map(char::to_uppercase);
    for (at, symbol) in symbols.enumerate() {
        if at > 0 && at % RECOVERY_GROUP == 0 {
            text.push('-');
        }
        text.push(symbol);
    }
    text
}

/// Whether what was typed back is the last group of a code. As forgiving as reading a whole code.
pub(crate) fn is_last_group(typed: &str, code: &str) -> bool {
    let last: Vec<char> = code
        .rsplit('-')
        .next()
        .unwrap_or_default()
        .chars()
        .collect();
    let typed: Vec<char> = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !is_dash(*c))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    !last.is_empty() && typed == last
}

fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '_' | '.' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_falls_into_groups_however_it_is_typed() {
        for (typed, shown) in [
            ("", ""),
            ("abcde", "ABCDE"),
            ("abcdef", "ABCDE-F"),
            ("AB CD-EF", "ABCDE-F"),
            ("abcde–fghjk ", "ABCDE-FGHJK"),
        ] {
            assert_eq!(in_groups(typed), shown, "{typed:?}");
            assert_eq!(
                in_groups(shown),
                shown,
                "typing on changes nothing before it"
            );
        }
    }

    #[test]
    fn the_last_group_is_taken_in_any_case_and_with_lookalikes() {
        let code = "AAAAA-BBBBB-C01D2";
        for typed in ["C01D2", "c01d2", " co1d2 ", "cOld2", "c-0 1 d 2"] {
            assert!(is_last_group(typed, code), "{typed}");
        }
        for typed in ["", "BBBBB", "C01D", "C01D23"] {
            assert!(!is_last_group(typed, code), "{typed}");
        }
        assert!(!is_last_group("", ""));
    }
}
