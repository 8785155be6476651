//! What the leading worker does: open the store, run the engine on it, and again where that broke.

use std::rc::Rc;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::future::{Either, select};
use sotto_engine::api::{Command, Event, Failure};
use sotto_engine::driver::Driver;
use sotto_engine::machine::Profile;

use super::host::{End, Host, Input};
use super::indexeddb::{DATABASE, IndexedDbStore};
use super::life::Life;
use super::status::broken;
use super::tabs::Tab;

/// Leads until the page is put away.
pub async fn lead(tab: &Rc<Tab>, queue: &mut UnboundedReceiver<Input>, life: &Life) {
    loop {
        let end = match open(tab).await {
            Ok(host) => host.run(queue, life).await,
            Err(reason) => {
                tab.tell(None, broken(&reason), None);
                wait_for_retry(tab, queue, life, &reason).await
            }
        };
        match end {
            End::Frozen => return,
            End::Retry => {}
            // What is opened next may be another store: its key has to come from itself.
            End::StoreClosed => tab.share_key(None),
        }
    }
}

async fn open(tab: &Rc<Tab>) -> Result<Host, String> {
    let queue = tab.queue().ok_or("This tab does not lead.")?;
    let closed = queue.clone();
    let store = IndexedDbStore::open(DATABASE, move |why| {
        let _ = closed.unbounded_send(Input::StoreClosed(why));
    })
    .await
    .map_err(|error| error.to_string())?;
    let mut seed = [0; 32];
    getrandom::getrandom(&mut seed)
        .map_err(|_| "The browser gives no randomness; no keys can be made.")?;
    let driver = match tab.key() {
        Some(key) => Driver::open_with_key(store, Profile::Reliable, seed, key).await,
        None => Driver::open(store, Profile::Reliable, seed).await,
    };
    Ok(Host::new(Rc::clone(tab), driver, queue))
}

/// Without a store: refuses commands, until a page asks again what there is.
async fn wait_for_retry(
    tab: &Tab,
    queue: &mut UnboundedReceiver<Input>,
    life: &Life,
    reason: &str,
) -> End {
    loop {
        let next = {
            let (frozen, next) = (
                core::pin::pin!(life.frozen()),
                core::pin::pin!(queue.recv()),
            );
            match select(frozen, next).await {
                Either::Left(_) => return End::Frozen,
                Either::Right((next, _)) => next,
            }
        };
        match next {
            Ok(Input::Command {
                tab: from,
                id,
                command,
                ..
            }) => {
                tab.accept(from, id);
                if matches!(command, Command::Attach) {
                    return End::Retry;
                }
                let failure = Failure::Storage {
                    reason: reason.to_owned(),
                };
                tab.tell(Some(from), Event::Failed(failure), None);
            }
            Ok(_) => {}
            Err(_) => return End::Frozen,
        }
    }
}
