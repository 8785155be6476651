//! Search over everything that is kept here, newest first.
//!
//! What is searched is kept beside the lines themselves, folded (`fold`): 100,000 messages are read
//! and decrypted in some hundred records, not in 100,000. Words are looked for by their beginnings;
//! all of them must be there. What is shown of a hit comes from the line itself, so nothing is shown
//! that is not there any more.

mod excerpt;
mod fold;
mod index;
mod query;

pub(crate) use index::{Found, Index, Segments, Spot};
pub(crate) use query::{Page, Query, find};

#[cfg(test)]
mod tests;
