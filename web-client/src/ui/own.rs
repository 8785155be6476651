//! What the worker tells of accounts: the own one, and what was asked about it.

use leptos::prelude::*;
use sotto_engine::api::{
    AccountEvent, Contact, Deed, DeviceInfo, InvitationInfo, Notice, Passphrase, ScanResult, Trust,
};
use sotto_shared::AccountId;
use sotto_shared::account::AccountName;

use super::navigation;
use super::state::people::People;
use super::store::Store;

/// The own account, beyond its status. Copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Own {
    /// The recovery code that waits to be written down.
    pub(crate) recovery_code: RwSignal<Option<Passphrase>>,
    /// The user wants to write it down later; forgotten when the page is.
    pub(crate) code_later: RwSignal<bool>,
    /// The own devices, once they were asked for.
    pub(crate) devices: RwSignal<Option<Vec<DeviceInfo>>>,
    /// The open invitations, once they were asked for.
    pub(crate) invitations: RwSignal<Option<Vec<InvitationInfo>>>,
    /// The invitation that was just made.
    pub(crate) invited: RwSignal<Option<Invited>>,
    /// Devices that were added elsewhere, and that the user has not taken note of.
    pub(crate) added: RwSignal<Vec<String>>,
    /// The safety number that was asked for last.
    pub(crate) safety_number: RwSignal<Option<SafetyNumber>>,
    /// What came of the last comparison.
    pub(crate) scanned: RwSignal<Option<(AccountId, ScanResult)>>,
    /// The name that was looked for and is nobody's.
    pub(crate) not_found: RwSignal<Option<AccountName>>,
    /// The user wants to read what is here though the session is over.
    pub(crate) reads_on: RwSignal<bool>,
    /// Counts what was done, with the last of it.
    pub(crate) deeds: RwSignal<(u32, Option<Deed>)>,
    asking: StoredValue<bool>,
    finding: StoredValue<bool>,
}

/// An invitation with its code, which is told once.
#[derive(Clone)]
pub(crate) struct Invited {
    /// To be given to whoever is invited.
    pub(crate) code: Passphrase,
    /// Seconds since 1970.
    pub(crate) expires_at: u64,
}

/// What two people compare.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SafetyNumber {
    /// With whom.
    pub(crate) account: AccountId,
    /// 12 groups of 5 digits.
    pub(crate) groups: Vec<String>,
    /// What stands in the QR code.
    pub(crate) code: String,
}

impl Own {
    pub(crate) fn new() -> Self {
        Self {
            recovery_code: RwSignal::new(None),
            code_later: RwSignal::new(false),
            devices: RwSignal::new(None),
            invitations: RwSignal::new(None),
            invited: RwSignal::new(None),
            added: RwSignal::default(),
            safety_number: RwSignal::new(None),
            scanned: RwSignal::new(None),
            not_found: RwSignal::new(None),
            reads_on: RwSignal::new(false),
            deeds: RwSignal::new((0, None)),
            asking: StoredValue::new(false),
            finding: StoredValue::new(false),
        }
    }

    /// The digits that the user sees as the safety number with somebody.
    pub(crate) fn safety_digits(self, account: AccountId) -> Option<String> {
        let number = self.safety_number.get();
        number
            .filter(|number| number.account == account)
            .map(|number| number.groups.join(" "))
    }

    /// Forgets everything that was told: the local store was locked or erased.
    pub(crate) fn forget(self) {
        self.recovery_code.set(None);
        self.devices.set(None);
        self.invitations.set(None);
        self.invited.set(None);
        self.added.set(Vec::new());
        self.safety_number.set(None);
        self.scanned.set(None);
        self.not_found.set(None);
    }

    /// Whether a form that is open has asked for something: it shows what goes wrong.
    pub(crate) fn is_asking(self) -> bool {
        self.asking.get_value()
    }

    /// A form has asked for something, or is gone.
    pub(crate) fn set_asking(self, asking: bool) {
        self.asking.set_value(asking);
    }

    /// Somebody is looked for here: who is found is to be shown.
    pub(crate) fn set_finding(self) {
        self.not_found.set(None);
        self.finding.set_value(true);
    }
}

