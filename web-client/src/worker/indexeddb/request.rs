//! Requests and transactions of IndexedDB as futures.
//!
//! A transaction commits by itself once nothing is asked of it any more. Awaiting one of its
//! requests and then making the next one is fine: the waiting task runs in the microtasks of the
//! request's own event, while the transaction is still active. Awaiting anything else is not.

use sotto_engine::store::StoreError;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbRequest, IdbTransaction};

use super::super::js::{self, First};
use super::error::backend;

/// The result of a request. May be awaited again for a cursor that was moved.
pub(super) async fn result(request: &IdbRequest) -> Result<JsValue, StoreError> {
    let first = First::new();
    let (success, error) = (first.on(|_| true), first.on(|_| false));
    request.set_onsuccess(Some(success.as_ref().unchecked_ref()));
    request.set_onerror(Some(error.as_ref().unchecked_ref()));
    let succeeded = first.settled().await;
    request.set_onsuccess(None);
    request.set_onerror(None);
    if succeeded == Some(true) {
        request.result().map_err(|error| backend(&error))
    } else {
        Err(backend(&js::property(request, "error")))
    }
}

/// Comes back when everything in the transaction is on disk, or nothing of it is there.
pub(super) async fn committed(transaction: &IdbTransaction) -> Result<(), StoreError> {
    let first = First::new();
    let (complete, abort) = (first.on(|_| true), first.on(|_| false));
    transaction.set_oncomplete(Some(complete.as_ref().unchecked_ref()));
    // A failed request aborts the transaction; its `error` says why by then.
    transaction.set_onabort(Some(abort.as_ref().unchecked_ref()));
    let complete = first.settled().await;
    transaction.set_oncomplete(None);
    transaction.set_onabort(None);
    if complete == Some(true) {
        Ok(())
    } else {
        Err(backend(&js::property(transaction, "error")))
    }
}
