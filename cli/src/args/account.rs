//! The command line of accounts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sotto_shared::account::{AccountName, DisplayName};
use sotto_shared::limits::DEVICE_NAME_MAX;

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account; a classic identity in this profile becomes a part of it
    Signup {
        /// The wanted name: 3 to 32 of a-z 0-9 . _ -
        name: AccountName,
        /// What you want to be called [default: the name]
        #[arg(long, value_name = "TEXT")]
        display_name: Option<DisplayName>,
        /// Invitation, where one is needed: its code or its link, or - to read it from standard
        /// input
        #[arg(long, value_name = "CODE", conflicts_with = "invite_file")]
        invite: Option<String>,
        /// File whose first line is the invitation's code or link
        #[arg(long, value_name = "FILE")]
        invite_file: Option<PathBuf>,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        code: CodeFile,
    },
    /// Sign in with the password: this profile becomes a new device of the account
    Login {
        /// The account's name
        name: AccountName,
        #[command(flatten)]
        device: Device,
    },
    /// Sign in with the recovery code, and set a new password
    Recover {
        /// The account's name
        name: AccountName,
        /// File whose first line is the recovery code
        #[arg(long, value_name = "FILE")]
        code_file: Option<PathBuf>,
        /// Revoke all other devices
        #[arg(long)]
        revoke_others: bool,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        code: CodeFile,
    },
    /// Revoke this device, and erase keys and history of this profile; the account stays
    Logout {
        /// Only erase, without telling the gateway: for a password that is forgotten
        #[arg(long)]
        forget: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show the account's devices, this one first
    Devices,
    /// Revoke devices
    Revoke {
        /// Names, ids, or beginnings of ids (4 digits at least)
        #[arg(value_name = "DEVICE", required_unless_present = "all_others")]
        devices: Vec<String>,
        /// All but this one
        #[arg(long, conflicts_with = "devices")]
        all_others: bool,
    },
    /// Give a device another name
    RenameDevice {
        /// The new name, of 1 to 64 characters
        #[arg(value_parser = device_name)]
        name: String,
        /// Which: name, id, or beginning of an id [default: this one]
        #[arg(long)]
        device: Option<String>,
    },
    /// Show or compare the safety number with somebody
    Verify {
        /// Name or id
        who: String,
        /// Compare the code that they show you; - reads it from standard input
        #[arg(long, group = "deed")]
        code: Option<String>,
        /// You have compared the numbers, and they are the same
        #[arg(long, group = "deed")]
        mark: bool,
        /// Take that back
        #[arg(long, group = "deed")]
        unmark: bool,
    },
    /// Change the password, or confirm here that it was changed elsewhere
    Password {
        /// It was changed on another device: give the new one here, too
        #[arg(long, conflicts_with = "revoke_others")]
        confirm: bool,
        /// Revoke all other devices
        #[arg(long)]
        revoke_others: bool,
    },
    /// Make a new recovery code; the old one stops working
    RecoveryCode {
        /// Make one even if the last one still waits to be written down
        #[arg(long)]
        new: bool,
        #[command(flatten)]
        code: CodeFile,
    },
    /// Switch the classic mailbox on or off
    Bridge {
        /// Off deletes what waits in it
        state: OnOff,
    },
    /// Change what others see of you
    Profile {
        /// What you want to be called
        #[arg(long, value_name = "TEXT")]
        display_name: Option<DisplayName>,
        /// Nobody is told when you are here
        #[arg(long)]
        hide_presence: bool,
        /// Others are told
        #[arg(long, conflicts_with = "hide_presence")]
        show_presence: bool,
    },
    /// Look for somebody by their whole name
    Find {
        /// Their name
        name: AccountName,
    },
    /// Take a contact's changed account key, after you have looked at it
    AcceptKey {
        /// Name or id
        who: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Make an invitation
    Invite,
    /// Show your open invitations
    Invitations,
    /// Take an invitation back
    CancelInvitation {
        /// Its id, or the beginning of it (4 digits at least)
        id: String,
    },
    /// Delete the account for ever, and erase this profile
    DeleteAccount {
        /// The account's name, instead of typing it when asked
        #[arg(long, value_name = "NAME")]
        confirm: Option<AccountName>,
    },
}

/// How this device is set up.
#[derive(Debug, Args)]
pub(crate) struct Device {
    /// What this device is called in the list of devices [default: as in "Terminal on Linux"]
    #[arg(long, value_name = "TEXT", value_parser = device_name)]
    pub(crate) device_name: Option<String>,
    /// Leave the profile unlocked: whoever reads its folder has the account
    #[arg(long)]
    pub(crate) stay_unlocked: bool,
}

/// Where the recovery code goes.
#[derive(Debug, Args)]
pub(crate) struct CodeFile {
    /// Write the recovery code to this file, which must not be there yet, instead of showing it
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_code_file: Option<PathBuf>,
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

fn device_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let chars = text.chars().count();
    if !(1..=DEVICE_NAME_MAX).contains(&chars) || text.chars().any(char::is_control) {
        return Err(format!(
            "expected 1 to {DEVICE_NAME_MAX} characters that can be printed"
        ));
    }
    Ok(text.to_owned())
}

/// The code of an invitation, out of its link if it stands in one.
pub(crate) fn invitation_code(text: &str) -> &str {
    let text = text.trim();
    text.rsplit_once("#invite=").map_or(text, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn parses(arguments: &[&str]) -> bool {
        Cli::try_parse_from([&["sotto"], arguments].concat()).is_ok()
    }

    #[test]
    fn account_names_are_parsed_at_the_edge() {
        assert!(parses(&["signup", "anna"]));
        for bad in ["Anna", "an", "an na", "-anna", "anna\u{1b}"] {
            assert!(!parses(&["signup", bad]), "{bad:?}");
        }
    }

    #[test]
    fn no_password_is_taken_from_the_command_line() {
        for command in ["signup", "login", "recover"] {
            assert!(!parses(&[command, "anna", "secret"]));
            assert!(!parses(&[command, "anna", "--password", "secret"]));
        }
        assert!(!parses(&["password", "secret"]));
        assert!(!parses(&["recover", "anna", "--code", "secret"]));
        assert!(!parses(&["delete-account", "secret"]));
    }

    #[test]
    fn device_names_of_64_characters_pass_65_and_none_do_not() {
        let parse = |name: &str| parses(&["login", "anna", "--device-name", name]);
        assert!(parse(&"é".repeat(64)));
        for bad in ["", " ", &"é".repeat(65), "a\u{1b}[2J"] {
            assert!(!parse(bad), "{bad:?}");
        }
    }

    #[test]
    fn deeds_exclude_each_other() {
        assert!(parses(&["verify", "ben"]));
        assert!(parses(&["verify", "ben", "--mark"]));
        assert!(!parses(&["verify", "ben", "--mark", "--unmark"]));
        assert!(!parses(&["verify", "ben", "--mark", "--code", "x"]));
        assert!(!parses(&["revoke"]));
        assert!(!parses(&["revoke", "phone", "--all-others"]));
        assert!(parses(&["revoke", "--all-others"]));
        assert!(!parses(&["profile", "--hide-presence", "--show-presence"]));
        assert!(!parses(&["bridge"]));
    }

    #[test]
    fn people_and_contacts_are_one_command() {
        let cli = Cli::try_parse_from(["sotto", "contacts"]).unwrap();
        assert!(matches!(cli.command, Some(Command::People)));
    }

    #[test]
    fn an_invitation_is_a_code_or_a_link() {
        let code = "7YXQ2-M0C9K-4TVBD-1EHZ8";
        assert_eq!(invitation_code(code), code);
        assert_eq!(invitation_code(&format!(" {code}\n")), code);
        let link = format!("https://chat.example.org/#invite={code}");
        assert_eq!(invitation_code(&link), code);
    }
}
