//! Names that look alike.
//!
//! A classic name is free text that anybody may take. One that looks like a contact's name must
//! not pass for that contact, so both are reduced to what the eye keeps of them. This is no full
//! table of confusable characters (Unicode TR 39 has thousands): it holds the letters of Latin,
//! Greek and Cyrillic that look alike in usual fonts.

/// What the eye keeps of a name.
pub(crate) fn skeleton(name: &str) -> String {
    let mut seen = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase).map(plain) {
        if c.is_alphanumeric() {
            seen.push(c);
        }
    }
    if seen.is_empty() {
        return name.to_lowercase();
    }
    // Two letters that read as one.
    seen.replace("rn", "m").replace("vv", "w")
}

/// The Latin letter or digit that this one looks like.
fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'а' | 'α' | 'ɑ' => 'a',
        'в' | 'ß' | 'β' => 'b',
        'ç' | 'ć' | 'č' | 'с' | 'ϲ' => 'c',
        'ď' | 'đ' | 'ԁ' => 'd',
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'е' | 'ё' | 'є' | 'ε' => 'e',
        'ğ' | 'ġ' | 'ɡ' => 'g',
        'н' | 'һ' | 'ħ' => 'h',
        // One stroke: it may be any of these.
        'ì'..='ï' | 'ī' | 'į' | 'ı' | 'і' | 'ї' | 'ι' | 'l' | '1' | '|' | 'ł' | 'ӏ' | 'i' => {
            'i'
        }
        'ј' => 'j',
        'к' | 'κ' | 'ķ' => 'k',
        'м' => 'm',
        'ñ' | 'ń' | 'ň' | 'η' | 'п' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'о' | 'ο' | 'σ' | '0' => 'o',
        'р' | 'ρ' | 'þ' => 'p',
        'ԛ' => 'q',
        'г' | 'ř' => 'r',
        'ѕ' | 'ś' | 'š' | 'ş' | 'ș' | '5' | '$' => 's',
        'т' | 'τ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'υ' | 'µ' | 'μ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'ý' | 'ÿ' | 'γ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::skeleton;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("alice", "Alice"),
            ("alice", "аlice"),
            ("alice", "aIice"),
            ("alice", "al1ce"),
            ("zoe.klein", "Zoë Klein"),
            ("bob", "b0b"),
            ("maria", "rnaria"),
            ("oscar", "0sсаr"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn other_names_have_another() {
        for (one, other) in [
            ("alice", "alicia"),
            ("bob", "rob"),
            ("ann", "anna"),
            ("🦊", "🐻"),
        ] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }
}
