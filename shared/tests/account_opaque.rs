//! Passwords that stay with their user. The key stretching has its real cost here, so each test
//! does as few logins as it can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::GatewayId;
use sotto_shared::account::opaque::{
    ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, CredentialId, ExportKey, Identifiers,
    LOGIN_FINALIZATION, LOGIN_REQUEST, LOGIN_RESPONSE, LoginDone, LoginStart, OpaqueError,
    PasswordFile, REGISTRATION_REQUEST, REGISTRATION_RESPONSE, REGISTRATION_UPLOAD,
    RegistrationStart, SERVER_SETUP, ServerSetup, SessionKey, Slot,
};
use sotto_shared::account::password::PASSWORD_MAX_BYTES;
use sotto_shared::account::{AccountName, RecoveryCode};

const GATEWAY: GatewayId = GatewayId::from_bytes([0xe1; 16]);
const PASSWORD: &[u8] = b"correct horse battery staple";

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

/// A gateway, and clients that ask it.
struct World {
    setup: ServerSetup,
    rng: ChaCha8Rng,
}

impl World {
    fn new() -> Self {
        let mut rng = rng(1);
        let setup = ServerSetup::generate(&mut rng);
        Self { setup, rng }
    }

    fn register(
        &mut self,
        name: &AccountName,
        slot: Slot,
        secret: &[u8],
    ) -> (PasswordFile, ExportKey) {
        let (start, request) = RegistrationStart::new(&mut self.rng, secret).unwrap();
        let credential = CredentialId::new(name, slot);
        let response = self.setup.register(&request, &credential).unwrap();
        let identifiers = Identifiers::new(name, slot, GATEWAY);
        let done = start
            .finish(&mut self.rng, &response, &identifiers)
            .unwrap();
        (
            PasswordFile::from_bytes(&done.upload).unwrap(),
            done.export_key,
        )
    }

    /// Both sides' view of a login; the client believes what the last two arguments say.
    fn login_as(
        &mut self,
        file: Option<&PasswordFile>,
        name: &AccountName,
        slot: Slot,
        secret: &[u8],
        client_side: &Identifiers,
    ) -> Result<(LoginDone, SessionKey), OpaqueError> {
        let (start, request) = LoginStart::new(&mut self.rng, secret)?;
        let credential = CredentialId::new(name, slot);
        let gateway_side = Identifiers::new(name, slot, GATEWAY);
        let (state, response) =
            self.setup
                .login(&mut self.rng, file, &request, &credential, &gateway_side)?;
        let done = start.finish(&mut self.rng, &response, client_side)?;
        let session_key = state.finish(&done.finalization)?;
        Ok((done, session_key))
    }

    fn login(
        &mut self,
        file: Option<&PasswordFile>,
        name: &AccountName,
        slot: Slot,
        secret: &[u8],
    ) -> Result<(LoginDone, SessionKey), OpaqueError> {
        let identifiers = Identifiers::new(name, slot, GATEWAY);
        self.login_as(file, name, slot, secret, &identifiers)
    }
}

fn wrong<T>(result: Result<T, OpaqueError>) -> bool {
    matches!(result, Err(OpaqueError::WrongPassword))
}

#[test]
fn the_right_password_logs_in_and_gives_the_same_export_key() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, export_key) = world.register(&alice, Slot::Password, PASSWORD);
    let (first, session_key) = world
        .login(Some(&file), &alice, Slot::Password, PASSWORD)
        .unwrap();
    assert_eq!(first.export_key, export_key);
    assert_eq!(first.session_key, session_key);
    let (second, _) = world
        .login(Some(&file), &alice, Slot::Password, PASSWORD)
        .unwrap();
    assert_eq!(second.export_key, export_key);
    assert_ne!(second.session_key, first.session_key);
}

#[test]
fn a_wrong_password_is_told_apart_from_broken_messages() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    assert!(wrong(world.login(
        Some(&file),
        &alice,
        Slot::Password,
        b"incorrect horse"
    )));
    assert!(wrong(world.login(Some(&file), &alice, Slot::Password, b"")));
}

