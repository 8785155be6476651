//! The lines of the open conversation.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, From, GroupKind, Place, Seq};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::super::icons::{Icon, icon};
use super::super::scroll::Scroll;
use super::super::state::chat_timeline::{ChatTimeline, Line};
use super::super::store::Store;
use super::super::timeline::DayLine;
use super::super::{dom, time, words};
use super::row::Row;
use super::view::Here;

/// Pixels from either end at which the next page is asked for.
const NEAR_END: i32 = 900;

/// The lines of a conversation.
#[component]
pub(crate) fn ChatLines() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let timeline = here.timeline;
    let scroller = NodeRef::new();
    let content = NodeRef::new();
    let scroll = Scroll::new(scroller, content);
    store.on_before_change(Some(Box::new(move || scroll.hold())));
    on_cleanup(move || store.on_before_change(None));

    let layout = Memo::new(move |_| Arc::new(timeline.with(|t| t.layout(time::local_day))));
    let loaded = Memo::new(move |_| timeline.with(ChatTimeline::loaded));
    let empty = Memo::new(move |_| timeline.with(ChatTimeline::is_empty));
    let more_before = Memo::new(move |_| timeline.with(|t| t.before().is_some()));
    let pages = Pages {
        store,
        here,
        scroll,
        asked: StoredValue::new(None),
    };
    Effect::new(move |_| {
        if loaded.get() && store.chats.wanted.get_untracked().is_none() {
            request_animation_frame(move || scroll.start());
        }
    });
    Effect::new(move |_| {
        layout.track();
        request_animation_frame(move || pages.load_near());
    });
    go_to_wanted(store, here, scroll);
    mark_read(store, here, scroll);

    let moved = move |_| {
        scroll.moved(timeline.with_untracked(ChatTimeline::is_detached));
        if here.menu.with_untracked(Option::is_some) {
            here.menu.set(None);
        }
        pages.load_near();
    };
    let jump = move |_| {
        if timeline.with_untracked(ChatTimeline::is_detached) {
            store.load(here.id, From::Newest);
        }
        scroll.to_newest(true);
    };
    // One line is reached by Tab: the one last focused, else the newest.
    let tab_stop = Memo::new(move |_| {
        let at = here.at.get();
        layout.with(|layout| {
            let mut newest_first = layout.lines.iter().rev().filter_map(|line| match line {
                Line::Item(key) => Some(*key),
                Line::Day(_) | Line::Unread => None,
            });
            let newest = newest_first.clone().next();
            newest_first.find(|key| Some(*key) == at).or(newest)
        })
    });
    let line = move |line: Line| match line {
        Line::Day(day) => view! { <DayLine day /> }.into_any(),
        Line::Unread => view! {
            <div class="unread-line">
                <span>"New messages"</span>
            </div>
        }
        .into_any(),
        Line::Item(key) => {
            let item = Memo::new(move |_| timeline.with(|timeline| timeline.get(key)));
            let standing = Memo::new(move |_| layout.with(|layout| layout.standing(key)));
            view! { <Row key item standing tab_stop /> }.into_any()
        }
    };
    let unread = move || {
        here.chat
            .with(|chat| chat.as_ref().map_or(0, |it| it.unread))
    };
    view! {
        <div class="timeline" node_ref=scroller on:scroll=moved tabindex="-1">
            <div
                class="lines"
                node_ref=content
                role="log"
                aria-label=move || format!("Messages with {}", here.title.get())
                aria-busy=move || (!loaded.get()).to_string()
                on:keydown=move |event| step_lines(&event)
            >
                <div class="top" class:on=move || more_before.get() aria-hidden="true">
                    {icon(Icon::Spinner)}
                </div>
                <Show when=move || loaded.get() && empty.get()>
                    <div class="first-words">
                        {icon(Icon::Lock)}
                        <p>{move || first_words(here)}</p>
                    </div>
                </Show>
                <For
                    each=move || layout.with(|layout| layout.lines.clone())
                    key=|line| *line
                    children=line
                />
            </div>
        </div>
        <Writing />
        <Show when=move || !scroll.follows.get()>
            <button class="newest" aria-label="Newest messages" title="Newest messages" on:click=jump>
                {icon(Icon::Down)}
                {move || (unread() > 0).then(|| view! { <span class="unread-count">{unread()}</span> })}
            </button>
        </Show>
    }
}

fn first_words(here: Here) -> &'static str {
    match here.kind() {
        GroupKind::Lobby => {
            "Everybody on this server can join the lobby and read what is said from then on."
        }
        GroupKind::Direct | GroupKind::Group => {
            "Nothing was said here yet. Only the devices of the people in it can read what you write."
        }
    }
}

/// Who is writing.
#[component]
fn Writing() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let said = Memo::new(move |_| {
        let who = store.writing_in(here.id).into_iter();
        words::typing(&who.map(|who| store.called(who)).collect::<Vec<_>>())
    });
    view! {
        <p class="writing" class:on=move || !said.with(String::is_empty) aria-live="polite">
            {move || said.get()}
        </p>
    }
}

