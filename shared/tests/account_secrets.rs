//! No secret prints.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::GatewayId;
use sotto_shared::account::opaque::{
    CredentialId, Identifiers, LoginStart, PasswordFile, RegistrationStart, ServerSetup, Slot,
};
use sotto_shared::account::{AccountKey, DeviceKey, Nonce, RecoveryCode, VaultKey};

#[test]
fn secrets_print_their_type_and_nothing_else() {
    let mut lines = Vec::new();
    let mut print = |secret: &dyn Debug| {
        let line = format!("{secret:?}");
        assert_eq!(format!("{secret:#?}"), line);
        lines.push(line);
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    print(&AccountKey::generate(&mut rng));
    print(&DeviceKey::generate(&mut rng));
    print(&VaultKey::generate(&mut rng));
    print(&RecoveryCode::generate(&mut rng));
    print(&Nonce::generate(&mut rng));

    let alice = "alice".parse().unwrap();
    let credential = CredentialId::new(&alice, Slot::Password);
    let identifiers = Identifiers::new(&alice, Slot::Password, GatewayId::ZERO);
    let setup = ServerSetup::generate(&mut rng);
    print(&setup);
    let (start, request) = RegistrationStart::new(&mut rng, b"password").unwrap();
    print(&start);
    let response = setup.register(&request, &credential).unwrap();
    let done = start.finish(&mut rng, &response, &identifiers).unwrap();
    print(&done);
    print(&done.export_key);
    let file = PasswordFile::from_bytes(&done.upload).unwrap();
    print(&file);
    let (start, request) = LoginStart::new(&mut rng, b"password").unwrap();
    print(&start);
    let (state, response) = setup
        .login(&mut rng, Some(&file), &request, &credential, &identifiers)
        .unwrap();
    print(&state);
    let done = start.finish(&mut rng, &response, &identifiers).unwrap();
    print(&done);
    print(&done.session_key);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn errors_about_a_recovery_code_hold_nothing_of_it() {
    let code = RecoveryCode::generate(&mut ChaCha8Rng::seed_from_u64(2)).to_text();
    let typed = code.replacen(code.get(0..1).unwrap(), "!", 1);
    let error = RecoveryCode::parse(&typed).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        code.split('-').all(|group| !shown.contains(group)),
        "{shown}"
    );
}
