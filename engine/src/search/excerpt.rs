//! The stretch of a text that is shown of a hit.

use super::fold::{Word, words};

/// Bytes that are shown, more or less.
const EXCERPT: usize = 160;
/// Bytes that are shown before the first word that was found.
const BEFORE: usize = 40;
/// Words that are marked.
const MARKS_MAX: usize = 32;

/// Around the first of the phrases that the text holds; where the phrases stand in it, by first byte
/// and bytes.
pub(super) fn excerpt(text: &str, phrases: &[String]) -> (String, Vec<(u32, u32)>) {
    let words = words(text);
    let mut marks: Vec<(usize, usize)> = (0..words.len())
        .filter_map(|at| {
            let words = words.get(at..)?;
            let ends = phrases.iter().filter_map(|phrase| matched(words, phrase));
            Some((words.first()?.start, ends.max()?))
        })
        .collect();
    // Of marks that overlap, the first.
    let mut free = 0;
    marks.retain(|(start, end)| {
        let apart = *start >= free;
        if apart {
            free = *end;
        }
        apart
    });
    let first = marks.first().map_or(0, |(start, _)| *start);
    let start = match first.checked_sub(BEFORE) {
        Some(0) | None => 0,
        // At the beginning of a word, if one begins there.
        Some(near) => words
            .iter()
            .map(|word| word.start)
            .find(|start| (near..=first).contains(start))
            .unwrap_or(text.floor_char_boundary(near)),
    };
    let end = text.floor_char_boundary(start + EXCERPT);
    let cut = text.get(start..end).unwrap_or_default();
    let before = if start > 0 { "…" } else { "" };
    let behind = if end < text.len() { "…" } else { "" };
    let marks = marks
        .into_iter()
        .take_while(|(_, mark_end)| *mark_end <= end)
        .take(MARKS_MAX)
        .filter_map(|(mark, mark_end)| {
            let first = u32::try_from(mark - start + before.len()).ok()?;
            Some((first, u32::try_from(mark_end - mark).ok()?))
        })
        .collect();
    (format!("{before}{cut}{behind}"), marks)
}

/// Where a phrase ends that the words begin with.
fn matched(words: &[Word], phrase: &str) -> Option<usize> {
    let mut words = words.iter();
    let mut phrase = phrase.trim_start().split(' ').peekable();
    loop {
        let (wanted, word) = (phrase.next()?, words.next()?);
        match phrase.peek() {
            Some(_) if word.folded == wanted => {}
            None if word.folded.starts_with(wanted) => {
                return word.ends.get(wanted.len().checked_sub(1)?).copied();
            }
            _ => return None,
        }
    }
}
