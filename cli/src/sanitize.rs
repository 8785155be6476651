//! What other people wrote, made safe for a terminal.
//!
//! Names, texts and server errors come from strangers. Escape sequences could clear the screen,
//! retitle the window or fake a prompt; characters that turn the writing direction could make a
//! line read as another. They are replaced by U+FFFD before anything is printed.

/// Text of several lines: line feeds and tabs stay.
pub(crate) fn text(raw: &str) -> String {
    raw.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\n' || c == '\t' { c } else { safe(c) })
        .collect()
}

/// Text within one line: nothing breaks out of it.
pub(crate) fn line(raw: &str) -> String {
    raw.chars().map(safe).collect()
}

/// JSON text with the control characters escaped that JSON itself lets stand (DEL and C1, among
/// them a one-character form of the escape sequences' beginning).
pub(crate) fn json(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        if c.is_control() || turns_direction(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn safe(c: char) -> char {
    if c.is_control() || turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}') {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_never_pass() {
        for raw in [
            "\u{1b}[2J",
            "\u{9b}2J",
            "\u{1b}]0;title\u{7}",
            "a\u{7f}\u{8}b",
            "x\u{202e}txt.exe",
        ] {
            for safe in [text(raw), line(raw), json(raw)] {
                assert!(
                    !safe.chars().any(|c| c.is_control() || turns_direction(c)),
                    "{raw:?} became {safe:?}"
                );
            }
        }
    }

    #[test]
    fn lines_and_tabs_stay_in_texts_but_not_in_lines() {
        assert_eq!(text("a\r\nb\tc\rd"), "a\nb\tc\u{fffd}d");
        assert_eq!(line("a\nb"), "a\u{fffd}b");
    }

    #[test]
    fn ordinary_writing_is_untouched() {
        let raw = "Zoë 👩‍👩‍👧 משה 你好";
        assert_eq!(text(raw), raw);
        assert_eq!(line(raw), raw);
        assert_eq!(json(raw), raw);
    }

    #[test]
    fn escaped_json_means_the_same() {
        let raw = "a\u{9b}\u{7f}\u{1b}\"\\\n";
        let escaped = json(&serde_json::to_string(raw).unwrap());
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), raw);
    }
}
