//! Before anything can be shown, and when nothing can.

use leptos::prelude::*;

use super::icons::{Icon, icon, logo};

/// The same picture that `index.html` paints before any WebAssembly runs.
#[component]
pub(crate) fn Boot() -> impl IntoView {
    view! {
        <main class="boot">
            {logo()} <h1 class="wordmark">"Sotto"</h1>
            <p class="boot-line" role="status">
                <span class="sr-only">"Opening Sotto"</span>
            </p>
        </main>
    }
}

/// The local store, or the browser, cannot be used. Nothing here erases anything.
#[component]
pub(crate) fn Broken(reason: String) -> impl IntoView {
    view! {
        <main class="page">
            <div class="card">
                <div class="card-sign warn">{icon(Icon::Alert)}</div>
                <h1>"Your messages cannot be opened"</h1>
                <p role="alert">{reason}</p>
                <p class="quiet">
                    "Nothing was changed or erased: your identity and messages are still in this browser. Often it helps to close other tabs of this page, to free some disk space, or to restart the browser, and then to try again."
                </p>
                <button
                    class="button primary wide"
                    on:click=move |_| {
                        let _ = window().location().reload();
                    }
                >
                    "Try again"
                </button>
            </div>
        </main>
    }
}
