//! Signing up and in, passwords, and the end of accounts.

use super::*;

impl ModelGateway {
    pub(super) fn credentials(&mut self, conn: u64, request: Request) -> Response {
        match request {
            Request::RegisterStart(start) => {
                if self.is_taken(&start.name, start.carry_over) {
                    return error(ErrorCode::NameTaken);
                }
                let register = |slot, request: &OpaqueMessage| {
                    let id = CredentialId::new(&start.name, slot);
                    message(self.v3.setup.register(&request.0, &id).unwrap())
                };
                let password = register(Slot::Password, &start.password);
                let recovery = register(Slot::Recovery, &start.recovery);
                let key = start.carry_over.and_then(|client| self.classic_key(client));
                let challenge = key.map(|key| {
                    let secret = SymmetricKey::generate(&mut self.v3.rng);
                    let public = PublicKey::from_wire(&key).unwrap();
                    let wrapped = public.wrap_key(&mut self.v3.rng, &secret).unwrap();
                    let connection = self.v3.connections.get_mut(&conn).unwrap();
                    connection.challenge = Some((start.carry_over.unwrap(), secret));
                    wrapped
                });
                Response::RegisterStarted(RegisterStarted {
                    password,
                    recovery,
                    challenge,
                })
            }
            Request::RegisterFinish(finish) => self.register_account(conn, *finish),
            Request::LoginStart(start) => {
                let account = self.v3.by_name(&start.name);
                let found = account.map(|account| {
                    let credential = &account.credentials[&start.slot.number()];
                    let file = PasswordFile::from_bytes(&credential.upload.0).unwrap();
                    (account.id, file)
                });
                let id = CredentialId::new(&start.name, start.slot);
                let identifiers = Identifiers::new(&start.name, start.slot, self.v3.id);
                let file = found.as_ref().map(|(_, file)| file);
                let rng = &mut self.v3.rng;
                let (state, response) = self
                    .v3
                    .setup
                    .login(rng, file, &start.request.0, &id, &identifiers)
                    .unwrap();
                let account = found.map_or(AccountId::ZERO, |(id, _)| id);
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                connection.login = Some((state, account, start.slot));
                Response::LoginStarted(message(response))
            }
            Request::LoginFinish(finalization) => {
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                let Some((state, account, slot)) = connection.login.take() else {
                    return error(ErrorCode::Conflict);
                };
                if state.finish(&finalization.0).is_err() {
                    return error(ErrorCode::LoginFailed);
                }
                connection.logged_in = Some(account);
                let account = &self.v3.accounts[&account];
                Response::LoggedIn(Box::new(LoggedIn {
                    account: account.id,
                    account_key: account.key,
                    display_name: account.display_name.clone(),
                    wrapped_vault_key: account.credentials[&slot.number()]
                        .wrapped_vault_key
                        .clone(),
                    vault: account.vault.clone(),
                    vault_version: 1,
                    password_epoch: account.epoch,
                }))
            }
            Request::Authenticate(proof) => self.authenticate(conn, &proof),
            request => match self.v3.connections[&conn].logged_in {
                Some(account) => self.logged_in(conn, account, request),
                None => error(ErrorCode::LoginNeeded),
            },
        }
    }

