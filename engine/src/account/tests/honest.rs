//! What the flows do with an honest gateway.

use super::*;

#[test]
fn who_signed_up_signs_in_on_another_device_with_the_same_account_key() {
    let mut gateway = Gateway::new(1);
    let first = sign_up(&mut gateway, "alice");
    assert_eq!(
        gateway.account_key(&name("alice")),
        first.account_key.public()
    );
    assert!(first.recovery_code.is_some());
    assert_eq!(first.password_epoch, 1);

    let run = sign_in(&mut gateway, PASSWORD);
    let second = *run.result.unwrap();
    assert_eq!(second.account, first.account);
    assert_eq!(second.account_key, first.account_key);
    assert_ne!(second.client(), first.client());
    assert_ne!(second.device_key, first.device_key);
    assert_eq!(gateway.accounts[&name("alice")].devices.len(), 2);
}

#[test]
fn a_device_is_kept_right_before_it_is_added() {
    let mut gateway = Gateway::new(1);
    let greeting = gateway.greeting();
    let begun = begin_sign_up("alice", PASSWORD, None);
    let up = run(begun, greeting, |_, it| gateway.serve(it), |_| {});
    let signed_up = up.result.as_ref().unwrap();
    let (at, kept) = up.kept.as_ref().unwrap();
    assert!(matches!(up.asked[*at].0, Request::RegisterFinish(_)));
    assert_eq!(up.asked[*at].1, AccountFailure::Interrupted);
    assert_eq!(kept.device_key, signed_up.device_key);
    assert_eq!(kept.recovery_code, signed_up.recovery_code);
    assert!(
        up.asked[..*at]
            .iter()
            .all(|it| it.1 == AccountFailure::Offline)
    );

    let signed_in = sign_in(&mut gateway, PASSWORD);
    let (at, _) = signed_in.kept.as_ref().unwrap();
    assert!(matches!(signed_in.asked[*at].0, Request::AddDevice(_)));
    assert!(
        signed_in.asked[..*at]
            .iter()
            .all(|it| it.1 == AccountFailure::Offline)
    );

    let code = kept.recovery_code.clone().unwrap();
    let recovered = recover(&mut gateway, &code, false);
    let (at, _) = recovered.kept.as_ref().unwrap();
    assert!(matches!(recovered.asked[*at].0, Request::AddDevice(_)));
    assert_eq!(recovered.asked[*at].1, AccountFailure::PasswordSetOnly);
    assert_eq!(recovered.asked[at - 1].1, AccountFailure::Interrupted);
}

#[test]
fn a_wrong_password_is_found_here_and_proves_nothing() {
    let mut gateway = Gateway::new(1);
    let _ = sign_up(&mut gateway, "alice");
    let run = sign_in(&mut gateway, "correct horse batterz");
    assert_eq!(run.result.unwrap_err(), AccountFailure::LoginFailed);
    assert_eq!(run.asked.len(), 1, "no proof is sent");
}

#[test]
fn an_unknown_name_fails_like_a_wrong_password() {
    let mut gateway = Gateway::new(1);
    let run = sign_in(&mut gateway, PASSWORD);
    assert_eq!(run.result.unwrap_err(), AccountFailure::LoginFailed);
}

#[test]
fn a_weak_password_never_leaves_the_device() {
    let weak = |result: Result<(), AccountFailure>| {
        assert!(matches!(result, Err(AccountFailure::WeakPassword(_))));
    };
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    weak(begin_sign_up("bob", "short", None).map(drop));
    let code = stored.recovery_code.clone().unwrap();
    let short = words("short");
    weak(Recover::begin(name("alice"), &code, short, &device(), false, &mut rng(1)).map(drop));
    let purpose = Purpose::ChangePassword {
        new: words("alicealice1"),
        revoke_others: false,
    };
    weak(Credentials::begin(&stored, &words(PASSWORD), purpose, &mut rng(1)).map(drop));
}

#[test]
fn a_mistyped_code_never_leaves_the_device_and_tells_its_group() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    let code = stored.recovery_code.unwrap().0.clone();
    let mut groups: Vec<String> = code.split('-').map(str::to_owned).collect();
    groups.swap(2, 3);
    let mistyped = words(&groups.join("-"));
    assert_eq!(
        begin_recover(&mistyped, false).map(drop),
        Err(AccountFailure::CodeMistyped { group: Some(3) })
    );
    assert_eq!(
        begin_recover(&words("ABC"), false).map(drop),
        Err(AccountFailure::CodeMistyped { group: None })
    );
}

