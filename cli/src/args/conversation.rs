//! The command line of conversations.

use clap::Subcommand;

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Make a group
    Create {
        /// What it is called
        name: String,
        /// Who is in it besides you: names or ids
        members: Vec<String>,
    },
    /// Add members: only admins
    Add {
        /// Name or id of the group
        group: String,
        /// Names or ids
        #[arg(required = true)]
        members: Vec<String>,
    },
    /// Remove a member with all devices: only admins
    Remove {
        /// Name or id of the group
        group: String,
        /// Name or id
        member: String,
    },
    /// Leave a group with all your devices
    Leave {
        /// Name or id of the group
        group: String,
    },
    /// Show your groups; works without a connection
    List,
    /// Show who is in a group; works without a connection
    Members {
        /// Name or id of the group
        group: String,
    },
    /// Give a group another name: only admins
    Rename {
        /// Name or id of the group
        group: String,
        /// What it is called from now on
        name: String,
    },
    /// Make a member an admin: only admins
    Admin {
        /// Name or id of the group
        group: String,
        /// Name or id
        member: String,
        /// Or no admin any more
        #[arg(long)]
        off: bool,
    },
}

/// What to do with the lobby, where everybody on the gateway may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum LobbyCommand {
    /// Join it
    Join,
    /// Leave it
    Leave,
}