#[test]
fn gateway_setup_and_password_file_survive_storage() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    world.setup = ServerSetup::from_bytes(&world.setup.to_bytes()).unwrap();
    let stored = PasswordFile::from_bytes(&file.to_bytes()).unwrap();
    assert!(
        world
            .login(Some(&stored), &alice, Slot::Password, PASSWORD)
            .is_ok()
    );
}

#[test]
fn old_password_is_dead_after_a_change() {
    let mut world = World::new();
    let alice = name("alice");
    let (_, old_export) = world.register(&alice, Slot::Password, PASSWORD);
    let (file, new_export) = world.register(&alice, Slot::Password, b"something else entirely");
    assert!(wrong(world.login(
        Some(&file),
        &alice,
        Slot::Password,
        PASSWORD
    )));
    assert_ne!(old_export, new_export);
}

#[test]
fn the_same_password_anew_has_another_file_and_another_export_key() {
    let mut world = World::new();
    let alice = name("alice");
    let (old_file, old_export) = world.register(&alice, Slot::Password, PASSWORD);
    let (new_file, new_export) = world.register(&alice, Slot::Password, PASSWORD);
    assert_ne!(old_export, new_export);
    assert_ne!(old_file.to_bytes(), new_file.to_bytes());
}

#[test]
fn a_password_file_serves_its_own_name_and_slot_only() {
    let mut world = World::new();
    let (alice, bob) = (name("alice"), name("bob"));
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    assert!(wrong(world.login(
        Some(&file),
        &bob,
        Slot::Password,
        PASSWORD
    )));
    assert!(wrong(world.login(
        Some(&file),
        &alice,
        Slot::Recovery,
        PASSWORD
    )));
}

#[test]
fn a_client_that_asks_another_gateway_or_name_does_not_finish() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    let other = GatewayId::from_bytes([0xe2; 16]);
    for identifiers in [
        Identifiers::new(&alice, Slot::Password, other),
        Identifiers::new(&name("bob"), Slot::Password, GATEWAY),
    ] {
        let result = world.login_as(Some(&file), &alice, Slot::Password, PASSWORD, &identifiers);
        assert!(wrong(result), "{identifiers:?}");
    }
}

#[test]
fn a_stolen_password_file_is_of_no_use_to_another_gateway() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    world.setup = ServerSetup::generate(&mut rng(2));
    assert!(wrong(world.login(
        Some(&file),
        &alice,
        Slot::Password,
        PASSWORD
    )));
}

#[test]
fn the_recovery_code_logs_in_by_its_own_slot() {
    let mut world = World::new();
    let alice = name("alice");
    let code = RecoveryCode::generate(&mut rng(3));
    let (file, export_key) = world.register(&alice, Slot::Recovery, code.as_secret());
    let typed = RecoveryCode::parse(&code.to_text().to_lowercase()).unwrap();
    let (done, _) = world
        .login(Some(&file), &alice, Slot::Recovery, typed.as_secret())
        .unwrap();
    assert_eq!(done.export_key, export_key);
}

#[test]
fn a_finalization_of_another_login_is_refused() {
    let mut world = World::new();
    let alice = name("alice");
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    let (recorded, _) = world
        .login(Some(&file), &alice, Slot::Password, PASSWORD)
        .unwrap();
    let (_, request) = LoginStart::new(&mut world.rng, PASSWORD).unwrap();
    let credential = CredentialId::new(&alice, Slot::Password);
    let identifiers = Identifiers::new(&alice, Slot::Password, GATEWAY);
    let mut states = (0..3).map(|_| {
        let login = world.setup.login(
            &mut world.rng,
            Some(&file),
            &request,
            &credential,
            &identifiers,
        );
        login.unwrap().0
    });
    assert!(wrong(states.next().unwrap().finish(&recorded.finalization)));
    assert!(wrong(
        states.next().unwrap().finish(&[0; LOGIN_FINALIZATION])
    ));
    let empty = states.next().unwrap().finish(&[]);
    assert!(matches!(
        empty,
        Err(OpaqueError::Malformed {
            expected: 64,
            actual: 0,
            ..
        })
    ));
}

