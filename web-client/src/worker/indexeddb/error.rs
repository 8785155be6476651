//! Failures of IndexedDB in words.

use sotto_engine::store::StoreError;
use wasm_bindgen::JsValue;

use super::super::js;

/// What the engine is told about a failed request or transaction.
pub(super) fn backend(error: &JsValue) -> StoreError {
    StoreError::Backend(explain(error))
}

/// What is wrong and, where that is known, what helps.
pub(super) fn explain(error: &JsValue) -> String {
    match js::error_name(error).as_str() {
        "QuotaExceededError" => {
            "no space is left for this site: free some space on this device".to_owned()
        }
        "InvalidStateError" => "the connection to it is closed: reload the page".to_owned(),
        _ => js::error_text(error),
    }
}
