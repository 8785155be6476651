//! Logins that are being counted: two of them must not both be the last one that is allowed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::storage::account::LoginSubject;

/// How many logins of each subject are between the look at its count and the count itself.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    counting: Mutex<HashMap<LoginSubject, u32>>,
}

/// A login that is being counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    subject: LoginSubject,
    /// Others of the same subject, at its beginning.
    pub(super) others: u32,
}

impl Attempts {
    pub(super) fn begin(&self, subject: LoginSubject) -> Attempt<'_> {
        let mut counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counting.entry(subject.clone()).or_default();
        let others = *count;
        *count += 1;
        Attempt {
            attempts: self,
            subject,
            others,
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let counting = &self.attempts.counting;
        let mut counting = counting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counting.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                counting.remove(&self.subject);
            }
        }
    }
}