#[test]
fn an_unknown_name_is_answered_like_a_known_one() {
    let mut world = World::new();
    let (alice, nobody) = (name("alice"), name("nobody"));
    let (file, _) = world.register(&alice, Slot::Password, PASSWORD);
    let (_, request) = LoginStart::new(&mut world.rng, PASSWORD).unwrap();
    let mut answer = |file: Option<&PasswordFile>, name: &AccountName| {
        let credential = CredentialId::new(name, Slot::Password);
        let identifiers = Identifiers::new(name, Slot::Password, GATEWAY);
        let login = world
            .setup
            .login(&mut world.rng, file, &request, &credential, &identifiers);
        login.unwrap().1
    };
    let known = [answer(Some(&file), &alice), answer(Some(&file), &alice)];
    let unknown = [answer(None, &nobody), answer(None, &nobody)];
    for [first, second] in [&known, &unknown] {
        assert_eq!(
            (first.len(), second.len()),
            (LOGIN_RESPONSE, LOGIN_RESPONSE)
        );
        // The evaluated element depends on request and name alone; all the rest is fresh.
        assert_eq!(first[..32], second[..32]);
        let same = first[32..]
            .iter()
            .zip(&second[32..])
            .filter(|(a, b)| a == b)
            .count();
        assert!(same < 20, "{same} bytes of {} repeat", LOGIN_RESPONSE - 32);
    }
    assert_ne!(known[0][..32], unknown[0][..32]);
    // Whoever takes the name later is answered with the same element.
    assert_eq!(answer(Some(&file), &nobody)[..32], unknown[0][..32]);
}

#[test]
fn no_password_fits_an_unknown_name() {
    let mut world = World::new();
    assert!(wrong(world.login(
        None,
        &name("nobody"),
        Slot::Password,
        PASSWORD
    )));
}

#[test]
fn a_gateway_that_reflects_the_request_is_refused() {
    let mut rng = rng(4);
    let alice = name("alice");
    let identifiers = Identifiers::new(&alice, Slot::Password, GATEWAY);
    let (start, request) = RegistrationStart::new(&mut rng, PASSWORD).unwrap();
    let setup = ServerSetup::generate(&mut rng);
    let mut response = setup
        .register(&request, &CredentialId::new(&alice, Slot::Password))
        .unwrap();
    response[..32].copy_from_slice(&request);
    let result = start.finish(&mut rng, &response, &identifiers);
    assert!(matches!(
        result,
        Err(OpaqueError::Malformed {
            actual: REGISTRATION_RESPONSE,
            ..
        })
    ));
}

#[test]
fn messages_have_one_size_and_every_other_is_refused() {
    fn malformed<T>(result: Result<T, OpaqueError>, size: usize, given: usize) -> bool {
        matches!(result, Err(OpaqueError::Malformed { expected, actual, .. })
            if expected == size && actual == given)
    }
    let mut world = World::new();
    let alice = name("alice");
    let credential = CredentialId::new(&alice, Slot::Password);
    let identifiers = Identifiers::new(&alice, Slot::Password, GATEWAY);
    for change in [-1_isize, 1] {
        let size = |exact: usize| exact.checked_add_signed(change).unwrap();
        let bytes = |exact: usize| vec![2; size(exact)];
        let (registration, _) = RegistrationStart::new(&mut world.rng, PASSWORD).unwrap();
        let (login, _) = LoginStart::new(&mut world.rng, PASSWORD).unwrap();
        let result = world
            .setup
            .register(&bytes(REGISTRATION_REQUEST), &credential);
        assert!(malformed(
            result,
            REGISTRATION_REQUEST,
            size(REGISTRATION_REQUEST)
        ));
        let response = bytes(REGISTRATION_RESPONSE);
        let result = registration.finish(&mut world.rng, &response, &identifiers);
        assert!(malformed(result, REGISTRATION_RESPONSE, response.len()));
        let upload = bytes(REGISTRATION_UPLOAD);
        assert!(malformed(
            PasswordFile::from_bytes(&upload),
            REGISTRATION_UPLOAD,
            upload.len()
        ));
        let request = bytes(LOGIN_REQUEST);
        let result = world
            .setup
            .login(&mut world.rng, None, &request, &credential, &identifiers);
        assert!(malformed(result, LOGIN_REQUEST, request.len()));
        let response = bytes(LOGIN_RESPONSE);
        let result = login.finish(&mut world.rng, &response, &identifiers);
        assert!(malformed(result, LOGIN_RESPONSE, response.len()));
        let setup = bytes(SERVER_SETUP);
        assert!(malformed(
            ServerSetup::from_bytes(&setup),
            SERVER_SETUP,
            setup.len()
        ));
    }
}

