//! For scripts: one object a line. Fields keep their names and meanings; new ones may come.

use serde_json::{Value, json};
use sotto_engine::api::{
    AccountStatus, Contact, DeviceInfo, InvitationInfo, Passphrase, ScanResult, Trust,
};

use super::super::json::write;
use super::{Invited, groups, invitation_id, session_words, trust_word};

pub(super) fn account(account: &AccountStatus) -> String {
    let (session, reason) = session_words(account.session);
    let bridge = account.bridge.as_ref().map(|bridge| {
        json!({
            "id": bridge.client.to_string(),
            "here": bridge.here,
            "fingerprint": bridge.fingerprint,
        })
    });
    write(&json!({
        "type": "account",
        "account": account.account.to_string(),
        "name": account.name.as_str(),
        "display_name": account.display_name.as_str(),
        "device": account.client.to_string(),
        "hides_presence": account.hides_presence,
        "session": session,
        "reason": reason,
        "bridge": bridge,
        "recovery_code_waits": account.recovery_code_waits,
        "stays_unlocked": account.stays_unlocked,
    }))
}

pub(super) fn contact(contact: &Contact, unread: u32) -> String {
    let was_verified = match contact.trust {
        Trust::Changed { was_verified } => json!(was_verified),
        Trust::Unverified | Trust::Verified => Value::Null,
    };
    write(&json!({
        "type": "contact",
        "account": contact.account.to_string(),
        "name": contact.name.as_str(),
        "display_name": contact.display_name.as_str(),
        "online": contact.presence.map(|presence| presence.online),
        "last_seen": contact.presence.and_then(|presence| presence.last_seen),
        "trust": trust_word(contact.trust),
        "was_verified": was_verified,
        "classic": contact.classic.map(|client| client.to_string()),
        "unread": unread,
    }))
}

pub(super) fn device(device: &DeviceInfo) -> String {
    write(&json!({
        "type": "device",
        "id": device.client.to_string(),
        "name": device.name,
        "platform": device.platform,
        "created_at": device.created_at,
        "last_seen": device.last_seen,
        "online": device.online,
        "this": device.this,
        "certified": device.certified,
    }))
}

pub(super) fn recovery_code(code: &Passphrase) -> String {
    write(&json!({ "type": "recovery_code", "code": code.0 }))
}

pub(super) fn safety_number(contact: &Contact, digits: &str, code: &str) -> String {
    write(&json!({
        "type": "safety_number",
        "account": contact.account.to_string(),
        "name": contact.name.as_str(),
        "digits": groups(digits).join(" "),
        "code": code,
        "trust": trust_word(contact.trust),
    }))
}

pub(super) fn scanned(contact: &Contact, result: ScanResult) -> String {
    let result = match result {
        ScanResult::Match => "match",
        ScanResult::Different => "different",
        ScanResult::SomebodyElses => "somebody_elses",
        ScanResult::YourOwn => "your_own",
        ScanResult::NotACode => "not_a_code",
    };
    write(&json!({
        "type": "scanned",
        "account": contact.account.to_string(),
        "name": contact.name.as_str(),
        "result": result,
    }))
}

pub(super) fn invited(invited: &Invited<'_>) -> String {
    write(&json!({
        "type": "invitation",
        "id": invitation_id(invited.info.id),
        "code": invited.code.0,
        "link": invited.link,
        "expires_at": invited.info.expires_at,
    }))
}

pub(super) fn invitation(info: &InvitationInfo) -> String {
    write(&json!({
        "type": "invitation",
        "id": invitation_id(info.id),
        "expires_at": info.expires_at,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::{BridgeStatus, Presence, SessionEnd, SessionState};
    use sotto_shared::{AccountId, ClientId};

    const ONES: &str = "01010101010101010101010101010101";
    const TWOS: &str = "02020202020202020202020202020202";

    fn ben(trust: Trust) -> Contact {
        Contact {
            account: AccountId::from_bytes([1; 16]),
            name: "ben".parse().unwrap(),
            display_name: "Ben \u{1f98a}".parse().unwrap(),
            presence: Some(Presence {
                online: true,
                last_seen: Some(7),
            }),
            trust,
            classic: Some(ClientId::from_bytes([2; 16])),
        }
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// Scripts rely on these: fields may be added, never changed.
    #[test]
    fn fields_stay_as_documented() {
        let status = AccountStatus {
            account: AccountId::from_bytes([1; 16]),
            client: ClientId::from_bytes([2; 16]),
            name: "anna".parse().unwrap(),
            display_name: "Anna".parse().unwrap(),
            hides_presence: false,
            session: SessionState::Ended(SessionEnd::Revoked),
            recovery_code_waits: true,
            bridge: Some(BridgeStatus {
                client: ClientId::from_bytes([2; 16]),
                here: true,
                fingerprint: "abcd".to_owned(),
            }),
            auto_lock: None,
            stays_unlocked: false,
        };
        let wanted = json!({
            "type": "account", "account": ONES, "name": "anna", "display_name": "Anna",
            "device": TWOS, "hides_presence": false, "session": "ended", "reason": "revoked",
            "bridge": { "id": TWOS, "here": true, "fingerprint": "abcd" },
            "recovery_code_waits": true, "stays_unlocked": false,
        });
        assert_eq!(value(&account(&status)), wanted);
        let wanted = json!({
            "type": "contact", "account": ONES, "name": "ben", "display_name": "Ben \u{1f98a}",
            "online": true, "last_seen": 7, "trust": "changed", "was_verified": true,
            "classic": TWOS, "unread": 3,
        });
        let changed = ben(Trust::Changed { was_verified: true });
        assert_eq!(value(&contact(&changed, 3)), wanted);
        let wanted = json!({
            "type": "safety_number", "account": ONES, "name": "ben", "digits": "01234 56789",
            "code": "sotto:verify:1:x", "trust": "verified",
        });
        let shown = safety_number(&ben(Trust::Verified), "0123456789", "sotto:verify:1:x");
        assert_eq!(value(&shown), wanted);
        let wanted =
            json!({ "type": "scanned", "account": ONES, "name": "ben", "result": "different" });
        let shown = scanned(&ben(Trust::Unverified), ScanResult::Different);
        assert_eq!(value(&shown), wanted);
    }

    #[test]
    fn somebody_who_hides_is_neither_there_nor_away() {
        let hidden = Contact {
            presence: None,
            ..ben(Trust::Unverified)
        };
        let shown = value(&contact(&hidden, 0));
        assert_eq!(shown["online"], Value::Null);
        assert_eq!(shown["last_seen"], Value::Null);
        assert_eq!(shown["was_verified"], Value::Null);
    }

    #[test]
    fn what_the_gateway_calls_a_device_stays_within_its_line() {
        let evil = DeviceInfo {
            client: ClientId::ZERO,
            name: "a\u{1b}[2J\n{}".to_owned(),
            platform: "x\u{9b}".to_owned(),
            created_at: 1,
            last_seen: 2,
            online: false,
            this: false,
            certified: false,
        };
        let shown = device(&evil);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(value(&shown)["certified"], false);
    }
}