#[test]
fn recovery_sets_a_new_password_and_uses_up_the_code() {
    let mut gateway = Gateway::new(1);
    let first = sign_up(&mut gateway, "alice");
    let old_code = first.recovery_code.clone().unwrap();
    let recovered = *recover(&mut gateway, &old_code, false).result.unwrap();
    assert_eq!(recovered.account_key, first.account_key);
    assert_eq!(recovered.password_epoch, 2);
    assert_eq!(gateway.accounts[&name("alice")].devices.len(), 2);

    let failed = |run: Run<Box<StoredAccount>>| {
        assert_eq!(run.result.unwrap_err(), AccountFailure::LoginFailed);
    };
    failed(sign_in(&mut gateway, PASSWORD));
    failed(recover(&mut gateway, &old_code, false));
    assert!(sign_in(&mut gateway, NEW_PASSWORD).result.is_ok());

    let new_code = recovered.recovery_code.unwrap();
    let again = *recover(&mut gateway, &new_code, true).result.unwrap();
    let devices = &gateway.accounts[&name("alice")].devices;
    assert_eq!(devices, &[again.certificate], "all others are revoked");
}

#[test]
fn a_changed_password_replaces_the_old_one_and_may_revoke_other_devices() {
    let mut gateway = Gateway::new(1);
    let first = sign_up(&mut gateway, "alice");
    let second = *sign_in(&mut gateway, PASSWORD).result.unwrap();
    let run = credentials(&mut gateway, &second, PASSWORD, change(true));
    let changed = Outcome::PasswordChanged { password_epoch: 2 };
    assert_eq!(run.result.unwrap(), changed);
    let devices = &gateway.accounts[&name("alice")].devices;
    assert_eq!(devices, core::slice::from_ref(&second.certificate));
    assert!(sign_in(&mut gateway, PASSWORD).result.is_err());
    let third = *sign_in(&mut gateway, NEW_PASSWORD).result.unwrap();
    assert_eq!(third.account_key, first.account_key);

    let confirm = credentials(&mut gateway, &second, NEW_PASSWORD, Purpose::Confirm);
    let confirmed = Outcome::Confirmed { password_epoch: 2 };
    assert_eq!(confirm.result.unwrap(), confirmed);
    let wrong = credentials(&mut gateway, &second, PASSWORD, Purpose::Confirm);
    assert_eq!(wrong.result.unwrap_err(), AccountFailure::LoginFailed);
}

#[test]
fn a_new_recovery_code_replaces_the_old_one() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    let made = credentials(&mut gateway, &stored, PASSWORD, Purpose::NewRecoveryCode);
    let Ok(Outcome::RecoveryCode(code)) = made.result else {
        panic!("no code")
    };
    let old = recover(&mut gateway, &stored.recovery_code.unwrap(), false);
    assert_eq!(old.result.unwrap_err(), AccountFailure::LoginFailed);
    assert!(recover(&mut gateway, &code, false).result.is_ok());
}

#[test]
fn deletion_is_ordered_for_this_gateway_and_this_connection() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    // The gateway checks the order.
    let run = credentials(&mut gateway, &stored, PASSWORD, Purpose::Delete);
    assert_eq!(run.result.unwrap(), Outcome::Deleted);
    assert!(gateway.accounts.is_empty());
}

#[test]
fn a_classic_identity_is_carried_over_by_proof() {
    let mut gateway = Gateway::new(1);
    let private_key = PrivateKey::generate(&mut rng(3)).unwrap();
    gateway.classic = Some(private_key.public());
    let identity = Identity {
        name: "Alice".parse().unwrap(),
        client: ClientId::from_bytes([3; 16]),
        private_key,
    };
    let greeting = gateway.greeting();
    let begun = begin_sign_up("alice", PASSWORD, Some(identity));
    // The gateway checks the proof.
    let run = run(begun, greeting, |_, it| gateway.serve(it), |_| {});
    let stored = run.result.unwrap();
    assert_eq!(stored.bridge, Some(ClientId::from_bytes([3; 16])));
}
