//! What a gateway that lies can make of contacts.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::GatewayId;
use sotto_shared::account::{AccountKey, BridgeCertificate, DeviceCertificate, DeviceKey};

use super::*;
use crate::account::stored::StoredAccount;
use crate::api::{Event, Failure, Trust};
use crate::machine::{Effect, Profile};

const MAILBOX: ClientId = ClientId::from_bytes([77; 16]);

fn key(seed: u8) -> AccountKey {
    AccountKey::from_bytes(&[seed; 32])
}

fn id(seed: u8) -> AccountId {
    AccountId::from_bytes([seed; 16])
}

/// Alice's, with no connection.
fn accounts() -> Accounts {
    let mut accounts = Accounts::new(Profile::Reliable, ChaCha20Rng::seed_from_u64(1));
    let device_key = DeviceKey::from_bytes(&[1; 32]);
    let client = ClientId::from_bytes([1; 16]);
    let certificate = DeviceCertificate::issue(&key(1), id(1), client, device_key.public(), 1);
    accounts.stored = Some(Box::new(StoredAccount {
        account: id(1),
        name: "alice".parse().unwrap(),
        display_name: "Alice".parse().unwrap(),
        hides_presence: false,
        gateway: GatewayId::from_bytes([9; 16]),
        account_key: key(1),
        device_key,
        certificate,
        password_epoch: 1,
        vault_version: 1,
        bridge: None,
        recovery_code: None,
    }));
    accounts
}

fn entry(account: u8, name: &str, by: u8) -> AccountEntry {
    AccountEntry {
        account: id(account),
        account_key: key(by).public(),
        name: name.parse().unwrap(),
        display_name: name.parse().unwrap(),
        presence: None,
        bridge: None,
    }
}

/// The same with a mailbox, certified at that time.
fn bridged(account: u8, name: &str, client: ClientId, created_at: u64) -> AccountEntry {
    let certificate = BridgeCertificate::issue(
        &key(account),
        id(account),
        client,
        [account; 32],
        created_at,
    );
    AccountEntry {
        bridge: Some(certificate),
        ..entry(account, name, account)
    }
}

fn told(accounts: &mut Accounts, entry: &AccountEntry) -> Vec<Effect> {
    accounts.step.effects.clear();
    accounts.account_changed(entry, false);
    accounts.step.effects.clone()
}

fn alarm() -> Effect {
    Effect::Event(Event::Failed(Failure::Account(
        AccountFailure::NotCertified,
    )))
}

fn trust(accounts: &Accounts, account: u8) -> Trust {
    accounts.contacts.known[&id(account)].shown().trust
}

fn classic(accounts: &Accounts, account: u8) -> Option<ClientId> {
    accounts.contacts.known[&id(account)].shown().classic
}

fn owner(accounts: &mut Accounts, client: ClientId) -> Option<AccountId> {
    accounts.contacts.certified_changed = true;
    let mailboxes = accounts.take_mailboxes().unwrap();
    mailboxes.certified.get(&client).map(|it| it.account)
}

fn verify(accounts: &mut Accounts, account: u8) {
    accounts.change_contact(id(account), |contact| contact.verified = true);
}

#[test]
fn another_account_cannot_take_a_contacts_mailbox() {
    let mut accounts = accounts();
    told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    verify(&mut accounts, 5);
    // Its id comes before his.
    let effects = told(&mut accounts, &bridged(3, "mallory", MAILBOX, 20));
    assert!(effects.contains(&alarm()));
    assert_eq!(owner(&mut accounts, MAILBOX), Some(id(5)));
    assert_eq!(classic(&accounts, 3), None);
    // Not when both are verified either.
    verify(&mut accounts, 3);
    told(&mut accounts, &bridged(3, "mallory", MAILBOX, 20));
    assert_eq!(owner(&mut accounts, MAILBOX), Some(id(5)));
    assert_eq!(classic(&accounts, 5), Some(MAILBOX));
}

#[test]
fn a_verified_contact_gets_the_mailbox_that_somebody_else_was_quick_to_certify() {
    let mut accounts = accounts();
    told(&mut accounts, &bridged(3, "mallory", MAILBOX, 10));
    let effects = told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    assert!(effects.contains(&alarm()));
    assert_eq!(owner(&mut accounts, MAILBOX), Some(id(3)));
    verify(&mut accounts, 5);
    told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    assert_eq!(owner(&mut accounts, MAILBOX), Some(id(5)));
    assert_eq!(classic(&accounts, 3), None);
}

#[test]
fn the_own_mailbox_is_nobody_elses() {
    let mut accounts = accounts();
    accounts.change(|stored| stored.bridge = Some(MAILBOX));
    let effects = told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    assert!(effects.contains(&alarm()));
    assert_eq!(owner(&mut accounts, MAILBOX), None);
}

