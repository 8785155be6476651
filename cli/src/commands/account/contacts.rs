//! `verify`, `accept-key`, `find`.

use sotto_engine::api::{
    AccountCommand as AccountOrder, AccountEvent, Command as Order, Contact, ScanResult, Trust,
};
use sotto_shared::AccountId;
use sotto_shared::account::AccountName;

use super::super::{Session, key_changed};
use crate::problem::{Exit, Problem};
use crate::prompt;
use crate::resolve;

impl Session {
    pub(super) async fn safety_number(&mut self, who: &str) -> Result<(), Problem> {
        let account = self.find_contact(who).await?;
        self.show_safety_number(account).await?;
        Ok(())
    }

    /// Compares what a contact shows.
    pub(super) async fn compare(&mut self, who: &str, code: String) -> Result<(), Problem> {
        let account = self.find_contact(who).await?;
        let code = match code.as_str() {
            "-" => prompt::line_from_input()?,
            _ => code,
        };
        let pick = |event: &AccountEvent| match event {
            AccountEvent::Scanned { result, .. } => Some(*result),
            _ => None,
        };
        let order = AccountOrder::Scan { account, code };
        let result = self.answered(order, pick).await?;
        let contact = self.known(account)?;
        self.printer.scanned(contact, result)?;
        let name = &contact.name;
        match result {
            ScanResult::Match => Ok(()),
            ScanResult::Different => {
                let text = format!(
                    "the safety codes differ: somebody sits between you and {name}, or a key has \
                     changed"
                );
                Err(Problem::new(Exit::Different, text).because("different"))
            }
            ScanResult::SomebodyElses => {
                let text = format!("this is not the code that {name} shows you");
                let hint = format!("Ask {name} for the output of `sotto verify` with your name");
                let problem = Problem::new(Exit::Refused, text).because("somebody_elses");
                Err(problem.and(&hint))
            }
            ScanResult::YourOwn => {
                let text = format!("this is your own code; {name} shows another one");
                Err(Problem::new(Exit::Refused, text).because("your_own"))
            }
            ScanResult::NotACode => {
                let text = "this is no safety code, or one of a later version";
                Err(Problem::new(Exit::Usage, text).because("not_a_code"))
            }
        }
    }

    pub(super) async fn mark(&mut self, who: &str, verified: bool) -> Result<(), Problem> {
        let account = self.find_contact(who).await?;
        let contact = self.known(account)?;
        if verified && matches!(contact.trust, Trust::Changed { .. }) {
            return Err(key_changed(contact));
        }
        let (digits, _) = self.ask_safety_number(account).await?;
        let order = AccountOrder::SetVerified {
            account,
            verified,
            digits,
        };
        self.order(Order::Account(order)).await?;
        self.show_contact(account)
    }

    pub(super) async fn accept_key(&mut self, who: &str, yes: bool) -> Result<(), Problem> {
        self.require_session().await?;
        let account = self.find_contact(who).await?;
        let contact = self.known(account)?;
        let name = contact.name.clone();
        if !matches!(contact.trust, Trust::Changed { .. }) {
            let text = format!("the account key of {name} has not changed");
            return Err(Problem::new(Exit::Refused, text));
        }
        let digits = if yes {
            self.ask_safety_number(account).await?.0
        } else {
            let digits = self.show_safety_number(account).await?;
            let question = format!("Is {name} really using a new key? Then it is taken.");
            prompt::confirm(&question, "--yes")?;
            digits
        };
        let order = AccountOrder::AcceptKey { account, digits };
        self.order(Order::Account(order)).await?;
        self.show_contact(account)
    }

    pub(super) async fn show_found(&mut self, name: &str) -> Result<(), Problem> {
        self.require_session().await?;
        match self.look_up(name).await? {
            Some(account) => self.show_contact(account),
            None => Err(unknown(name)),
        }
    }

    /// Asks the gateway for somebody by their whole name.
    pub(in super::super) async fn look_up(
        &mut self,
        name: &str,
    ) -> Result<Option<AccountId>, Problem> {
        let Ok(name) = AccountName::parse(name) else {
            return Ok(None);
        };
        let wanted = name.clone();
        let pick = move |event: &AccountEvent| match event {
            AccountEvent::Found { name, account } if *name == wanted => Some(*account),
            _ => None,
        };
        self.answered(AccountOrder::Find { name }, pick).await
    }

    /// Somebody with an account, among those known here or at the gateway.
    pub(in super::super) async fn find_contact(&mut self, who: &str) -> Result<AccountId, Problem> {
        self.signed_in()?;
        if let Some(contact) = resolve::account(self.client.contacts(), who) {
            return Ok(contact.account);
        }
        self.require_session().await?;
        if let Some(contact) = resolve::account(self.client.contacts(), who) {
            return Ok(contact.account);
        }
        self.look_up(who).await?.ok_or_else(|| unknown(who))
    }

    /// Gives the digits that were shown.
    async fn show_safety_number(&mut self, account: AccountId) -> Result<String, Problem> {
        let (digits, code) = self.ask_safety_number(account).await?;
        let contact = self.known(account)?;
        self.printer.safety_number(contact, &digits, &code)?;
        Ok(digits)
    }

    /// Digits and code.
    async fn ask_safety_number(&mut self, account: AccountId) -> Result<(String, String), Problem> {
        let pick = |event: &AccountEvent| match event {
            AccountEvent::SafetyNumber { digits, code, .. } => Some((digits.clone(), code.clone())),
            _ => None,
        };
        let order = AccountOrder::SafetyNumber { account };
        self.answered(order, pick).await
    }

    fn show_contact(&self, account: AccountId) -> Result<(), Problem> {
        let contact = self.known(account)?;
        let mailbox = contact
            .classic
            .and_then(|client| self.client.person(client));
        let unread = mailbox.map_or(0, |person| person.unread);
        Ok(self.printer.contact(contact, unread)?)
    }

    fn known(&self, account: AccountId) -> Result<&Contact, Problem> {
        self.client
            .contact(account)
            .ok_or_else(|| unknown(&account.to_string()))
    }
}

fn unknown(who: &str) -> Problem {
    let text = format!("nobody here has an account called {who}");
    Problem::new(Exit::Refused, text).because("no_such_contact")
}
