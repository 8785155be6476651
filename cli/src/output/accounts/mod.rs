//! What commands print of accounts.

mod human;
mod json;
mod qr;

use std::io::{self, IsTerminal};

use sotto_engine::api::{
    AccountStatus, Contact, DeviceInfo, InvitationInfo, Passphrase, ScanResult, SessionState, Trust,
};

use super::Printer;
use crate::problem::Problem;

/// A new invitation.
#[derive(Debug)]
pub(crate) struct Invited<'a> {
    pub(crate) code: &'a Passphrase,
    /// Leads to the web client's sign-up, where its address is known.
    pub(crate) link: Option<String>,
    pub(crate) info: InvitationInfo,
}

impl Printer {
    /// The account that is signed in here.
    pub(crate) fn account(self, account: &AccountStatus) -> io::Result<()> {
        self.line(|| json::account(account), || human::account(account))
    }

    /// Somebody with an account; `unread` messages of theirs wait in the classic mailbox.
    pub(crate) fn contact(self, contact: &Contact, unread: u32) -> io::Result<()> {
        self.line(
            || json::contact(contact, unread),
            || human::contact(contact, unread),
        )
    }

    /// A device of the account.
    pub(crate) fn device(self, device: &DeviceInfo) -> io::Result<()> {
        self.line(|| json::device(device), || human::device(device))
    }

    /// The recovery code: the one time that a secret is printed.
    pub(crate) fn recovery_code(self, code: &Passphrase) -> io::Result<()> {
        self.line(|| json::recovery_code(code), || human::recovery_code(code))
    }

    /// The safety number with a contact, and on a terminal its QR code.
    pub(crate) fn safety_number(
        self,
        contact: &Contact,
        digits: &str,
        code: &str,
    ) -> io::Result<()> {
        let drawn = || io::stdout().is_terminal().then(|| qr::draw(code)).flatten();
        self.line(
            || json::safety_number(contact, digits, code),
            || human::safety_number(contact, digits, code, drawn().as_deref()),
        )
    }

    /// What came of comparing a code.
    pub(crate) fn scanned(self, contact: &Contact, result: ScanResult) -> io::Result<()> {
        self.line(
            || json::scanned(contact, result),
            || human::scanned(contact, result),
        )
    }

    /// A new invitation.
    pub(crate) fn invited(self, invited: &Invited<'_>) -> io::Result<()> {
        self.line(|| json::invited(invited), || human::invited(invited))
    }

    /// An open invitation.
    pub(crate) fn invitation(self, info: &InvitationInfo) -> io::Result<()> {
        self.line(|| json::invitation(info), || human::invitation(info))
    }
}

/// The word for what is known of a contact's key, in both forms of output.
fn trust_word(trust: Trust) -> &'static str {
    match trust {
        Trust::Unverified => "unverified",
        Trust::Verified => "verified",
        Trust::Changed { .. } => "changed",
    }
}

/// The word for a session's state, and why it is over.
fn session_words(session: SessionState) -> (&'static str, Option<&'static str>) {
    match session {
        SessionState::Closed => ("closed", None),
        SessionState::Open => ("open", None),
        SessionState::PasswordChanged => ("password_changed", None),
        SessionState::Ended(end) => ("ended", Problem::from(end).reason),
    }
}

/// An invitation's id as text.
pub(crate) fn invitation_id(id: [u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digits of a safety number, in groups of five.
fn groups(digits: &str) -> Vec<String> {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_digit).collect();
    digits
        .chunks(5)
        .map(|group| group.iter().collect())
        .collect()
}