#[test]
fn a_mailbox_that_was_given_up_cannot_be_brought_back() {
    let mut accounts = accounts();
    let old = ClientId::from_bytes([66; 16]);
    told(&mut accounts, &bridged(5, "bob", old, 10));
    told(&mut accounts, &bridged(5, "bob", MAILBOX, 20));
    for (client, created_at) in [(old, 10), (MAILBOX, 19)] {
        let effects = told(&mut accounts, &bridged(5, "bob", client, created_at));
        assert!(effects.contains(&alarm()));
    }
    assert_eq!(classic(&accounts, 5), Some(MAILBOX));
    assert!(!told(&mut accounts, &bridged(5, "bob", MAILBOX, 20)).contains(&alarm()));
}

#[test]
fn a_new_account_under_a_known_name_is_an_alarm_and_may_do_nothing() {
    let mut accounts = accounts();
    told(&mut accounts, &entry(5, "bob", 5));
    verify(&mut accounts, 5);
    accounts.account_left(id(5));
    told(&mut accounts, &bridged(3, "bob", MAILBOX, 10));
    assert_eq!(trust(&accounts, 3), Trust::Changed { was_verified: true });
    assert_eq!(owner(&mut accounts, MAILBOX), None);
    // Saying it again does not help; looking at it does.
    told(&mut accounts, &bridged(3, "bob", MAILBOX, 10));
    assert_eq!(trust(&accounts, 3), Trust::Changed { was_verified: true });
    // It survives a restart.
    let stored = accounts.contacts.known[&id(3)].stored.clone();
    let mut contacts = Contacts::default();
    contacts.restore(stored);
    let restored = contacts.known[&id(3)].shown();
    assert_eq!(restored.trust, Trust::Changed { was_verified: true });
}

#[test]
fn nobody_is_found_under_anothers_name() {
    let mut accounts = accounts();
    told(&mut accounts, &entry(3, "mallory", 3));
    let name: AccountName = "bob".parse().unwrap();
    let page = Page {
        accounts: vec![entry(3, "bob", 3)],
        more: false,
    };
    accounts.step.effects.clear();
    accounts.found(&name, &page);
    let nobody = AccountEvent::Found {
        name,
        account: None,
    };
    let nobody = Effect::Event(Event::Account(nobody));
    assert!(accounts.step.effects.contains(&nobody));
}

#[test]
fn an_alarm_stays_when_the_gateway_tells_the_old_key_again() {
    let mut accounts = accounts();
    told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    verify(&mut accounts, 5);
    told(&mut accounts, &entry(5, "bob", 6));
    told(&mut accounts, &bridged(5, "bob", MAILBOX, 10));
    assert_eq!(trust(&accounts, 5), Trust::Changed { was_verified: true });
    let mailboxes = accounts.take_mailboxes().unwrap();
    assert!(mailboxes.certified[&MAILBOX].blocked);
}

fn digits(accounts: &mut Accounts, account: u8) -> String {
    accounts.step.effects.clear();
    accounts.safety_number(id(account)).unwrap();
    match accounts.step.effects.first() {
        Some(Effect::Event(Event::Account(AccountEvent::SafetyNumber { digits, .. }))) => {
            digits.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_changes_while_the_user_looks_is_not_taken() {
    let mut accounts = accounts();
    told(&mut accounts, &entry(5, "bob", 5));
    let first = digits(&mut accounts, 5);
    told(&mut accounts, &entry(5, "bob", 6));
    let seen = digits(&mut accounts, 5);
    told(&mut accounts, &entry(5, "bob", 7));
    let now = Timestamp(0);
    let changed = Err(AccountFailure::KeyChanged(id(5)));
    for digits in [first.as_str(), &seen, ""] {
        assert_eq!(accounts.accept_key(id(5), digits, now), changed);
        assert_eq!(accounts.set_verified(id(5), digits), changed);
    }
    let seen = digits(&mut accounts, 5);
    assert_eq!(
        accounts.set_verified(id(5), &seen),
        changed,
        "take it first"
    );
    assert_eq!(accounts.accept_key(id(5), &seen, now), Ok(()));
    assert_eq!(trust(&accounts, 5), Trust::Unverified);
    assert_eq!(accounts.set_verified(id(5), &first), changed);
    assert_eq!(accounts.set_verified(id(5), &seen), Ok(()));
    assert_eq!(trust(&accounts, 5), Trust::Verified);
    assert_eq!(accounts.set_unverified(id(5)), Ok(()));
    assert_eq!(trust(&accounts, 5), Trust::Unverified);
}

#[test]
fn every_changed_key_is_told() {
    let mut accounts = accounts();
    told(&mut accounts, &entry(5, "bob", 5));
    for by in [6, 7] {
        let effects = told(&mut accounts, &entry(5, "bob", by));
        let shown = accounts.contacts.known[&id(5)].shown();
        let event = Event::Account(AccountEvent::Contact(shown));
        assert!(effects.contains(&Effect::Event(event)), "{by}");
    }
    assert!(told(&mut accounts, &entry(5, "bob", 7)).is_empty());
}
