//! What strangers send about accounts.

use std::sync::OnceLock;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::account::opaque::{
    CredentialId, ExportKey, Identifiers, LOGIN_FINALIZATION, LOGIN_REQUEST, LOGIN_RESPONSE,
    LoginStart, OpaqueError, PasswordFile, REGISTRATION_REQUEST, REGISTRATION_RESPONSE,
    REGISTRATION_UPLOAD, RegistrationStart, ServerSetup, Slot,
};
use sotto_shared::account::password::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, check_password};
use sotto_shared::account::recovery_code::RecoveryCodeError;
use sotto_shared::account::safety_number::{Identity, SafetyNumber, ScanError};
use sotto_shared::account::statement::{login_signature, verify_login};
use sotto_shared::account::vault::{
    VAULT_MAX, VaultError, open_vault, seal_vault, unwrap_vault_key, wrap_vault_key,
};
use sotto_shared::account::{
    AccountKey, AccountName, BridgeCertificate, DeletionOrder, DeviceCertificate, DeviceKey,
    DeviceRevocation, DisplayName, Nonce, RecoveryCode, Signature, VaultKey,
};
use sotto_shared::{AccountId, ClientId, GatewayId};

use crate::source::Source;

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const CLIENT: ClientId = ClientId::from_bytes([2; 16]);
const GATEWAY: GatewayId = GatewayId::from_bytes([3; 16]);
const NONCE: Nonce = Nonce::from_bytes([4; 32]);

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Statements: any bytes, or a good one with a few bytes changed. None verifies but the good one.
pub fn account_statements(input: &[u8]) {
    let mut source = Source::new(input);
    let key = AccountKey::from_bytes(&[5; 32]);
    let device = DeviceKey::from_bytes(&[6; 32]);
    let kind = source.below(5);
    let good = match kind {
        0 => DeviceCertificate::issue(&key, ACCOUNT, CLIENT, device.public(), 7).to_bytes(),
        1 => DeviceRevocation::issue(&key, ACCOUNT, CLIENT, 7).to_bytes(),
        2 => BridgeCertificate::issue(&key, ACCOUNT, CLIENT, [7; 32], 9).to_bytes(),
        3 => DeletionOrder::issue(&key, ACCOUNT, GATEWAY, NONCE).to_bytes(),
        _ => login_signature(&device, &GATEWAY, &NONCE, CLIENT)
            .as_bytes()
            .to_vec(),
    };
    let bytes = near(&mut source, &good);
    let public = key.public();
    let verified = match kind {
        0 => DeviceCertificate::from_bytes(&bytes).is_ok_and(|statement| {
            assert_eq!(statement.to_bytes(), bytes);
            statement.verify_for(&statement.account, &public).is_ok()
        }),
        1 => DeviceRevocation::from_bytes(&bytes).is_ok_and(|statement| {
            assert_eq!(statement.to_bytes(), bytes);
            statement.verify_for(&statement.account, &public).is_ok()
        }),
        2 => BridgeCertificate::from_bytes(&bytes).is_ok_and(|statement| {
            assert_eq!(statement.to_bytes(), bytes);
            statement.verify_for(&statement.account, &public).is_ok()
        }),
        3 => DeletionOrder::from_bytes(&bytes).is_ok_and(|order| {
            assert_eq!(order.to_bytes(), bytes);
            order
                .verify_for(&order.account, &public, &order.gateway, &order.nonce)
                .is_ok()
        }),
        _ => <[u8; 64]>::try_from(bytes.as_slice()).is_ok_and(|bytes| {
            let signature = Signature::from_bytes(bytes);
            verify_login(&device.public(), &GATEWAY, &NONCE, CLIENT, &signature).is_ok()
        }),
    };
    assert_eq!(verified, bytes == good, "kind {kind}");
}

