//! `signup`, `login`, `recover`.

use std::path::Path;

use sotto_engine::api::{
    AccountCommand as AccountOrder, Command as Order, DeviceName, Passphrase, Phase,
};
use sotto_shared::account::{AccountName, DisplayName};

use super::super::Session;
use crate::args::{CodeFile, Device, invitation_code};
use crate::passphrase;
use crate::problem::{Exit, Problem};
use crate::prompt;

impl Session {
    pub(super) async fn sign_up(
        &mut self,
        name: AccountName,
        display_name: Option<DisplayName>,
        invitation: Option<Passphrase>,
        device: Device,
        code: CodeFile,
    ) -> Result<(), Problem> {
        code.must_not_be_there()?;
        if self.resume().await? {
            return self.arrived(&code).await;
        }
        let display_name = match display_name {
            Some(display_name) => display_name,
            None => DisplayName::parse(name.as_str())
                .map_err(|error| Problem::new(Exit::Usage, error.to_string()))?,
        };
        let password = self.passwords.first()?;
        let order = AccountOrder::SignUp {
            name,
            display_name,
            password,
            invitation,
            device: device_name(&device),
            stay_unlocked: device.stay_unlocked,
        };
        self.enter(order).await?;
        self.arrived(&code).await
    }

    pub(super) async fn sign_in(
        &mut self,
        name: AccountName,
        device: Device,
    ) -> Result<(), Problem> {
        if !self.resume().await? {
            self.refuse_classic()?;
            let password = self.passwords.current()?;
            let order = AccountOrder::SignIn {
                name,
                password,
                device: device_name(&device),
                stay_unlocked: device.stay_unlocked,
            };
            self.enter(order).await?;
        }
        self.whoami().await
    }

    pub(super) async fn recover(
        &mut self,
        name: AccountName,
        old_code: Option<&Path>,
        revoke_others: bool,
        device: Device,
        code: CodeFile,
    ) -> Result<(), Problem> {
        code.must_not_be_there()?;
        if !self.resume().await? {
            self.refuse_classic()?;
            let old_code = passphrase::recovery_code(old_code)?;
            let password = self.passwords.first()?;
            let order = AccountOrder::Recover {
                name,
                code: old_code,
                password,
                device: device_name(&device),
                revoke_others,
                stay_unlocked: device.stay_unlocked,
            };
            self.enter(order).await?;
        }
        self.arrived(&code).await
    }

    /// Goes on with what an earlier run began and did not end; whether that has signed in here.
    async fn resume(&mut self) -> Result<bool, Problem> {
        if let Some(account) = self.client.account() {
            let text = format!("this profile has an account already, {}", account.name);
            let hint = "Give another --profile, or `sotto logout` first";
            return Err(Problem::new(Exit::Phase, text).and(hint));
        }
        while matches!(self.client.phase(), Phase::SigningIn { .. }) {
            self.next_events().await?;
        }
        Ok(matches!(self.client.phase(), Phase::SignedIn))
    }

    fn refuse_classic(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Unregistered => Ok(()),
            _ => {
                let text = "this profile has a classic identity, which only a new account can take \
                            over (`sotto signup NAME`)";
                Err(Problem::new(Exit::Phase, text).and("Give another --profile"))
            }
        }
    }

    /// Gives an order that signs in, and waits until it has.
    async fn enter(&mut self, order: AccountOrder) -> Result<(), Problem> {
        self.order(Order::Account(order)).await?;
        while !matches!(self.client.phase(), Phase::SignedIn) {
            self.next_events()
                .await
                .map_err(|problem| match problem.exit {
                    Exit::NotConnected | Exit::Interrupted => {
                        problem.and("`sotto whoami` tells whether it was done")
                    }
                    _ => problem,
                })?;
        }
        Ok(())
    }

    /// There is an account here, and its recovery code is to be written down.
    async fn arrived(&mut self, code: &CodeFile) -> Result<(), Problem> {
        self.hand_out_recovery_code(code).await?;
        self.whoami().await
    }
}

/// An invitation out of an argument, a file or standard input.
pub(super) fn invitation(
    given: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Passphrase>, Problem> {
    let text = match (given, file) {
        (Some("-"), _) => Some(Passphrase(prompt::line_from_input()?)),
        (Some(text), _) => Some(Passphrase(text.to_owned())),
        (None, Some(file)) => Some(passphrase::from_file(file)?),
        (None, None) => None,
    };
    Ok(text.map(|text| Passphrase(invitation_code(&text.0).to_owned())))
}

/// What this device is called: by itself nothing that tells whose it is.
fn device_name(device: &Device) -> DeviceName {
    let platform = platform();
    DeviceName {
        name: match &device.device_name {
            Some(name) => name.clone(),
            None => format!("Terminal on {platform}"),
        },
        platform: platform.to_owned(),
    }
}

fn platform() -> &'static str {
    match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        "freebsd" => "FreeBSD",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_device_is_not_called_by_its_host() {
        let mut device = Device {
            device_name: None,
            stay_unlocked: false,
        };
        assert_eq!(
            device_name(&device).name,
            format!("Terminal on {}", platform())
        );
        device.device_name = Some("Attic".to_owned());
        assert_eq!(device_name(&device).name, "Attic");
    }

    #[test]
    fn an_invitation_comes_by_argument_or_file_as_code_or_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("invitation");
        fs::write(&file, "https://example.org/#invite=AAAAA-BBBBB\n").unwrap();
        let code = |given, file| invitation(given, file).unwrap().map(|code| code.0.clone());
        assert_eq!(code(Some("AAAAA-BBBBB"), None).unwrap(), "AAAAA-BBBBB");
        assert_eq!(code(None, Some(file.as_path())).unwrap(), "AAAAA-BBBBB");
        assert_eq!(code(None, None), None);
    }
}
