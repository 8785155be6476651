//! One line of a conversation.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use sotto_engine::api::{
    ConversationCommand, GroupKind, Item, ItemBody, ItemState, Place, Quote, Reactions,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::super::avatar::colour_of;
use super::super::icons::{Icon, icon};
use super::super::state::chat_timeline::is_bubble;
use super::super::state::chats::{Progress, progress, state_token};
use super::super::state::timeline::Place as Standing;
use super::super::store::Store;
use super::super::{dom, time, words};
use super::menu::{Menu, act};
use super::quiet;
use super::store::seq_of;
use super::text::text_view;
use super::timeline::row_name;
use super::view::Here;

/// How long a finger rests on a line until its menu opens.
const LONG_PRESS: Duration = Duration::from_millis(450);

/// One line, kept up to date. `key`: the place it was first shown at.
#[component]
pub(crate) fn Row(
    key: Place,
    item: Memo<Option<Arc<Item>>>,
    standing: Memo<Standing>,
    tab_stop: Memo<Option<Place>>,
) -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    // What is said is drawn anew only when it changes, not with every tick.
    let said = Memo::new_with_compare(
        move |_| item.get(),
        |old, new| match (old.and_then(Option::as_ref), new.and_then(Option::as_ref)) {
            (Some(old), Some(new)) => {
                old.body != new.body || old.reply != new.reply || old.edited != new.edited
            }
            (old, new) => old.is_some() != new.is_some(),
        },
    );
    let mine = Memo::new(move |_| item.with(|it| it.as_ref().is_some_and(|it| it.mine)));
    let bubble =
        Memo::new(move |_| item.with(|it| it.as_ref().is_none_or(|it| is_bubble(&it.body))));
    let came = Memo::new(move |_| {
        let place = item.with(|it| it.as_ref().filter(|it| it.mine).map(|it| it.place));
        let (Some(Place::At(seq)), own) = (place, store.own_account()) else {
            return Progress::Stored;
        };
        here.chat
            .with(|chat| chat.as_ref().map(|chat| progress(chat, own, seq)))
            .unwrap_or_default()
    });
    let near = RwSignal::new(false);
    let place = move || item.with(|it| it.as_ref().map_or(key, |it| it.place));
    let open_menu = move |x: i32, y: i32| here.menu.set(Some(Menu { key, x, y }));
    let press = StoredValue::new_local(None::<TimeoutHandle>);
    let release = move || {
        press.update_value(|press| {
            if let Some(press) = press.take() {
                press.clear();
            }
        });
    };
    on_cleanup(release);
    let keys = move |event: KeyboardEvent| {
        let row = event
            .current_target()
            .and_then(|row| row.dyn_into::<HtmlElement>().ok());
        let is_row = event.target().as_ref() == row.as_ref().map(AsRef::as_ref);
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if !is_row || !plain || !bubble.get_untracked() {
            return;
        }
        let name = event.key();
        if ["Enter", "ContextMenu"].contains(&name.as_str()) {
            event.prevent_default();
            let (x, y) = row.map_or((0, 0), |row| corner(&row));
            open_menu(x, y);
        } else if let Some(item) = item.get_untracked()
            && act(store, here, &item, &name)
        {
            event.prevent_default();
        }
    };
    view! {
        <article
            class="message"
            class:mine=move || mine.get()
            class:notice-line=move || !bubble.get()
            class:first=move || standing.get().first
            class:last=move || standing.get().last
            tabindex=move || if tab_stop.get() == Some(key) { "0" } else { "-1" }
            data-seq=move || row_name(place())
            data-state=move || {
                item.with(|it| it.as_ref().map(|it| state_token(it, came.get())))
            }
            on:focus=move |_| here.at.set(Some(key))
            on:keydown=keys
            on:mouseenter=move |_| near.set(!dom::is_touch())
            on:mouseleave=move |_| near.set(false)
            on:touchstart=move |_| {
                if bubble.get_untracked() {
                    let opens = set_timeout_with_handle(move || open_menu(0, 0), LONG_PRESS);
                    press.set_value(opens.ok());
                }
            }
            on:touchmove=move |_| release()
            on:touchend=move |_| release()
            on:contextmenu=move |event| {
                if dom::is_touch() {
                    event.prevent_default();
                }
            }
        >
            {move || {
                let it = said.get()?;
                Some(
                    match &it.body {
                        ItemBody::Happened(what) => quiet::happened(store, &it, what).into_any(),
                        _ => bubble_view(store, here, &it, item, came, near, key).into_any(),
                    },
                )
            }}
            {move || item.with(|it| it.as_ref().and_then(|it| reactions(store, here, it)))}
            {move || item.with(|it| it.as_ref().and_then(|it| failed(store, here, it)))}
        </article>
    }
}