#[test]
fn the_identity_element_is_refused() {
    let mut world = World::new();
    let credential = CredentialId::new(&name("alice"), Slot::Password);
    let zeros = [0; REGISTRATION_REQUEST];
    let result = world.setup.register(&zeros, &credential);
    assert!(matches!(
        result,
        Err(OpaqueError::Malformed {
            actual: REGISTRATION_REQUEST,
            ..
        })
    ));
    let identifiers = Identifiers::new(&name("alice"), Slot::Password, GATEWAY);
    let zeros = [0; LOGIN_REQUEST];
    let result = world
        .setup
        .login(&mut world.rng, None, &zeros, &credential, &identifiers);
    assert!(matches!(
        result,
        Err(OpaqueError::Malformed {
            actual: LOGIN_REQUEST,
            ..
        })
    ));
    assert!(PasswordFile::from_bytes(&[0; REGISTRATION_UPLOAD]).is_err());
    assert!(ServerSetup::from_bytes(&[0; SERVER_SETUP]).is_err());
}

#[test]
fn passwords_of_1024_bytes_pass_and_1025_do_not() {
    let mut rng = rng(5);
    let longest = [b'a'; PASSWORD_MAX_BYTES];
    assert!(RegistrationStart::new(&mut rng, &longest).is_ok());
    assert!(LoginStart::new(&mut rng, &longest).is_ok());
    let longer = [b'a'; PASSWORD_MAX_BYTES + 1];
    let error = OpaqueError::PasswordTooLong { bytes: 1025 };
    assert_eq!(
        RegistrationStart::new(&mut rng, &longer).unwrap_err(),
        error
    );
    assert_eq!(LoginStart::new(&mut rng, &longer).unwrap_err(), error);
}

#[test]
fn argon2_has_the_cost_that_was_promised() {
    assert_eq!(
        (ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES),
        (65_536, 3, 1)
    );
}

/// A registration and a login from one seed, byte by byte: what changes here, changes for every
/// account that exists.
#[test]
fn the_transcript_is_frozen() {
    let mut rng = rng(6);
    let alice = name("alice");
    let credential = CredentialId::new(&alice, Slot::Password);
    let identifiers = Identifiers::new(&alice, Slot::Password, GATEWAY);
    let mut transcript = String::new();
    let mut note = |what: &str, bytes: &[u8]| {
        writeln!(transcript, "{what}, {} bytes", bytes.len()).unwrap();
        for line in bytes.chunks(32) {
            let hex: String = line.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(transcript, "  {hex}").unwrap();
        }
    };
    let setup = ServerSetup::generate(&mut rng);
    note("server setup", &setup.to_bytes());
    let (start, request) = RegistrationStart::new(&mut rng, PASSWORD).unwrap();
    note("registration request", &request);
    let response = setup.register(&request, &credential).unwrap();
    note("registration response", &response);
    let registered = start.finish(&mut rng, &response, &identifiers).unwrap();
    note("registration upload", &registered.upload);
    let file = PasswordFile::from_bytes(&registered.upload).unwrap();
    let (start, request) = LoginStart::new(&mut rng, PASSWORD).unwrap();
    note("login request", &request);
    let (state, response) = setup
        .login(&mut rng, Some(&file), &request, &credential, &identifiers)
        .unwrap();
    note("login response", &response);
    let done = start.finish(&mut rng, &response, &identifiers).unwrap();
    note("login finalization", &done.finalization);
    let session_key = state.finish(&done.finalization).unwrap();
    note("session key", session_key.expose());
    note("export key", done.export_key.expose());
    insta::assert_snapshot!(transcript);
}
