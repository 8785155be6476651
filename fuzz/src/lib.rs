//! Fuzz targets for whatever reads bytes of strangers.
//!
//! Each target is a function of arbitrary bytes that panics where a promise is broken. `cargo test
//! -p sotto-fuzz --release` tries each on its files and then on random bytes, for five seconds or
//! for `BOLERO_RANDOM_TEST_TIME_MS`. libFuzzer follows the branches instead:
//!
//! ```sh
//! cargo install cargo-bolero --locked --no-default-features --features libfuzzer
//! cargo bolero test -p sotto-fuzz tests::request_stream \
//!     --rustc-bootstrap -s NONE --profile release -T 10min
//! ```
//!
//! Input that breaks a promise goes into `src/__fuzz__/tests__<target>/crashes`: give it a name,
//! commit it, and every test tries it from then on. `corpus` beside it holds the seeds.
//!
//! | target | reads |
//! | --- | --- |
//! | `request_stream` | raw bytes as the gateway receives them, cut anywhere |
//! | `request_script` | well-formed frames, packets and broken ones, as the bytes dictate |
//! | `request_message` | one WebSocket message |
//! | `response_stream`, `response_script` | the same for a client |
//! | `names` | name fields and texts |
//! | `public_keys`, `private_keys` | DER, raw and near to valid |
//! | `ciphertexts` | AES-CBC, raw and near to valid |
//! | `wrapped_keys` | RSA-OAEP, raw and near to valid |
//! | `account_statements` | what account and device keys sign, raw and near to valid |
//! | `account_names` | account names, display names, passwords |
//! | `recovery_codes` | recovery codes as people type them |
//! | `safety_number_scan` | scanned texts, raw and near to valid |
//! | `vaults` | sealed vaults and wrapped vault keys, raw and near to valid |
//! | `opaque_messages` | OPAQUE as the gateway and the client read it, raw and near to valid |
//! | `sotto_requests` | version 3 requests as the gateway reads them |
//! | `sotto_responses` | version 3 responses and pushes as a client reads them |
//! | `sotto_splitter` | a connection with both dialects as a client gets it |
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a broken promise is to panic"
)]

mod account;
mod crypto;
mod names;
mod requests;
mod responses;
mod sotto;
mod source;

pub use account::{
    account_names, account_statements, opaque_messages, recovery_codes, safety_number_scan, vaults,
};
pub use crypto::{ciphertexts, private_keys, public_keys, wrapped_keys};
pub use names::names;
pub use requests::{request_message, request_script, request_stream};
pub use responses::{response_script, response_stream};
pub use sotto::{sotto_requests, sotto_responses, sotto_splitter};

#[cfg(test)]
mod tests {
    use std::time::Duration;

    macro_rules! targets {
        ($($target:ident),* $(,)?) => {$(
            #[test]
            fn $target() {
                bolero::check!()
                    .with_test_time(Duration::from_secs(5))
                    .for_each(|input: &[u8]| crate::$target(input));
            }
        )*};
    }

    targets!(
        request_stream,
        request_script,
        request_message,
        response_stream,
        response_script,
        names,
        public_keys,
        private_keys,
        ciphertexts,
        wrapped_keys,
        account_statements,
        account_names,
        recovery_codes,
        safety_number_scan,
        vaults,
        opaque_messages,
        sotto_requests,
        sotto_responses,
        sotto_splitter,
    );
}
