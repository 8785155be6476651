//! What the user wants of their account.

use sotto_shared::account::{AccountName, DisplayName};
use sotto_shared::sotto::Request;
use sotto_shared::sotto::request::UpdateProfile;

use super::flows::{Purpose, Running};
use super::{Accounts, Asked};
use crate::account::credentials::{self, Credentials};
use crate::account::recover::Recover;
use crate::account::sign_in::SignIn;
use crate::account::sign_up::{SignUp, SignUpWords};
use crate::api::{
    AccountCommand, AccountFailure, Deed, DeviceName, Passphrase, Phase, SessionState,
};
use crate::identity::Identity;
use crate::machine::{Effect, Profile};
use crate::time::Timestamp;

impl Accounts {
    /// `classic` is who is registered here as a classic client, `phase` where that one stands.
    pub(in crate::machine) fn command(
        &mut self,
        command: AccountCommand,
        classic: Option<&Identity>,
        phase: &Phase,
        now: Timestamp,
    ) {
        if self.profile == Profile::Seed {
            return self.step.fail(AccountFailure::WrongPhase);
        }
        let done = match command {
            AccountCommand::SignUp {
                name,
                display_name,
                password,
                invitation,
                device,
                stay_unlocked,
            } => {
                let words = SignUpWords {
                    name,
                    display_name,
                    password,
                    invitation,
                    device,
                    carry_over: classic.cloned(),
                };
                self.sign_up(words, stay_unlocked, phase, now)
            }
            AccountCommand::SignIn {
                name,
                password,
                device,
                stay_unlocked,
            } => self.sign_in(name, password, &device, stay_unlocked, phase, now),
            AccountCommand::Recover {
                name,
                code,
                password,
                device,
                revoke_others,
                stay_unlocked,
            } => self.check_nobody(phase).and_then(|()| {
                let words = (!stay_unlocked).then(|| password.clone());
                let rng = &mut self.rng;
                let begun =
                    Recover::begin(name.clone(), &code, password, &device, revoke_others, rng);
                let (flow, first) = begun?;
                let purpose = Purpose::Device { name, words };
                self.begin(Running::Recover(Box::new(flow)), first, purpose, now);
                Ok(())
            }),
            AccountCommand::Cancel => {
                self.cancel();
                Ok(())
            }
            AccountCommand::SignOut => self.sign_out(now),
            AccountCommand::Forget => self.forget(),
            AccountCommand::SetStayUnlocked { stay, password } => match stay {
                true => Err(AccountFailure::WrongPhase), // The driver's.
                false => {
                    let purpose = Purpose::Lock(password.clone());
                    self.prove(&password, credentials::Purpose::Confirm, purpose, now)
                }
            },
            AccountCommand::ChangePassword {
                current,
                new,
                revoke_others,
            } => {
                let purpose = Purpose::ChangePassword(new.clone());
                let change = credentials::Purpose::ChangePassword { new, revoke_others };
                self.prove(&current, change, purpose, now)
            }
            AccountCommand::ConfirmPassword { password } => self.confirm_password(password, now),
            AccountCommand::NewRecoveryCode { password } => {
                let renew = credentials::Purpose::NewRecoveryCode;
                self.prove(&password, renew, Purpose::RecoveryCode, now)
            }
            AccountCommand::Delete { password } => self.delete(&password, now),
            AccountCommand::RecoveryCodeSaved => self.recovery_code_saved(),
            AccountCommand::ListDevices => self.list_devices(now),
            AccountCommand::RevokeDevice { client } => self.revoke_device(client, now),
            AccountCommand::RevokeOtherDevices => self.check_open().map(|()| {
                self.ask(Asked::OtherDevices, &Request::ListDevices, now);
            }),
            AccountCommand::RenameDevice { client, name } => self.rename_device(client, &name, now),
            AccountCommand::UpdateProfile {
                display_name,
                hides_presence,
            } => self.update_profile(display_name, hides_presence, now),
            AccountCommand::SetBridge { on: true } => self.bridge_on(classic),
            AccountCommand::SetBridge { on: false } => self.bridge_off(now),
            AccountCommand::Find { name } => self.find(name, now),
            AccountCommand::SafetyNumber { account } => self.safety_number(account),
            AccountCommand::SetVerified {
                account,
                verified,
                digits,
            } => match verified {
                true => self.set_verified(account, &digits),
                false => self.set_unverified(account),
            },
            AccountCommand::Scan { account, code } => self.scan(account, &code),
            AccountCommand::AcceptKey { account, digits } => self.accept_key(account, &digits, now),
            AccountCommand::Invite => self.request(Asked::Invite, &Request::Invite, now),
            AccountCommand::ListInvitations => {
                self.request(Asked::Invitations, &Request::ListInvitations, now)
            }
            AccountCommand::CancelInvitation { id } => {
                let request = Request::CancelInvitation(id);
                self.request(Asked::CancelInvitation, &request, now)
            }
            // The driver, which holds the store, answers these.
            AccountCommand::Lock | AccountCommand::SetAutoLock { .. } | AccountCommand::Active => {
                Err(AccountFailure::WrongPhase)
            }
        };
        if let Err(failure) = done {
            self.step.fail(failure);
        }
    }

