//! Files that wait beside the text until it is sent.

use leptos::prelude::*;

use super::drafts::Attachment;
use super::icons::{Icon, icon};
use super::words;

/// The files.
#[component]
pub(crate) fn Tray(attachments: RwSignal<Vec<Attachment>, LocalStorage>) -> impl IntoView {
    let chip = move |attachment: Attachment| {
        let name = attachment.file.name();
        let size = words::size(attachment.size());
        let id = attachment.id;
        let sign = match attachment.picture.clone() {
            Some(url) => view! { <img class="chip-picture" src=url alt="" /> }.into_any(),
            None => view! { <span class="file-sign">{icon(Icon::File)}</span> }.into_any(),
        };
        view! {
            <li class="chip">
                {sign} <span class="file-name" title=name.clone()>
                    {name.clone()}
                </span> <span class="file-size">{size}</span>
                <button
                    type="button"
                    class="icon-button small"
                    aria-label=format!("Remove {name}")
                    on:click=move |_| {
                        attachment.release();
                        attachments.update(|list| list.retain(|kept| kept.id != id));
                        super::dom::focus_soon("#message");
                    }
                >
                    {icon(Icon::Close)}
                </button>
            </li>
        }
    };
    view! {
        <Show when=move || !attachments.with(Vec::is_empty)>
            <ul class="tray" aria-label="Attached files">
                <For
                    each=move || attachments.get()
                    key=|attachment| attachment.id
                    children=chip
                />
            </ul>
        </Show>
    }
}
