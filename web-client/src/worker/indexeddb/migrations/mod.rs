//! The database's layout, step by step. A step that was released is never changed.

mod v0_to_v1;

use wasm_bindgen::JsValue;
use web_sys::IdbDatabase;

type Step = fn(&IdbDatabase) -> Result<(), JsValue>;

/// The step at index `n` leads from version `n` to version `n + 1`.
const STEPS: [Step; 1] = [v0_to_v1::migrate];

/// The layout that this code works with.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Makes the steps that a database of `version` lacks; 0 is one that was just made.
pub(super) fn migrate(database: &IdbDatabase, version: u32) -> Result<(), JsValue> {
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    STEPS.iter().skip(done).try_for_each(|step| step(database))
}
