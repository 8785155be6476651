//! A file in a conversation: a picture, or a name with what can be done.

use leptos::prelude::*;
use sotto_engine::api::{Media, Seq};
use sotto_shared::ClientId;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit, Url};

use super::dialogs::Dialog;
use super::files::{self, picture_type};
use super::icons::{Icon, icon};
use super::store::Store;
use super::words;

/// Largest picture in bytes that is loaded without being asked for.
const PICTURE_MAX: u64 = 12 * 1024 * 1024;

/// How far from the view a picture is loaded.
const LOAD_MARGIN: &str = "400px";

#[derive(Clone, PartialEq, Eq)]
enum Picture {
    NotYet,
    Loading,
    Shown(String),
    Gone,
}

/// A file.
#[component]
pub(crate) fn FileBody(
    with: ClientId,
    seq: Seq,
    name: Option<String>,
    size: u64,
    media: Media,
) -> impl IntoView {
    let store = Store::here();
    let shown_name = name.clone().unwrap_or_else(|| "Unnamed file".to_owned());
    let loading = RwSignal::new(false);
    let download = move |_| {
        if loading.get_untracked() {
            return;
        }
        loading.set(true);
        store.files.load(store, with, seq, move |content| {
            loading.try_set(false);
            if let Some((blob, name)) = content {
                files::save(&blob, &name);
            }
        });
    };
    let rename = {
        let name = name.clone().unwrap_or_default();
        move |_| {
            store.dialogs.open(Dialog::Rename {
                with,
                seq,
                name: name.clone(),
            });
        }
    };
    let picture = picture_type(media)
        .map(|_| view! { <PictureBody with seq name=shown_name.clone() size media /> });
    view! {
        {picture}
        <div class="file">
            <span class="file-sign">
                {icon(if picture_type(media).is_some() { Icon::Image } else { Icon::File })}
            </span>
            <span class="file-name" title=shown_name.clone() class:unnamed=name.is_none()>
                {shown_name.clone()}
            </span>
            <span class="file-size">{words::size(size)} {kind(media)}</span>
            <span class="file-actions">
                <button class="icon-button small" aria-label="Rename" title="Rename" on:click=rename>
                    {icon(Icon::Pencil)}
                </button>
                <button
                    class="icon-button small"
                    aria-label="Download"
                    title="Download"
                    aria-busy=move || loading.get().to_string()
                    on:click=download
                >
                    {move || icon(if loading.get() { Icon::Spinner } else { Icon::Download })}
                </button>
            </span>
        </div>
    }
}

fn kind(media: Media) -> &'static str {
    match media {
        Media::Png => " · PNG",
        Media::Jpeg => " · JPEG",
        Media::Gif => " · GIF",
        Media::Webp => " · WebP",
        Media::Pdf => " · PDF",
        Media::Zip => " · ZIP",
        Media::Text => " · Text",
        Media::Other => "",
    }
}

/// A picture in a box whose size never changes, so that nothing jumps when it comes.
#[component]
fn PictureBody(with: ClientId, seq: Seq, name: String, size: u64, media: Media) -> impl IntoView {
    let store = Store::here();
    let state = RwSignal::new(Picture::NotYet);
    let load = move || {
        if state.get_untracked() != Picture::NotYet {
            return;
        }
        state.set(Picture::Loading);
        store.files.load(store, with, seq, move |content| {
            let url = content.and_then(|(blob, _)| files::picture_url(&blob, media));
            let came = url.map_or(Picture::Gone, Picture::Shown);
            // Left in the meantime: the address would never be freed.
            if let Some(Picture::Shown(url)) = state.try_set(came) {
                let _ = Url::revoke_object_url(&url);
            }
        });
    };
    on_cleanup(move || {
        if let Some(Picture::Shown(url)) = state.try_get_untracked() {
            let _ = Url::revoke_object_url(&url);
        }
    });
    let frame = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if size <= PICTURE_MAX
            && let Some(frame) = frame.get()
        {
            load_when_near(&frame, load);
        }
    });
    let label = format!("Show picture {name}");
    let alt = format!("Picture {name}");
    let open_name = name.clone();
    view! {
        <div class="picture" node_ref=frame>
            {move || match state.get() {
                Picture::Shown(url) => {
                    let open_name = open_name.clone();
                    view! {
                        <button
                            class="picture-open"
                            aria-label=label.clone()
                            on:click=move |_| {
                                store
                                    .dialogs
                                    .open(Dialog::Picture {
                                        with,
                                        seq,
                                        name: open_name.clone(),
                                        media,
                                    });
                            }
                        >
                            <img src=url alt=alt.clone() decoding="async" on:error=move |_| state.set(Picture::Gone) />
                        </button>
                    }
                        .into_any()
                }
                Picture::Loading => view! { <span class="picture-wait">{icon(Icon::Spinner)}</span> }.into_any(),
                Picture::Gone => {
                    view! { <span class="picture-wait">"This picture cannot be shown."</span> }
                        .into_any()
                }
                Picture::NotYet => {
                    view! {
                        <button class="picture-wait" on:click=move |_| load()>
                            {icon(Icon::Image)}
                            "Show this picture"
                        </button>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

fn load_when_near(frame: &web_sys::Element, load: impl Fn() + 'static) {
    let seen = Closure::<dyn Fn(js_sys::Array, IntersectionObserver)>::new(
        move |entries: js_sys::Array, observer: IntersectionObserver| {
            let near = entries.iter().any(|entry| {
                entry
                    .dyn_into::<IntersectionObserverEntry>()
                    .is_ok_and(|entry| entry.is_intersecting())
            });
            if near {
                observer.disconnect();
                load();
            }
        },
    );
    let options = IntersectionObserverInit::new();
    options.set_root_margin(LOAD_MARGIN);
    let observer =
        IntersectionObserver::new_with_options(seen.into_js_value().unchecked_ref(), &options);
    if let Ok(observer) = observer {
        observer.observe(frame);
        on_cleanup({
            let observer = StoredValue::new_local(observer);
            move || {
                observer.try_with_value(IntersectionObserver::disconnect);
            }
        });
    }
}
