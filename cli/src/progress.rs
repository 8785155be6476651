//! Signs of life during long work, on standard error, if that is a terminal.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

/// Transfers smaller than this show no progress, in bytes.
const WORTH_SHOWING: usize = 512 * 1024;

/// One line that is written over and cleared at the end.
#[derive(Debug)]
pub(crate) struct Progress {
    on: bool,
    shown: Cell<bool>,
    percent: Cell<Option<usize>>,
}

impl Progress {
    /// Shows only on a terminal, and never with `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            on: !quiet && io::stderr().is_terminal(),
            shown: Cell::new(false),
            percent: Cell::new(None),
        }
    }

    /// Says what is being done.
    pub(crate) fn say(&self, text: &str) {
        if self.on {
            // There is nobody to tell if this fails.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
            let _ = io::stderr().flush();
            self.shown.set(true);
        }
    }

    /// Says how far a transfer is.
    pub(crate) fn transfer(&self, what: &str, done: usize, total: usize) {
        if !self.on || total < WORTH_SHOWING {
            return;
        }
        let percent = done.saturating_mul(100) / total.max(1);
        if self.percent.replace(Some(percent)) != Some(percent) {
            let megabytes = total / (1024 * 1024);
            self.say(&format!("{what} {percent} % of {megabytes} MiB"));
        }
    }

    /// Clears the line.
    pub(crate) fn clear(&self) {
        self.percent.set(None);
        if self.shown.replace(false) {
            let _ = write!(io::stderr(), "\r\x1b[K");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
