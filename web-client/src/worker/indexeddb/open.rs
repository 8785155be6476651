//! Opening the database, with every way in which that fails explained.

use core::time::Duration;

use futures_util::future::{Either, select};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbVersionChangeEvent};

use super::super::js::{self, First};
use super::error::explain;
use super::migrations;

/// A database that does not open in this time will not open at all.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);

/// How long other tabs may take to let go of an older layout.
const BLOCKED_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the local database cannot be opened. Nothing was changed in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is no IndexedDB.
    #[error(
        "This browser gives the page no local storage. Allow site data for this address, or leave \
         the private window, and reload."
    )]
    Unavailable,
    /// Its layout is of a later version.
    #[error("Your data was written by a newer version of Sotto. Reload the page to get it.")]
    Newer,
    /// Another tab holds an older layout open.
    #[error(
        "Another tab keeps your data open in an older version of Sotto. Close the other tabs and reload."
    )]
    Blocked,
    /// Nothing happens.
    #[error("The browser's local storage does not answer. Restart the browser.")]
    Stuck,
    /// Anything else.
    #[error("The browser's local storage cannot be opened ({0}). Nothing was changed in it.")]
    Failed(String),
}

enum Answer {
    Success,
    Error,
    Blocked,
}

/// Opens the database at the layout of [`migrations::VERSION`].
pub(super) async fn open(name: &str) -> Result<IdbDatabase, OpenError> {
    let factory: IdbFactory = js::property(&js_sys::global(), "indexedDB")
        .dyn_into()
        .map_err(|_| OpenError::Unavailable)?;
    let request = factory
        .open_with_u32(name, migrations::VERSION)
        .map_err(|error| classify(&error))?;

    // Left to JavaScript's garbage collector: a request that is given up below may still upgrade
    // the database later, and must do so whole.
    let upgrading = request.clone();
    let upgrade =
        Closure::<dyn FnMut(IdbVersionChangeEvent)>::new(move |event| upgrade(&upgrading, &event));
    request.set_onupgradeneeded(Some(upgrade.into_js_value().unchecked_ref()));

    let mut answer = within(OPEN_TIMEOUT, next_answer(&request)).await;
    if matches!(answer, Some(Answer::Blocked)) {
        let unblocked = within(BLOCKED_TIMEOUT, next_answer(&request)).await;
        answer = unblocked.or(Some(Answer::Blocked));
    }
    match answer {
        Some(Answer::Success) => request
            .result()
            .map(JsCast::unchecked_into)
            .map_err(|error| classify(&error)),
        Some(Answer::Error) => Err(classify(&js::property(&request, "error"))),
        Some(Answer::Blocked) => {
            close_when_opened(&request);
            Err(OpenError::Blocked)
        }
        None => {
            close_when_opened(&request);
            Err(OpenError::Stuck)
        }
    }
}

async fn next_answer(request: &IdbOpenDbRequest) -> Answer {
    let first = First::new();
    let success = first.on(|_| Answer::Success);
    let error = first.on(|_| Answer::Error);
    let blocked = first.on(|_| Answer::Blocked);
    request.set_onsuccess(Some(success.as_ref().unchecked_ref()));
    request.set_onerror(Some(error.as_ref().unchecked_ref()));
    request.set_onblocked(Some(blocked.as_ref().unchecked_ref()));
    let answer = first.settled().await;
    request.set_onsuccess(None);
    request.set_onerror(None);
    request.set_onblocked(None);
    answer.unwrap_or(Answer::Error)
}

async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(future), Box::pin(js::sleep(time))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

fn upgrade(request: &IdbOpenDbRequest, event: &IdbVersionChangeEvent) {
    let Ok(database) = request.result().map(JsCast::unchecked_into::<IdbDatabase>) else {
        return;
    };
    // `as` saturates; versions are small whole numbers.
    if migrations::migrate(&database, event.old_version() as u32).is_err()
        && let Some(transaction) = request.transaction()
    {
        // The open request fails then, and the database stays as it was.
        let _ = transaction.abort();
    }
}

/// A request that was given up must not keep a connection that nobody knows of.
fn close_when_opened(request: &IdbOpenDbRequest) {
    let opening = request.clone();
    let close = Closure::once_into_js(move || {
        if let Ok(database) = opening.result() {
            database.unchecked_into::<IdbDatabase>().close();
        }
    });
    request.set_onsuccess(Some(close.unchecked_ref()));
}

fn classify(error: &JsValue) -> OpenError {
    match js::error_name(error).as_str() {
        "VersionError" => OpenError::Newer,
        "SecurityError" => OpenError::Unavailable,
        _ => OpenError::Failed(explain(error)),
    }
}
