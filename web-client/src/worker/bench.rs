//! Figures of the cryptography in this worker, for `cargo xtask bench`.

use argon2::{Algorithm, Argon2, Params, Version};
use js_sys::{Array, Object, Reflect};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::account::opaque::{
    ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, Identifiers, LoginStart, RegistrationStart,
};
use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey, Slot};
use sotto_shared::crypto::{PrivateKey, SymmetricKey};
use sotto_shared::{AccountId, ClientId, GatewayId};
use wasm_bindgen::JsValue;

use super::js;

/// How many keys are made; the first one is the cold one.
const KEYS: usize = 25;

/// Size of the buffer that is encrypted.
const BULK: usize = 16 << 20;

/// How often; the best time counts. The first round runs before the browser has optimised the code.
const ROUNDS: usize = 4;

/// How often a password is stretched.
const STRETCHINGS: usize = 3;

/// Measures. The answer is an object: `rsaKeygenMs` (milliseconds of each key generation, the first
/// one in this worker first), `aesEncryptMBps` and `aesDecryptMBps` (AES-128-CBC, 16 MiB, best of
/// [`ROUNDS`]), `intact` (whether decryption gave the plaintext back), and what accounts take, in
/// milliseconds each time: `argon2idMs` (a password stretched), `opaqueRegisterMs` (the whole of a
/// client's OPAQUE registration, with such a stretching in it), `opaqueLoginStartMs` (the first
/// step of a login, with none) and `accountKeysMs` (account key, device key and certificate).
pub fn run() -> JsValue {
    let answer = Object::new();
    let mut seed = [0; 32];
    if getrandom::getrandom(&mut seed).is_err() {
        return answer.into();
    }
    let mut rng = ChaCha20Rng::from_seed(seed);
    let account = account_figures(&mut rng);

    let keys = Array::new();
    for _ in 0..KEYS {
        let (key, millis) = timed(|| PrivateKey::generate(&mut rng));
        if key.is_ok() {
            keys.push(&millis.into());
        }
    }
    let key = SymmetricKey::generate(&mut rng);
    let plaintext = vec![0x5a; BULK];
    let (mut encrypt, mut decrypt, mut intact) = (f64::INFINITY, f64::INFINITY, true);
    for _ in 0..ROUNDS {
        let (ciphertext, millis) = timed(|| key.encrypt(&plaintext));
        encrypt = encrypt.min(millis);
        let (decrypted, millis) = timed(|| key.decrypt(&ciphertext));
        decrypt = decrypt.min(millis);
        intact &= decrypted.is_ok_and(|decrypted| decrypted == plaintext);
    }

    let megabytes = BULK as f64 / 1e6;
    let figures = [
        ("rsaKeygenMs", keys.into()),
        ("aesEncryptMBps", JsValue::from(megabytes / (encrypt / 1e3))),
        ("aesDecryptMBps", JsValue::from(megabytes / (decrypt / 1e3))),
        ("intact", JsValue::from(intact)),
    ];
    for (name, figure) in figures.into_iter().chain(account) {
        // A plain object takes any property.
        let _ = Reflect::set(&answer, &name.into(), &figure);
    }
    answer.into()
}

/// What accounts take.
fn account_figures(rng: &mut ChaCha20Rng) -> [(&'static str, JsValue); 4] {
    let [argon2id, registers, logins, keys] = [(); 4].map(|()| Array::new());
    for _ in 0..STRETCHINGS {
        argon2id.push(&timed(stretch).1.into());
        let (registered, millis) = timed(|| register(rng));
        if registered.is_some() {
            registers.push(&millis.into());
        }
        logins.push(&timed(|| LoginStart::new(rng, PASSWORD).is_ok()).1.into());
        let make = || {
            let (account, device) = (AccountKey::generate(rng), DeviceKey::generate(rng));
            let ids = (AccountId::random(rng), ClientId::random(rng));
            DeviceCertificate::issue(&account, ids.0, ids.1, device.public(), 0)
        };
        keys.push(&timed(make).1.into());
    }
    [
        ("argon2idMs", argon2id.into()),
        ("opaqueRegisterMs", registers.into()),
        ("opaqueLoginStartMs", logins.into()),
        ("accountKeysMs", keys.into()),
    ]
}

const PASSWORD: &[u8] = b"correct horse battery";

fn stretch() -> bool {
    let mut output = [0; 64];
    Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)
        .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        .is_ok_and(|argon2| {
            argon2
                .hash_password_into(PASSWORD, &[0; 16], &mut output)
                .is_ok()
        })
}

/// A client's whole registration. The answer is made of another request's point: the time is that
/// of any other answer, and no gateway is needed. (Its own point would be refused.)
fn register(rng: &mut ChaCha20Rng) -> Option<()> {
    let (start, _) = RegistrationStart::new(rng, PASSWORD).ok()?;
    let (_, other) = RegistrationStart::new(rng, PASSWORD).ok()?;
    let name = "bench".parse().ok()?;
    let identifiers = Identifiers::new(&name, Slot::Password, GatewayId::random(rng));
    let answer = [other.as_slice(), other.as_slice()].concat();
    start.finish(rng, &answer, &identifiers).ok().map(drop)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begin = clock();
    let value = work();
    (value, clock() - begin)
}

fn clock() -> f64 {
    js::scope()
        .and_then(|scope| scope.performance())
        .map_or(0.0, |performance| performance.now())
}