/// Takes in what the worker says about accounts.
pub(super) fn apply(store: Store, event: AccountEvent) {
    let own = store.own;
    match event {
        AccountEvent::Contacts(contacts) => {
            store.contacts.update(|known| known.replace(contacts));
        }
        AccountEvent::Contact(contact) => store.contacts.update(|known| known.put(contact)),
        AccountEvent::ContactGone(account) => {
            tell(store, account, "has left.", |_, _| true);
            store.contacts.update(|known| known.remove(account));
        }
        AccountEvent::Notice(notice) => take_notice(store, notice),
        AccountEvent::RecoveryCode(code) => {
            let is_new = own
                .recovery_code
                .with_untracked(|known| known.as_ref() != Some(&code));
            if is_new {
                own.code_later.set(false);
                own.recovery_code.set(Some(code));
            }
        }
        AccountEvent::Devices(devices) => own.devices.set(Some(devices)),
        AccountEvent::Found { name, account } => {
            if !own
                .finding
                .try_update_value(core::mem::take)
                .unwrap_or(false)
            {
                return;
            }
            match account {
                Some(account) => navigation::open_contact(store, account),
                None => own.not_found.set(Some(name)),
            }
        }
        AccountEvent::SafetyNumber {
            account,
            digits,
            code,
        } => own.safety_number.set(Some(SafetyNumber {
            account,
            groups: groups_of_five(&digits),
            code,
        })),
        AccountEvent::Scanned { account, result } => own.scanned.set(Some((account, result))),
        AccountEvent::Invited {
            code, expires_at, ..
        } => own.invited.set(Some(Invited { code, expires_at })),
        AccountEvent::Invitations(invitations) => own.invitations.set(Some(invitations)),
        AccountEvent::Done(deed) => {
            own.deeds
                .update(|(count, last)| (*count, *last) = (count.wrapping_add(1), Some(deed)));
        }
    }
}

fn take_notice(store: Store, notice: Notice) {
    match notice {
        Notice::Joined(account) => tell(store, account, "has joined.", |_, _| true),
        Notice::Online(account) => tell(store, account, "is online.", matters),
        Notice::Offline(account) => tell(store, account, "is offline.", matters),
        Notice::DeviceAdded { name } => store.own.added.update(|added| added.push(name)),
    }
}

/// Tells of a contact in passing, if the user wants to hear it.
fn tell(store: Store, account: AccountId, what: &str, wants: fn(&Contact, &People) -> bool) {
    let contact = store
        .contacts
        .with_untracked(|contacts| contacts.get(account));
    let chats = store.chats.list;
    let told = contact.filter(|it| {
        store.people.with_untracked(|people| wants(it, people))
            || chats.with_untracked(|chats| chats.direct(account).is_some())
    });
    if let Some(contact) = told {
        store
            .notices
            .tell(format!("{} {what}", contact.display_name));
    }
}

/// Whether the user wants to hear of a contact's coming and going: those they talk to, and those
/// they have verified.
fn matters(contact: &Contact, people: &People) -> bool {
    let talks = contact
        .classic
        .and_then(|client| people.get(client))
        .is_some_and(|person| person.last.is_some());
    talks || contact.trust == Trust::Verified
}

fn groups_of_five(digits: &str) -> Vec<String> {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_digit).collect();
    digits
        .chunks(5)
        .map(|group| group.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::state::samples::{contact, id, person, said};
    use super::*;
    use sotto_engine::api::Person;

    #[test]
    fn only_the_coming_and_going_of_those_who_matter_is_told() {
        let mut people = People::default();
        people.put(Person {
            last: said("hello", 1),
            ..person(7, "ada")
        });
        people.put(person(8, "bob"));
        let stranger = contact(1, "ada", "Ada");
        assert!(!matters(&stranger, &people));
        let with = |classic| Contact {
            classic: Some(id(classic)),
            ..stranger.clone()
        };
        assert!(matters(&with(7), &people));
        assert!(!matters(&with(8), &people), "nothing was ever said");
        let verified = Contact {
            trust: Trust::Verified,
            ..stranger
        };
        assert!(matters(&verified, &people));
    }

    #[test]
    fn sixty_digits_are_twelve_groups_with_or_without_spaces() {
        let digits = "0123456789".repeat(6);
        let spaced: String = digits.chars().flat_map(|c| [c, ' ']).collect();
        for text in [digits, spaced] {
            let groups = groups_of_five(&text);
            assert_eq!(groups.len(), 12);
            assert!(groups.iter().all(|group| group.len() == 5));
        }
    }
}
