//! The line that is being written: text, cursor, and what was written before.

use sotto_engine::api::CONTENT_TEXT_MAX;
use unicode_segmentation::UnicodeSegmentation;

/// Most earlier lines that are kept.
const HISTORY_MAX: usize = 100;

/// Text under edit. The cursor stands between characters as users see them.
#[derive(Debug, Default)]
pub(super) struct Composer {
    text: String,
    /// In bytes.
    cursor: usize,
    /// What was sent, oldest first.
    history: Vec<String>,
    /// Which of them is shown, and what was being written before.
    shown: Option<(usize, String)>,
}

impl Composer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts text at the cursor. What would make it too long to send is left out.
    pub(super) fn insert(&mut self, text: &str) {
        if self.text.len() + text.len() <= CONTENT_TEXT_MAX {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
    }

    /// Other text, with the cursor at its end.
    pub(super) fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
        self.shown = None;
    }

    /// Replaces what stands from `start` to the cursor.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        if start <= self.cursor && self.text.is_char_boundary(start) {
            self.text.replace_range(start..self.cursor, "");
            self.cursor = start;
            self.insert(text);
        }
    }

    /// Gives the text away, and remembers it.
    pub(super) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.shown = None;
        if !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
        }
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
        text
    }

    pub(super) fn clear(&mut self) {
        self.set(String::new());
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.boundary_before();
    }

    pub(super) fn right(&mut self) {
        self.cursor = self.boundary_behind();
    }

    pub(super) fn word_left(&mut self) {
        self.cursor = self.word_before();
    }

    pub(super) fn word_right(&mut self) {
        let behind = self.text.get(self.cursor..).unwrap_or_default();
        let word = behind
            .unicode_word_indices()
            .map(|(at, word)| at + word.len());
        self.cursor += word.into_iter().next().unwrap_or(behind.len());
    }

    /// To the beginning of the line.
    pub(super) fn home(&mut self) {
        self.cursor = self.before_cursor().rfind('\n').map_or(0, |at| at + 1);
    }

    /// To the end of the line.
    pub(super) fn end(&mut self) {
        let behind = self.text.get(self.cursor..).unwrap_or_default();
        self.cursor += behind.find('\n').unwrap_or(behind.len());
    }

    pub(super) fn backspace(&mut self) {
        let start = self.boundary_before();
        self.replace_from(start, "");
    }

    pub(super) fn delete(&mut self) {
        let end = self.boundary_behind();
        self.text.replace_range(self.cursor..end, "");
    }

    pub(super) fn delete_word(&mut self) {
        let start = self.word_before();
        self.replace_from(start, "");
    }

    /// Deletes to the beginning of the line.
    pub(super) fn delete_to_home(&mut self) {
        let end = self.cursor;
        self.home();
        self.text.replace_range(self.cursor..end, "");
    }

    /// An earlier line.
    pub(super) fn older(&mut self) {
        let (at, draft) = match self.shown.take() {
            Some((at, draft)) => (at.saturating_sub(1), draft),
            None => (self.history.len().saturating_sub(1), self.text.clone()),
        };
        if let Some(line) = self.history.get(at).cloned() {
            self.set(line);
            self.shown = Some((at, draft));
        }
    }

    /// A later line; behind the last one, what was being written.
    pub(super) fn newer(&mut self) {
        let Some((at, draft)) = self.shown.take() else {
            return;
        };
        match self.history.get(at + 1).cloned() {
            Some(line) => {
                self.set(line);
                self.shown = Some((at + 1, draft));
            }
            None => self.set(draft),
        }
    }

    fn boundary_before(&self) -> usize {
        let last = self.before_cursor().grapheme_indices(true).next_back();
        last.map_or(0, |(at, _)| at)
    }

    fn boundary_behind(&self) -> usize {
        let behind = self.text.get(self.cursor..).unwrap_or_default();
        self.cursor + behind.graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let last = self.before_cursor().unicode_word_indices().next_back();
        last.map_or(0, |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Composer {
        let mut composer = Composer::default();
        composer.insert(text);
        composer
    }

    #[test]
    fn the_cursor_moves_by_characters_as_users_see_them() {
        let mut composer = written("a👩‍👩‍👧e\u{301}");
        composer.left();
        assert_eq!(composer.before_cursor(), "a👩‍👩‍👧");
        composer.backspace();
        assert_eq!(composer.text(), "ae\u{301}");
        composer.delete();
        assert_eq!(composer.text(), "a");
        composer.delete();
        composer.right();
        assert_eq!(composer.before_cursor(), "a");
    }

    #[test]
    fn words_and_lines_are_deleted_as_wholes() {
        let mut composer = written("one two\nthree four");
        composer.delete_word();
        assert_eq!(composer.text(), "one two\nthree ");
        composer.delete_to_home();
        assert_eq!(composer.text(), "one two\n");
        composer.left();
        composer.home();
        composer.word_right();
        composer.insert("!");
        assert_eq!(composer.text(), "one! two\n");
        composer.word_left();
        assert_eq!(composer.before_cursor(), "");
        composer.end();
        assert_eq!(composer.before_cursor(), "one! two");
    }

    #[test]
    fn earlier_lines_come_back_and_the_draft_is_not_lost() {
        let mut composer = written("one");
        assert_eq!(composer.take(), "one");
        composer.insert("two");
        composer.take();
        composer.insert("draft");
        composer.older();
        assert_eq!(composer.text(), "two");
        composer.older();
        composer.older();
        assert_eq!(composer.text(), "one");
        composer.newer();
        composer.newer();
        assert_eq!(composer.text(), "draft");
        composer.newer();
        assert_eq!(composer.text(), "draft");
    }

    #[test]
    fn what_could_not_be_sent_is_not_taken() {
        let mut composer = written(&"x".repeat(CONTENT_TEXT_MAX));
        composer.insert("y");
        assert_eq!(composer.text().len(), CONTENT_TEXT_MAX);
        composer.backspace();
        composer.insert("y");
        assert!(composer.text().ends_with('y'));
    }

    #[test]
    fn as_many_lines_as_said_are_remembered() {
        let mut composer = Composer::default();
        for n in 0..=HISTORY_MAX {
            composer.insert(&n.to_string());
            composer.take();
        }
        (0..=HISTORY_MAX).for_each(|_| composer.older());
        assert_eq!(composer.text(), "1");
    }
}
