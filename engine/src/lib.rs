//! Sotto's client, sans-IO.
//!
//! The same code runs in the browser's worker and in the terminal client. Bytes, time and
//! randomness come in, [`machine::Effect`]s come out; sockets, clocks and databases belong to the
//! caller.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`api`] | what user interfaces say and hear |
//! | [`driver`] | the engine on a store; what a client embeds |
//! | [`machine`] | the engine itself: one input, the effects of it |
//! | [`store`] | the storage trait, its conformance suite, sealing at rest |
//! | [`identity`] | who the user is, and `my.info` |
//! | [`formatting`] | what the marks in a text mean |
//! | [`slash`] | commands of the composer |
//!
//! ```
//! use sotto_engine::api::{Event, Phase};
//! use sotto_engine::driver::{Driver, Input, Output};
//! use sotto_engine::machine::Profile;
//! use sotto_engine::store::MemoryStore;
//! use sotto_engine::time::Timestamp;
//!
//! # sotto_engine::block_on(async {
//! let now = Timestamp(1_000);
//! let mut driver = Driver::open(MemoryStore::default(), Profile::Reliable, [7; 32]).await;
//! let outputs = driver.handle(Input::Start, now).await;
//! assert_eq!(outputs.first(), Some(&Output::Connect));
//! assert!(outputs.iter().any(|output| matches!(
//!     output,
//!     Output::Event(Event::Status(status)) if status.phase == Phase::Unregistered
//! )));
//! # });
//! ```

mod account;
pub mod api;
mod contact;
pub mod driver;
pub mod formatting;
pub mod identity;
pub mod machine;
mod media;
// The conversation machine is built on it.
#[allow(dead_code, unused_imports)]
mod mls;
mod record;
mod search;
#[cfg(test)]
mod simulation;
pub mod slash;
pub mod store;
pub mod time;
mod timeline;
mod vault;

pub use media::safe_name;

/// Runs a future that never waits, as those of synchronous stores are.
///
/// # Panics
/// If the future waits for something.
#[cfg(any(test, feature = "conformance", doc, doctest, debug_assertions))]
#[doc(hidden)]
#[allow(clippy::panic)]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = core::pin::pin!(future);
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        core::task::Poll::Ready(value) => value,
        core::task::Poll::Pending => panic!("a synchronous store does not wait"),
    }
}
