//! Holds a timeline still while messages come and go: at its end when the reader is there, else
//! on the message that they are reading.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{
    Element, HtmlDivElement, HtmlElement, ResizeObserver, ScrollBehavior, ScrollToOptions,
};

use super::dom;

/// Pixels from the end that still count as the end.
const END_SLACK: i32 = 40;

/// The scroll position of a timeline.
#[derive(Clone, Copy)]
pub(crate) struct Scroll {
    /// Whether the reader is at the end, so that the view follows new messages.
    pub(crate) follows: RwSignal<bool>,
    /// Whether the view stands where reading begins.
    pub(crate) started: RwSignal<bool>,
    scroller: NodeRef<Div>,
    anchor: StoredValue<Option<(HtmlElement, f64)>, LocalStorage>,
    last_top: StoredValue<i32>,
    observer: StoredValue<Option<ResizeObserver>, LocalStorage>,
}

impl Scroll {
    pub(crate) fn new(scroller: NodeRef<Div>, content: NodeRef<Div>) -> Self {
        let scroll = Self {
            follows: RwSignal::new(true),
            started: RwSignal::new(false),
            scroller,
            anchor: StoredValue::new_local(None),
            last_top: StoredValue::new(0),
            observer: StoredValue::new_local(None),
        };
        Effect::new(move |_| {
            if let (Some(scroller), Some(content)) = (scroller.get(), content.get()) {
                scroll.observe(&scroller, &content);
            }
        });
        on_cleanup(move || {
            scroll.observer.with_value(|observer| {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
            });
        });
        scroll
    }

    /// Called before the content changes: remembers what the reader is looking at.
    pub(crate) fn hold(self) {
        if self.follows.get_untracked() || self.anchor.with_value(Option::is_some) {
            return;
        }
        let Some(scroller) = self.view() else {
            return;
        };
        let top = scroller.get_bounding_client_rect().top();
        let Ok(rows) = scroller.query_selector_all("[data-seq]") else {
            return;
        };
        let seen = (0..rows.length())
            .filter_map(|index| rows.item(index)?.dyn_into::<HtmlElement>().ok())
            .map(|row| (row.get_bounding_client_rect(), row))
            .find(|(place, _)| place.bottom() > top);
        if let Some((place, row)) = seen {
            self.anchor.set_value(Some((row, place.top())));
            // The view has changed by then, and nothing was painted yet.
            request_animation_frame(move || self.settle());
        }
    }

    /// The reader scrolled. `detached`: the end of the conversation is not in view at all.
    pub(crate) fn moved(self, detached: bool) {
        let Some(scroller) = self.view() else {
            return;
        };
        let top = scroller.scroll_top();
        let went_up = top < self.last_top.get_value();
        self.last_top.set_value(top);
        let at_end = to_end(&scroller) <= END_SLACK && !detached;
        let follows = self.follows.get_untracked();
        // Growing content also takes the view off the end; only the reader gives up following.
        let follows_now = at_end || (follows && !went_up && !detached);
        if follows_now != follows {
            self.follows.set(follows_now);
        }
    }

    /// Pixels above and below the view.
    pub(crate) fn room(self) -> Option<(i32, i32)> {
        let scroller = self.view()?;
        Some((scroller.scroll_top(), to_end(&scroller)))
    }

    /// Goes to the end, and follows it.
    pub(crate) fn to_newest(self, smoothly: bool) {
        self.follows.set(true);
        let Some(scroller) = self.view() else {
            return;
        };
        let options = ScrollToOptions::new();
        options.set_top(f64::from(scroller.scroll_height()));
        if smoothly && !dom::is_calm() && to_end(&scroller) < 3 * scroller.client_height() {
            options.set_behavior(ScrollBehavior::Smooth);
        }
        scroller.scroll_to_with_scroll_to_options(&options);
    }

    /// Goes to a line, and stays there.
    pub(crate) fn to_row(self, row: &HtmlElement) {
        let Some(scroller) = self.view() else {
            return;
        };
        self.follows.set(false);
        let room = scroller.client_height() - row.offset_height();
        scroller.set_scroll_top(row.offset_top() - (room / 2).max(0));
        self.last_top.set_value(scroller.scroll_top());
    }

    /// Begins at the line above the unread messages, if they fill more than the view.
    pub(crate) fn start(self) {
        let Some(scroller) = self.view() else {
            return;
        };
        self.begin(&scroller);
        self.started.set(true);
    }

    fn begin(self, scroller: &Element) {
        if let Ok(Some(line)) = scroller.query_selector(".unread-line") {
            let line = dom::as_html(line);
            if scroller.scroll_height() - line.offset_top() > scroller.client_height() {
                self.follows.set(false);
                scroller.set_scroll_top(line.offset_top() - 24);
                return;
            }
        }
        self.to_newest(false);
    }

    /// The scrolling element, for as long as the conversation is open.
    fn view(self) -> Option<HtmlDivElement> {
        self.scroller.try_get_untracked().flatten()
    }

    fn settle(self) {
        let Some(scroller) = self.view() else {
            return;
        };
        let mut anchor = None;
        self.anchor.update_value(|held| anchor = held.take());
        let Some((row, before)) = anchor else {
            return;
        };
        if row.is_connected() {
            let moved = row.get_bounding_client_rect().top() - before;
            #[expect(clippy::cast_possible_truncation)]
            scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
        }
    }

    fn observe(self, scroller: &Element, content: &Element) {
        let resized = Closure::<dyn Fn()>::new(move || {
            if let Some(scroller) = self.view()
                && self.follows.get_untracked()
            {
                scroller.set_scroll_top(scroller.scroll_height());
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.into_js_value().unchecked_ref()) {
            observer.observe(scroller);
            observer.observe(content);
            self.observer.set_value(Some(observer));
        }
    }
}

fn to_end(scroller: &Element) -> i32 {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height()
}
