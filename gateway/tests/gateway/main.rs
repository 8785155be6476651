//! The gateway as its clients see it: over loopback, and its connection core without sockets.

mod configuration;
mod core;
mod deviations;
mod durability;
mod limits;
mod recorded;
mod reliable;
mod stopping;
mod storage;
mod support;
mod web;
