//! Whether the page of this worker is alive or put away by the browser.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};

/// Whether the page is alive, as it says itself. A page that is frozen, or kept in the
/// back/forward cache, must not lead: nothing would move in any tab.
#[derive(Debug, Default)]
pub struct Life {
    frozen: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Life {
    /// Notes what the page said.
    pub fn set_frozen(&self, frozen: bool) {
        self.frozen.set(frozen);
        for waker in self.wakers.take() {
            waker.wake();
        }
    }

    /// Comes back when the page is frozen.
    pub async fn frozen(&self) {
        self.until(true).await;
    }

    /// Comes back when the page is alive.
    pub async fn alive(&self) {
        self.until(false).await;
    }

    async fn until(&self, frozen: bool) {
        poll_fn(|context| {
            if self.frozen.get() == frozen {
                return Poll::Ready(());
            }
            let mut wakers = self.wakers.borrow_mut();
            if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                wakers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
