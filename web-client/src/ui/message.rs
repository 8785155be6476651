//! One message.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{Body, Command, Message, Seq, State, UndecryptableCause};
use sotto_shared::ClientId;

use super::file_body::FileBody;
use super::icons::{Icon, icon};
use super::linkify::{self, Piece};
use super::state::timeline::{Place, is_bubble};
use super::store::Store;
use super::{time, words};

/// Characters of a long text that are shown before the reader asks for all.
pub(crate) const SHOWN_FIRST: usize = 4000;

/// Characters of a text of symbols only that is written large.
const LARGE_MAX: usize = 8;

/// One message, kept up to date.
#[component]
pub(crate) fn MessageRow(
    with: ClientId,
    seq: Seq,
    message: Memo<Option<Arc<Message>>>,
    place: Memo<Place>,
) -> impl IntoView {
    let store = Store::here();
    // The body is drawn anew only when it changes, not with every step of the state.
    let body = Memo::new_with_compare(
        move |_| message.get(),
        |old, new| match (old.and_then(Option::as_ref), new.and_then(Option::as_ref)) {
            (Some(old), Some(new)) => old.body != new.body || old.mine != new.mine,
            (old, new) => old.is_some() != new.is_some(),
        },
    );
    let state = Memo::new(move |_| {
        message.with(|m| m.as_ref().map_or(State::Received, |m| m.state.clone()))
    });
    let at = Memo::new(move |_| message.with(|m| m.as_ref().map(|m| m.at).unwrap_or_default()));
    let mine = Memo::new(move |_| message.with(|m| m.as_ref().is_some_and(|m| m.mine)));
    let bubble =
        Memo::new(move |_| message.with(|m| m.as_ref().is_none_or(|m| is_bubble(&m.body))));
    let meta = move || {
        view! {
            <span class="meta">
                <time datetime=move || time::iso(at.get()) title=move || time::full(at.get())>
                    {move || time::clock(at.get())}
                </time>
                <StateMark state />
            </span>
        }
    };
    let speaker = move || {
        if mine.get() {
            "You: ".to_owned()
        } else {
            format!("{}: ", store.name_of(with))
        }
    };
    view! {
        <article
            class="message"
            class:mine=move || mine.get()
            class:notice-line=move || !bubble.get()
            class:first=move || place.get().first
            class:last=move || place.get().last
            data-seq=seq.0.to_string()
            data-state=move || state.with(words::state_token)
        >
            {move || {
                body.get()
                    .map(|message| {
                        if is_bubble(&message.body) {
                            view! {
                                <div
                                    class="bubble"
                                    class:broken=matches!(message.body, Body::Undecryptable { .. })
                                >
                                    <span class="sr-only">{speaker}</span>
                                    {body_view(store, with, &message)}
                                    {meta()}
                                </div>
                                <FailedActions with seq state />
                            }
                                .into_any()
                        } else {
                            view! {
                                <p class="key-event">
                                    {icon(Icon::Key)}
                                    <span>{key_event(store, with, &message)}</span>
                                    {meta()}
                                </p>
                                <FailedActions with seq state />
                            }
                                .into_any()
                        }
                    })
            }}
        </article>
    }
}

fn body_view(store: Store, with: ClientId, message: &Message) -> AnyView {
    match &message.body {
        Body::Text(text) => view! { <TextBody text=text.clone() /> }.into_any(),
        Body::File { name, size, media } => view! {
            <FileBody
                with
                seq=message.seq
                name=name.clone()
                size=*size
                media=*media
            />
        }
        .into_any(),
        Body::Undecryptable { file, cause } => {
            view! { <Undecryptable with file=*file cause=*cause /> }.into_any()
        }
        Body::Unknown { kind } => view! {
            <p class="text quiet">
                {format!("A message of a kind that Sotto does not know (number {kind}).")}
            </p>
        }
        .into_any(),
        Body::KeyRequest | Body::Key => key_event(store, with, message).into_any(),
    }
}

fn key_event(store: Store, with: ClientId, message: &Message) -> impl Fn() -> String + use<> {
    let mine = message.mine;
    let asked = message.body == Body::KeyRequest;
    move || {
        let who = if mine {
            "You".to_owned()
        } else {
            store.name_of(with)
        };
        format!(
            "{who} {}",
            if asked {
                "asked for a key"
            } else {
                "sent a key"
            }
        )
    }
}

