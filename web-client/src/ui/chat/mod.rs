//! The right side: one conversation, and what is done with conversations.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `store` | signals around what the worker told of conversations |
//! | `view`, `header` | the whole, and what stands above |
//! | `timeline`, `row`, `quiet`, `text` | the lines |
//! | `menu` | what can be done with a line |
//! | `composer`, `completion`, `slash` | where is written |
//! | `picture` | a group's picture |

mod completion;
mod composer;
mod header;
mod menu;
mod picture;
mod quiet;
mod row;
mod slash;
mod store;
mod text;
mod timeline;
mod view;

pub(crate) use self::picture::chat_avatar;
pub(crate) use self::store::{Chats, Found, apply, seq_of};
pub(crate) use self::view::{ChatView, is_verified};
