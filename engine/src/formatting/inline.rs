//! One line: code, links, mentions, then the marks of emphasis.

use core::ops::Range;

use sotto_shared::content::Mention;

use super::{Inline, is_control, link};

/// The marks of emphasis. Each is open at most once at a time, which bounds the nesting and keeps
/// the matching linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `**`
    Bold,
    /// `*`
    Star,
    /// `_`
    Underscore,
}

enum Token<'a> {
    Plain(Range<usize>),
    Done(Inline<'a>),
    Mark {
        mark: Mark,
        range: Range<usize>,
        /// Index of the token that closes what this one opens.
        closed_by: Option<usize>,
        /// Whether it closes another.
        closes: bool,
    },
}

/// Takes `range` of the text apart, which holds no line end.
pub(super) fn line<'a>(
    text: &'a str,
    range: Range<usize>,
    mentions: &[Mention],
    into: &mut Vec<Inline<'a>>,
) {
    let mut tokens = tokens(text, range, mentions);
    pair(&mut tokens, text);
    build(text, &tokens, 0..tokens.len(), into);
}

/// Text as it is, but for control characters and line ends.
pub(super) fn verbatim<'a>(text: &'a str, into: &mut Vec<Inline<'a>>) {
    let mut start = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| is_control(*c)) {
        plain(text, start..at, into);
        into.push(match c {
            '\n' => Inline::Break,
            c => Inline::Control(c),
        });
        start = at + c.len_utf8();
    }
    plain(text, start..text.len(), into);
}

fn plain<'a>(text: &'a str, range: Range<usize>, into: &mut Vec<Inline<'a>>) {
    let piece = text.get(range).filter(|piece| !piece.is_empty());
    into.extend(piece.map(Inline::Text));
}

fn tokens<'a>(text: &'a str, range: Range<usize>, mentions: &[Mention]) -> Vec<Token<'a>> {
    let first = mentions.partition_point(|mention| (mention.start as usize) < range.start);
    let mut scan = Scan {
        text,
        at: range.start,
        end: range.end,
        plain_from: range.start,
        mentions: mentions.get(first..).unwrap_or_default(),
        lone_ticks: [false; 2],
        tokens: Vec::new(),
    };
    while scan.at < scan.end {
        scan.step();
    }
    scan.flush();
    scan.tokens
}

struct Scan<'a, 'm> {
    text: &'a str,
    at: usize,
    end: usize,
    /// Where the text that is not in a token yet begins.
    plain_from: usize,
    /// Those from here on.
    mentions: &'m [Mention],
    /// Whether there is no further run of one or two backticks in the line.
    lone_ticks: [bool; 2],
    tokens: Vec<Token<'a>>,
}

impl<'a> Scan<'a, '_> {
    fn step(&mut self) {
        if let Some((inline, end)) = self.mention() {
            return self.done(inline, end);
        }
        let Some(c) = self
            .text
            .get(self.at..self.end)
            .and_then(|it| it.chars().next())
        else {
            self.at = self.end;
            return;
        };
        match c {
            '`' => self.ticks(),
            '*' | '_' => self.marks(c),
            'h' | 'H' => self.link(),
            c if is_control(c) => self.done(Inline::Control(c), self.at + c.len_utf8()),
            c => self.at += c.len_utf8(),
        }
    }

    /// The mention that begins here.
    fn mention(&mut self) -> Option<(Inline<'a>, usize)> {
        while let Some((mention, later)) = self.mentions.split_first() {
            let start = mention.start as usize;
            if start > self.at {
                return None;
            }
            self.mentions = later;
            let end = start.saturating_add(mention.length as usize);
            let text = self
                .text
                .get(start..end)
                .filter(|text| !text.is_empty() && end <= self.end && !text.contains(is_control));
            if let Some(text) = text.filter(|_| start == self.at) {
                let account = mention.account;
                return Some((Inline::Mention { account, text }, end));
            }
        }
        None
    }

    fn ticks(&mut self) {
        let run = self.run('`');
        let (start, inner) = (self.at, self.at + run);
        self.at = inner;
        let Some(lone) = run
            .checked_sub(1)
            .and_then(|it| self.lone_ticks.get_mut(it))
        else {
            return;
        };
        if *lone {
            return;
        }
        let rest = self.text.get(inner..self.end).unwrap_or_default();
        let Some(length) = next_run(rest, run) else {
            *lone = true;
            return;
        };
        let Some(code) = rest.get(..length).filter(|code| !code.trim().is_empty()) else {
            return;
        };
        let mut pieces = Vec::new();
        verbatim(code, &mut pieces);
        self.at = start;
        self.done(Inline::Code(pieces), inner + length + run);
    }

    fn marks(&mut self, c: char) {
        let run = self.run(c);
        let range = self.at..self.at + run;
        let marks: &[Mark] = match (c, run) {
            ('*', 1) => &[Mark::Star],
            ('*', 2) => &[Mark::Bold],
            ('*', 3) if self.begins_word(&range) => &[Mark::Bold, Mark::Star],
            ('*', 3) => &[Mark::Star, Mark::Bold],
            ('_', 1) => &[Mark::Underscore],
            _ => &[],
        };
        if !marks.is_empty() {
            self.flush();
            self.plain_from = range.end;
        }
        let mut at = range.start;
        for mark in marks {
            let length = usize::from(*mark == Mark::Bold) + 1;
            self.tokens.push(Token::Mark {
                mark: *mark,
                range: at..at + length,
                closed_by: None,
                closes: false,
            });
            at += length;
        }
        self.at = range.end;
    }

    fn begins_word(&self, mark: &Range<usize>) -> bool {
        let before = self
            .text
            .get(..mark.start)
            .and_then(|it| it.chars().next_back());
        let behind = self.text.get(mark.end..).and_then(|it| it.chars().next());
        !is_blank(behind) && !is_word(before)
    }

    fn link(&mut self) {
        let before = self
            .text
            .get(..self.at)
            .and_then(|it| it.chars().next_back());
        let glued = before.is_some_and(char::is_alphanumeric);
        let until = self.mentions.first().map_or(self.end, |mention| {
            self.end
                .min(self.text.floor_char_boundary(mention.start as usize))
        });
        let rest = self.text.get(self.at..until).unwrap_or_default();
        match link::length(rest).filter(|_| !glued) {
            Some(length) => {
                let link = rest.get(..length).unwrap_or_default();
                self.done(Inline::Link(link), self.at + length);
            }
            None => self.at += 1,
        }
    }

    /// How often the character stands here in a row.
    fn run(&self, c: char) -> usize {
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        rest.bytes().take_while(|byte| *byte as char == c).count()
    }

    fn done(&mut self, inline: Inline<'a>, end: usize) {
        self.flush();
        self.tokens.push(Token::Done(inline));
        self.at = end;
        self.plain_from = end;
    }

    fn flush(&mut self) {
        if self.plain_from < self.at {
            self.tokens.push(Token::Plain(self.plain_from..self.at));
        }
        self.plain_from = self.at;
    }
}

