//! A text for reading: what its marks mean, links, mentions; a long one in part at first.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::Mention;
use sotto_engine::formatting::{Block, Inline, blocks};
use sotto_shared::AccountId;

use super::super::linkify::Piece;
use super::super::message::{SHOWN_FIRST, is_symbols_only, link};
use super::super::navigation;
use super::super::store::Store;

/// The text.
pub(crate) fn text_view(store: Store, text: &str, mentions: &[Mention]) -> AnyView {
    let text = Arc::<str>::from(text);
    let mentions = Arc::<[Mention]>::from(mentions);
    let cut = text.char_indices().nth(SHOWN_FIRST).map(|(index, _)| index);
    let whole = RwSignal::new(cut.is_none());
    let large = mentions.is_empty() && is_symbols_only(&text);
    let shown = move || {
        let end = if whole.get() { None } else { cut };
        let shown = text.get(..end.unwrap_or(text.len())).unwrap_or(&text);
        let blocks = blocks(shown, &mentions).into_iter();
        blocks.map(|it| block(store, &it)).collect::<Vec<AnyView>>()
    };
    let rest = move || {
        (!whole.get()).then(|| {
            view! {
                <button class="button small plain" on:click=move |_| whole.set(true)>
                    "Show all of it"
                </button>
            }
        })
    };
    view! {
        <div class="text" class:large=large dir="auto">
            {shown}
        </div>
        {rest}
    }
    .into_any()
}

fn block(store: Store, block: &Block<'_>) -> AnyView {
    match block {
        Block::Lines(line) => inlines(store, line).into_any(),
        Block::Quote(line) => view! { <blockquote>{inlines(store, line)}</blockquote> }.into_any(),
        Block::Code { code, .. } => view! {
            <pre>
                <code>{inlines(store, code)}</code>
            </pre>
        }
        .into_any(),
    }
}

fn inlines(store: Store, all: &[Inline<'_>]) -> Vec<AnyView> {
    all.iter().map(|it| inline(store, it)).collect()
}

fn inline(store: Store, inline: &Inline<'_>) -> AnyView {
    match inline {
        Inline::Text(text) => (*text).to_owned().into_any(),
        Inline::Break => "\n".into_any(),
        // Seen, and without effect on what stands around it.
        Inline::Control(_) => "\u{fffd}".into_any(),
        Inline::Bold(inner) => view! { <strong>{inlines(store, inner)}</strong> }.into_any(),
        Inline::Italic(inner) => view! { <em>{inlines(store, inner)}</em> }.into_any(),
        Inline::Code(inner) => view! { <code>{inlines(store, inner)}</code> }.into_any(),
        Inline::Link(address) => link(Piece::Link(address)),
        Inline::Mention { account, text } => mention(store, *account, text),
    }
}

/// Somebody who is mentioned: by what they are called now, whatever the sender has written.
fn mention(store: Store, who: AccountId, name: &str) -> AnyView {
    let name = name.to_owned();
    let own = Memo::new(move |_| store.own_account() == who);
    let shown = move || match store.contact(who) {
        Some(contact) => format!("@{}", contact.display_name),
        None if own.get() => {
            let called = store.account(|own| own.display_name.to_string());
            format!("@{}", called.unwrap_or_default())
        }
        None => name.clone(),
    };
    let go = move |_| {
        if !own.get_untracked() {
            navigation::open_contact(store, who);
        }
    };
    view! {
        <button class="mention" class:own=move || own.get() on:click=go>
            {shown}
        </button>
    }
    .into_any()
}
