//! Where messages are written.

use leptos::prelude::*;
use sotto_engine::api::{Command, TEXT_MAX};
use sotto_shared::ClientId;
use web_sys::{ClipboardEvent, File, HtmlInputElement, KeyboardEvent};

use super::drafts::{Attachment, Draft};
use super::icons::{Icon, icon};
use super::navigation::Open;
use super::store::Store;
use super::tray::Tray;
use super::{dom, words};

/// Tallest the text field grows, in pixels.
const HEIGHT_MAX: i32 = 240;

/// The text field and its buttons. `dropped`: files that were dropped onto the conversation.
#[component]
pub(crate) fn Composer(
    with: ClientId,
    name: Memo<String>,
    dropped: RwSignal<Vec<File>, LocalStorage>,
) -> impl IntoView {
    let store = Store::here();
    let draft = store.drafts.take(Open::Person(with));
    let text = RwSignal::new(draft.text);
    let attachments = RwSignal::new_local(draft.attachments);
    let problem = RwSignal::new(None::<String>);
    on_cleanup(move || {
        let draft = Draft {
            text: text.get_untracked(),
            attachments: attachments.get_untracked(),
        };
        store.drafts.keep(Open::Person(with), draft);
    });

    let attach = move |files: Vec<File>| {
        problem.set(None);
        for file in files {
            match store.drafts.attach(file) {
                Ok(attachment) => attachments.update(|list| list.push(attachment)),
                Err(why) => problem.set(Some(why)),
            }
        }
        dom::focus_soon("#message");
    };
    Effect::new(move |_| {
        let files = dropped.get();
        if !files.is_empty() {
            dropped.update_untracked(Vec::clear);
            attach(files);
        }
    });

    let field = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move |_| {
        text.track();
        if let Some(field) = field.get() {
            // By then the field holds the text, and nothing was painted yet.
            request_animation_frame(move || fit(&field));
        }
    });
    let too_long = Memo::new(move |_| text.with(|text| text.trim().len() > TEXT_MAX));
    let can_send = Memo::new(move |_| {
        let something =
            text.with(|text| !text.trim().is_empty()) || !attachments.with(Vec::is_empty);
        something && !too_long.get()
    });
    let send = move || {
        if !can_send.get_untracked() {
            return;
        }
        problem.set(None);
        let mut files: Vec<Attachment> = Vec::new();
        attachments.update(|list| files.append(list));
        for attachment in files {
            let command = Command::SendFile {
                to: with,
                name: attachment.file.name(),
                content: Vec::new(),
            };
            store.send_with(command, Some(&attachment.file));
            attachment.release();
        }
        let said = text.with_untracked(|text| without_margins(text).to_owned());
        text.set(String::new());
        if !said.trim().is_empty() {
            store.send(Command::SendText {
                to: with,
                text: said,
            });
        }
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    let keys = move |event: KeyboardEvent| {
        // While an input method composes, Enter chooses among its candidates.
        let composing = event.is_composing() || event.key_code() == 229;
        if event.key() == "Enter" && !event.shift_key() && !composing {
            event.prevent_default();
            send();
        }
    };
    let paste = move |event: ClipboardEvent| {
        let Some(data) = event.clipboard_data() else {
            return;
        };
        // Text that was copied with a picture of itself is pasted as text.
        if dom::carries_files(Some(&data)) && !dom::carries_text(&data) {
            event.prevent_default();
            attach(dom::files(data.files()));
        }
    };
    let chooser = NodeRef::<leptos::html::Input>::new();
    let chosen = move |event: web_sys::Event| {
        let input: HtmlInputElement = event_target(&event);
        attach(dom::files(input.files()));
        // So that the same file can be chosen again.
        input.set_value("");
    };
    let complaint = move || {
        problem.get().or_else(|| {
            too_long.get().then(|| {
                let bytes = text.with(|text| u64::try_from(text.trim().len()).unwrap_or(u64::MAX));
                let limit = u64::try_from(TEXT_MAX).unwrap_or(u64::MAX);
                format!(
                    "This text is {}; at most {} fit into one message.",
                    words::size(bytes),
                    words::size(limit)
                )
            })
        })
    };
    view! {
        <form
            class="composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <Tray attachments />
            <p class="problem" role="alert">
                {complaint}
            </p>
            <div class="composer-line">
                <input
                    node_ref=chooser
                    class="sr-only"
                    type="file"
                    multiple
                    tabindex="-1"
                    aria-label="File to attach"
                    on:change=chosen
                />
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Attach a file"
                    title="Attach a file"
                    on:click=move |_| {
                        if let Some(chooser) = chooser.get_untracked() {
                            chooser.click();
                        }
                    }
                >
                    {icon(Icon::Attach)}
                </button>
                <textarea
                    node_ref=field
                    id="message"
                    rows="1"
                    dir="auto"
                    aria-label="Message"
                    placeholder=move || format!("Write to {}", name.get())
                    enterkeyhint="send"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                    on:keydown=keys
                    on:paste=paste
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

/// A text without blank lines around it. Its first line keeps its indentation.
pub(crate) fn without_margins(text: &str) -> &str {
    let text = text.trim_end();
    let indent = text.len() - text.trim_start().len();
    let start = text
        .get(..indent)
        .and_then(|blank| blank.rfind('\n'))
        .map_or(0, |newline| newline + 1);
    text.get(start..).unwrap_or(text)
}

/// Makes the field as tall as its text.
pub(crate) fn fit(field: &web_sys::HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    let _ = style.set_property("height", "auto");
    let height = field.scroll_height().min(HEIGHT_MAX);
    let _ = style.set_property("height", &format!("{height}px"));
}

#[cfg(test)]
mod tests {
    use super::without_margins;

    #[test]
    fn blank_lines_around_go_indentation_stays() {
        for (text, expected) in [
            ("\n\n  a\n b \n", "  a\n b"),
            ("a", "a"),
            ("  a", "  a"),
            (" \n ", ""),
        ] {
            assert_eq!(without_margins(text), expected);
        }
    }
}
