//! Conversations: devices of several people, and everything that may break between them.

mod people;
mod random;
mod told;

pub(super) use told::Chats;
