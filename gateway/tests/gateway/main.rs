//! The gateway as its clients see it: over loopback, and its connection core without sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and its helpers stand outside of the test functions"
)]

mod account_client;
mod account_storage;
mod account_support;
mod accounts;
mod acme;
mod admin;
mod bridge;
mod configuration;
mod conversations;
mod core;
mod delivery_storage;
mod deviations;
mod durability;
mod limits;
mod recorded;
mod reliable;
mod sotto_core;
mod sotto_delivery;
mod stopping;
mod storage;
mod support;
mod tls;
mod web;
