//! Devices that are revoked, accounts that are gone.

use crate::support::{Gateway, User};

#[test]
fn a_revoked_device_is_cut_off_and_says_why() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    phone.sotto(&["rename-device", "Phone"]).ok();
    let this = anna.object(&["whoami"])["device"].clone();
    let this = this.as_str().unwrap();
    anna.sotto(&["revoke", this]).fails(4);
    anna.sotto(&["revoke", "Phone", "no such device"]).fails(4);
    anna.sotto(&["revoke", "Phone"]).ok();
    let error = phone.refused(&["people"], 9, "revoked");
    assert!(
        error["text"].as_str().unwrap().contains("sotto logout"),
        "{error}"
    );
    let whoami = phone.object(&["whoami"]);
    assert_eq!(whoami["session"], "ended");
    assert_eq!(whoami["reason"], "revoked");
    phone.sotto(&["logout", "--yes"]).ok();
    phone.sotto(&["whoami"]).fails(6);
    phone.sotto(&["login", "anna"]).ok();
    phone.sotto(&["revoke", "--all-others"]).ok();
    anna.refused(&["people"], 9, "revoked");
}

#[test]
fn a_follower_ends_with_the_reason_when_its_device_is_revoked() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    phone.sotto(&["bridge", "on"]).ok();
    let device = phone.object(&["whoami"])["device"].clone();
    let mut follow = phone.command(&["--json", "receive", "--follow"]);
    let following = std::thread::spawn(move || crate::support::run(&mut follow, ""));
    loop {
        let devices = anna.sotto(&["--json", "devices"]).ok().objects();
        if devices[1]["online"] == true {
            break;
        }
    }
    anna.sotto(&["revoke", device.as_str().unwrap()]).ok();
    let ended = following.join().unwrap().fails(9);
    assert!(ended.stderr.contains(r#""reason":"revoked""#), "{ended:?}");
}

#[test]
fn a_deleted_account_is_gone_everywhere() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    let phone = User::signed_in("anna", &gateway);
    anna.sotto(&["delete-account"]).fails(2);
    anna.sotto(&["delete-account", "--confirm", "ben"]).fails(4);
    anna.sotto(&["delete-account", "--confirm", "anna"]).ok();
    anna.sotto(&["whoami"]).fails(6);
    phone.sotto(&["devices"]).fails(9);
    phone.sotto(&["logout", "--yes"]).ok();
    phone.refused(&["login", "anna"], 5, "login_failed");
    phone.sotto(&["--json", "signup", "anna"]).ok();
}

#[test]
fn a_disabled_account_says_so() {
    let gateway = Gateway::start();
    let anna = User::signed_up("anna", &gateway);
    gateway.operate(&["user", "disable", "anna"]).ok();
    anna.refused(&["devices"], 9, "account_disabled");
    gateway.operate(&["user", "enable", "anna"]).ok();
    anna.sotto(&["devices"]).ok();
}
