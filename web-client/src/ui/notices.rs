//! Passing notices at the edge of the page.

use std::time::Duration;

use leptos::prelude::*;

use super::dom;
use super::icons::{Icon, icon};

const SHOWN_FOR: Duration = Duration::from_secs(7);
const SHOWN_MAX: usize = 3;

/// What is being told.
#[derive(Clone, Copy)]
pub(crate) struct Notices {
    list: RwSignal<Vec<(u32, String)>>,
    next: StoredValue<u32>,
}

impl Notices {
    pub(crate) fn new() -> Self {
        Self {
            list: RwSignal::default(),
            next: StoredValue::new(0),
        }
    }

    /// Shows a sentence for a while.
    pub(crate) fn tell(self, text: String) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|(_, shown)| *shown != text);
            if list.len() >= SHOWN_MAX {
                list.remove(0);
            }
            list.push((id, text));
        });
        set_timeout(move || self.dismiss(id), SHOWN_FOR);
    }

    fn dismiss(self, id: u32) {
        self.list
            .update(|list| list.retain(|(shown, _)| *shown != id));
    }
}

/// The notices.
#[component]
pub(crate) fn NoticeList(notices: Notices) -> impl IntoView {
    let layer = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        let is_any = notices.list.with(|list| !list.is_empty());
        if let Some(layer) = layer.get() {
            dom::raise(&layer, is_any);
        }
    });
    view! {
        <div node_ref=layer class="notices" popover="manual" role="status" aria-label="Notices">
            <For each=move || notices.list.get() key=|(id, _)| *id let((id, text))>
                <div class="notice">
                    <p>{text}</p>
                    <button
                        class="icon-button small"
                        aria-label="Dismiss"
                        on:click=move |_| notices.dismiss(id)
                    >
                        {icon(Icon::Close)}
                    </button>
                </div>
            </For>
        </div>
    }
}
