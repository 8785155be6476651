//! What the engine wants read from the store.

use sotto_shared::ClientId;

use crate::api::{Message, Seq};
use crate::machine::{Load, Loaded};
use crate::record;
use crate::store::{Direction, SealedStore, Store, StoreError};

/// Reads what the engine asked for.
///
/// # Errors
/// Any [`StoreError`].
pub async fn read<S: Store>(store: &SealedStore<S>, load: Load) -> Result<Loaded, StoreError> {
    match load {
        Load::History {
            with,
            before,
            limit,
        } => {
            let mut messages = newest(store, with, before, limit + 1).await?;
            let more = messages.len() > limit;
            messages.truncate(limit);
            messages.reverse();
            Ok(Loaded::History {
                with,
                before,
                messages,
                more,
            })
        }
        Load::Message {
            with,
            seq: None,
            then,
        } => {
            let message = newest(store, with, None, 1).await?.pop();
            Ok(Loaded::Message {
                with,
                then,
                message,
                blob: None,
            })
        }
        Load::Message {
            with,
            seq: Some(seq),
            then,
        } => {
            let message = match store.get(&record::message(with, seq)).await? {
                Some(bytes) => Some(record::decode(&bytes)?),
                None => None,
            };
            let blob = match then.wants_blob() {
                true => store.get(&record::blob(with, seq)).await?,
                false => None,
            };
            Ok(Loaded::Message {
                with,
                then,
                message,
                blob,
            })
        }
        Load::Timeline(load) => Ok(Loaded::Timeline(load.read(store).await?)),
    }
}

/// The newest messages before a position, newest first.
async fn newest<S: Store>(
    store: &SealedStore<S>,
    with: ClientId,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let from = record::message(with, Seq(0));
    let to = record::message(with, before.unwrap_or(Seq(u64::MAX)));
    let entries = store.scan(&from, &to, Direction::Backward, limit).await?;
    entries
        .iter()
        .map(|(_, value)| record::decode(value))
        .collect()
}
