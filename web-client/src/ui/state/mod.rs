//! What the page knows: pure values that events are applied to, tested natively.

pub(crate) mod people;
pub(crate) mod timeline;

#[cfg(test)]
pub(crate) mod samples;
