//! The classic mailbox of an account: a classic client like any other, but for whose it is.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use sotto_shared::account::BridgeCertificate;
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::{AccountId, ClientId};

use super::super::super::MailboxSize;
use super::super::super::account::{Applied, Refused};
use super::super::super::directory::Mailbox;
use super::super::apply::{Apply, Undo};
use super::super::statements::{FIND_KEY, INSERT_CLIENT};
use super::apply::{Known, Result, refuse_if};
use super::statements;

impl Apply<'_> {
    pub(super) fn set_bridge(
        &mut self,
        account: AccountId,
        bridge: Option<&(BridgeCertificate, PublicKeyBytes)>,
    ) -> Result<Applied> {
        let Some((certificate, public_key)) = bridge else {
            let known = self.known(account)?;
            self.drop_bridge(known.number)?;
            return Ok(Applied::Done);
        };
        let known = self.enabled(account)?;
        refuse_if(certificate.account != known.account, Refused::Unknown)?;
        if self.bridge_client(known.number)? == Some(certificate.client) {
            let row = params![certificate.client.as_bytes(), &public_key.0[..]];
            self.execute(statements::UPDATE_KEY, row)?;
        } else {
            self.drop_bridge(known.number)?;
            self.register_bridge(&known, certificate.client, public_key)?;
        }
        self.put_bridge(known.number, certificate)?;
        Ok(Applied::Done)
    }

    fn register_bridge(
        &mut self,
        known: &Known,
        client: ClientId,
        public_key: &PublicKeyBytes,
    ) -> Result<()> {
        self.client_id_is_free(client)?;
        let name = known.name.as_str();
        let is_taken = self.exists(statements::IS_CLIENT_NAME, params![name, client.as_bytes()])?;
        refuse_if(is_taken, Refused::NameTaken)?;
        refuse_if(
            self.counts.clients >= self.options.clients,
            Refused::AccountsFull,
        )?;
        let key = &public_key.0[..];
        let row = params![client.as_bytes(), name, key, self.now, name];
        self.execute(INSERT_CLIENT, row)?;
        self.show(client, Arc::default());
        Ok(())
    }

    /// Makes a classic client that there is the account's.
    pub(super) fn carry_over(&mut self, number: i64, bridge: &BridgeCertificate) -> Result<()> {
        let client = [bridge.client.as_bytes()];
        refuse_if(
            self.exists(statements::IS_BRIDGED, client)?,
            Refused::IdTaken,
        )?;
        let key = self
            .database
            .prepare_cached(FIND_KEY)?
            .query_row(client, |row| row.get(0).map(PublicKeyBytes))
            .optional()?;
        let is_certified =
            key.is_some_and(|key| BridgeCertificate::digest(&key) == bridge.key_digest);
        refuse_if(!is_certified, Refused::Unknown)?;
        self.put_bridge(number, bridge)
    }

    fn put_bridge(&mut self, number: i64, certificate: &BridgeCertificate) -> Result<()> {
        let row = params![
            number,
            certificate.client.as_bytes(),
            certificate.to_bytes()
        ];
        self.execute(statements::PUT_BRIDGE, row)?;
        Ok(())
    }

    /// Deletes the account's classic mailbox, if it has one, and what waits in it. What was sent
    /// from it and waits with others is theirs.
    pub(super) fn drop_bridge(&mut self, number: i64) -> Result<()> {
        let Some(client) = self.bridge_client(number)? else {
            return Ok(());
        };
        for step in statements::DELETE_CLIENT {
            self.execute(step, [client.as_bytes()])?;
        }
        self.execute(statements::DELETE_BRIDGE, [number])?;
        self.execute(statements::INSERT_USED_ID, [client.as_bytes()])?;
        self.hide(client);
        Ok(())
    }

    /// Lets classic requests meet the account's classic mailbox, or not: that of a disabled
    /// account is kept, and nobody can use it.
    pub(super) fn show_bridge(&mut self, number: i64, shown: bool) -> Result<()> {
        let Some(client) = self.bridge_client(number)? else {
            return Ok(());
        };
        if !shown {
            self.hide(client);
        } else if self.directory.find(client).is_none() {
            let size = self
                .database
                .prepare_cached(statements::MEASURE_MAILBOX)?
                .query_row([client.as_bytes()], |row| {
                    Ok(MailboxSize {
                        messages: row.get(0)?,
                        bytes: row.get(1)?,
                    })
                })?;
            self.show(client, Arc::new(Mailbox::with_size(size)));
        }
        Ok(())
    }

    fn bridge_client(&mut self, number: i64) -> Result<Option<ClientId>> {
        Ok(self
            .database
            .prepare_cached(statements::FIND_BRIDGE)?
            .query_row([number], |row| row.get(0).map(ClientId::from_bytes))
            .optional()?)
    }

    fn show(&mut self, client: ClientId, mailbox: Arc<Mailbox>) {
        self.directory.insert(client, mailbox);
        self.counts.clients += 1;
        self.undo.push(Undo::Registered(client));
    }

    fn hide(&mut self, client: ClientId) {
        if let Some(mailbox) = self.directory.remove(client) {
            self.counts.clients = self.counts.clients.saturating_sub(1);
            self.undo.push(Undo::Removed(client, mailbox));
        }
    }
}
