//! Small helpers around the browser's objects.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, Element, File, FileList, FocusEvent, HtmlElement, VisibilityState};

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

/// Whether list and conversation are two screens.
pub(crate) fn is_narrow() -> bool {
    let query = window().match_media("(max-width: 720px)").ok().flatten();
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

/// Whether this browser reads QR codes and lets the page use a camera.
pub(crate) fn can_scan() -> bool {
    let has = |object: &wasm_bindgen::JsValue, name: &str| {
        Reflect::get(object, &name.into()).is_ok_and(|value| value.is_truthy())
    };
    has(&window(), "BarcodeDetector") && has(&window().navigator(), "mediaDevices")
}

/// Puts text into the clipboard; `done` is called when it is there.
pub(crate) fn copy(text: &str, done: impl Fn() + 'static) {
    let copied = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        if wasm_bindgen_futures::JsFuture::from(copied).await.is_ok() {
            done();
        }
    });
}

/// A flag that this browser keeps, in the clear: nothing that matters.
pub(crate) fn flag(name: &str) -> bool {
    storage().is_some_and(|storage| storage.get_item(name).ok().flatten().is_some())
}

/// Sets or removes it.
pub(crate) fn set_flag(name: &str, on: bool) {
    if let Some(storage) = storage() {
        let _ = if on {
            storage.set_item(name, "on")
        } else {
            storage.remove_item(name)
        };
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
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

/// Hides a menu when the focus leaves its `.menu-box`.
pub(crate) fn left_box(event: &FocusEvent, shown: RwSignal<bool>) {
    let to = event
        .related_target()
        .and_then(|to| to.dyn_into::<Element>().ok());
    let is_outside = |to: Element| to.closest(".menu-box").ok().flatten().is_none();
    if to.is_none_or(is_outside) {
        shown.set(false);
    }
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

/// Does something with what `selector` finds, once the view has changed.
pub(crate) fn with_soon<T: JsCast>(selector: &'static str, act: impl FnOnce(&T) + 'static) {
    request_animation_frame(move || {
        if let Ok(Some(element)) = document().query_selector(selector)
            && let Some(element) = element.dyn_ref()
        {
            act(element);
        }
    });
}
