//! The messages of the open conversation.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{Command, Seq};
use sotto_shared::ClientId;

use super::icons::{Icon, icon};
use super::message::MessageRow;
use super::scroll::Scroll;
use super::state::timeline::{Item, Timeline};
use super::store::Store;
use super::time;

/// Pixels from either end at which the next page is asked for.
const NEAR_END: i32 = 900;

/// The messages of a conversation.
#[component]
pub(crate) fn TimelineView(with: ClientId, timeline: ArcRwSignal<Timeline>) -> impl IntoView {
    let store = Store::here();
    let timeline = RwSignal::from(timeline);
    let scroller = NodeRef::new();
    let content = NodeRef::new();
    let scroll = Scroll::new(scroller, content);
    store.on_before_change(Some(Box::new(move || scroll.hold())));
    on_cleanup(move || store.on_before_change(None));

    let layout = Memo::new(move |_| Arc::new(timeline.with(|t| t.layout(time::local_day))));
    let loaded = Memo::new(move |_| timeline.with(Timeline::loaded));
    let empty = Memo::new(move |_| timeline.with(Timeline::is_empty));
    let more_before = Memo::new(move |_| timeline.with(|t| t.before().is_some()));
    let pages = Pages::new(store, with, timeline, scroll);

    Effect::new(move |_| {
        if loaded.get() {
            request_animation_frame(move || scroll.start());
        }
    });
    Effect::new(move |_| {
        layout.track();
        request_animation_frame(move || pages.load_near());
    });
    mark_read(store, with, timeline, scroll);

    let moved = move |_| {
        scroll.moved(timeline.with_untracked(Timeline::is_detached));
        pages.load_near();
    };
    let jump = move |_| {
        if timeline.with_untracked(Timeline::is_detached) {
            store.load_history(with, None);
        }
        scroll.to_newest(true);
    };
    let line = move |item: Item| match item {
        Item::Day(day) => view! { <DayLine day /> }.into_any(),
        Item::Unread => view! {
            <div class="unread-line">
                <span>"New messages"</span>
            </div>
        }
        .into_any(),
        Item::Message(seq) => {
            let message = Memo::new(move |_| timeline.with(|timeline| timeline.get(seq)));
            let place = Memo::new(move |_| layout.with(|layout| layout.place(seq)));
            view! { <MessageRow with seq message place /> }.into_any()
        }
    };
    let name = Memo::new(move |_| store.name_of(with));
    let unread = move || store.person(with).map_or(0, |person| person.unread);
    view! {
        <div class="timeline" node_ref=scroller on:scroll=moved tabindex="-1">
            <div
                class="lines"
                node_ref=content
                role="log"
                aria-label=move || format!("Messages with {}", name.get())
                aria-busy=move || (!loaded.get()).to_string()
            >
                <div class="top" class:on=move || more_before.get() aria-hidden="true">
                    {icon(Icon::Spinner)}
                </div>
                <Show when=move || loaded.get() && empty.get()>
                    <div class="first-words">
                        {icon(Icon::Lock)}
                        <p>
                            "Nothing was said here yet. When you write, keys are exchanged first; your message goes out as soon as that is done."
                        </p>
                    </div>
                </Show>
                <For
                    each=move || layout.with(|layout| layout.items.clone())
                    key=|item| *item
                    children=line
                />
            </div>
        </div>
        <Show when=move || !scroll.follows.get()>
            <button class="newest" aria-label="Newest messages" title="Newest messages" on:click=jump>
                {icon(Icon::Down)}
                {move || (unread() > 0).then(|| view! { <span class="unread-count">{unread()}</span> })}
            </button>
        </Show>
    }
}

/// A new day.
#[component]
pub(crate) fn DayLine(day: i64) -> impl IntoView {
    let store = Store::here();
    view! {
        <h3 class="day">
            <span>{move || time::day_name(day, store.today.get())}</span>
        </h3>
    }
}

/// Asks for history as the reader comes near either end of what is there.
#[derive(Clone, Copy)]
struct Pages {
    store: Store,
    with: ClientId,
    timeline: RwSignal<Timeline>,
    scroll: Scroll,
    /// What was asked for last, so that it is not asked for again while on its way.
    asked: StoredValue<Option<Seq>>,
}

impl Pages {
    fn new(store: Store, with: ClientId, timeline: RwSignal<Timeline>, scroll: Scroll) -> Self {
        Self {
            store,
            with,
            timeline,
            scroll,
            asked: StoredValue::new(None),
        }
    }

    fn load_near(self) {
        let Some((above, below)) = self.scroll.room() else {
            return;
        };
        let Some((before, after)) = self
            .timeline
            .try_with_untracked(|timeline| (timeline.before(), timeline.after()))
        else {
            return;
        };
        let wanted = match (before, after) {
            (Some(before), _) if above < NEAR_END => before,
            (_, Some(after)) if below < NEAR_END => after,
            _ => return,
        };
        if self.asked.get_value() != Some(wanted) {
            self.asked.set_value(Some(wanted));
            self.store.load_history(self.with, Some(wanted));
        }
    }
}

/// Says that messages were seen, once they were: the page has the focus and its end is in view.
fn mark_read(store: Store, with: ClientId, timeline: RwSignal<Timeline>, scroll: Scroll) {
    let said = StoredValue::new(None);
    Effect::new(move |_| {
        let unread = store.person(with).map_or(0, |person| person.unread);
        let at_end = scroll.started.get() && scroll.follows.get();
        if unread == 0 || !store.focused.get() || !at_end {
            return;
        }
        let Some(up_to) = timeline.with(Timeline::last_received) else {
            return;
        };
        if said.get_value() != Some((up_to, unread)) {
            said.set_value(Some((up_to, unread)));
            store.send(Command::MarkRead { with, up_to });
        }
    });
}
