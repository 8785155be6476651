//! The suite that every [`Store`] must pass.
//!
//! It is test code that other crates run, so it may panic.
#![allow(clippy::expect_used, clippy::panic)]

use super::{Batch, Direction, Entry, Store};

/// Runs the suite; `fresh` makes an empty store.
///
/// # Panics
/// If the store does not keep a promise; the message says which.
pub async fn run<S: Store>(mut fresh: impl AsyncFnMut() -> S) {
    empty_store_has_nothing(fresh().await).await;
    put_replaces_and_delete_removes(fresh().await).await;
    batch_applies_in_order(fresh().await).await;
    scan_is_half_open_ordered_and_limited(fresh().await).await;
    keys_compare_as_bytes(fresh().await).await;
    values_may_be_empty_or_large(fresh().await).await;
    large_batches_apply_whole(fresh().await).await;
    cleared_store_is_empty_and_usable(fresh().await).await;
}

fn batch(puts: &[(&[u8], &[u8])]) -> Batch {
    let mut batch = Batch::default();
    for (key, value) in puts {
        batch.put(*key, *value);
    }
    batch
}

async fn keys<S: Store>(
    store: &S,
    from: &[u8],
    to: &[u8],
    direction: Direction,
    limit: usize,
) -> Vec<Vec<u8>> {
    let entries: Vec<Entry> = store.scan(from, to, direction, limit).await.expect("scan");
    entries.into_iter().map(|(key, _)| key).collect()
}

async fn empty_store_has_nothing<S: Store>(mut store: S) {
    assert_eq!(store.get(b"a").await, Ok(None));
    assert_eq!(
        store.scan(b"", b"\xff", Direction::Forward, 10).await,
        Ok(vec![])
    );
    assert_eq!(
        store.apply(Batch::default()).await,
        Ok(()),
        "an empty batch is fine"
    );
}

async fn put_replaces_and_delete_removes<S: Store>(mut store: S) {
    store
        .apply(batch(&[(b"a", b"1"), (b"b", b"2")]))
        .await
        .expect("apply");
    store.apply(batch(&[(b"a", b"3")])).await.expect("apply");
    assert_eq!(store.get(b"a").await, Ok(Some(b"3".to_vec())));
    let mut remove = Batch::default();
    remove.delete(*b"a");
    remove.delete(*b"never there");
    store.apply(remove).await.expect("apply");
    assert_eq!(store.get(b"a").await, Ok(None));
    assert_eq!(store.get(b"b").await, Ok(Some(b"2".to_vec())));
}

async fn batch_applies_in_order<S: Store>(mut store: S) {
    let mut batch = Batch::default();
    batch.put(*b"x", *b"1");
    batch.delete(*b"x");
    batch.put(*b"y", *b"1");
    batch.put(*b"y", *b"2");
    batch.delete(*b"z");
    batch.put(*b"z", *b"3");
    store.apply(batch).await.expect("apply");
    assert_eq!(store.get(b"x").await, Ok(None));
    assert_eq!(store.get(b"y").await, Ok(Some(b"2".to_vec())));
    assert_eq!(store.get(b"z").await, Ok(Some(b"3".to_vec())));
}

async fn scan_is_half_open_ordered_and_limited<S: Store>(mut store: S) {
    store
        .apply(batch(&[
            (b"c", b"3"),
            (b"a", b"1"),
            (b"e", b"5"),
            (b"b", b"2"),
            (b"d", b"4"),
        ]))
        .await
        .expect("apply");
    assert_eq!(
        keys(&store, b"b", b"e", Direction::Forward, 10).await,
        [b"b", b"c", b"d"]
    );
    assert_eq!(
        keys(&store, b"b", b"e", Direction::Backward, 10).await,
        [b"d", b"c", b"b"]
    );
    assert_eq!(
        keys(&store, b"a", b"z", Direction::Forward, 2).await,
        [b"a", b"b"]
    );
    assert_eq!(
        keys(&store, b"a", b"z", Direction::Backward, 2).await,
        [b"e", b"d"]
    );
    assert!(
        keys(&store, b"a", b"z", Direction::Forward, 0)
            .await
            .is_empty()
    );
    assert!(
        keys(&store, b"c", b"c", Direction::Forward, 10)
            .await
            .is_empty()
    );
    assert!(
        keys(&store, b"d", b"b", Direction::Forward, 10)
            .await
            .is_empty(),
        "reversed bounds"
    );
    let values = store
        .scan(b"a", b"c", Direction::Forward, 10)
        .await
        .expect("scan");
    assert_eq!(
        values,
        [
            (b"a".to_vec(), b"1".to_vec()),
            (b"b".to_vec(), b"2".to_vec())
        ]
    );
}

async fn keys_compare_as_bytes<S: Store>(mut store: S) {
    let all: [&[u8]; 6] = [
        b"\x00",
        b"\x00\x00",
        b"\x00\x01",
        b"\x7f",
        b"\x80\x00",
        b"\xff",
    ];
    let puts: Vec<(&[u8], &[u8])> = all
        .iter()
        .rev()
        .map(|key| (*key, b"v".as_slice()))
        .collect();
    store.apply(batch(&puts)).await.expect("apply");
    assert_eq!(
        keys(&store, b"\x00", b"\xff\xff", Direction::Forward, 10).await,
        all
    );
    let longest = [7; 64];
    store
        .apply(batch(&[(&longest, b"v")]))
        .await
        .expect("apply");
    assert_eq!(store.get(&longest).await, Ok(Some(b"v".to_vec())));
}

async fn values_may_be_empty_or_large<S: Store>(mut store: S) {
    let large = vec![0xa5; 3 << 20];
    store
        .apply(batch(&[(b"empty", b""), (b"large", &large)]))
        .await
        .expect("apply");
    assert_eq!(store.get(b"empty").await, Ok(Some(vec![])));
    assert_eq!(store.get(b"large").await, Ok(Some(large)));
}

async fn cleared_store_is_empty_and_usable<S: Store>(mut store: S) {
    assert_eq!(store.clear().await, Ok(()), "an empty store is fine");
    let large = vec![0xa5; 1 << 20];
    store
        .apply(batch(&[(b"a", b"1"), (b"b", &large), (&[0xff; 64], b"2")]))
        .await
        .expect("apply");
    store.clear().await.expect("clear");
    for key in [b"a".as_slice(), b"b", &[0xff; 64]] {
        assert_eq!(store.get(key).await, Ok(None));
    }
    assert!(
        keys(&store, b"", &[0xff; 65], Direction::Forward, 10)
            .await
            .is_empty()
    );
    store.apply(batch(&[(b"a", b"3")])).await.expect("apply");
    assert_eq!(store.get(b"a").await, Ok(Some(b"3".to_vec())));
}

async fn large_batches_apply_whole<S: Store>(mut store: S) {
    let mut batch = Batch::default();
    for n in 0..1_000_u32 {
        batch.put(n.to_be_bytes(), n.to_le_bytes());
    }
    store.apply(batch).await.expect("apply");
    let all = store
        .scan(&[0; 4], &[0xff; 4], Direction::Forward, 2_000)
        .await
        .expect("scan");
    assert_eq!(all.len(), 1_000);
    assert!(
        all.windows(2).all(|pair| pair.first() < pair.last()),
        "in order"
    );
}
