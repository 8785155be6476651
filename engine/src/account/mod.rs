//! Accounts of version 3: signing up and in, recovery, credentials.
//!
//! Each is a **flow**: a small machine without I/O that gives requests and takes their responses,
//! one after the other, on one connection. It is begun with the user's words, before there is a
//! connection; so a weak password or a mistyped code never leaves the device.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`sign_up`] | a new account |
//! | [`sign_in`] | a new device of an account, by its password |
//! | [`recover`] | a new device and a new password, by the recovery code |
//! | [`credentials`] | a device that is signed in changes or confirms what opens the account |
//! | [`login`] | what those three share: OPAQUE, the vault, and whether they fit each other |
//! | [`renewal`] | what recovery and credentials share: new secrets for an opened account |
//! | [`vault_content`] | what stands in the vault |
//! | [`stored`] | what this device keeps |
//! | [`refusal`] | what the gateway's errors mean to the user |
//!
//! # Crashes
//! A gateway may have stored a device before its answer arrives. So a flow gives
//! [`Progress::Ask`] with [`keep`](Progress::Ask::keep) right before the request that adds the
//! device: it is persisted as pending before that request is transmitted. After a restart the
//! pending device authenticates: a session means that it was added, and
//! [`StoredAccount::confirmed`](stored::StoredAccount::confirmed) gives the account; an unknown
//! device means that it was not, and the pending record is deleted.
//!
//! A new recovery code is persisted before the request that puts it in place
//! ([`Flow::new_code`]). Where the answer is lost, it is shown all the same.

pub(crate) mod credentials;
pub(crate) mod login;
pub(crate) mod recover;
pub(crate) mod refusal;
pub(crate) mod renewal;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod stored;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod vault_content;

use rand_chacha::ChaCha20Rng;
use sotto_shared::GatewayId;
use sotto_shared::account::Nonce;
use sotto_shared::limits::{AGENT_MAX, DEVICE_NAME_MAX};
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::sotto::{Request, Response};

use crate::api::{AccountFailure, DeviceName, SignInStep};
use stored::{StoredAccount, StoredCode};

/// What the gateway said of itself on this connection, and the time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greeting {
    pub(crate) gateway: GatewayId,
    pub(crate) nonce: Nonce,
    /// Seconds since 1970, by the clock here.
    pub(crate) now: u64,
}

/// A sequence of requests and responses with one outcome.
///
/// After an error the flow is over. Responses of other requests must not be given to it.
pub(crate) trait Flow: Sized {
    /// What comes of it.
    type Outcome;

    /// How far it has come.
    fn step(&self) -> SignInStep;

    /// Takes the response to the request that was asked last.
    fn answer(
        self,
        response: Response,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure>;

    /// Does the slow step that [`Progress::Work`] announced.
    fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure>;

    /// What to tell when the connection breaks before the answer has come.
    fn interrupted(&self) -> AccountFailure;

    /// A new recovery code that the gateway may have taken, by the request that was asked last or
    /// one before: persisted before that request is transmitted, or a crash would lose it unseen.
    fn new_code(&self) -> Option<StoredCode> {
        None
    }
}

/// What a flow wants next.
#[expect(clippy::large_enum_variant, reason = "moved once, never stored")]
pub(crate) enum Progress<F: Flow> {
    /// Sends a request, and goes on with its answer.
    Ask {
        flow: F,
        request: Request,
        /// Persisted as pending before the request is transmitted.
        keep: Option<Box<StoredAccount>>,
    },
    /// A step comes that takes up to seconds (Argon2id): show [`Flow::step`] first, then call
    /// [`Flow::work`].
    Work(F),
    /// It is over.
    Done(F::Outcome),
}

impl<F: Flow> Progress<F> {
    fn ask(flow: F, request: Request) -> Self {
        Self::Ask {
            flow,
            request,
            keep: None,
        }
    }
}

/// A call at the wrong time: an answer that nothing was asked for, or work that nobody announced.
const OUT_OF_TURN: AccountFailure = AccountFailure::BadAnswer;

/// What a device is called, made to fit the protocol's limits.
fn label(device: &DeviceName) -> DeviceLabel {
    let name: String = device
        .name
        .chars()
        .filter(|c| !c.is_control())
        .take(DEVICE_NAME_MAX)
        .collect();
    let name = match name.trim() {
        "" => "Device".to_owned(),
        name => name.to_owned(),
    };
    let mut platform = String::new();
    for c in device.platform.chars().filter(|c| !c.is_control()) {
        if platform.len() + c.len_utf8() > AGENT_MAX {
            break;
        }
        platform.push(c);
    }
    DeviceLabel { name, platform }
}
