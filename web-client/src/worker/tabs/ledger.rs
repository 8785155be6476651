//! Which commands of which tabs have been done.

use std::collections::HashMap;

use super::message::{CommandId, TabId};

/// The newest command of each tab that a leader has accepted. Every worker keeps it, from what it
/// hears on the channel, so that the next leader does nothing twice.
///
/// One case remains: a leader that dies after a command was stored, and before its word of it has
/// arrived. The tab gives the command to the next leader then, and its text or file is sent twice.
/// Both happen in one task of the worker, one right after the other, and the next leader has to
/// get the lock and open the store before it takes any command.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    newest: HashMap<TabId, CommandId>,
}

impl Ledger {
    /// Notes that this command was accepted, and with it those before it in its tab.
    pub(super) fn accept(&mut self, tab: TabId, id: CommandId) {
        let newest = self.newest.entry(tab).or_insert(id);
        *newest = id.max(*newest);
    }

    /// Whether this command was accepted.
    pub(super) fn has(&self, tab: TabId, id: CommandId) -> bool {
        self.newest.get(&tab).is_some_and(|newest| id <= *newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_commands_are_known_by_tab() {
        let mut ledger = Ledger::default();
        assert!(!ledger.has(TabId(1), CommandId(1)));
        ledger.accept(TabId(1), CommandId(2));
        ledger.accept(TabId(1), CommandId(1));
        assert!(ledger.has(TabId(1), CommandId(1)));
        assert!(ledger.has(TabId(1), CommandId(2)));
        assert!(!ledger.has(TabId(1), CommandId(3)));
        assert!(!ledger.has(TabId(2), CommandId(1)));
    }
}
