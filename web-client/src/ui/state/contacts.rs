//! Everybody known who has an account.

use std::collections::HashMap;
use std::sync::Arc;

use sotto_engine::api::{Contact, Person, Trust};
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, ClientId};

use super::likeness::skeleton;

/// Everybody known who has an account.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    by_id: HashMap<AccountId, Arc<Contact>>,
    by_classic: HashMap<ClientId, AccountId>,
    by_skeleton: HashMap<String, AccountId>,
}

impl Contacts {
    /// Puts these in the place of all that were known.
    pub(crate) fn replace(&mut self, contacts: Vec<Contact>) {
        *self = Self::default();
        contacts.into_iter().for_each(|contact| self.add(contact));
    }

    /// Adds or changes one.
    pub(crate) fn put(&mut self, contact: Contact) {
        let index_fits = self.by_id.get(&contact.account).is_none_or(|known| {
            known.classic == contact.classic
                && known.name == contact.name
                && known.display_name == contact.display_name
        });
        if index_fits {
            self.add(contact);
        } else {
            self.remove(contact.account);
            self.add(contact);
        }
    }

    /// Forgets one.
    pub(crate) fn remove(&mut self, account: AccountId) {
        self.by_id.remove(&account);
        self.by_classic.retain(|_, known| *known != account);
        self.by_skeleton.retain(|_, known| *known != account);
    }

    pub(crate) fn get(&self, account: AccountId) -> Option<Arc<Contact>> {
        self.by_id.get(&account).cloned()
    }

    /// Whose proven classic mailbox this is.
    pub(crate) fn of_classic(&self, client: ClientId) -> Option<Arc<Contact>> {
        self.get(*self.by_classic.get(&client)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.by_id.values()
    }

    /// The contact that a classic person looks like by name, and is not.
    pub(crate) fn imitated_by(&self, person: &Person) -> Option<AccountName> {
        if self.by_classic.contains_key(&person.client) {
            return None;
        }
        let account = self.by_skeleton.get(&skeleton(person.name.as_str()))?;
        Some(self.by_id.get(account)?.name.clone())
    }

    fn add(&mut self, contact: Contact) {
        let account = contact.account;
        if let Some(client) = contact.classic {
            self.by_classic.insert(client, account);
        }
        for name in [contact.name.as_str(), contact.display_name.as_str()] {
            self.by_skeleton.insert(skeleton(name), account);
        }
        self.by_id.insert(account, Arc::new(contact));
    }
}

/// Whether nothing may be sent until the user has looked.
pub(crate) fn is_alarming(contact: &Contact) -> bool {
    matches!(contact.trust, Trust::Changed { .. })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{contact, id, person};
    use super::*;

    fn known() -> Contacts {
        let mut contacts = Contacts::default();
        contacts.replace(vec![
            Contact {
                classic: Some(id(7)),
                ..contact(1, "ada", "Ada Lovelace")
            },
            contact(2, "charles", "Charles"),
        ]);
        contacts
    }

    #[test]
    fn a_classic_mailbox_leads_to_its_account_until_it_changes() {
        let mut contacts = known();
        let name =
            |contacts: &Contacts, client| contacts.of_classic(client).map(|c| c.name.to_string());
        assert_eq!(name(&contacts, id(7)).as_deref(), Some("ada"));
        contacts.put(Contact {
            classic: Some(id(8)),
            ..contact(1, "ada", "Ada Lovelace")
        });
        assert_eq!(name(&contacts, id(7)), None);
        assert_eq!(name(&contacts, id(8)).as_deref(), Some("ada"));
        contacts.remove(AccountId::from_bytes([1; 16]));
        assert_eq!(name(&contacts, id(8)), None);
    }

    #[test]
    fn a_classic_name_never_passes_for_a_contact() {
        let contacts = known();
        for name in ["Ada", "аda", "ada lovelace", "Ada Loveiace", "CHARLES"] {
            assert!(contacts.imitated_by(&person(9, name)).is_some(), "{name}");
        }
        for name in ["Adam", "Grace"] {
            assert_eq!(contacts.imitated_by(&person(9, name)), None, "{name}");
        }
        assert_eq!(
            contacts.imitated_by(&person(7, "ada")),
            None,
            "it is proven to be theirs"
        );
    }

    #[test]
    fn only_a_changed_key_is_an_alarm() {
        let with = |trust| {
            is_alarming(&Contact {
                trust,
                ..contact(1, "ada", "Ada")
            })
        };
        assert!(with(Trust::Changed {
            was_verified: false
        }));
        assert!(!with(Trust::Unverified) && !with(Trust::Verified));
    }
}
