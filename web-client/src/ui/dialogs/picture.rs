//! Shows a picture as large as it fits.

use leptos::prelude::*;
use sotto_engine::api::{Media, Seq};
use sotto_shared::ClientId;
use web_sys::Url;

use super::super::files;
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::modal::Modal;

/// The dialog.
#[component]
pub(super) fn Picture(with: ClientId, seq: Seq, name: String, media: Media) -> impl IntoView {
    let store = Store::here();
    let url = RwSignal::new(None::<String>);
    store.files.load(store, with, seq, move |content| {
        let made = content.and_then(|(blob, _)| files::picture_url(&blob, media));
        if let Some(Some(made)) = url.try_set(made) {
            let _ = Url::revoke_object_url(&made);
        }
    });
    on_cleanup(move || {
        if let Some(Some(url)) = url.try_get_untracked() {
            let _ = Url::revoke_object_url(&url);
        }
    });
    let download = move |_| {
        store.files.load(store, with, seq, |content| {
            if let Some((blob, name)) = content {
                files::save(&blob, &name);
            }
        });
    };
    let alt = format!("Picture {name}");
    view! {
        <Modal title="Picture" class="picture-modal">
            <div class="picture-large">
                {move || match url.get() {
                    Some(url) => view! { <img src=url alt=alt.clone() /> }.into_any(),
                    None => icon(Icon::Spinner).into_any(),
                }}
            </div>
            <div class="buttons end">
                <span class="file-name">{name}</span>
                <button type="button" class="button" on:click=download>
                    {icon(Icon::Download)}
                    "Download"
                </button>
            </div>
        </Modal>
    }
}