/// How far an own message came: an icon with a text alternative, and visible words unless all is
/// well.
#[component]
fn StateMark(state: Memo<State>) -> impl IntoView {
    move || {
        let state = state.get();
        let text = words::message_state(&state)?;
        let (sign, quiet) = match state {
            State::Received => return None,
            State::WaitingForKey => (Icon::Key, false),
            State::Queued => (Icon::Clock, true),
            State::Sending => (Icon::Spinner, true),
            State::Stored => (Icon::Check, true),
            State::Failed(_) => (Icon::Alert, true),
        };
        let text_class = if quiet { "sr-only" } else { "" };
        let failed = matches!(state, State::Failed(_));
        // A failure says its reason below the bubble.
        let text_view = (!failed).then(|| view! { <span class=text_class>{text.clone()}</span> });
        Some(view! {
            <span class="state" title=text.clone()>
                {icon(sign)}
                {text_view}
            </span>
        })
    }
}

#[component]
fn FailedActions(with: ClientId, seq: Seq, state: Memo<State>) -> impl IntoView {
    let store = Store::here();
    move || {
        let state = state.get();
        if !matches!(state, State::Failed(_)) {
            return None;
        }
        Some(view! {
            <div class="failed">
                <p>{words::message_state(&state)}</p>
                <div class="failed-actions">
                    <button
                        class="button small"
                        on:click=move |_| store.send(Command::Retry { with, seq })
                    >
                        {icon(Icon::Retry)}
                        "Retry"
                    </button>
                    <button
                        class="button small plain"
                        on:click=move |_| store.send(Command::Discard { with, seq })
                    >
                        {icon(Icon::Trash)}
                        "Discard"
                    </button>
                </div>
            </div>
        })
    }
}

#[component]
fn Undecryptable(with: ClientId, file: bool, cause: UndecryptableCause) -> impl IntoView {
    let store = Store::here();
    let what = if file { "A file. " } else { "" };
    view! {
        <p class="text">
            <strong class="broken-title">{icon(Icon::Shield)} "Could not be decrypted"</strong>
            <br />
            {what}
            {move || words::undecryptable(cause, &store.name_of(with))}
        </p>
        <button
            class="button small"
            on:click=move |_| store.send(Command::RequestKey { from: with })
        >
            {icon(Icon::Key)}
            "Ask for a key"
        </button>
    }
}

/// Text with its links; a long one in part at first.
#[component]
fn TextBody(text: String) -> impl IntoView {
    let text = Arc::<str>::from(text);
    let cut = text.char_indices().nth(SHOWN_FIRST).map(|(index, _)| index);
    let whole = RwSignal::new(cut.is_none());
    let large = is_symbols_only(&text);
    let shown = move || {
        let end = if whole.get() { None } else { cut };
        let shown = text.get(..end.unwrap_or(text.len())).unwrap_or(&text);
        linkify::pieces(shown).into_iter().map(link).collect_view()
    };
    view! {
        <span class="text" class:large=large dir="auto">
            {shown}
        </span>
        <Show when=move || !whole.get()>
            <button class="button small plain" on:click=move |_| whole.set(true)>
                "Show all of it"
            </button>
        </Show>
    }
}

/// A piece of a text as it is shown.
pub(crate) fn link(piece: Piece<'_>) -> AnyView {
    match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link(address) => {
            let (href, address) = (address.to_owned(), address.to_owned());
            view! {
                <a href=href target="_blank" rel="noopener noreferrer">
                    {address}
                </a>
            }
            .into_any()
        }
    }
}

/// Whether a short text is made of emoji and the like only.
pub(crate) fn is_symbols_only(text: &str) -> bool {
    text.chars().count() <= LARGE_MAX
        && text.chars().any(is_emoji)
        && text
            .chars()
            .all(|c| is_emoji(c) || matches!(c, '\u{200d}' | '\u{fe0f}' | ' '))
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f300}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::is_symbols_only;

    #[test]
    fn only_short_emoji_are_large() {
        assert!(is_symbols_only("🦊🎉"));
        assert!(is_symbols_only("❤️"));
        for text in ["", "ok 🦊", "🦊🦊🦊🦊🦊🦊🦊🦊🦊", "12"] {
            assert!(!is_symbols_only(text), "{text}");
        }
    }
}