/// Moves the focus among the lines with the arrow keys, Home and End.
fn step_lines(event: &KeyboardEvent) {
    let key = event.key();
    let row = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .filter(|target| target.tag_name() == "ARTICLE");
    let Some(row) = row else { return };
    let is_row = |element: &Element| element.tag_name() == "ARTICLE";
    let walk = |step: fn(&Element) -> Option<Element>, far: bool| {
        let mut found = None;
        let mut next = step(&row);
        while let Some(element) = next {
            next = step(&element);
            if is_row(&element) {
                found = Some(element);
                if !far {
                    break;
                }
            }
        }
        found
    };
    let back = |element: &Element| element.previous_element_sibling();
    let on = |element: &Element| element.next_element_sibling();
    let to = match key.as_str() {
        "ArrowUp" => walk(back, false),
        "ArrowDown" => walk(on, false),
        "Home" => walk(back, true),
        "End" => walk(on, true),
        _ => return,
    };
    event.prevent_default();
    if let Some(to) = to {
        let _ = dom::as_html(to).focus();
    } else if key == "ArrowDown" {
        dom::focus_soon("#message");
    }
}

/// Asks for more as the reader comes near either end of what is there.
#[derive(Clone, Copy)]
struct Pages {
    store: Store,
    here: Here,
    scroll: Scroll,
    /// What was asked for last, so that it is not asked for again while on its way.
    asked: StoredValue<Option<From>>,
}

impl Pages {
    fn load_near(self) {
        let Some((above, below)) = self.scroll.room() else {
            return;
        };
        let ends = self
            .here
            .timeline
            .try_with_untracked(|timeline| (timeline.before(), timeline.after()));
        let Some((before, after)) = ends else {
            return;
        };
        let wanted = match (before, after) {
            (Some(before), _) if above < NEAR_END => before,
            (_, Some(after)) if below < NEAR_END => after,
            _ => return,
        };
        if self.asked.get_value() != Some(wanted) {
            self.asked.set_value(Some(wanted));
            self.store.load(self.here.id, wanted);
        }
    }
}

/// Goes to a line that is to be shown: asks for the lines around it if need be.
fn go_to_wanted(store: Store, here: Here, scroll: Scroll) {
    let asked = StoredValue::new(None::<Seq>);
    Effect::new(move |_| {
        let Some((chat, seq)) = store.chats.wanted.get() else {
            return;
        };
        if chat != here.id {
            return;
        }
        if here.timeline.with(|timeline| timeline.holds(seq)) {
            store.chats.wanted.set(None);
            asked.set_value(None);
            scroll.started.set(true);
            // Twice: the first frame draws the lines.
            request_animation_frame(move || request_animation_frame(move || show(scroll, seq)));
        } else if asked.get_value() == Some(seq) {
            let came = here.timeline.with(|t| !t.is_jumping());
            if came {
                // It is not there any more.
                store.chats.wanted.set(None);
                asked.set_value(None);
                scroll.started.set(true);
            }
        } else {
            asked.set_value(Some(seq));
            let mut from = None;
            here.timeline
                .update_untracked(|timeline| from = timeline.jump_to(seq));
            if let Some(from) = from {
                store.load(here.id, from);
            }
        }
    });
}

fn show(scroll: Scroll, seq: Seq) {
    let row = document().query_selector(&format!(".timeline [data-seq=\"{}\"]", seq.0));
    let Ok(Some(row)) = row else { return };
    let row: HtmlElement = dom::as_html(row);
    scroll.to_row(&row);
    let _ = row.focus();
    let _ = row.set_attribute("data-flash", "");
    set_timeout(
        move || {
            let _ = row.remove_attribute("data-flash");
        },
        core::time::Duration::from_millis(1600),
    );
}

/// Says that lines were seen, once they were: the page has the focus and its end is in view.
fn mark_read(store: Store, here: Here, scroll: Scroll) {
    let said = StoredValue::new(None);
    Effect::new(move |_| {
        let unread = here
            .chat
            .with(|chat| chat.as_ref().map_or(0, |it| it.unread));
        let at_end = scroll.started.get() && scroll.follows.get();
        if unread == 0 || !store.focused.get() || !at_end {
            return;
        }
        let Some(up_to) = here.timeline.with(ChatTimeline::last_seen) else {
            return;
        };
        if said.get_value() != Some((up_to, unread)) {
            said.set_value(Some((up_to, unread)));
            store.say(ConversationCommand::MarkRead {
                conversation: here.id,
                up_to,
            });
        }
    });
}

/// What a line is known by in the document: `data-seq`.
pub(crate) fn row_name(place: Place) -> String {
    match place {
        Place::At(seq) => seq.0.to_string(),
        Place::Pending(number) => format!("p{number}"),
    }
}
