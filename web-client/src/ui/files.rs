//! Contents of files: asked of the worker when they are needed, saved under a name.

use std::collections::HashMap;
use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::{Command, Media, Seq};
use sotto_shared::ClientId;
use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlAnchorElement, Url};

use super::store::Store;

/// How long a saved file's address stays: the browser reads it after the click.
const SAVE_TIME: Duration = Duration::from_secs(60);

/// A file's content and the name to save it under; nothing if it is not there any more.
pub(crate) type Content = Option<(Blob, String)>;

type Waiting = HashMap<(ClientId, Seq), Vec<Box<dyn FnOnce(Content)>>>;

/// Contents on their way here.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    waiting: StoredValue<Waiting, LocalStorage>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self {
            waiting: StoredValue::new_local(HashMap::new()),
        }
    }

    /// Asks for a file's content; `then` is called once with it.
    pub(crate) fn load(
        self,
        store: Store,
        with: ClientId,
        seq: Seq,
        then: impl FnOnce(Content) + 'static,
    ) {
        let mut first = false;
        self.waiting.update_value(|waiting| {
            let calls = waiting.entry((with, seq)).or_default();
            first = calls.is_empty();
            calls.push(Box::new(then));
        });
        if first {
            store.send(Command::LoadFile { with, seq });
        }
    }

    /// A content came.
    pub(crate) fn arrived(self, with: ClientId, seq: Seq, blob: Option<Blob>, name: &str) {
        let mut calls = None;
        self.waiting
            .update_value(|waiting| calls = waiting.remove(&(with, seq)));
        for call in calls.into_iter().flatten() {
            call(blob.clone().map(|blob| (blob, name.to_owned())));
        }
    }

    /// One of those asked for is not there, it is not said which.
    pub(crate) fn missing(self) {
        let mut all = Waiting::new();
        self.waiting
            .update_value(|waiting| all = std::mem::take(waiting));
        for call in all.into_values().flatten() {
            call(None);
        }
    }
}

/// Bytes as a blob.
pub(crate) fn blob(content: &[u8]) -> Option<Blob> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(content));
    Blob::new_with_u8_array_sequence(&parts).ok()
}

/// Saves a blob under a name, by the browser's own means.
pub(crate) fn save(blob: &Blob, name: &str) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else {
        return;
    };
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    set_timeout(
        move || {
            let _ = Url::revoke_object_url(&url);
        },
        SAVE_TIME,
    );
}

/// The type to show a picture as; nothing for what is none.
pub(crate) fn picture_type(media: Media) -> Option<&'static str> {
    match media {
        Media::Png => Some("image/png"),
        Media::Jpeg => Some("image/jpeg"),
        Media::Gif => Some("image/gif"),
        Media::Webp => Some("image/webp"),
        Media::Pdf | Media::Zip | Media::Text | Media::Other => None,
    }
}

/// Address of a picture, typed as one, so that nothing else can be made of its bytes.
pub(crate) fn picture_url(blob: &Blob, media: Media) -> Option<String> {
    let typed = blob
        .slice_with_f64_and_f64_and_content_type(0.0, blob.size(), picture_type(media)?)
        .ok()?;
    Url::create_object_url_with_blob(&typed).ok()
}
