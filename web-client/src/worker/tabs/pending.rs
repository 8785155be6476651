//! Commands of one page until a leader has accepted them.

use std::collections::VecDeque;

use sotto_engine::api::Command;

use super::message::CommandId;

/// Commands of one page, in order, until a leader has accepted them. `P` is what travels beside a
/// command: the blob of a file.
#[derive(Debug)]
pub(super) struct Pending<P> {
    last: CommandId,
    waiting: VecDeque<Waiting<P>>,
}

/// A command that no leader has accepted yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting<P> {
    /// Its number.
    pub id: CommandId,
    /// The command.
    pub command: Command,
    /// What travels beside it.
    pub payload: Option<P>,
}

impl<P> Default for Pending<P> {
    fn default() -> Self {
        Self {
            last: CommandId(0),
            waiting: VecDeque::new(),
        }
    }
}

impl<P: Clone> Pending<P> {
    /// Keeps a new command, gives it the next number, and gives it back to be sent.
    pub(super) fn push(&mut self, command: Command, payload: Option<P>) -> Waiting<P> {
        self.last = CommandId(self.last.0 + 1);
        let waiting = Waiting {
            id: self.last,
            command,
            payload,
        };
        self.waiting.push_back(waiting.clone());
        waiting
    }

    /// Forgets this command and those before it: a leader does them in order.
    pub(super) fn accepted(&mut self, id: CommandId) {
        while self.waiting.front().is_some_and(|first| first.id <= id) {
            self.waiting.pop_front();
        }
    }

    /// Those that no leader has accepted, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Waiting<P>> {
        self.waiting.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pending: &Pending<()>) -> Vec<u64> {
        pending.iter().map(|waiting| waiting.id.0).collect()
    }

    #[test]
    fn commands_wait_in_order_until_accepted() {
        let mut pending = Pending::<()>::default();
        for _ in 0..3 {
            pending.push(Command::Attach, None);
        }
        assert_eq!(ids(&pending), [1, 2, 3]);
        pending.accepted(CommandId(2));
        assert_eq!(ids(&pending), [3]);
        assert_eq!(pending.push(Command::RefreshPeople, None).id, CommandId(4));
        pending.accepted(CommandId(1));
        assert_eq!(
            ids(&pending),
            [3, 4],
            "a late answer to an older one changes nothing"
        );
        pending.accepted(CommandId(9));
        assert!(ids(&pending).is_empty());
    }
}