    /// Whether nobody is here, and nobody is about to be.
    fn check_nobody(&self, phase: &Phase) -> Result<(), AccountFailure> {
        let is_nobody = !self.is_somebody() && self.flow.is_none();
        match is_nobody && *phase == Phase::Unregistered {
            true => Ok(()),
            false => Err(AccountFailure::WrongPhase),
        }
    }

    pub(super) fn check_somebody(&self) -> Result<(), AccountFailure> {
        match self.stored {
            Some(_) => Ok(()),
            None => Err(AccountFailure::WrongPhase),
        }
    }

    /// Whether the gateway can be asked at once.
    pub(super) fn check_open(&self) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        match self.session {
            SessionState::Open => Ok(()),
            SessionState::Closed => Err(AccountFailure::Offline),
            SessionState::PasswordChanged | SessionState::Ended(_) => {
                Err(AccountFailure::WrongPhase)
            }
        }
    }

    fn request(
        &mut self,
        what: Asked,
        request: &Request,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_open()?;
        self.ask(what, request, now);
        Ok(())
    }

    /// A classic client that is registered here is carried over; one that is about to be is
    /// waited for.
    fn sign_up(
        &mut self,
        words: SignUpWords,
        stay_unlocked: bool,
        phase: &Phase,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        if !matches!(phase, Phase::Ready { .. }) {
            self.check_nobody(phase)?;
        }
        if self.is_somebody() || self.flow.is_some() {
            return Err(AccountFailure::WrongPhase);
        }
        let name = words.name.clone();
        let locking = (!stay_unlocked).then(|| words.password.clone());
        let (flow, first) = SignUp::begin(words, &mut self.rng)?;
        let purpose = Purpose::Device {
            name,
            words: locking,
        };
        self.begin(Running::SignUp(Box::new(flow)), first, purpose, now);
        Ok(())
    }

    fn sign_in(
        &mut self,
        name: AccountName,
        password: Passphrase,
        device: &DeviceName,
        stay_unlocked: bool,
        phase: &Phase,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_nobody(phase)?;
        let (flow, first) = SignIn::begin(name.clone(), &password, device, &mut self.rng)?;
        let words = (!stay_unlocked).then_some(password);
        let purpose = Purpose::Device { name, words };
        self.begin(Running::SignIn(Box::new(flow)), first, purpose, now);
        Ok(())
    }

    /// Asks for the password again, for something that takes it.
    fn prove(
        &mut self,
        password: &Passphrase,
        what: credentials::Purpose,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_open()?;
        self.begin_credentials(password, what, purpose, now)
    }

    fn begin_credentials(
        &mut self,
        password: &Passphrase,
        what: credentials::Purpose,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        let stored = match &self.stored {
            Some(stored) if self.flow.is_none() => stored,
            _ => return Err(AccountFailure::WrongPhase),
        };
        let (flow, first) = Credentials::begin(stored, password, what, &mut self.rng)?;
        self.begin(Running::Credentials(Box::new(flow)), first, purpose, now);
        Ok(())
    }

    fn confirm_password(
        &mut self,
        password: Passphrase,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        match self.session {
            SessionState::PasswordChanged => {}
            SessionState::Closed => return Err(AccountFailure::Offline),
            SessionState::Open | SessionState::Ended(_) => return Err(AccountFailure::WrongPhase),
        }
        let purpose = Purpose::Confirm(password.clone());
        self.begin_credentials(&password, credentials::Purpose::Confirm, purpose, now)
    }

    /// On a connection of its own: none needs to stand, as right after a wrong password.
    fn delete(&mut self, password: &Passphrase, now: Timestamp) -> Result<(), AccountFailure> {
        match self.session {
            SessionState::Open | SessionState::Closed => self.check_somebody()?,
            SessionState::PasswordChanged | SessionState::Ended(_) => {
                return Err(AccountFailure::WrongPhase);
            }
        }
        let delete = credentials::Purpose::Delete;
        self.begin_credentials(password, delete, Purpose::Delete, now)
    }

    fn forget(&mut self) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        match self.session {
            SessionState::Ended(_) => {
                self.step.effects.push(Effect::Erase);
                Ok(())
            }
            _ => Err(AccountFailure::WrongPhase),
        }
    }

    fn update_profile(
        &mut self,
        display_name: DisplayName,
        hides_presence: bool,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        let request = Request::UpdateProfile(UpdateProfile {
            display_name: display_name.clone(),
            hides_presence,
        });
        let what = Asked::Profile {
            display_name,
            hides_presence,
        };
        self.request(what, &request, now)
    }

    pub(super) fn profile_updated(&mut self, display_name: DisplayName, hides_presence: bool) {
        self.change(|stored| {
            stored.display_name = display_name;
            stored.hides_presence = hides_presence;
        });
        self.done(Deed::ProfileUpdated);
    }
}
