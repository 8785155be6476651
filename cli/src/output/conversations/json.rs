//! For scripts: one object a line. Fields keep their names and meanings; new ones may come.

use serde_json::{Value, json};
use sotto_engine::api::{Happening, Hit, Item, ItemBody, Member, Place};
use sotto_shared::AccountId;

use super::super::json::write;
use super::{Shown, cause_word, item_state_words, kind_word, state_words, suite_word};

pub(super) fn conversation(shown: &Shown<'_>) -> String {
    let it = shown.conversation;
    let (state, cause) = state_words(it.state);
    write(&json!({
        "type": "conversation",
        "conversation": it.id.to_string(),
        "kind": kind_word(it.kind),
        "name": shown.title(),
        "with": it.peer.map(|peer| peer.to_string()),
        "suite": suite_word(it.suite),
        "members": it.members_total,
        "state": state,
        "cause": cause,
        "unread": it.unread,
        "mentions": it.unread_mentions,
        "pinned": it.pinned,
        "muted": it.muted,
        "archived": it.archived,
        "timer": it.timer,
    }))
}

pub(super) fn member(shown: &Shown<'_>, member: &Member) -> String {
    write(&json!({
        "type": "member",
        "conversation": shown.conversation.id.to_string(),
        "account": member.account.to_string(),
        "name": shown.name(member.account),
        "admin": member.admin,
        "devices": member.devices,
    }))
}

pub(super) fn item(shown: &Shown<'_>, item: &Item) -> String {
    let it = shown.conversation;
    let (state, failure) = item_state_words(item.state);
    let seq = match item.place {
        Place::At(seq) => Some(seq.0),
        Place::Pending(_) => None,
    };
    let mut object = json!({
        "type": "item",
        "conversation": it.id.to_string(),
        "conversation_kind": kind_word(it.kind),
        "conversation_name": shown.title(),
        "seq": seq,
        "at": item.at.0,
        "author": item.author.to_string(),
        "name": shown.name(item.author),
        "mine": item.mine,
        "state": state,
        "edited": item.edited,
        "expires_at": item.expires_at.map(|at| at.0),
        "reactions": item.reactions.iter().map(|it| json!({
            "emoji": it.emoji,
            "by": ids(&it.by),
        })).collect::<Vec<Value>>(),
    });
    let mut set = |field: &str, value: Value| {
        if let Some(fields) = object.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
    };
    if let Some(failure) = failure {
        set("failure", json!(failure));
    }
    if let Some(quote) = &item.reply {
        let reply = json!({
            "seq": quote.seq.map(|seq| seq.0),
            "author": quote.author.map(|author| author.to_string()),
            "excerpt": quote.excerpt,
        });
        set("reply_to", reply);
    }
    match &item.body {
        ItemBody::Text { text, mentions } => {
            set("kind", json!("text"));
            set("text", json!(text));
            let mentions = mentions.iter().map(|it| {
                json!({
                    "account": it.account.to_string(),
                    "start": it.start,
                    "length": it.length,
                })
            });
            set("mentions", mentions.collect());
        }
        ItemBody::Deleted { by } => {
            set("kind", json!("deleted"));
            set("by", json!(by.to_string()));
        }
        ItemBody::Happened(what) => {
            set("kind", json!("happened"));
            let (word, accounts) = happening(what);
            set("what", json!(word));
            set("accounts", json!(ids(accounts.unwrap_or_default())));
            match what {
                Happening::Renamed(name) => set("new_name", json!(name)),
                Happening::TimerSet(seconds) => set("timer", json!(seconds)),
                Happening::AdminSet(_, admin) => set("admin", json!(admin)),
                Happening::Missing(count) => set("count", json!(count)),
                _ => {}
            }
        }
        ItemBody::Undecryptable { cause } => {
            set("kind", json!("undecryptable"));
            set("cause", json!(cause_word(*cause)));
        }
    }
    write(&object)
}

pub(super) fn hit(shown: &Shown<'_>, hit: &Hit) -> String {
    write(&json!({
        "type": "hit",
        "conversation": hit.conversation.to_string(),
        "conversation_name": shown.title(),
        "seq": hit.seq.0,
        "at": hit.at.0,
        "author": hit.author.to_string(),
        "name": shown.name(hit.author),
        "excerpt": hit.excerpt,
        "marks": hit.marks,
    }))
}

fn happening(what: &Happening) -> (&'static str, Option<&[AccountId]>) {
    match what {
        Happening::Created => ("created", None),
        Happening::Joined(who) => ("joined", Some(who)),
        Happening::Removed(who) => ("removed", Some(who)),
        Happening::Left(who) => ("left", Some(who)),
        Happening::DeviceAdded(who) => ("device_added", Some(std::slice::from_ref(who))),
        Happening::DeviceRemoved(who) => ("device_removed", Some(std::slice::from_ref(who))),
        Happening::Renamed(_) => ("renamed", None),
        Happening::PictureChanged => ("picture_changed", None),
        Happening::TimerSet(_) => ("timer_set", None),
        Happening::AdminSet(who, _) => ("admin_set", Some(std::slice::from_ref(who))),
        Happening::Rejoined => ("rejoined", None),
        Happening::Missing(_) => ("missing", None),
    }
}

fn ids(accounts: &[AccountId]) -> Vec<String> {
    accounts.iter().map(ToString::to_string).collect()
}
