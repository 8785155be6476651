//! What can be chosen while typing: people behind `@`, commands behind `/`.

use leptos::prelude::*;

use super::super::dom;

/// One that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What it is.
    pub(crate) name: String,
    /// A word about it.
    pub(crate) about: String,
    /// What stands in the text then, from `from` to the cursor.
    pub(crate) insert: String,
    /// First byte that is replaced.
    pub(crate) from: usize,
}

/// The list above the text.
#[component]
pub(crate) fn Choices(
    choices: Memo<Vec<Choice>>,
    selected: RwSignal<usize>,
    choose: Callback<Choice>,
) -> impl IntoView {
    Effect::new(move |_| {
        selected.track();
        request_animation_frame(|| {
            if let Ok(Some(option)) = document().query_selector("#choices [aria-selected=true]") {
                option.scroll_into_view_with_bool(false);
            }
        });
    });
    let option = move |(index, choice): (usize, Choice)| {
        let (name, about) = (choice.name.clone(), choice.about.clone());
        view! {
            <div
                role="option"
                id=format!("choice-{index}")
                class="choice"
                aria-selected=move || (selected.get() == index).to_string()
                // The text keeps the focus.
                on:mousedown=move |event| {
                    event.prevent_default();
                    choose.run(choice.clone());
                }
            >
                <strong>{name}</strong>
                <span class="hint">{about}</span>
            </div>
        }
    };
    view! {
        <Show when=move || !choices.with(Vec::is_empty)>
            <div id="choices" class="choices" role="listbox" aria-label="Suggestions">
                {move || choices.get().into_iter().enumerate().map(option).collect_view()}
            </div>
        </Show>
    }
}

/// The byte of `text` at a cursor, which browsers count in UTF-16 units.
pub(crate) fn byte_at(text: &str, cursor: u32) -> usize {
    let mut left = usize::try_from(cursor).unwrap_or(usize::MAX);
    for (byte, c) in text.char_indices() {
        if left == 0 {
            return byte;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

/// The other way round.
pub(crate) fn cursor_at(text: &str, byte: usize) -> u32 {
    let before = text.get(..byte).unwrap_or(text);
    u32::try_from(before.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// Puts the cursor of the composer somewhere, once the text has changed.
pub(crate) fn place_cursor(cursor: u32) {
    dom::with_soon("#message", move |field: &web_sys::HtmlTextAreaElement| {
        let _ = field.focus();
        let _ = field.set_selection_range(cursor, cursor);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_count_in_utf16() {
        let text = "ä🦊@";
        for (cursor, byte) in [(0, 0), (1, 2), (3, 6), (4, 7), (9, 7)] {
            assert_eq!(byte_at(text, cursor), byte);
        }
        assert_eq!(cursor_at(text, 6), 3);
        assert_eq!(cursor_at(text, 99), 4);
    }
}
