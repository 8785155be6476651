//! Lines that nobody has written: what happened, what is gone, what could not be read.

use leptos::prelude::*;
use sotto_engine::api::{Cause, ConversationCommand, Happening, Item};
use sotto_shared::AccountId;

use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::{navigation, time, words};
use super::view::Here;

/// Something that happened.
pub(crate) fn happened(store: Store, item: &Item, it: &Happening) -> impl IntoView + use<> {
    let (author, at, it) = (item.author, item.at, it.clone());
    let alarming = matches!(it, Happening::Missing(_) | Happening::Rejoined);
    let sign = match &it {
        Happening::Joined(_) | Happening::Removed(_) | Happening::Left(_) => Icon::Group,
        Happening::DeviceAdded(_) | Happening::DeviceRemoved(_) => Icon::Device,
        Happening::Renamed(_) => Icon::Pencil,
        Happening::PictureChanged => Icon::Image,
        Happening::TimerSet(_) => Icon::Clock,
        Happening::AdminSet(..) => Icon::Shield,
        Happening::Created => Icon::Lock,
        Happening::Rejoined => Icon::Retry,
        Happening::Missing(_) => Icon::Alert,
    };
    view! {
        <p class="key-event" class:alarming=alarming>
            {icon(sign)}
            <span>{move || words::happening(&it, author, &|who| store.called(who))}</span>
            <span class="meta">
                <time datetime=time::iso(at) title=time::full(at)>
                    {time::clock(at)}
                </time>
            </span>
        </p>
    }
}

/// Something that was taken back.
pub(crate) fn deleted(store: Store, item: &Item, by: AccountId) -> impl IntoView + use<> {
    let by_admin = by != item.author;
    view! {
        <span class="text quiet">
            {move || match by_admin {
                true => format!("Deleted by {}", store.called(by)),
                false => "This message was deleted".to_owned(),
            }}
        </span>
    }
}

/// Something that could not be read: why, and what comes next.
pub(crate) fn unreadable(store: Store, here: Here, cause: Cause) -> impl IntoView + use<> {
    let peer = here
        .chat
        .with_untracked(|chat| chat.as_ref().and_then(|it| it.peer));
    let conversation = here.id;
    let next = match cause {
        Cause::NoState | Cause::Missed => Some(
            view! {
                <button
                    class="button small"
                    on:click=move |_| store.say(ConversationCommand::Rejoin { conversation })
                >
                    {icon(Icon::Retry)}
                    "Join again"
                </button>
            }
            .into_any(),
        ),
        Cause::KeyChanged | Cause::ForeignDevice => peer.map(|peer| {
            view! {
                <button
                    class="button small"
                    on:click=move |_| navigation::open_contact(store, peer)
                >
                    {icon(Icon::Shield)}
                    "Compare safety number"
                </button>
            }
            .into_any()
        }),
        Cause::Unknown => Some(
            view! {
                <button
                    class="button small"
                    on:click=move |_| {
                        let _ = window().location().reload();
                    }
                >
                    {icon(Icon::Retry)}
                    "Reload"
                </button>
            }
            .into_any(),
        ),
        _ => None,
    };
    view! {
        <p class="text">
            <strong class="broken-title">{icon(Icon::Shield)} "Could not be read"</strong>
            <br />
            {words::cause(cause)}
        </p>
        {next}
    }
}
