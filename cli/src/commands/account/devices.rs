//! `devices`, `revoke`, `rename-device`.

use sotto_engine::api::{AccountCommand as AccountOrder, AccountEvent, Deed, DeviceInfo};

use super::super::Session;
use crate::problem::{Exit, Problem};
use crate::resolve::one_of;

impl Session {
    pub(super) async fn devices(&mut self) -> Result<(), Problem> {
        let devices = match self.list_devices().await {
            // Told when it is first seen; it stands in the list, too.
            Err(problem) if problem.reason == Some("not_certified") => self.list_devices().await?,
            result => result?,
        };
        for device in &devices {
            self.printer.device(device)?;
        }
        match devices.iter().all(|device| device.certified) {
            true => Ok(()),
            false => Err(Problem::new(
                Exit::Untrusted,
                "the gateway tells of a device that no device of yours has let in. Do not trust \
                 this gateway, and speak to its operator",
            )
            .because("not_certified")),
        }
    }

    pub(super) async fn revoke(
        &mut self,
        wanted: &[String],
        all_others: bool,
    ) -> Result<(), Problem> {
        if all_others {
            self.require_session().await?;
            let order = AccountOrder::RevokeOtherDevices;
            self.done(order, Deed::DevicesRevoked).await?;
            return Ok(self.printer.done("all other devices are revoked")?);
        }
        let devices = self.list_devices().await?;
        // All are found before the first is revoked.
        let mut revoked = Vec::new();
        for wanted in wanted {
            let device = pick(&devices, wanted)?;
            if device.this {
                let text = format!("{wanted} is this device");
                return Err(Problem::new(Exit::Refused, text).and("`sotto logout` revokes it"));
            }
            revoked.push(device);
        }
        revoked.sort_by_key(|device| device.client);
        revoked.dedup_by_key(|device| device.client);
        for device in revoked {
            let client = device.client;
            let order = AccountOrder::RevokeDevice { client };
            self.done(order, Deed::DevicesRevoked).await?;
            let what = format!("revoked {client} ({})", crate::sanitize::line(&device.name));
            self.printer.done(&what)?;
        }
        Ok(())
    }

    pub(super) async fn rename_device(
        &mut self,
        name: String,
        wanted: Option<&str>,
    ) -> Result<(), Problem> {
        let client = match wanted {
            Some(wanted) => pick(&self.list_devices().await?, wanted)?.client,
            None => {
                self.require_session().await?;
                self.signed_in()?.client
            }
        };
        let order = AccountOrder::RenameDevice { client, name };
        self.done(order, Deed::DeviceRenamed).await?;
        Ok(self.printer.done("the device is renamed")?)
    }

    async fn list_devices(&mut self) -> Result<Vec<DeviceInfo>, Problem> {
        self.require_session().await?;
        let pick = |event: &AccountEvent| match event {
            AccountEvent::Devices(devices) => Some(devices.clone()),
            _ => None,
        };
        let mut devices = self.answered(AccountOrder::ListDevices, pick).await?;
        devices.sort_by_key(|device| !device.this);
        Ok(devices)
    }
}

fn pick<'a>(devices: &'a [DeviceInfo], wanted: &str) -> Result<&'a DeviceInfo, Problem> {
    let id = |device: &DeviceInfo| device.client.to_string();
    let at = one_of(devices, id, |device| Some(device.name.as_str()), wanted)?;
    devices
        .get(at)
        .ok_or_else(|| Problem::new(Exit::Refused, format!("there is no device {wanted}")))
}
