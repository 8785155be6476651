//! For people.

use sotto_engine::api::{
    AccountStatus, Contact, DeviceInfo, InvitationInfo, Passphrase, ScanResult, SessionState, Trust,
};
use sotto_engine::time::Timestamp;

use super::super::time::minutes;
use super::{Invited, groups, invitation_id};
use crate::problem::Problem;
use crate::sanitize;

/// Groups of a safety number in a line.
const GROUPS_A_LINE: usize = 4;

pub(super) fn account(account: &AccountStatus) -> String {
    let mut lines = vec![
        format!("name          {}", account.name),
        format!(
            "display name  {}",
            sanitize::line(account.display_name.as_str())
        ),
        format!("account       {}", account.account),
        format!("device        {}", account.client),
        format!("session       {}", session(account.session)),
        format!(
            "presence      {}",
            if account.hides_presence {
                "hidden"
            } else {
                "shown"
            }
        ),
    ];
    match &account.bridge {
        None => lines.push("bridge        off".to_owned()),
        Some(bridge) => {
            let place = if bridge.here {
                "on"
            } else {
                "on, on another device"
            };
            lines.push(format!("bridge        {place}"));
            lines.push(format!("classic id    {}", bridge.client));
            lines.push(format!("fingerprint   {}", bridge.fingerprint));
        }
    }
    if account.stays_unlocked {
        lines.push("profile       left unlocked".to_owned());
    }
    if account.recovery_code_waits {
        let text = "not written down yet: `sotto recovery-code` shows it";
        lines.push(format!("recovery code {text}"));
    }
    lines.join("\n")
}

fn session(session: SessionState) -> String {
    match session {
        SessionState::Closed => "not open now".to_owned(),
        SessionState::Open => "open".to_owned(),
        SessionState::PasswordChanged => {
            "the password was changed elsewhere: `sotto password --confirm`".to_owned()
        }
        SessionState::Ended(end) => format!("over: {}", Problem::from(end).text),
    }
}

pub(super) fn contact(contact: &Contact, unread: u32) -> String {
    let mut line = contact.name.to_string();
    let display_name = sanitize::line(contact.display_name.as_str());
    if display_name != line {
        line.push_str(&format!("  “{display_name}”"));
    }
    match contact.presence {
        Some(presence) if presence.online => line.push_str("  online"),
        Some(presence) => {
            if let Some(at) = presence.last_seen {
                line.push_str(&format!("  last seen {}", moment(at)));
            }
        }
        None => {}
    }
    line.push_str(match contact.trust {
        Trust::Verified => "  verified",
        Trust::Unverified => "  not verified",
        Trust::Changed { was_verified: true } => "  ACCOUNT KEY CHANGED SINCE YOU VERIFIED IT",
        Trust::Changed {
            was_verified: false,
        } => "  ACCOUNT KEY CHANGED",
    });
    if let Some(client) = contact.classic {
        line.push_str(&format!("  classic {client}"));
    }
    if unread > 0 {
        line.push_str(&format!("  ({unread} new)"));
    }
    line
}

pub(super) fn device(device: &DeviceInfo) -> String {
    let mut line = format!(
        "{}  {} ({})  since {}",
        device.client,
        sanitize::line(&device.name),
        sanitize::line(&device.platform),
        moment(device.created_at)
    );
    if device.this {
        line.push_str("  this device");
    } else if device.online {
        line.push_str("  online");
    } else {
        line.push_str(&format!("  last seen {}", moment(device.last_seen)));
    }
    if !device.certified {
        line.push_str("  NOT CERTIFIED BY YOU");
    }
    line
}

pub(super) fn recovery_code(code: &Passphrase) -> String {
    let groups: Vec<&str> = code.0.split('-').collect();
    let lines: Vec<String> = groups
        .chunks(GROUPS_A_LINE)
        .map(|line| format!("    {}", line.join("-")))
        .collect();
    format!(
        "Your recovery code:\n\n{}\n\nWrite it down and keep it where nobody else looks. It is \
         the only way back in if you forget the password, and nobody can give it to you again.",
        lines.join("-\n")
    )
}

