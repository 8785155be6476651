//! For people.

use sotto_engine::api::{Hit, Item, ItemBody, ItemState, Member};

use super::{
    Shown, cause_text, happening_text, item_state_words, kind_word, not_sent_text, state_words,
};
use crate::output::time::minutes;
use crate::sanitize;

pub(super) fn conversation(shown: &Shown<'_>) -> String {
    let it = shown.conversation;
    let mut line = format!("{}  {}", it.id, title(shown));
    let kind = kind_word(it.kind);
    match it.members_total {
        0..=2 => line.push_str(&format!("  {kind}")),
        members => line.push_str(&format!("  {kind}, {members} members")),
    }
    let (state, why) = state_words(it.state);
    if state != "active" {
        let why = why.map_or(String::new(), |why| format!(": {}", why.replace('_', " ")));
        line.push_str(&format!("  {state}{why}"));
    }
    if it.unread > 0 {
        line.push_str(&format!("  ({} new)", it.unread));
    }
    line
}

pub(super) fn member(shown: &Shown<'_>, member: &Member) -> String {
    let admin = if member.admin { "  admin" } else { "" };
    format!(
        "{}  {}{admin}",
        member.account,
        sanitize::line(&shown.name(member.account))
    )
}

/// As in a timeline: when, where, who; what strangers wrote is set in from the second line on, so
/// that no text can pass for another message.
pub(super) fn item(shown: &Shown<'_>, item: &Item) -> String {
    let at = minutes(item.at);
    let (author, title) = (sanitize::line(&shown.name(item.author)), title(shown));
    let who = match (item.mine, author == title) {
        (true, _) => format!("you to {title}"),
        (false, true) => author.clone(),
        (false, false) => format!("{author} in {title}"),
    };
    let name = |account| sanitize::line(&shown.name(account));
    let what = match &item.body {
        ItemBody::Text { text, .. } => {
            let text = sanitize::text(text).replace('\n', "\n    ");
            let edited = if item.edited { "  (edited)" } else { "" };
            let reply = item.reply.as_ref().map_or(String::new(), |quote| {
                format!("(to “{}”) ", sanitize::line(&quote.excerpt))
            });
            format!("{reply}{text}{edited}")
        }
        ItemBody::Deleted { .. } => "(taken back)".to_owned(),
        ItemBody::Happened(what) => {
            let text = happening_text(what, &author, &name);
            return format!("[{at}Z] {title} · {text}");
        }
        ItemBody::Undecryptable { cause } => {
            format!("(cannot be read: {})", cause_text(*cause))
        }
    };
    let reactions: Vec<String> = item
        .reactions
        .iter()
        .map(|it| format!("  {} {}", sanitize::line(&it.emoji), it.by.len()))
        .collect();
    let state = match item.state {
        ItemState::Received | ItemState::Stored => String::new(),
        state => format!("  [{}]", state_text(state)),
    };
    format!("[{at}Z] {who}: {what}{}{state}", reactions.concat())
}

pub(super) fn sent(shown: &Shown<'_>, item: &Item) -> String {
    format!("{}: {}", title(shown), state_text(item.state))
}

pub(super) fn hit(shown: &Shown<'_>, hit: &Hit) -> String {
    format!(
        "[{}Z] {} · {}: {}",
        minutes(hit.at),
        title(shown),
        sanitize::line(&shown.name(hit.author)),
        sanitize::line(&hit.excerpt)
    )
}

fn title(shown: &Shown<'_>) -> String {
    sanitize::line(&shown.title())
}

fn state_text(state: ItemState) -> String {
    match (state, item_state_words(state).0) {
        (ItemState::Failed(why), _) => format!("not sent: {}", not_sent_text(why)),
        (ItemState::Queued, _) => "waits for the connection".to_owned(),
        (ItemState::Stored, _) => "stored at the gateway".to_owned(),
        (_, word) => word.to_owned(),
    }
}
