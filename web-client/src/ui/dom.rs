//! Small helpers around the browser's objects.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, Element, File, FileList, HtmlElement, VisibilityState};

/// An element as the HTML element that it is.
pub(crate) fn as_html(element: Element) -> HtmlElement {
    element.unchecked_into()
}

/// Whether the page is visible and has the focus.
pub(crate) fn is_looked_at() -> bool {
    let document = document();
    document.visibility_state() == VisibilityState::Visible && document.has_focus().unwrap_or(true)
}

/// Whether the pointer is a finger: then nothing is focused that would call up the keyboard.
pub(crate) fn is_touch() -> bool {
    let query = window().match_media("(pointer: coarse)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Whether the user wants little motion.
pub(crate) fn is_calm() -> bool {
    let query = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()
        .flatten();
    query.is_some_and(|query| query.matches())
}

/// Focuses what `selector` finds, once the view has changed.
pub(crate) fn focus_soon(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || {
        if let Ok(Some(element)) = document().query_selector(&selector) {
            let _ = as_html(element).focus();
        }
    });
}

/// Lifts a popover above everything, dialogs included, or hides it. Browsers without popovers show
/// it in its place.
pub(crate) fn raise(popover: &Element, show: bool) {
    let call = |name: &str| {
        let method = Reflect::get(popover, &name.into()).ok();
        if let Some(method) = method.and_then(|method| method.dyn_into::<Function>().ok()) {
            // Throws if it is that way already.
            let _ = method.call0(popover);
        }
    };
    call("hidePopover");
    if show {
        call("showPopover");
    }
}

/// The files of a list.
pub(crate) fn files(list: Option<FileList>) -> Vec<File> {
    let Some(list) = list else { return Vec::new() };
    (0..list.length())
        .filter_map(|index| list.item(index))
        .collect()
}

/// Whether a drag or a clipboard carries files.
pub(crate) fn carries_files(data: Option<&DataTransfer>) -> bool {
    data.is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// Whether it carries text besides.
pub(crate) fn carries_text(data: &DataTransfer) -> bool {
    data.types().includes(&"text/plain".into(), 0)
}
