//! Somebody with an account.

use super::*;

/// A classic client that is carried over, and how that is proved.
pub(crate) type CarriesOver<'a> = (ClientId, &'a dyn Fn(&RegisterStarted) -> CarryOver);

/// A device's key and mailbox.
pub(crate) struct Device {
    pub(crate) key: DeviceKey,
    pub(crate) client: ClientId,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self {
            key: DeviceKey::generate(&mut OsRng),
            client: ClientId::random(&mut OsRng),
        }
    }

    pub(crate) fn sign(
        &self,
        gateway: &GatewayId,
        nonce: &Nonce,
    ) -> sotto_shared::account::Signature {
        login_signature(&self.key, gateway, nonce, self.client)
    }
}

/// Somebody with an account, and the device with which they signed up.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) recovery: Vec<u8>,
    pub(crate) key: AccountKey,
    pub(crate) account: AccountId,
    pub(crate) device: Device,
    vault_key: VaultKey,
}

impl Person {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: format!("a good password of {name}"),
            recovery: vec![9; 20],
            key: AccountKey::generate(&mut OsRng),
            account: AccountId::random(&mut OsRng),
            device: Device::new(),
            vault_key: VaultKey::generate(&mut OsRng),
        }
    }

    /// Signs up on a connection that has said hello.
    pub(crate) fn sign_up(name: &str, line: &mut Line) -> Self {
        let person = Self::new(name);
        let answered = person.register(line, "", None);
        assert_eq!(session_of(answered).account, person.account);
        line.client = person.device.client;
        person
    }

    pub(crate) fn certify(&self, device: &Device) -> DeviceCertificate {
        let key = device.key.public();
        DeviceCertificate::issue(&self.key, self.account, device.client, key, 1)
    }

    pub(crate) fn revoke(&self, client: ClientId) -> DeviceRevocation {
        DeviceRevocation::issue(&self.key, self.account, client, 2)
    }

    /// Both steps of signing up; the last answer.
    pub(crate) fn register(
        &self,
        line: &mut Line,
        invitation: &str,
        carry_over: Option<CarriesOver<'_>>,
    ) -> Response {
        match self.register_finish(line, invitation, carry_over) {
            Ok(finish) => line.ask(&Request::RegisterFinish(Box::new(finish))),
            Err(answered) => *answered,
        }
    }

    /// The first step of signing up; the second one's request, or the answer that ended it.
    pub(crate) fn register_finish(
        &self,
        line: &mut Line,
        invitation: &str,
        carry_over: Option<CarriesOver<'_>>,
    ) -> Result<RegisterFinish, Box<Response>> {
        let rng = &mut OsRng;
        let (password, password_request) =
            RegistrationStart::new(rng, self.password.as_bytes()).unwrap();
        let (recovery, recovery_request) = RegistrationStart::new(rng, &self.recovery).unwrap();
        let started = line.ask(&Request::RegisterStart(RegisterStart {
            name: account_name(&self.name),
            password: OpaqueMessage(password_request.into()),
            recovery: OpaqueMessage(recovery_request.into()),
            invitation: invitation.to_owned(),
            carry_over: carry_over.map(|(client, _)| client),
        }));
        let Response::RegisterStarted(started) = started else {
            return Err(Box::new(started));
        };
        let gateway = line.gateway();
        let vault = seal_vault(&self.vault_key, self.account, 1, b"settings", rng);
        Ok(RegisterFinish {
            name: account_name(&self.name),
            display_name: self.name.parse().unwrap(),
            password: self.credential(Slot::Password, password, &started.password, gateway),
            recovery: self.credential(Slot::Recovery, recovery, &started.recovery, gateway),
            vault: vault.unwrap().into(),
            certificate: self.certify(&self.device),
            device: label("first"),
            invitation: invitation.to_owned(),
            carry_over: carry_over.map(|(_, prove)| prove(&started)),
        })
    }

    pub(super) fn credential(
        &self,
        slot: Slot,
        started: RegistrationStart,
        answer: &OpaqueMessage,
        gateway: GatewayId,
    ) -> Credential {
        let rng = &mut OsRng;
        let identifiers = Identifiers::new(&account_name(&self.name), slot, gateway);
        let done = started.finish(rng, &answer.0, &identifiers).unwrap();
        let wrapped =
            wrap_vault_key(&done.export_key, slot, self.account, &self.vault_key, rng).unwrap();
        Credential {
            upload: OpaqueMessage(done.upload.to_vec().into()),
            wrapped_vault_key: wrapped.into(),
        }
    }
}
