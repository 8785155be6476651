//! The store on IndexedDB, in a real browser's worker.
#![cfg(target_arch = "wasm32")]
// clippy does not take `wasm_bindgen_test` for a test.
#![allow(clippy::expect_used, clippy::panic)]

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use js_sys::{Function, Reflect, eval};
use sotto_engine::api::{Event, Phase};
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::machine::Profile;
use sotto_engine::store::{Batch, Direction, Store, StoreError, conformance};
use sotto_engine::time::Timestamp;
use sotto_web_client::worker::indexeddb::{Closed, IndexedDbStore, OpenError};
use sotto_web_client::worker::js::sleep;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{IdbFactory, IdbOpenDbRequest};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn factory() -> IdbFactory {
    Reflect::get(&js_sys::global(), &"indexedDB".into())
        .expect("readable")
        .unchecked_into()
}

/// A name that no other test and no earlier run has used.
fn fresh_name(test: &str) -> String {
    format!(
        "test-{test}-{}-{}",
        js_sys::Date::now(),
        js_sys::Math::random()
    )
}

async fn open(name: &str) -> IndexedDbStore {
    IndexedDbStore::open(name, |_| ()).await.expect("opens")
}

fn put(key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::default();
    batch.put(key, value);
    batch
}

#[wasm_bindgen_test]
async fn indexeddb_store_conforms() {
    let mut count = 0;
    let name = fresh_name("conformance");
    conformance::run(async || {
        count += 1;
        open(&format!("{name}-{count}")).await
    })
    .await;
}

#[wasm_bindgen_test]
async fn records_survive_reopening() {
    let name = fresh_name("reopen");
    let mut store = open(&name).await;
    store.apply(put(b"key", b"value")).await.expect("applies");
    drop(store);
    assert_eq!(
        open(&name).await.get(b"key").await,
        Ok(Some(b"value".to_vec()))
    );
}

#[wasm_bindgen_test]
async fn two_connections_see_each_other() {
    let name = fresh_name("two");
    let (mut one, mut other) = (open(&name).await, open(&name).await);
    one.apply(put(b"a", b"1")).await.expect("applies");
    assert_eq!(other.get(b"a").await, Ok(Some(b"1".to_vec())));
    other.apply(put(b"a", b"2")).await.expect("applies");
    assert_eq!(one.get(b"a").await, Ok(Some(b"2".to_vec())));
}

#[wasm_bindgen_test]
async fn backward_scan_gives_the_newest_of_many() {
    let mut store = open(&fresh_name("backward")).await;
    let mut batch = Batch::default();
    for n in 0..500_u32 {
        batch.put(n.to_be_bytes(), vec![0; 300]);
    }
    store.apply(batch).await.expect("applies");
    let newest = store
        .scan(&[0; 4], &[0xff; 4], Direction::Backward, 200)
        .await
        .expect("scans");
    let keys: Vec<u32> = newest
        .iter()
        .map(|(key, _)| u32::from_be_bytes(key.as_slice().try_into().expect("4 bytes")))
        .collect();
    assert_eq!(keys, (300..500).rev().collect::<Vec<_>>());
}

/// Makes every `put` of a value of 3 bytes fail as a full disk does, in the middle of a batch.
fn full_disk(full: bool) {
    let script = if full {
        "self.realPut = IDBObjectStore.prototype.put;
         IDBObjectStore.prototype.put = function (value, key) {
             if (value.length === 3) throw new DOMException('full', 'QuotaExceededError');
             return self.realPut.call(this, value, key);
         }"
    } else {
        "IDBObjectStore.prototype.put = self.realPut"
    };
    eval(script).expect("the script runs");
}

#[wasm_bindgen_test]
async fn a_full_disk_is_an_error_and_changes_nothing() {
    let mut store = open(&fresh_name("quota")).await;
    store.apply(put(b"before", b"1")).await.expect("applies");
    let mut batch = put(b"fits", b"1");
    batch.put(*b"too much", *b"333");
    full_disk(true);
    let result = store.apply(batch).await;
    full_disk(false);
    let Err(StoreError::Backend(reason)) = result else {
        panic!("not an error: {result:?}")
    };
    assert!(reason.contains("no space"), "{reason}");
    assert_eq!(store.get(b"fits").await, Ok(None), "all or nothing");
    assert_eq!(store.get(b"before").await, Ok(Some(b"1".to_vec())));
    store
        .apply(put(b"after", b"1"))
        .await
        .expect("the store goes on");
}

#[wasm_bindgen_test]
async fn deleting_the_database_closes_the_store_and_says_so() {
    let name = fresh_name("deleted");
    let heard = Rc::new(Cell::new(None));
    let hearing = Rc::clone(&heard);
    let mut store = IndexedDbStore::open(&name, move |why| hearing.set(Some(why)))
        .await
        .expect("opens");
    factory().delete_database(&name).expect("deletes");
    for _ in 0..100 {
        if heard.get().is_some() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(heard.get(), Some(Closed::ForChange));
    assert!(matches!(store.get(b"a").await, Err(StoreError::Backend(_))));
    assert!(matches!(
        store.apply(put(b"a", b"1")).await,
        Err(StoreError::Backend(_))
    ));
}

fn open_raw(name: &str, version: u32) -> IdbOpenDbRequest {
    factory().open_with_u32(name, version).expect("asks")
}

#[wasm_bindgen_test]
async fn a_newer_layout_is_explained_and_left_alone() {
    let name = fresh_name("newer");
    let request = open_raw(&name, 1000);
    let close = wasm_bindgen::closure::Closure::once_into_js({
        let request = request.clone();
        move || {
            let database: web_sys::IdbDatabase = request.result().expect("open").unchecked_into();
            database.close();
        }
    });
    request.set_onsuccess(Some(close.unchecked_ref::<Function>()));
    sleep(Duration::from_millis(300)).await;
    let opened = IndexedDbStore::open(&name, |_| ()).await;
    assert_eq!(opened.err(), Some(OpenError::Newer));
}

#[wasm_bindgen_test]
async fn records_without_their_key_slot_are_shown_as_broken() {
    let name = fresh_name("incomplete");
    let mut store = open(&name).await;
    store
        .apply(put(b"some record", b"sealed"))
        .await
        .expect("applies");
    let mut driver = Driver::open(store, Profile::Reliable, [1; 32]).await;
    let outputs = driver.handle(Input::Start, Timestamp(1)).await;
    assert!(
        outputs.iter().any(|output| matches!(
            output,
            Output::Event(Event::Status(status)) if matches!(status.phase, Phase::Broken { .. })
        )),
        "{outputs:?}"
    );
    drop(driver);
    assert_eq!(
        open(&name).await.get(b"some record").await,
        Ok(Some(b"sealed".to_vec()))
    );
}

#[wasm_bindgen_test]
async fn a_browser_without_a_database_is_explained() {
    let global = js_sys::global();
    eval("Object.defineProperty(self, 'indexedDB', { value: undefined, configurable: true })")
        .expect("the script runs");
    let opened = IndexedDbStore::open(&fresh_name("none"), |_| ()).await;
    assert_eq!(opened.err(), Some(OpenError::Unavailable));
    Reflect::delete_property(&global, &JsValue::from_str("indexedDB"))
        .expect("the real one is back");
    assert!(factory().is_object());
}
