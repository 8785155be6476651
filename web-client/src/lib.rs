//! The Sotto web client: what its two WebAssembly modules are made of.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`link`] | messages between the page and its worker, the only thing that both know |
//! | [`ui`] | the page: everything the user sees; holds no key |
//! | [`worker`] | the engine's host: storage, connection, one engine for all tabs |

pub mod link;
#[cfg(feature = "ui")]
pub mod ui;
pub mod worker;
