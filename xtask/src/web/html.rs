//! A page cut into the pieces that the web build changes: start tags and scripts. Everything else
//! is copied as it stands. Enough for a page that we wrote ourselves and Trunk has completed; not
//! a parser of any page.

use std::fmt;

use anyhow::{Context, Result, bail};

/// A piece of a page.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Text, end tags, the doctype, the contents of style sheets.
    Plain(&'a str),
    /// A comment.
    Comment,
    /// A start tag.
    Tag(Tag<'a>),
    /// A whole script element.
    Script {
        /// Its start tag.
        tag: Tag<'a>,
        /// What stands between its tags.
        body: &'a str,
    },
}

/// A start tag.
#[derive(Debug, Clone)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub(super) name: String,
    attributes: Vec<(&'a str, Option<String>)>,
    /// As it stands in the page, while nothing was changed.
    unchanged: Option<&'a str>,
}

impl<'a> Tag<'a> {
    /// The value of an attribute; empty if it has none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Sets an attribute, at its place or at the end.
    pub(super) fn set(&mut self, name: &'a str, value: &str) {
        self.unchanged = None;
        let value = Some(value.replace('&', "&amp;").replace('"', "&quot;"));
        let place = self
            .attributes
            .iter_mut()
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        match place {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
    }

    /// Removes an attribute, if it is there.
    pub(super) fn remove(&mut self, name: &str) {
        self.unchanged = None;
        self.attributes
            .retain(|(found, _)| !found.eq_ignore_ascii_case(name));
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(unchanged) = self.unchanged {
            return f.write_str(unchanged);
        }
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            match value {
                Some(value) => write!(f, " {name}=\"{value}\"")?,
                None => write!(f, " {name}")?,
            }
        }
        f.write_str(">")
    }
}

/// Cuts a page into pieces.
pub(super) fn pieces(page: &str) -> Result<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (text, from_tag) = rest.split_at(start);
        if !text.is_empty() {
            pieces.push(Piece::Plain(text));
        }
        rest = match piece(from_tag)? {
            (Piece::Tag(tag), after) if tag.name == "script" => {
                let (body, after) = until_end_tag(after, "</script>")?;
                pieces.push(Piece::Script { tag, body });
                after
            }
            (Piece::Tag(tag), after) if tag.name == "style" => {
                let (body, _) = until_end_tag(after, "</style>")?;
                pieces.push(Piece::Tag(tag));
                pieces.push(Piece::Plain(body));
                after.get(body.len()..).unwrap_or_default()
            }
            (piece, after) => {
                pieces.push(piece);
                after
            }
        };
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    Ok(pieces)
}

/// The piece that begins with this `<`, and what follows it.
fn piece(from_tag: &str) -> Result<(Piece<'_>, &str)> {
    if let Some(comment) = from_tag.strip_prefix("<!--") {
        let (_, after) = comment
            .split_once("-->")
            .context("the page has a comment without an end")?;
        return Ok((Piece::Comment, after));
    }
    let end = end_of_tag(from_tag)?;
    let (raw, after) = from_tag.split_at(end);
    let inside = raw
        .strip_prefix('<')
        .and_then(|inside| inside.strip_suffix('>'))
        .unwrap_or_default();
    if !inside.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Ok((Piece::Plain(raw), after));
    }
    let (name, attributes) = word(inside.trim_end_matches('/'));
    let tag = Tag {
        name: name.to_ascii_lowercase(),
        attributes: self::attributes(attributes),
        unchanged: Some(raw),
    };
    Ok((Piece::Tag(tag), after))
}

/// The length of a tag; a `>` inside quotes does not end it.
fn end_of_tag(from_tag: &str) -> Result<usize> {
    let mut quote = None;
    for (position, character) in from_tag.char_indices() {
        match (quote, character) {
            (None, '>') => return Ok(position + 1),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    bail!("the page has a tag without an end")
}

fn until_end_tag<'a>(after: &'a str, end: &str) -> Result<(&'a str, &'a str)> {
    after
        .split_once(end)
        .with_context(|| format!("the page has an element without {end}"))
}

fn attributes(mut rest: &str) -> Vec<(&str, Option<String>)> {
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        let (name, after) = word(rest);
        if name.is_empty() {
            return attributes;
        }
        match after.trim_start().strip_prefix('=') {
            None => {
                attributes.push((name, None));
                rest = after;
            }
            Some(value) => {
                let (value, after) = quoted(value.trim_start());
                attributes.push((name, Some(value.to_owned())));
                rest = after;
            }
        }
    }
}

/// A name: up to white space or `=`.
fn word(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| character.is_ascii_whitespace() || character == '=')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A value, with or without quotes.
fn quoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(value) = text.strip_prefix(quote) {
            return value.split_once(quote).unwrap_or((value, ""));
        }
    }
    let end = text
        .find(|character: char| character.is_ascii_whitespace())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(page: &str) -> String {
        let mut text = String::new();
        for piece in pieces(page).unwrap() {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Comment => {}
                Piece::Tag(tag) => text.push_str(&tag.to_string()),
                Piece::Script { tag, body } => text.push_str(&format!("{tag}{body}</script>")),
            }
        }
        text
    }

    #[test]
    fn what_is_not_changed_is_copied() {
        let page = "<!doctype html>\n<html lang=en><style>a>b{}</style><script>1<2</script>\
                    <p title='a > b' hidden>x &lt; y</p><br/></html>\n";
        assert_eq!(again(page), page);
    }

    #[test]
    fn comments_go() {
        assert_eq!(again("a<!-- <link> -->b"), "ab");
    }

    #[test]
    fn attributes_are_read_in_every_form_and_written_in_one() {
        let page = "<LINK  a='1' b=2\n c=\"3\" d/>";
        let Some(Piece::Tag(mut tag)) = pieces(page).unwrap().pop() else {
            panic!("one tag");
        };
        assert_eq!(tag.name, "link");
        assert_eq!(
            ["a", "B", "c", "d", "e"].map(|name| tag.value(name).map(str::to_owned)),
            [Some("1"), Some("2"), Some("3"), Some(""), None].map(|value| value.map(str::to_owned))
        );
        tag.set("b", "x\"y");
        tag.set("e", "5");
        assert_eq!(
            tag.to_string(),
            "<link a=\"1\" b=\"x&quot;y\" c=\"3\" d e=\"5\">"
        );
    }

    #[test]
    fn unfinished_pages_are_errors() {
        for page in ["<p", "<script>", "<!-- ", "<p title='>"] {
            assert!(pieces(page).is_err(), "{page}");
        }
    }
}
