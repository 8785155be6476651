//! The one object store, with keys beside the values.

use wasm_bindgen::JsValue;
use web_sys::IdbDatabase;

pub(super) fn migrate(database: &IdbDatabase) -> Result<(), JsValue> {
    database.create_object_store("records").map(drop)
}
