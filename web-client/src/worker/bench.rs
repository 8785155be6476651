//! Figures of the classic cryptography in this worker, for `cargo xtask bench`.

use js_sys::{Array, Object, Reflect};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::crypto::{PrivateKey, SymmetricKey};
use wasm_bindgen::JsValue;

use super::js;

/// How many keys are made; the first one is the cold one.
const KEYS: usize = 25;

/// Size of the buffer that is encrypted.
const BULK: usize = 16 << 20;

/// How often; the best time counts. The first round runs before the browser has optimised the code.
const ROUNDS: usize = 4;

/// Measures. The answer is an object: `rsaKeygenMs` (milliseconds of each key generation, the first
/// one in this worker first), `aesEncryptMBps` and `aesDecryptMBps` (AES-128-CBC, 16 MiB, best of
/// [`ROUNDS`]), and `intact`: whether decryption gave the plaintext back.
pub fn run() -> JsValue {
    let answer = Object::new();
    let mut seed = [0; 32];
    if getrandom::getrandom(&mut seed).is_err() {
        return answer.into();
    }
    let mut rng = ChaCha20Rng::from_seed(seed);

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
    for (name, figure) in figures {
        // A plain object takes any property.
        let _ = Reflect::set(&answer, &name.into(), &figure);
    }
    answer.into()
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
