//! Sotto's client, sans-IO.

pub mod api;
pub mod store;
pub mod time;
