//! What the marks in a text mean: a small tree that every face can show in its own way.
//!
//! | written | shown |
//! | --- | --- |
//! | `**x**` | bold |
//! | `*x*`, `_x_` | italic |
//! | `` `x` `` | code, as it is |
//! | ```` ```x``` ````, over several lines too | a block of code, as it is |
//! | `> x` at the beginning of a line | a quote |
//! | `https://…`, `http://…` | a link |
//! | line end | line end |
//!
//! Everything else is text. There is no HTML in it: a face sets the pieces as text. Marks that have
//! no counterpart, or stand inside of a word, are text too. Marks do not reach over line ends.
//!
//! The pieces are slices of the text, and put together they are the text but for the marks. The time
//! is linear in the size of the text, and nothing nests deeper than [`DEPTH_MAX`].
//!
//! ```
//! use sotto_engine::formatting::{Block, Inline, blocks};
//!
//! assert_eq!(
//!     blocks("so **good**", &[]),
//!     [Block::Lines(vec![
//!         Inline::Text("so "),
//!         Inline::Bold(vec![Inline::Text("good")]),
//!     ])]
//! );
//! ```

mod inline;
mod link;

use sotto_shared::content::Mention;

/// Deepest nesting: a block, bold, two kinds of italic, code, and what stands in it.
pub const DEPTH_MAX: usize = 6;

const FENCE: &str = "```";
/// Longest name of a language behind the beginning of a block of code.
const LANGUAGE_MAX: usize = 20;

