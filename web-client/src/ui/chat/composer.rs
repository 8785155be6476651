//! Where messages of a conversation are written.

use leptos::prelude::*;
use sotto_engine::api::{
    CONTENT_TEXT_MAX, ConversationCommand, GroupKind, ItemBody, Mention, Place, Seq,
};
use sotto_engine::slash::{self, Line};
use sotto_shared::AccountId;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::super::composer::{fit, without_margins};
use super::super::drafts::Draft;
use super::super::icons::{Icon, icon};
use super::super::navigation::Open;
use super::super::state::mentions::{self, Candidate};
use super::super::store::Store;
use super::super::{dom, time, words};
use super::completion::{Choice, Choices, byte_at, cursor_at, place_cursor};
use super::slash::run;
use super::view::{Here, Strip};

/// How often others are told that the user is writing, in milliseconds.
const TELL_EVERY: u64 = 4000;

/// The text field and its buttons.
#[component]
pub(crate) fn ChatComposer() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let place = Open::Chat(here.id);
    let text = RwSignal::new(store.drafts.take(place).text);
    let problem = RwSignal::new(None::<String>);
    let cursor = RwSignal::new(0_u32);
    let selected = RwSignal::new(0_usize);
    let hidden = RwSignal::new(false);
    let told = StoredValue::new(0_u64);
    let conversation = here.id;
    on_cleanup(move || {
        let kept = match here.strip.get_untracked() {
            Some(Strip::Edit(_)) => String::new(),
            _ => text.get_untracked(),
        };
        store.drafts.keep(
            place,
            Draft {
                text: kept,
                attachments: Vec::new(),
            },
        );
    });

    // A conversation that was just begun has no composer yet when it is opened.
    let is_nowhere = document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY");
    if is_nowhere && !dom::is_touch() {
        dom::focus_soon("#message");
    }
    let field = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move |_| {
        text.track();
        if let Some(field) = field.get() {
            request_animation_frame(move || fit(&field));
        }
    });
    // What is edited is put in, and taken out again.
    Effect::new(move |before: Option<Option<Strip>>| {
        let strip = here.strip.get();
        match (strip, before.flatten()) {
            (Some(Strip::Edit(seq)), _) => {
                let now = text_at(here, seq).unwrap_or_default();
                let end = cursor_at(&now, now.len());
                text.set(now);
                place_cursor(end);
            }
            (_, Some(Strip::Edit(_))) => text.set(String::new()),
            _ => {}
        }
        strip
    });
    let candidates = Memo::new(move |_| candidates(store, here));
    let choices = Memo::new(move |_| match hidden.get() {
        true => Vec::new(),
        false => text.with(|text| choices(store, text, cursor.get(), &candidates.read())),
    });
    Effect::new(move |_| {
        choices.track();
        selected.set(0);
    });
    let choose = move |choice: Choice| {
        let end = byte_at(&text.get_untracked(), cursor.get_untracked());
        let start = choice.from.min(end);
        text.update(|text| text.replace_range(start..end, &choice.insert));
        let now = text.with_untracked(|text| cursor_at(text, start + choice.insert.len()));
        cursor.set(now);
        place_cursor(now);
    };
    let too_long = Memo::new(move |_| text.with(|text| text.trim().len() > CONTENT_TEXT_MAX));
    let can_send = Memo::new(move |_| text.with(|t| !t.trim().is_empty()) && !too_long.get());
    let tell = move |typing: bool| {
        let now = time::now().0;
        let is_due = now.saturating_sub(told.get_value()) > TELL_EVERY;
        if typing == (told.get_value() != 0) && !(typing && is_due) {
            return;
        }
        told.set_value(if typing { now } else { 0 });
        store.say(ConversationCommand::Typing {
            conversation,
            typing,
        });
    };
    on_cleanup(move || {
        if told.get_value() != 0 {
            store.say(ConversationCommand::Typing {
                conversation,
                typing: false,
            });
        }
    });
    let send = move || {
        if !can_send.get_untracked() {
            return;
        }
        let said = text.with_untracked(|text| without_margins(text).to_owned());
        let said = match slash::parse(&said) {
            Ok(Line::Text(text)) => text,
            Ok(Line::Command(command)) => {
                match run(store, here, command) {
                    Ok(()) => text.set(String::new()),
                    Err(why) => problem.set(Some(why)),
                }
                return;
            }
            Err(why) => {
                problem.set(Some(why.to_string()));
                return;
            }
        };
        let mentions = candidates.with_untracked(|people| mentions::find(&said, people));
        let strip = here.strip.get_untracked();
        store.say(command(conversation, strip, said, mentions));
        here.strip.set(None);
        text.set(String::new());
        problem.set(None);
        tell(false);
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    let keys = move |event: KeyboardEvent| {
        // While an input method composes, Enter chooses among its candidates.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let chosen = choices.with_untracked(|all| all.get(selected.get_untracked()).cloned());
        let count = choices.with_untracked(Vec::len).max(1);
        let is_any = chosen.is_some();
        // With nothing typed of it, Enter sends what is there.
        let begun = chosen.as_ref().is_some_and(|chosen| {
            chosen.from < text.with_untracked(|text| byte_at(text, cursor.get_untracked()))
        });
        match event.key().as_str() {
            "ArrowDown" if is_any => selected.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if is_any => selected.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab"
                if is_any
                    && !event.shift_key()
                    && !is_whole(&chosen, text)
                    && (begun || event.key() == "Tab") =>
            {
                if let Some(chosen) = chosen {
                    choose(chosen);
                }
            }
            "Escape" if is_any => hidden.set(true),
            "Escape" if here.strip.with_untracked(Option::is_some) => here.strip.set(None),
            "Enter" if !event.shift_key() => send(),
            // The last own text is edited as in other programs.
            "ArrowUp" if text.with_untracked(String::is_empty) => {
                let last = here.timeline.with_untracked(|t| t.last_own_text());
                match last {
                    Some(seq) => here.strip.set(Some(Strip::Edit(seq))),
                    None => return,
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let follow_cursor = move |field: &HtmlTextAreaElement| {
        let at = field.selection_end().ok().flatten().unwrap_or_default();
        if cursor.get_untracked() != at {
            cursor.set(at);
        }
    };
    let typed = move |event: web_sys::Event| {
        let field: HtmlTextAreaElement = event_target(&event);
        let value = field.value();
        hidden.set(false);
        problem.set(None);
        tell(!value.trim().is_empty() && !value.starts_with('/'));
        follow_cursor(&field);
        text.set(value);
    };
    let complaint = move || {
        problem.get().or_else(|| {
            let limit = u64::try_from(CONTENT_TEXT_MAX).unwrap_or(u64::MAX);
            too_long.get().then(|| {
                let limit = words::size(limit);
                format!("This text is too long: at most {limit} fit into one message.")
            })
        })
    };
    let write_to = move || match here.kind() {
        GroupKind::Lobby => "Write to everybody here".to_owned(),
        _ => format!("Write to {}", here.title.get()),
    };
    view! {
        <form
            class="composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <Choices choices selected choose=Callback::new(choose) />
            <StripView />
            <p class="problem" role="alert">
                {complaint}
            </p>
            <div class="composer-line plain">
                <textarea
                    node_ref=field
                    id="message"
                    rows="1"
                    dir="auto"
                    aria-label="Message"
                    aria-autocomplete="list"
                    aria-controls=move || (!choices.with(Vec::is_empty)).then_some("choices")
                    aria-activedescendant=move || {
                        (!choices.with(Vec::is_empty)).then(|| format!("choice-{}", selected.get()))
                    }
                    placeholder=write_to
                    enterkeyhint="send"
                    prop:value=move || text.get()
                    on:input=typed
                    on:keydown=keys
                    on:keyup=move |event| follow_cursor(&event_target(&event))
                    on:click=move |event| follow_cursor(&event_target(&event))
                ></textarea>
                <button
                    type="submit"
                    class="send"
                    aria-label="Send"
                    title="Send"
                    disabled=move || !can_send.get()
                >
                    {icon(Icon::Send)}
                </button>
            </div>
        </form>
    }
}

/// Whether what is chosen stands there already, as a command that is typed to its end.
fn is_whole(chosen: &Option<Choice>, text: RwSignal<String>) -> bool {
    chosen
        .as_ref()
        .is_some_and(|it| it.from == 0 && text.with_untracked(|text| *text == it.insert))
}

fn command(
    conversation: sotto_shared::GroupId,
    strip: Option<Strip>,
    text: String,
    mentions: Vec<Mention>,
) -> ConversationCommand {
    match strip {
        Some(Strip::Edit(seq)) => ConversationCommand::Edit {
            conversation,
            seq,
            text,
            mentions,
        },
        strip => ConversationCommand::Send {
            conversation,
            text,
            mentions,
            reply_to: strip.map(|(Strip::Reply(seq) | Strip::Edit(seq))| seq),
        },
    }
}

/// Who can be mentioned here.
fn candidates(store: Store, here: Here) -> Vec<Candidate> {
    let own = store.own_account();
    let Some(chat) = here.chat.get() else {
        return Vec::new();
    };
    let is_here = |account: AccountId| chat.members.iter().any(|it| it.account == account);
    // While a group is being made, nobody else is in it yet.
    let anybody = chat.kind == GroupKind::Group && chat.members.len() < 2;
    store.contacts.with(|contacts| {
        let others = contacts.iter().filter(|it| it.account != own);
        others
            .filter(|it| anybody || is_here(it.account))
            .map(|contact| Candidate {
                account: contact.account,
                name: contact.name.to_string(),
                shown: contact.display_name.to_string(),
            })
            .collect()
    })
}

fn choices(store: Store, text: &str, cursor: u32, people: &[Candidate]) -> Vec<Choice> {
    let cursor = byte_at(text, cursor);
    if text.starts_with('/') {
        let contacts: Vec<_> = store
            .contacts
            .with_untracked(|all| all.iter().map(|it| it.name.to_string()).collect());
        let names: Vec<_> = contacts.iter().map(String::as_str).collect();
        return slash::complete(text, cursor, &names)
            .into_iter()
            .map(|it| Choice {
                name: it.text.trim().to_owned(),
                about: it.hint,
                insert: it.text,
                from: it.range.start,
            })
            .collect();
    }
    let Some((from, word)) = mentions::typed(text.get(..cursor).unwrap_or(text)) else {
        return Vec::new();
    };
    mentions::offers(word, people)
        .into_iter()
        .map(|it| Choice {
            about: format!("@{}", it.name),
            insert: format!("@{} ", it.name),
            name: it.shown,
            from,
        })
        .collect()
}

fn text_at(here: Here, seq: Seq) -> Option<String> {
    let item = here
        .timeline
        .with_untracked(|timeline| timeline.get(Place::At(seq)))?;
    match &item.body {
        ItemBody::Text { text, .. } => Some(text.clone()),
        _ => None,
    }
}

/// What is replied to, or edited.
#[component]
fn StripView() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    move || {
        let strip = here.strip.get()?;
        let (sign, title, seq) = match strip {
            Strip::Edit(seq) => (Icon::Pencil, "Edit message".to_owned(), seq),
            Strip::Reply(seq) => {
                let author = here
                    .timeline
                    .with_untracked(|t| t.get(Place::At(seq)).map(|item| item.author));
                let who = author.map_or_else(|| "Somebody".to_owned(), |it| store.called(it));
                (Icon::Reply, format!("Reply to {who}"), seq)
            }
        };
        let excerpt = text_at(here, seq).unwrap_or_default();
        Some(view! {
            <div class="strip-line" role="group" aria-label=title.clone()>
                {icon(sign)}
                <p>
                    <strong>{title.clone()}</strong>
                    <span dir="auto">{excerpt}</span>
                </p>
                <button
                    type="button"
                    class="icon-button small"
                    aria-label="Cancel"
                    on:click=move |_| here.strip.set(None)
                >
                    {icon(Icon::Close)}
                </button>
            </div>
        })
    }
}
