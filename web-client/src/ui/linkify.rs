//! Finds the links in a text. Only `http` and `https`; everything else stays text.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// An address that begins with `http://` or `https://`.
    Link(&'a str),
}

/// Cuts `text` into pieces; put together they are the text again.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some((start, end)) = next_link(text, from) {
        let (before, link) = (text.get(done..start), text.get(start..end));
        pieces.extend(before.filter(|text| !text.is_empty()).map(Piece::Text));
        pieces.extend(link.map(Piece::Link));
        done = end;
        from = end;
    }
    let rest = text.get(done..).filter(|text| !text.is_empty());
    pieces.extend(rest.map(Piece::Text));
    pieces
}

fn next_link(text: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let start = from + find_scheme(text.get(from..)?)?;
        let candidate = text.get(start..)?;
        let glued = text
            .get(..start)?
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric);
        match link_length(candidate) {
            Some(length) if !glued => return Some((start, start + length)),
            _ => from = start + "http".len(),
        }
    }
}

fn find_scheme(text: &str) -> Option<usize> {
    text.as_bytes()
        .windows("http".len())
        .position(|window| window.eq_ignore_ascii_case(b"http"))
}

/// Bytes of the address that `text` begins with, if it does.
fn link_length(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let end = text.find(ends_address).unwrap_or(text.len());
    let mut link = text.get(..end)?;
    // Punctuation behind an address belongs to the sentence, and so does a bracket that was not
    // opened inside.
    while let Some(last) = link.chars().next_back() {
        let cut = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' => true,
            ')' => link.matches(')').count() > link.matches('(').count(),
            ']' => link.matches(']').count() > link.matches('[').count(),
            _ => false,
        };
        if !cut {
            break;
        }
        link = link.get(..link.len() - last.len_utf8())?;
    }
    let host = link.get(scheme.len()..)?.chars().next()?;
    (host.is_alphanumeric() || host == '[').then_some(link.len())
}

/// Characters that no address holds: whitespace, quotes, and what hides or reorders text.
fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '„')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Link, Text};

    #[test]
    fn plain_text_stays_one_piece() {
        assert_eq!(pieces("nothing here"), vec![Text("nothing here")]);
        assert_eq!(pieces(""), vec![]);
    }

    #[test]
    fn links_are_cut_out_of_sentences() {
        assert_eq!(
            pieces("See https://example.org/a?b=c#d, or (HTTP://EXAMPLE.com/x_(y))."),
            vec![
                Text("See "),
                Link("https://example.org/a?b=c#d"),
                Text(", or ("),
                Link("HTTP://EXAMPLE.com/x_(y)"),
                Text(")."),
            ]
        );
    }

    #[test]
    fn other_schemes_and_tricks_stay_text() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "xhttp://example.org",
            "http://",
            "https:///",
            "https://.",
            "httphttp",
            "ftp://example.org",
        ] {
            assert!(
                pieces(text).iter().all(|piece| matches!(piece, Text(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn markup_and_direction_marks_end_a_link() {
        assert_eq!(
            pieces("https://a.example/\"onclick=1"),
            vec![Link("https://a.example/"), Text("\"onclick=1")]
        );
        assert_eq!(
            pieces("https://a.example/\u{202e}gpj"),
            vec![Link("https://a.example/"), Text("\u{202e}gpj")]
        );
    }

    #[test]
    fn pieces_put_together_are_the_text() {
        for text in [
            "ähttps://ü.example!",
            "🦊 http://x.y 🦊http://z",
            "http http://a http://",
        ] {
            let whole: String = pieces(text)
                .iter()
                .map(|piece| match piece {
                    Text(text) | Link(text) => *text,
                })
                .collect();
            assert_eq!(whole, text);
        }
    }
}