/// A part of a text that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block<'a> {
    /// Lines of text.
    Lines(Vec<Inline<'a>>),
    /// Quoted lines.
    Quote(Vec<Inline<'a>>),
    /// Code, in fixed width.
    Code {
        /// What the writer says it is; may be empty.
        language: &'a str,
        /// Only [`Inline::Text`], [`Inline::Break`] and [`Inline::Control`].
        code: Vec<Inline<'a>>,
    },
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline<'a> {
    /// As it is. No line ends, no control characters but tabs.
    Text(&'a str),
    /// A line end.
    Break,
    /// A control character, or one that changes the direction of what follows, also of what a face
    /// shows behind the text: to be left out, or shown by its number.
    Control(char),
    /// In bold.
    Bold(Vec<Inline<'a>>),
    /// In italics.
    Italic(Vec<Inline<'a>>),
    /// In fixed width: only [`Inline::Text`] and [`Inline::Control`].
    Code(Vec<Inline<'a>>),
    /// An address that begins with `http://` or `https://`, has no user name or password in it and
    /// nothing that hides or reorders its characters.
    Link(&'a str),
    /// Somebody is meant. The text is the sender's: it says nothing about whom.
    Mention {
        /// Whom.
        account: sotto_shared::AccountId,
        /// As it was written.
        text: &'a str,
    },
}

/// Takes a text apart. Mentions that lie outside of the text, overlap or are out of order are left
/// as text, and so are those in code.
pub fn blocks<'a>(text: &'a str, mentions: &[Mention]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut scan = Scan {
        text,
        at: 0,
        fences: true,
        mentions,
    };
    while let Some(block) = scan.next_block() {
        blocks.push(block);
    }
    blocks
}

/// The text without marks, on one line: for previews. Characters that would hide or reorder
/// something are left out. At most `max` bytes, cut between characters, with `…` behind it then.
pub fn one_line(text: &str, mentions: &[Mention], max: usize) -> String {
    let mut line = String::new();
    // What is shown of it lies near its beginning, whatever the marks.
    let near = text.floor_char_boundary(max.saturating_mul(2).saturating_add(64));
    let near = text.get(..near).unwrap_or(text);
    for block in blocks(near, mentions) {
        if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
        match &block {
            Block::Lines(inlines) | Block::Quote(inlines) => flatten(inlines, &mut line),
            Block::Code { code, .. } => flatten(code, &mut line),
        }
    }
    if line.len() > max || near.len() < text.len() {
        line.truncate(line.floor_char_boundary(max.saturating_sub('…'.len_utf8())));
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

fn flatten(inlines: &[Inline<'_>], line: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Link(text) | Inline::Mention { text, .. } => {
                line.extend(text.chars().map(|c| if c == '\t' { ' ' } else { c }));
            }
            Inline::Break => line.push(' '),
            Inline::Control(_) => {}
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Code(inner) => {
                flatten(inner, line);
            }
        }
    }
}

/// Characters that are no text: control characters but tabs, and those that embed, override or
/// isolate a direction (Unicode, UAX #9) beyond the word they stand at.
pub fn is_control(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

struct Scan<'a, 'm> {
    text: &'a str,
    at: usize,
    /// Whether there may be a fence further on.
    fences: bool,
    mentions: &'m [Mention],
}

impl<'a> Scan<'a, '_> {
    fn next_block(&mut self) -> Option<Block<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let begins_line = self.at == 0 || self.text.get(..self.at)?.ends_with('\n');
        if begins_line && rest.starts_with('>') {
            return Some(Block::Quote(self.quote()));
        }
        if let Some(code) = self.code() {
            return Some(code);
        }
        Some(Block::Lines(self.lines()))
    }

    /// The quoted lines that begin here.
    fn quote(&mut self) -> Vec<Inline<'a>> {
        let mut inlines = Vec::new();
        while let Some(line) = self.rest().strip_prefix('>') {
            if !inlines.is_empty() {
                inlines.push(Inline::Break);
            }
            let end = line.find('\n').unwrap_or(line.len());
            let start = self.at + 1;
            let blank = usize::from(line.starts_with(' '));
            inline::line(
                self.text,
                start + blank..start + end,
                self.mentions,
                &mut inlines,
            );
            self.at = (start + end + 1).min(self.text.len());
        }
        inlines
    }

    /// The block of code that begins here, if one does.
    fn code(&mut self) -> Option<Block<'a>> {
        if !self.fences {
            return None;
        }
        let inner = self.rest().strip_prefix(FENCE)?;
        let Some(end) = inner.find(FENCE) else {
            self.fences = false;
            return None;
        };
        let content = inner.get(..end)?;
        if content.trim().is_empty() {
            return None;
        }
        self.at += FENCE.len() + end + FENCE.len();
        if self.rest().starts_with('\n') {
            self.at += 1;
        }
        let (language, code) = match content.split_once('\n') {
            Some((first, code)) if first.trim().is_empty() => ("", code),
            Some((first, code)) if is_language(first) => (first, code),
            _ => ("", content),
        };
        let code = code.strip_suffix('\n').unwrap_or(code);
        let mut pieces = Vec::new();
        inline::verbatim(code, &mut pieces);
        Some(Block::Code {
            language,
            code: pieces,
        })
    }

    /// Lines of text up to the next quote or block of code.
    fn lines(&mut self) -> Vec<Inline<'a>> {
        let mut inlines = Vec::new();
        loop {
            let rest = self.rest();
            let end = rest.find('\n').unwrap_or(rest.len());
            let fence = self.fence_before(end);
            let stop = self.at + fence.unwrap_or(end);
            inline::line(self.text, self.at..stop, self.mentions, &mut inlines);
            self.at = stop;
            if fence.is_some() || !self.rest().starts_with('\n') {
                return inlines;
            }
            self.at += 1;
            let rest = self.rest();
            if rest.starts_with('>') || self.begins_code() {
                return inlines;
            }
            inlines.push(Inline::Break);
            if rest.is_empty() {
                return inlines;
            }
        }
    }

    /// Where in the line of `end` bytes that begins here a block of code begins.
    fn fence_before(&mut self, end: usize) -> Option<usize> {
        let mut from = 0;
        while self.fences {
            let found = from + self.rest().get(from..end)?.find(FENCE)?;
            let inner = self.rest().get(found + FENCE.len()..)?;
            let Some(length) = inner.find(FENCE) else {
                self.fences = false;
                return None;
            };
            if !inner.get(..length)?.trim().is_empty() {
                return Some(found);
            }
            // Nothing in it: its end may be the beginning of another.
            from = found + FENCE.len() + length;
            if from >= end {
                return None;
            }
        }
        None
    }

    fn begins_code(&mut self) -> bool {
        self.fence_before(self.rest().len().min(FENCE.len())) == Some(0)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

fn is_language(first: &str) -> bool {
    let may = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    first.len() <= LANGUAGE_MAX && first.chars().all(may)
}

#[cfg(test)]
mod tests;
