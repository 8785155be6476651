//! What is counted of conversations.

use super::Number;

/// What is counted of conversations.
#[derive(Debug, Default)]
pub struct ConversationMetrics {
    /// Messages and commits that were stored.
    pub stored: Number,
    /// Entries of mailboxes that were made for them.
    pub entries: Number,
    /// Entries that were pushed, repetitions too.
    pub delivered: Number,
    /// Entries that were acknowledged.
    pub acknowledged: Number,
    /// Entries for which a mailbox was full.
    pub missed: Number,
    /// Ephemeral messages.
    pub ephemerals: Number,
    /// Key packages that were handed out.
    pub key_packages: Number,
    /// Those of them that were of last resort.
    pub last_resorts: Number,
}

impl ConversationMetrics {
    pub(super) fn list(&self) -> [(&'static str, &'static str, &Number); 8] {
        [
            (
                "sotto_group_messages_total",
                "Messages and commits that were stored.",
                &self.stored,
            ),
            (
                "sotto_mailbox_entries_total",
                "Mailbox entries that were made.",
                &self.entries,
            ),
            (
                "sotto_mailbox_delivered_total",
                "Mailbox entries that were pushed, repetitions too.",
                &self.delivered,
            ),
            (
                "sotto_mailbox_acknowledged_total",
                "Mailbox entries that were acknowledged.",
                &self.acknowledged,
            ),
            (
                "sotto_mailbox_missed_total",
                "Entries for which a mailbox was full.",
                &self.missed,
            ),
            (
                "sotto_ephemerals_total",
                "Ephemeral messages.",
                &self.ephemerals,
            ),
            (
                "sotto_key_packages_total",
                "Key packages that were handed out.",
                &self.key_packages,
            ),
            (
                "sotto_last_resort_key_packages_total",
                "Key packages of last resort that were handed out.",
                &self.last_resorts,
            ),
        ]
    }
}