    fn logged_in(&mut self, conn: u64, id: AccountId, request: Request) -> Response {
        match request {
            Request::AddDevice(add) => {
                let client = add.certificate.client;
                let account = self.v3.accounts.get_mut(&id).unwrap();
                add.certificate.verify_for(&id, &account.key).unwrap();
                account.devices.push((add.certificate, add.device));
                self.v3.push(&Push::DevicesChanged, |to, _| to == id);
                self.v3.session(conn, id, client)
            }
            Request::CredentialsStart(start) => {
                let name = self.v3.accounts[&id].name.clone();
                let register = |slot, request: OpaqueMessage| {
                    let id = CredentialId::new(&name, slot);
                    message(self.v3.setup.register(&request.0, &id).unwrap())
                };
                Response::CredentialsStarted(CredentialsStarted {
                    password: start.password.map(|it| register(Slot::Password, it)),
                    recovery: start.recovery.map(|it| register(Slot::Recovery, it)),
                })
            }
            Request::CredentialsFinish(finish) => {
                let account = self.v3.accounts.get_mut(&id).unwrap();
                if let Some(password) = finish.password {
                    account.epoch += 1;
                    account
                        .credentials
                        .insert(Slot::Password.number(), password);
                }
                if let Some(recovery) = finish.recovery {
                    account
                        .credentials
                        .insert(Slot::Recovery.number(), recovery);
                }
                let epoch = account.epoch;
                let clients: Vec<ClientId> =
                    finish.revocations.iter().map(|it| it.client).collect();
                self.revoke(id, &clients);
                let this = self.v3.connections[&conn].device.map(|(_, client)| client);
                let push = Push::PasswordChanged {
                    password_epoch: epoch,
                };
                self.v3
                    .push(&push, |to, client| to == id && Some(client) != this);
                Response::CredentialsChanged(epoch)
            }
            Request::DeleteAccount(signature) => {
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                let Some(nonce) = connection.nonce.take() else {
                    return error(ErrorCode::NonceUsed);
                };
                let order = DeletionOrder {
                    account: id,
                    gateway: self.v3.id,
                    nonce,
                    signature,
                };
                let key = self.v3.accounts[&id].key;
                order.verify_for(&id, &key, &self.v3.id, &nonce).unwrap();
                self.v3.accounts.remove(&id);
                self.v3
                    .push(&Push::SessionEnded(EndReason::AccountDeleted), |to, _| {
                        to == id
                    });
                self.v3.push(&Push::AccountLeft(id), |to, _| to != id);
                Response::Done
            }
            other => panic!("{other:?}"),
        }
    }

    fn authenticate(&mut self, conn: u64, proof: &Authenticate) -> Response {
        let connection = self.v3.connections.get_mut(&conn).unwrap();
        let Some(nonce) = connection.nonce.take() else {
            return error(ErrorCode::NonceUsed);
        };
        let accounts = self.v3.accounts.values();
        let mut accounts = accounts.filter(|it| {
            let mut devices = it.devices.iter();
            devices.any(|(device, _)| device.client == proof.client)
        });
        let Some(account) = accounts.next() else {
            return error(ErrorCode::UnknownDevice);
        };
        let mut devices = account.devices.iter();
        let (device, _) = devices.find(|(it, _)| it.client == proof.client).unwrap();
        let key = &device.device_key;
        verify_login(key, &self.v3.id, &nonce, proof.client, &proof.signature).unwrap();
        if account.revoked.contains(&proof.client) {
            return error(ErrorCode::DeviceRevoked);
        }
        let account = account.id;
        self.v3.session(conn, account, proof.client)
    }

    fn register_account(&mut self, conn: u64, finish: RegisterFinish) -> Response {
        let carried = finish.carry_over.as_ref().map(|it| it.certificate.client);
        if self.is_taken(&finish.name, carried) {
            return error(ErrorCode::NameTaken);
        }
        finish.certificate.verify().unwrap();
        let id = finish.certificate.account;
        let client = finish.certificate.client;
        let bridge = finish.carry_over.map(|carried| {
            let connection = self.v3.connections.get_mut(&conn).unwrap();
            let (challenged, secret) = connection.challenge.take().unwrap();
            assert_eq!(challenged, carried.certificate.client);
            let answer = carry_over_answer(&secret, id, challenged).unwrap();
            assert_eq!(answer, carried.answer);
            carried.certificate
        });
        let account = Account {
            id,
            name: finish.name,
            display_name: finish.display_name,
            key: finish.certificate.account_key,
            credentials: [
                (Slot::Password.number(), finish.password),
                (Slot::Recovery.number(), finish.recovery),
            ]
            .into(),
            vault: finish.vault,
            epoch: 1,
            devices: vec![(finish.certificate, finish.device)],
            revoked: Vec::new(),
            bridge,
            hides_presence: false,
        };
        self.v3.accounts.insert(id, account);
        self.v3.tell_of(id, true);
        self.v3.session(conn, id, client)
    }
}