pub(super) fn safety_number(
    contact: &Contact,
    digits: &str,
    code: &str,
    drawn: Option<&str>,
) -> String {
    let lines: Vec<String> = groups(digits)
        .chunks(GROUPS_A_LINE)
        .map(|line| format!("    {}", line.join(" ")))
        .collect();
    let name = &contact.name;
    let mut text = format!("Safety number with {name}:\n\n{}\n\n", lines.join("\n"));
    if let Some(drawn) = drawn {
        text.push_str(drawn);
        text.push('\n');
    }
    text.push_str(&format!(
        "Code for {name} to scan or paste:\n{}\n\n{}",
        sanitize::line(code),
        match contact.trust {
            Trust::Verified => "You have compared it.".to_owned(),
            Trust::Unverified => format!(
                "Compare it with {name} in person or by telephone. If it is the same: `sotto \
                 verify {name} --mark`."
            ),
            Trust::Changed { .. } => format!(
                "ITS KEY HAS CHANGED: {name} has a new account, or somebody sits between you. \
                 Compare it, then `sotto accept-key {name}`."
            ),
        }
    ));
    text
}

pub(super) fn scanned(contact: &Contact, result: ScanResult) -> String {
    let name = &contact.name;
    match result {
        ScanResult::Match => format!("it fits: {name} is verified"),
        ScanResult::Different => format!("IT DOES NOT FIT: {name} is not verified"),
        ScanResult::SomebodyElses => format!("this is not {name}'s code for you"),
        ScanResult::YourOwn => "this is your own code".to_owned(),
        ScanResult::NotACode => "this is no safety code".to_owned(),
    }
}

pub(super) fn invited(invited: &Invited<'_>) -> String {
    let mut text = format!("code     {}\n", sanitize::line(&invited.code.0));
    if let Some(link) = &invited.link {
        text.push_str(&format!("link     {}\n", sanitize::line(link)));
    }
    let (id, until) = (
        invitation_id(invited.info.id),
        moment(invited.info.expires_at),
    );
    text.push_str(&format!("id       {id}\nexpires  {until}"));
    text
}

pub(super) fn invitation(info: &InvitationInfo) -> String {
    let until = moment(info.expires_at);
    format!("{}  expires {until}", invitation_id(info.id))
}

/// Seconds since 1970, in UTC.
fn moment(seconds: u64) -> String {
    format!("{}Z", minutes(Timestamp(seconds.saturating_mul(1_000))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_shared::{AccountId, ClientId};

    fn ben(trust: Trust) -> Contact {
        Contact {
            account: AccountId::ZERO,
            name: "ben".parse().unwrap(),
            display_name: "Ben".parse().unwrap(),
            presence: None,
            trust,
            classic: None,
        }
    }

    #[test]
    fn a_changed_key_is_loud() {
        let line = contact(&ben(Trust::Changed { was_verified: true }), 0);
        assert!(line.contains("ACCOUNT KEY CHANGED SINCE YOU VERIFIED IT"));
        let shown = safety_number(
            &ben(Trust::Changed {
                was_verified: false,
            }),
            "",
            "",
            None,
        );
        assert!(shown.contains("HAS CHANGED") && shown.contains("sotto accept-key ben"));
    }

    #[test]
    fn an_uncertified_device_is_loud_and_its_name_harmless() {
        let line = device(&DeviceInfo {
            client: ClientId::ZERO,
            name: "a\u{1b}[2J\nb".to_owned(),
            platform: "Linux".to_owned(),
            created_at: 0,
            last_seen: 60,
            online: false,
            this: false,
            certified: false,
        });
        assert!(line.ends_with("last seen 1970-01-01 00:01Z  NOT CERTIFIED BY YOU"));
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }

    #[test]
    fn a_recovery_code_is_shown_in_groups_and_whole() {
        let code = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF-GGGGG-HHHHH";
        let shown = recovery_code(&Passphrase(code.to_owned()));
        assert!(shown.contains("    AAAAA-BBBBB-CCCCC-DDDDD-\n    EEEEE-FFFFF-GGGGG-HHHHH\n"));
    }

    #[test]
    fn a_safety_number_has_three_lines_of_four_groups() {
        let digits = "0123456789".repeat(6);
        let shown = safety_number(&ben(Trust::Unverified), &digits, "sotto:verify:1:x", None);
        let line = "    01234 56789 01234 56789\n";
        assert!(shown.contains(&line.repeat(3)), "{shown}");
        assert!(shown.contains("\nsotto:verify:1:x\n"));
    }
}
