//! Accounts in `sotto`, against a real gateway.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod bridge;
mod conversations;
mod endings;
mod people;
mod secrets;
mod signing_in;

use support::User;

const NEW_PASSWORD: &str = "seven purple elephants";

/// What is known of somebody, by name.
#[track_caller]
fn contact(user: &User, name: &str) -> serde_json::Value {
    let people = user.sotto(&["--json", "people"]).ok().objects();
    let mut people = people.into_iter();
    people.find(|it| it["name"] == name).unwrap()
}

#[track_caller]
fn trust_of(user: &User, name: &str) -> serde_json::Value {
    contact(user, name)["trust"].clone()
}
