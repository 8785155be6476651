//! A person's round sign: their initials on a colour of their own.

use leptos::prelude::*;

/// How many colours the style sheet has.
const COLOURS: u32 = 8;

/// Draws it. It says nothing that the name beside it does not say.
pub(crate) fn avatar(id: &[u8; 16], name: &str) -> impl IntoView + use<> {
    let class = format!("avatar colour-{}", colour_of(id));
    view! {
        <span class=class aria-hidden="true">
            {initials(name)}
        </span>
    }
}

/// The number of somebody's colour.
pub(crate) fn colour_of(id: &[u8; 16]) -> u32 {
    // FNV-1a: ids of other people's servers need not be random.
    let mixed = id.iter().fold(0x811c_9dc5_u32, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    (mixed >> 16) % COLOURS
}

fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | '_' | '-'))
        .filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, expected) in [
            ("ada", "A"),
            ("Ada Augusta Lovelace", "AL"),
            ("élan_vital", "ÉV"),
            (" ", ""),
        ] {
            assert_eq!(initials(name), expected);
        }
    }
}
