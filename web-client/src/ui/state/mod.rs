//! What the page knows: pure values that events are applied to, tested natively.

pub(crate) mod chat_timeline;
pub(crate) mod chats;
pub(crate) mod code;
pub(crate) mod contacts;
pub(crate) mod device;
pub(crate) mod likeness;
pub(crate) mod listing;
pub(crate) mod mentions;
pub(crate) mod people;
pub(crate) mod timeline;

#[cfg(test)]
pub(crate) mod samples;
