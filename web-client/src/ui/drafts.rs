//! What was typed and attached but not sent, by conversation. Kept in memory only.

use std::collections::HashMap;

use leptos::prelude::*;
use sotto_engine::api::FILE_MAX;
use web_sys::{File, Url};

use super::navigation::Open;
use super::words;

/// A file that waits beside the text.
#[derive(Clone)]
pub(crate) struct Attachment {
    /// Tells attachments apart.
    pub(crate) id: u32,
    /// The file.
    pub(crate) file: File,
    /// Address of its picture, if it is one.
    pub(crate) picture: Option<String>,
}

impl Attachment {
    /// Bytes.
    pub(crate) fn size(&self) -> u64 {
        size_of(&self.file)
    }

    /// Frees the picture.
    pub(crate) fn release(&self) {
        if let Some(url) = &self.picture {
            let _ = Url::revoke_object_url(url);
        }
    }
}

/// Text and attachments.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    /// As typed.
    pub(crate) text: String,
    /// In order.
    pub(crate) attachments: Vec<Attachment>,
}

/// The drafts of all conversations.
#[derive(Clone, Copy)]
pub(crate) struct Drafts {
    by_place: StoredValue<HashMap<Open, Draft>, LocalStorage>,
    next: StoredValue<u32>,
}

impl Drafts {
    pub(crate) fn new() -> Self {
        Self {
            by_place: StoredValue::new_local(HashMap::new()),
            next: StoredValue::new(0),
        }
    }

    /// Takes a draft out, to be edited.
    pub(crate) fn take(self, place: Open) -> Draft {
        let mut draft = None;
        self.by_place
            .update_value(|drafts| draft = drafts.remove(&place));
        draft.unwrap_or_default()
    }

    /// Keeps a draft until its conversation is opened again.
    pub(crate) fn keep(self, place: Open, draft: Draft) {
        self.by_place.update_value(|drafts| {
            drafts.insert(place, draft);
        });
    }

    /// Forgets all of them.
    pub(crate) fn forget(self) {
        self.by_place.update_value(HashMap::clear);
    }

    /// Makes an attachment of a file.
    ///
    /// # Errors
    /// Says in words why it cannot be sent.
    pub(crate) fn attach(self, file: File) -> Result<Attachment, String> {
        let size = size_of(&file);
        let limit = u64::try_from(FILE_MAX).unwrap_or(u64::MAX);
        if size > limit {
            return Err(format!(
                "“{}” is {}; at most {} can be sent.",
                file.name(),
                words::size(size),
                words::size(limit)
            ));
        }
        if size == 0 {
            return Err(format!("“{}” is empty.", file.name()));
        }
        self.next.update_value(|next| *next = next.wrapping_add(1));
        // SVG can hold more than a picture: it is sent as any file, but not shown.
        let is_picture =
            ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&file.type_().as_str());
        let picture = is_picture
            .then(|| Url::create_object_url_with_blob(&file).ok())
            .flatten();
        Ok(Attachment {
            id: self.next.get_value(),
            file,
            picture,
        })
    }
}

fn size_of(file: &File) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let size = file.size() as u64;
    size
}
