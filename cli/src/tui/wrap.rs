//! Breaking text into rows, as wide as terminals show it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns of a tab.
const TAB: &str = "    ";

/// Breaks spans into rows of at most `width` columns: at line ends, else at blanks, and within
/// words that are too long for a row. There is one row at least.
pub(super) fn wrap(spans: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let mut rows = Rows {
        width: width.max(1),
        ..Rows::default()
    };
    for span in spans {
        let mut lines = span.content.split('\n').enumerate();
        for (n, line) in &mut lines {
            if n > 0 {
                rows.end();
            }
            let line = line.replace('\t', TAB);
            line.split_word_bounds()
                .for_each(|word| rows.word(word, span.style));
        }
    }
    rows.end();
    rows.done
}

#[derive(Default)]
struct Rows {
    width: usize,
    done: Vec<Line<'static>>,
    row: Vec<Span<'static>>,
    used: usize,
}

impl Rows {
    fn word(&mut self, word: &str, style: Style) {
        let columns = word.width();
        if self.used + columns > self.width && self.used > 0 && columns <= self.width {
            self.end();
            // The blank at which a row was broken is not shown.
            if word == " " {
                return;
            }
        }
        if columns <= self.width.saturating_sub(self.used) {
            return self.push(word, columns, style);
        }
        for character in word.graphemes(true) {
            let columns = character.width();
            if self.used + columns > self.width && self.used > 0 {
                self.end();
            }
            self.push(character, columns, style);
        }
    }

    fn push(&mut self, text: &str, columns: usize, style: Style) {
        self.used += columns;
        match self.row.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(text),
            _ => self.row.push(Span::styled(text.to_owned(), style)),
        }
    }

    fn end(&mut self) {
        self.done.push(Line::from(std::mem::take(&mut self.row)));
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &'static str, width: usize) -> Vec<String> {
        let rows = wrap(vec![Span::raw(text)], width);
        rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_break_at_blanks_and_line_ends() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrapped("", 9), [""]);
        assert_eq!(wrapped("a\tb", 9), ["a    b"]);
    }

    #[test]
    fn long_words_break_anywhere_but_within_characters() {
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("e\u{301}e\u{301}", 1), ["e\u{301}", "e\u{301}"]);
        assert_eq!(wrapped("abc", 0), ["a", "b", "c"]);
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(wrapped("你好吗", 4), ["你好", "吗"]);
    }

    #[test]
    fn no_row_is_wider_than_asked_for() {
        let text = "Zoë wrote: 你好 👩‍👩‍👧 https://example.org/a/very/long/address and more";
        for width in 2..60 {
            let widest = wrap(vec![Span::raw(text)], width);
            assert!(widest.iter().all(|row| row.width() <= width), "{width}");
        }
    }
}
