//! Messages with the words that are looked for.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, Hit, SearchCursor};

use super::store::Store;
use super::time;

/// Letters from which on messages are searched.
const LETTERS_MIN: usize = 2;

/// How long the typing rests until they are.
const REST: Duration = Duration::from_millis(180);

/// What is found, below the people.
#[component]
pub(crate) fn Hits(query: RwSignal<String>) -> impl IntoView {
    let store = Store::here();
    let rest = StoredValue::new_local(None::<TimeoutHandle>);
    let ask = move |words: String, after: Option<SearchCursor>| {
        let number = store.chats.found.with_untracked(|found| found.query);
        store.say(ConversationCommand::Search {
            query: number,
            words,
            within: None,
            after,
        });
    };
    Effect::new(move |_| {
        let words = query.with(|query| query.trim().trim_start_matches('@').to_owned());
        let has_account = store.account(|_| ()).is_some();
        rest.update_value(|rest| {
            if let Some(rest) = rest.take() {
                rest.clear();
            }
        });
        // An answer to an earlier question is not shown any more.
        store.chats.found.update(|found| {
            let query = found.query.wrapping_add(1);
            *found = super::chat::Found {
                query,
                ..Default::default()
            };
        });
        if has_account && words.chars().count() >= LETTERS_MIN {
            rest.set_value(set_timeout_with_handle(move || ask(words, None), REST).ok());
        }
    });
    let hits = move || store.chats.found.with(|found| found.hits.clone());
    let is_any = Memo::new(move |_| store.chats.found.with(|found| !found.hits.is_empty()));
    let more = Memo::new(move |_| store.chats.found.with(|found| found.more));
    let go_on = move |_| {
        let words = query.with_untracked(|query| query.trim().to_owned());
        ask(words, more.get_untracked());
    };
    view! {
        <Show when=move || is_any.get()>
            <h2 class="people-title">"Messages"</h2>
            <ul class="hits" aria-label="Messages found">
                <For
                    each=hits
                    key=|hit| (hit.conversation, hit.seq)
                    children=move |hit| hit_view(store, &hit)
                />
            </ul>
            <Show when=move || more.with(Option::is_some)>
                <button class="button small plain" on:click=go_on>
                    "More"
                </button>
            </Show>
        </Show>
    }
}

fn hit_view(store: Store, hit: &Hit) -> impl IntoView + use<> {
    let (chat, seq, author, at) = (hit.conversation, hit.seq, hit.author, hit.at);
    let excerpt = marked(&hit.excerpt, &hit.marks)
        .into_iter()
        .map(|(piece, is_hit)| {
            let piece = piece.to_owned();
            match is_hit {
                true => view! { <mark>{piece}</mark> }.into_any(),
                false => piece.into_any(),
            }
        })
        .collect_view();
    view! {
        <li>
            <button class="hit" on:click=move |_| store.show_line(chat, seq)>
                <span class="hit-head">
                    <strong>{move || store.chat_title(chat)}</strong>
                    <span class="person-time">{move || time::short(at, store.today.get())}</span>
                </span>
                <span class="hit-text" dir="auto">
                    {move || format!("{}: ", store.called(author))}
                    {excerpt}
                </span>
            </button>
        </li>
    }
}

/// An excerpt cut at its marks; put together the pieces are the excerpt again.
fn marked<'a>(excerpt: &'a str, marks: &[(u32, u32)]) -> Vec<(&'a str, bool)> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for (start, length) in marks {
        let start = usize::try_from(*start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(*length).unwrap_or(usize::MAX));
        if let (Some(before), Some(hit)) = (excerpt.get(done..start), excerpt.get(start..end)) {
            pieces.extend([(before, false), (hit, true)]);
            done = end;
        }
    }
    pieces.push((excerpt.get(done..).unwrap_or_default(), false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn marks_cut_the_excerpt_and_wrong_ones_are_left_out() {
        let excerpt = "see the café";
        assert_eq!(
            marked(excerpt, &[(4, 3), (8, 5)]),
            [("see ", false), ("the", true), (" ", false), ("café", true)]
        );
        assert_eq!(marked(excerpt, &[(12, 9)]), [(excerpt, false)]);
    }
}
