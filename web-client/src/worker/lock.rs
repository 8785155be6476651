//! The lock of the origin that makes one worker the leader (Web Locks).

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::js::{self, First};

/// A lock that is held until this is dropped, or the worker ends in any way.
#[derive(Debug)]
pub struct Lock {
    release: Function,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Why there is no lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The browser has no Web Locks here: it is too old, or the address is not a secure one.
    #[error(
        "Sotto needs a secure address here: open it by https:// or on this computer itself \
         (localhost)."
    )]
    Unavailable,
    /// The browser refused.
    #[error("The browser refuses to coordinate the tabs of Sotto ({0}).")]
    Refused(String),
}

/// Waits for the lock `name` as long as it takes.
///
/// # Errors
/// [`LockError`], without waiting.
pub async fn acquire(name: &str) -> Result<Lock, LockError> {
    let locks = js::property(&js::property(&js_sys::global(), "navigator"), "locks");
    let request: Function = js::property(&locks, "request")
        .dyn_into()
        .map_err(|_| LockError::Unavailable)?;

    // The lock is held until the promise that `granted` returns is resolved.
    let mut release = None;
    let held = Promise::new(&mut |resolve, _reject| release = Some(resolve));
    let release = release.ok_or_else(|| LockError::Refused("no promise".to_owned()))?;
    // From here on both undo what was asked if this future is dropped: a request that still waits
    // is taken back, a lock that was granted meanwhile is released.
    let lock = Lock { release };
    let request_guard = TakeBack(AbortController::new().map_err(|error| refused(&error))?);

    let outcome = First::new();
    let (granted, failed) = (outcome.settle(), outcome.settle());
    let granted = Closure::once_into_js(move || -> Promise {
        granted(Ok(()));
        held
    });
    let options = Object::new();
    let promise: Promise = Reflect::set(&options, &"signal".into(), &request_guard.0.signal())
        .and_then(|_| request.call3(&locks, &JsValue::from_str(name), &options, &granted))
        .and_then(JsCast::dyn_into)
        .map_err(|error| refused(&error))?;
    spawn_local(async move {
        if let Err(error) = JsFuture::from(promise).await {
            failed(Err(refused(&error)));
        }
    });
    let settled = outcome.settled().await;
    settled.unwrap_or_else(|| Err(LockError::Refused("no answer".to_owned())))?;
    Ok(lock)
}

/// Takes a request back, as long as it waits.
struct TakeBack(AbortController);

impl Drop for TakeBack {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn refused(error: &JsValue) -> LockError {
    LockError::Refused(js::error_text(error))
}
