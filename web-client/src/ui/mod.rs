//! The page: everything the user sees. It holds no key; what it knows, the worker told it.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `state/` | the model: pure values that events are applied to |
//! | `store`, `bridge` | signals around the model, and the line to the worker |
//! | `app` | which screen is shown |
//! | `entry/`, `name_page`, `import_page`, `lock_page`, `boot` | the screens before the main view |
//! | `own`, `account/` | the own account: what is known of it, its pages and lines |
//! | `people`, `people_row`, `hits`, `connection` | the left side |
//! | `chat/` | the right side: one conversation |
//! | `conversation`, `timeline`, `scroll`, `message`, `file_body`, `composer` | the same for a classic one |
//! | `contact/` | a contact's page, safety number, and the stop when a key changes |
//! | `form`, `field` | what forms are made of |
//! | `dialogs/` | everything that stands above the page |
//! | `words`, `time`, `linkify`, `icons` | how things are said and drawn |

#![allow(
    unreachable_pub,
    reason = "Leptos' component macro writes `pub` into private modules"
)]

mod account;
mod app;
mod avatar;
mod boot;
mod bridge;
mod chat;
mod composer;
mod connection;
mod contact;
mod conversation;
mod dialogs;
mod dom;
mod drafts;
mod entry;
mod field;
mod file_body;
mod files;
mod form;
mod hits;
mod icons;
mod import_page;
mod linkify;
mod lock_page;
mod message;
mod name_page;
mod navigation;
mod notices;
mod notify;
mod own;
mod people;
mod people_row;
mod picture_file;
mod scroll;
mod state;
mod store;
mod time;
mod timeline;
mod tray;
mod words;

/// Puts the page in the place of what `index.html` painted.
pub fn start() {
    app::mount();
}