fn bubble_view(
    store: Store,
    here: Here,
    item: &Item,
    now: Memo<Option<Arc<Item>>>,
    came: Memo<Progress>,
    near: RwSignal<bool>,
    key: Place,
) -> impl IntoView + use<> {
    let (author, mine, at, edited) = (item.author, item.mine, item.at, item.edited);
    let colour = colour_of(author.as_bytes());
    let shown_author = move || {
        (!mine && here.kind() != GroupKind::Direct).then(|| {
            view! {
                <span class=format!("author ink-{colour}") aria-hidden="true">
                    {store.called(author)}
                </span>
            }
        })
    };
    let speaker = move || format!("{}: ", store.called(author));
    let expires = item.expires_at.map(|at| {
        view! {
            <span class="expires" title=format!("Disappears {}", time::full(at))>
                {icon(Icon::Clock)}
                <span class="sr-only">{format!("Disappears {}", time::full(at))}</span>
            </span>
        }
    });
    // The place and the state change while the text stays.
    let state = move || {
        let now = now.get()?;
        let words = words::item_state(&now, came.get(), &|who| store.called(who))?;
        let token = state_token(&now, came.get());
        let sign = match token {
            "failed" => Icon::Alert,
            "queued" => Icon::Clock,
            "sending" => Icon::Spinner,
            "stored" => Icon::Check,
            _ => Icon::Checks,
        };
        // A failure says its reason below the bubble.
        let text =
            (token != "failed").then(|| view! { <span class="sr-only">{words.clone()}</span> });
        Some(view! {
            <span class="state" class:seen=token == "read" title=words.clone()>
                {icon(sign)}
                {text}
            </span>
        })
    };
    let quote = item
        .reply
        .as_ref()
        .map(|quote| quote_view(store, here, quote));
    let broken = matches!(item.body, ItemBody::Undecryptable { .. });
    let tools = move || near.get().then(|| tools(store, here, key));
    view! {
        <div class="bubble-line">
            <div class="bubble" class:broken=broken class:gone=matches!(item.body, ItemBody::Deleted { .. })>
                {shown_author}
                <span class="sr-only">{speaker}</span>
                {quote}
                {body(store, here, item)}
                <span class="meta">
                    {edited.then(|| view! { <span>"edited"</span> })}
                    {expires}
                    <time datetime=time::iso(at) title=time::full(at)>
                        {time::clock(at)}
                    </time>
                    {state}
                </span>
            </div>
            {tools}
        </div>
    }
}

fn body(store: Store, here: Here, item: &Item) -> AnyView {
    match &item.body {
        ItemBody::Text { text, mentions } => text_view(store, text, mentions),
        ItemBody::Deleted { by } => quiet::deleted(store, item, *by).into_any(),
        ItemBody::Undecryptable { cause } => quiet::unreadable(store, here, *cause).into_any(),
        ItemBody::Happened(it) => quiet::happened(store, item, it).into_any(),
    }
}

