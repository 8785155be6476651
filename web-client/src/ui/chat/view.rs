//! One conversation.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{
    Conversation, ConversationCommand, ConversationState, GroupKind, Place, Seq, Trust,
};
use sotto_shared::GroupId;

use super::super::contact::KeyAlarm;
use super::super::icons::{Icon, icon};
use super::super::navigation::Open;
use super::super::state::chat_timeline::ChatTimeline;
use super::super::state::contacts::is_alarming;
use super::super::store::Store;
use super::super::{dom, navigation, words};
use super::composer::ChatComposer;
use super::header::ChatHeader;
use super::menu::{Menu, MessageMenu};
use super::timeline::ChatLines;

/// The conversation that is open, for everything inside it. Copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    /// Which.
    pub(crate) id: GroupId,
    /// What is known of it.
    pub(crate) chat: Memo<Option<Arc<Conversation>>>,
    kind: Memo<GroupKind>,
    /// What it is called.
    pub(crate) title: Memo<String>,
    /// Its lines.
    pub(crate) timeline: RwSignal<ChatTimeline>,
    /// What the composer writes, if it is not a message of its own.
    pub(crate) strip: RwSignal<Option<Strip>>,
    /// The line whose menu is open.
    pub(crate) menu: RwSignal<Option<Menu>>,
    /// The line that the keyboard is at.
    pub(crate) at: RwSignal<Option<Place>>,
}

/// What the composer writes, if it is not a message of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strip {
    /// A reply.
    Reply(Seq),
    /// Another text for this message.
    Edit(Seq),
}

impl Here {
    /// The conversation that this component is in.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Replies to a line, or edits it.
    pub(crate) fn compose(self, strip: Strip) {
        self.strip.set(Some(strip));
        dom::focus_soon("#message");
    }

    /// What kind it is, tracked.
    pub(crate) fn kind(self) -> GroupKind {
        self.kind.get()
    }

    /// Says what it is to those who do not see it: "Conversation with NAME", "Group NAME".
    fn label(self) -> String {
        let title = self.title.get();
        match self.kind() {
            GroupKind::Direct => format!("Conversation with {title}"),
            GroupKind::Group => format!("Group {title}"),
            GroupKind::Lobby => title,
        }
    }
}

/// One conversation.
#[component]
pub(crate) fn ChatView(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let id = chat;
    let chat = Memo::new(move |_| store.chat(id));
    let kind =
        move |_: Option<&_>| chat.with(|it| it.as_ref().map_or(GroupKind::Direct, |it| it.kind));
    let here = Here {
        id,
        chat,
        kind: Memo::new(kind),
        title: Memo::new(move |_| store.chat_title(id)),
        timeline: RwSignal::from(store.chat_timeline(id)),
        strip: RwSignal::new(None),
        menu: RwSignal::new(None),
        at: RwSignal::new(None),
    };
    provide_context(here);
    let peer = Memo::new(move |_| {
        let peer = here.chat.with(|chat| chat.as_ref()?.peer)?;
        store.contact(peer)
    });
    let stopped = Memo::new(move |_| peer.with(|c| c.as_deref().is_some_and(is_alarming)));
    let missing = Memo::new(move |_| {
        here.chat.with(Option::is_none) && store.chats.list.with(|list| list.arrived())
    });
    let open = Memo::new(move |_| is_open(here));
    dom::focus_soon(if dom::is_touch() {
        ".conversation h2"
    } else {
        "#message"
    });
    on_cleanup(move || {
        // Back in the list, at the conversation that was left.
        if store.open.get_untracked().is_none() {
            dom::focus_soon(format!(".people [data-row=\"{id}\"]"));
        }
    });
    view! {
        <section
            class="conversation"
            aria-label=move || here.label()
            on:keydown=move |event| {
                let used = event.default_prevented() || event.is_composing();
                if event.key() == "Escape" && !used {
                    navigation::close(store);
                }
            }
        >
            <ChatHeader />
            <KeyAlarm contact=peer />
            <div class="timeline-box">
                {move || match missing.get() {
                    true => {
                        view! { <p class="first-words">"This conversation is not here."</p> }
                            .into_any()
                    }
                    false => view! { <ChatLines /> }.into_any(),
                }}
            </div>
            <MessageMenu />
            <Closed />
            {move || match (stopped.get(), open.get()) {
                (true, _) => {
                    Some(
                        view! {
                            <p class="composer composer-stopped">
                                "Nothing can be sent until you have looked at their new key."
                            </p>
                        }
                            .into_any(),
                    )
                }
                (false, true) => Some(view! { <ChatComposer /> }.into_any()),
                (false, false) => None,
            }}
        </section>
    }
}

/// Whether something can be said here: what is said while keys are exchanged waits.
fn is_open(here: Here) -> bool {
    here.chat.with(|chat| {
        chat.as_ref().is_some_and(|chat| {
            matches!(
                chat.state,
                ConversationState::Active | ConversationState::Joining
            )
        })
    })
}

/// Why nothing can be said here, and what to do about it.
#[component]
fn Closed() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let state = Memo::new(move |_| {
        here.chat.with(|chat| {
            let chat = chat.as_ref()?;
            Some((chat.state, words::closed(chat)?))
        })
    });
    move || {
        let (state, why) = state.get()?;
        let conversation = here.id;
        let broken = matches!(state, ConversationState::Broken(_));
        let again = broken.then(|| {
            view! {
                <button
                    class="button small primary"
                    on:click=move |_| store.say(ConversationCommand::Rejoin { conversation })
                >
                    {icon(Icon::Retry)}
                    "Join again"
                </button>
            }
        });
        Some(view! {
            <div class="closed" role="status" class:broken=broken>
                <p>
                    {broken
                        .then(|| view! { <strong>"This conversation does not go on here. "</strong> })}
                    {why}
                </p>
                {again}
            </div>
        })
    }
}

/// Whether the user has compared safety numbers with everybody there, tracked.
pub(crate) fn is_verified(store: Store, chat: &Conversation) -> bool {
    let own = store.own_account();
    let is_verified = |account| {
        store
            .contact(account)
            .is_some_and(|contact| contact.trust == Trust::Verified)
    };
    match chat.kind {
        GroupKind::Lobby => false,
        GroupKind::Direct => chat.peer.is_some_and(is_verified),
        GroupKind::Group => {
            let mut others = chat
                .members
                .iter()
                .filter(|it| it.account != own)
                .peekable();
            others.peek().is_some() && others.all(|member| is_verified(member.account))
        }
    }
}

/// Goes to the safety number: of the other side, or of the members.
pub(crate) fn open_about(store: Store, here: Here) {
    let (kind, peer) = here.chat.with_untracked(|chat| {
        chat.as_ref()
            .map_or((GroupKind::Direct, None), |chat| (chat.kind, chat.peer))
    });
    match (kind, peer) {
        (GroupKind::Direct, Some(peer)) if Some(peer) != own(store) => {
            navigation::go(store, Open::Contact(peer));
        }
        _ => store
            .dialogs
            .open(super::super::dialogs::Dialog::About(here.id)),
    }
}

fn own(store: Store) -> Option<sotto_shared::AccountId> {
    untrack(|| store.account(|own| own.account))
}
