//! Every flow against the server's side of OPAQUE, honest and lying.

mod honest;
mod lying;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::ClientId;
use sotto_shared::account::{AccountKey, AccountName, DisplayName, Slot};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::sotto::types::OpaqueMessage;
use sotto_shared::sotto::{ErrorCode, Request, Response};

use crate::account::credentials::{Credentials, Outcome, Purpose};
use crate::account::recover::Recover;
use crate::account::sign_in::SignIn;
use crate::account::sign_up::{SignUp, SignUpWords};
use crate::account::stored::StoredAccount;
use crate::account::testing::{Gateway, Run, error, run};
use crate::api::{AccountFailure, DeviceName, Passphrase};
use crate::identity::Identity;

const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "staple of another kind";

fn words(text: &str) -> Passphrase {
    Passphrase(text.to_owned())
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn device() -> DeviceName {
    DeviceName {
        name: "Firefox\n on Windows".to_owned(),
        platform: "x".repeat(200),
    }
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn begin_sign_up(
    who: &str,
    password: &str,
    carry_over: Option<Identity>,
) -> Result<(SignUp, Request), AccountFailure> {
    let words = SignUpWords {
        name: name(who),
        display_name: DisplayName::parse("Somebody").unwrap(),
        password: words(password),
        invitation: None,
        device: device(),
        carry_over,
    };
    let seed = who.bytes().map(u64::from).sum();
    SignUp::begin(words, &mut rng(seed))
}

fn sign_up(gateway: &mut Gateway, who: &str) -> StoredAccount {
    let greeting = gateway.greeting();
    let begun = begin_sign_up(who, PASSWORD, None);
    let run = run(begun, greeting, |_, it| gateway.serve(it), |_| {});
    *run.result.unwrap()
}

fn sign_in(gateway: &mut Gateway, password: &str) -> Run<Box<StoredAccount>> {
    let greeting = gateway.greeting();
    let begun = SignIn::begin(name("alice"), &words(password), &device(), &mut rng(5));
    run(begun, greeting, |_, it| gateway.serve(it), |_| {})
}

fn recover(gateway: &mut Gateway, code: &Passphrase, others: bool) -> Run<Box<StoredAccount>> {
    let greeting = gateway.greeting();
    let begun = begin_recover(code, others);
    run(begun, greeting, |_, it| gateway.serve(it), |_| {})
}

fn begin_recover(code: &Passphrase, others: bool) -> Result<(Recover, Request), AccountFailure> {
    let password = words(NEW_PASSWORD);
    Recover::begin(
        name("alice"),
        code,
        password,
        &device(),
        others,
        &mut rng(6),
    )
}

fn credentials(
    gateway: &mut Gateway,
    stored: &StoredAccount,
    password: &str,
    purpose: Purpose,
) -> Run<Outcome> {
    let greeting = gateway.greeting();
    let begun = Credentials::begin(stored, &words(password), purpose, &mut rng(8));
    run(begun, greeting, |_, it| gateway.serve(it), |_| {})
}

fn change(revoke_others: bool) -> Purpose {
    Purpose::ChangePassword {
        new: words(NEW_PASSWORD),
        revoke_others,
    }
}