/// Where the next run of exactly so many backticks begins.
fn next_run(text: &str, length: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('`')?;
        let run = text
            .get(start..)?
            .bytes()
            .take_while(|it| *it == b'`')
            .count();
        if run == length {
            return Some(start);
        }
        from = start + run;
    }
}

/// Finds out which marks belong together. A mark opens before a word and closes behind one; inside
/// of a word it is text.
fn pair(tokens: &mut [Token<'_>], text: &str) {
    let mut open: Vec<(Mark, usize)> = Vec::new();
    for index in 0..tokens.len() {
        let Some(Token::Mark { mark, range, .. }) = tokens.get(index) else {
            continue;
        };
        let mark = *mark;
        // Three stars stand at one place, whichever of them this is.
        let same = |c: &char| *c == '*' && mark != Mark::Underscore;
        let before = text.get(..range.start).unwrap_or_default();
        let before = before.chars().rev().find(|c| !same(c));
        let behind = text.get(range.end..).unwrap_or_default();
        let behind = behind.chars().find(|c| !same(c));
        let at = open.iter().rposition(|(it, _)| *it == mark);
        match at {
            Some(at) if !is_blank(before) && !is_word(behind) => {
                let opener = open.get(at).map(|(_, opener)| *opener);
                open.truncate(at);
                if let Some(Token::Mark { closed_by, .. }) =
                    opener.and_then(|opener| tokens.get_mut(opener))
                {
                    *closed_by = Some(index);
                }
                if let Some(Token::Mark { closes, .. }) = tokens.get_mut(index) {
                    *closes = true;
                }
            }
            at if !is_blank(behind) && !is_word(before) => {
                if let Some(at) = at {
                    open.remove(at);
                }
                open.push((mark, index));
            }
            _ => {}
        }
    }
}

fn is_blank(c: Option<char>) -> bool {
    c.is_none_or(char::is_whitespace)
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

fn build<'a>(text: &'a str, tokens: &[Token<'a>], range: Range<usize>, into: &mut Vec<Inline<'a>>) {
    // Text that follows on text is one piece.
    let mut pending: Option<Range<usize>> = None;
    let mut index = range.start;
    while index < range.end {
        let Some(token) = tokens.get(index) else {
            break;
        };
        index += 1;
        match token {
            Token::Plain(range)
            | Token::Mark {
                range,
                closed_by: None,
                ..
            } => {
                let start = pending.map_or(range.start, |pending| pending.start);
                pending = Some(start..range.end);
            }
            Token::Mark {
                mark,
                closed_by: Some(close),
                ..
            } => {
                plain(text, pending.take().unwrap_or(0..0), into);
                let mut inner = Vec::new();
                build(text, tokens, index..*close, &mut inner);
                into.push(match mark {
                    Mark::Bold => Inline::Bold(inner),
                    Mark::Star | Mark::Underscore => Inline::Italic(inner),
                });
                index = close + 1;
            }
            Token::Done(inline) => {
                plain(text, pending.take().unwrap_or(0..0), into);
                into.push(inline.clone());
            }
        }
    }
    plain(text, pending.unwrap_or(0..0), into);
}