/// What a message replies to; a click goes there.
fn quote_view(store: Store, here: Here, quote: &Quote) -> impl IntoView + use<> {
    let (seq, author) = (quote.seq, quote.author);
    let excerpt = match quote.excerpt.is_empty() {
        true => "A message that is not here".to_owned(),
        false => quote.excerpt.clone(),
    };
    view! {
        <button
            class="quote"
            disabled=seq.is_none()
            on:click=move |_| {
                if let Some(seq) = seq {
                    store.show_line(here.id, seq);
                }
            }
        >
            <span class="sr-only">"In reply to "</span>
            {author.map(|author| view! { <strong>{move || store.called(author)}</strong> })}
            <span dir="auto">{excerpt}</span>
        </button>
    }
}

/// What a mouse finds beside a line.
fn tools(store: Store, here: Here, key: Place) -> impl IntoView {
    let item = move || here.timeline.with_untracked(|timeline| timeline.get(key));
    let tool = move |sign: Icon, name: &'static str, act: Box<dyn Fn(web_sys::MouseEvent)>| {
        view! {
            <button class="icon-button small" aria-label=name title=name tabindex="-1" on:click=act>
                {icon(sign)}
            </button>
        }
    };
    let reply = move |_| {
        if let Some(item) = item() {
            act(store, here, &item, "r");
        }
    };
    let more = move |event: web_sys::MouseEvent| {
        here.menu.set(Some(Menu {
            key,
            x: event.client_x(),
            y: event.client_y(),
        }));
    };
    view! {
        <div class="tools">
            {tool(Icon::Smile, "React", Box::new(more))}
            {tool(Icon::Reply, "Reply", Box::new(reply))}
            {tool(Icon::More, "Message actions", Box::new(more))}
        </div>
    }
}

/// Emoji on a message. A click adds the own one, or takes it back.
fn reactions(store: Store, here: Here, item: &Item) -> Option<AnyView> {
    let seq = seq_of(item.place).filter(|_| !item.reactions.is_empty())?;
    let own = store.own_account();
    let chip = |it: &Reactions| {
        let is_own = it.by.contains(&own);
        let emoji = it.emoji.clone();
        let who = words::names(&it.by, &|who| store.called(who));
        let count = (it.by.len() > 1).then_some(it.by.len());
        let conversation = here.id;
        view! {
            <button
                class="reaction"
                class:own=is_own
                aria-pressed=is_own.to_string()
                aria-label=format!("{} by {who}", it.emoji)
                title=who.clone()
                on:click=move |_| {
                    store
                        .say(ConversationCommand::React {
                            conversation,
                            seq,
                            emoji: emoji.clone(),
                            on: !is_own,
                        });
                }
            >
                {it.emoji.clone()}
                {count}
            </button>
        }
    };
    let chips = item.reactions.iter().map(chip).collect_view();
    Some(view! { <div class="reactions">{chips}</div> }.into_any())
}

/// Why an own message was not sent, and what to do about it.
fn failed(store: Store, here: Here, item: &Item) -> Option<AnyView> {
    let ItemState::Failed(why) = item.state else {
        return None;
    };
    let (conversation, place) = (here.id, item.place);
    let words = words::not_sent(why, &|who| store.called(who));
    let retry = ConversationCommand::Retry {
        conversation,
        place,
    };
    let discard = ConversationCommand::DeleteForMe {
        conversation,
        place,
    };
    Some(
        view! {
            <div class="failed">
                <p>{format!("Not sent: {words}")}</p>
                <div class="failed-actions">
                    <button class="button small" on:click=move |_| store.say(retry.clone())>
                        {icon(Icon::Retry)}
                        "Retry"
                    </button>
                    <button class="button small plain" on:click=move |_| store.say(discard.clone())>
                        {icon(Icon::Trash)}
                        "Discard"
                    </button>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// Where a menu of this row opens when no pointer says.
fn corner(row: &HtmlElement) -> (i32, i32) {
    let place = row.get_bounding_client_rect();
    #[expect(clippy::cast_possible_truncation)]
    let corner = (
        (place.left() + place.width() / 2.0) as i32,
        place.top() as i32,
    );
    corner
}