/// Account names, display names and passwords.
pub fn account_names(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(name) = AccountName::parse(&text) {
        assert_eq!(name.as_str(), text);
        assert!((3..=32).contains(&text.len()));
        assert_eq!(AccountName::parse(name.as_str()), Ok(name));
    }
    if let Some(name) = AccountName::suggest(&text) {
        assert_eq!(AccountName::parse(name.as_str()).as_ref(), Ok(&name));
        assert_eq!(AccountName::suggest(name.as_str()), Some(name), "settles");
    }
    if let Ok(name) = DisplayName::parse(&text) {
        assert_eq!(name.as_str(), text.trim());
        assert!(name.as_str().len() <= 255);
        assert!(!name.as_str().chars().any(char::is_control));
    }
    if let Ok(name) = AccountName::parse("alice")
        && check_password(&text, &name).is_ok()
    {
        assert!(text.len() <= PASSWORD_MAX_BYTES);
        assert!(text.chars().count() >= PASSWORD_MIN_CHARS);
    }
}

/// Recovery codes: any text, or a good code with a few bytes changed.
pub fn recovery_codes(input: &[u8]) {
    let mut source = Source::new(input);
    let good = RecoveryCode::generate(&mut ChaCha8Rng::seed_from_u64(source.u32().into()));
    let bytes = near(&mut source, good.to_text().as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    match RecoveryCode::parse(&text) {
        Ok(code) => assert_eq!(
            RecoveryCode::parse(&code.to_text()),
            Ok(code),
            "what is let in can be shown"
        ),
        Err(RecoveryCodeError::Group { group } | RecoveryCodeError::Character { group }) => {
            assert!((1..=8).contains(&group));
        }
        Err(RecoveryCodeError::Length { chars }) => assert!(chars != 40),
    }
}

/// Scanned texts: any text, or a good code with a few bytes changed.
pub fn safety_number_scan(input: &[u8]) {
    static SHOWN: OnceLock<(SafetyNumber, String)> = OnceLock::new();
    let (number, shown) = SHOWN.get_or_init(|| {
        let identity = |id: u8| -> Identity {
            let key = AccountKey::from_bytes(&[id; 32]).public();
            (AccountId::from_bytes([id; 16]), key)
        };
        let theirs = SafetyNumber::new(identity(2), identity(1));
        (SafetyNumber::new(identity(1), identity(2)), theirs.to_qr())
    });
    let mut source = Source::new(input);
    let bytes = near(&mut source, shown.as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    let result = number.check(&text);
    assert_eq!(result.is_ok(), text.trim() == shown);
    assert_ne!(result, Err(ScanError::YourOwn));
}

/// Sealed vaults and wrapped keys: any bytes, or good ones with a few bytes changed.
pub fn vaults(input: &[u8]) {
    let mut source = Source::new(input);
    let key = VaultKey::from_bytes([7; 32]);
    let export_key = ExportKey::from_bytes([8; 64]);
    if source.flag() {
        let version = u64::from(source.u32());
        let length = source.below(300);
        let content = source.take(length);
        let good = seal_vault(&key, ACCOUNT, version, content, &mut rng()).expect("fits");
        let sealed = near(&mut source, &good);
        let opened = open_vault(&key, ACCOUNT, version, &sealed);
        assert_eq!(opened.is_ok(), sealed == good);
        assert!(opened.is_err() || opened.is_ok_and(|opened| *opened == content));
        let too_large = vec![0; VAULT_MAX + 1 + source.below(9)];
        let refused = seal_vault(&key, ACCOUNT, version, &too_large, &mut rng());
        assert!(matches!(refused, Err(VaultError::TooLarge { .. })));
    } else {
        let slot = slot(&mut source);
        let good = wrap_vault_key(&export_key, slot, ACCOUNT, &key, &mut rng()).expect("wraps");
        let wrapped = near(&mut source, &good);
        let unwrapped = unwrap_vault_key(&export_key, slot, ACCOUNT, &wrapped);
        assert_eq!(unwrapped == Ok(key), wrapped == good);
    }
}

/// OPAQUE's messages, each to the side that reads it: any bytes, or a good one with a few bytes
/// changed. The client's answers are tried only where they are refused before the key stretching,
/// which would take longer than everything else here.
pub fn opaque_messages(input: &[u8]) {
    let mut source = Source::new(input);
    let mut rng = rng();
    let setup = ServerSetup::generate(&mut rng);
    let name = AccountName::parse("alice").expect("a name");
    let slot = slot(&mut source);
    let credential = CredentialId::new(&name, slot);
    let identifiers = Identifiers::new(&name, slot, GATEWAY);
    let (registration, register) =
        RegistrationStart::new(&mut rng, b"password").expect("a short password");
    let (login, request) = LoginStart::new(&mut rng, b"password").expect("a short password");
    match source.below(6) {
        0 => {
            let request = near(&mut source, &register);
            if let Ok(response) = setup.register(&request, &credential) {
                assert_eq!(request.len(), REGISTRATION_REQUEST);
                assert_eq!(response.len(), REGISTRATION_RESPONSE);
            }
        }
        1 => {
            let request = near(&mut source, &request);
            let answer = setup.login(&mut rng, None, &request, &credential, &identifiers);
            if let Ok((_, response)) = answer {
                assert_eq!(request.len(), LOGIN_REQUEST);
                assert_eq!(response.len(), LOGIN_RESPONSE);
            }
        }
        2 => {
            let mut upload = [0; REGISTRATION_UPLOAD];
            // A registration request is an element of the group, and so is a public key.
            upload
                .iter_mut()
                .zip(&register)
                .for_each(|(to, from)| *to = *from);
            let upload = near(&mut source, &upload);
            if let Ok(file) = PasswordFile::from_bytes(&upload) {
                assert_eq!(*file.to_bytes(), upload);
                let answer =
                    setup.login(&mut rng, Some(&file), &request, &credential, &identifiers);
                assert_eq!(answer.expect("a good file").1.len(), LOGIN_RESPONSE);
            }
        }
        3 => {
            let (state, _) = setup
                .login(&mut rng, None, &request, &credential, &identifiers)
                .expect("a good request");
            let finalization = near(&mut source, &[9; LOGIN_FINALIZATION]);
            match state.finish(&finalization) {
                Err(OpaqueError::WrongPassword) => {
                    assert_eq!(finalization.len(), LOGIN_FINALIZATION);
                }
                Err(OpaqueError::Malformed { actual, .. }) => {
                    assert_eq!(actual, finalization.len());
                }
                other => panic!("{other:?}"),
            }
        }
        4 => {
            let mut response = source.take(REGISTRATION_RESPONSE).to_vec();
            off_the_group(&mut response);
            let result = registration.finish(&mut rng, &response, &identifiers);
            assert!(matches!(result, Err(OpaqueError::Malformed { .. })));
        }
        _ => {
            let mut response = source.take(LOGIN_RESPONSE).to_vec();
            off_the_group(&mut response);
            let result = login.finish(&mut rng, &response, &identifiers);
            assert!(matches!(result, Err(OpaqueError::Malformed { .. })));
        }
    }
}

fn slot(source: &mut Source<'_>) -> Slot {
    if source.flag() {
        Slot::Password
    } else {
        Slot::Recovery
    }
}

/// Elements of ristretto255 are even and below the field's prime: makes the first one odd.
fn off_the_group(response: &mut [u8]) {
    if let Some(first) = response.first_mut() {
        *first |= 1;
    }
}

/// Any bytes, or good ones with a few bytes changed, cut or added.
fn near(source: &mut Source<'_>, good: &[u8]) -> Vec<u8> {
    if source.flag() {
        return source.take(good.len() + 2).to_vec();
    }
    let mut bytes = good.to_vec();
    source.perturb(&mut bytes);
    match source.below(8) {
        7 => bytes.truncate(source.below(bytes.len())),
        6 => bytes.push(source.u8()),
        _ => {}
    }
    bytes
}
