//! The operator's commands.

mod audit;
mod time;
mod users;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use sotto_gateway::admin::{Answer, INVITATION_DAYS_MAX, Request, ask};
use sotto_gateway::config::Config;
use sotto_shared::account::AccountName;

pub(crate) use audit::Audit;

/// Which gateway.
#[derive(Args)]
pub(crate) struct Data {
    /// TOML file with the gateway's settings
    #[arg(long, env = "SOTTO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// The gateway's data folder [default: ./data]
    #[arg(long, env = "SOTTO_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Invite {
    /// Days that the invitation is good for
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=i64::from(INVITATION_DAYS_MAX)))]
    days: u32,

    #[command(flatten)]
    data: Data,
}

#[derive(Subcommand)]
pub(crate) enum User {
    /// List all accounts
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        data: Data,
    },
    /// Let nobody in with this account any more, and cut off its devices
    Disable(Whose),
    /// Take `disable` back
    Enable(Whose),
    /// Delete an account with its devices, its vault and its classic mailbox
    Delete {
        #[command(flatten)]
        whose: Whose,

        /// Do not ask for the name again
        #[arg(long)]
        yes: bool,
    },
    /// Forget failed logins, so that the account is not locked any more
    ResetLogin(Whose),
}

#[derive(Args)]
pub(crate) struct Whose {
    /// The account's name
    name: AccountName,

    #[command(flatten)]
    data: Data,
}

impl Data {
    fn settle(self) -> anyhow::Result<Config> {
        Ok(Config::of_data(self.data, self.config.as_deref())?)
    }
}

pub(crate) fn invite(invite: Invite) -> anyhow::Result<()> {
    let request = Request::Invite { days: invite.days };
    let config = invite.data.settle()?;
    match answer(&config, request)? {
        Answer::Invited {
            code,
            expires_at,
            link,
        } => {
            let mut text = format!("{code}\n");
            if let Some(link) = link {
                text.push_str(&format!("{link}\n"));
            }
            print(&text)?;
            eprintln!(
                "Good for one account until {}. The code is not shown again.",
                time::text(expires_at)
            );
            Ok(())
        }
        other => unexpected(&other),
    }
}

pub(crate) fn user(user: User) -> anyhow::Result<()> {
    let (whose, request): (Whose, fn(AccountName) -> Request) = match user {
        User::List { json, data } => return users::list(&data.settle()?, json),
        User::Disable(whose) => (whose, |name| Request::UserDisable { name }),
        User::Enable(whose) => (whose, |name| Request::UserEnable { name }),
        User::Delete { whose, yes } => {
            if !yes {
                confirm(&whose.name)?;
            }
            (whose, |name| Request::UserDelete { name })
        }
        User::ResetLogin(whose) => (whose, |name| Request::UserResetLogin { name }),
    };
    match answer(&whose.data.settle()?, request(whose.name))? {
        Answer::Done => Ok(()),
        other => unexpected(&other),
    }
}

/// Deleting cannot be taken back.
fn confirm(name: &AccountName) -> anyhow::Result<()> {
    eprint!("This deletes {name} for good. Type the name again: ");
    let mut typed = String::new();
    io::stdin()
        .read_line(&mut typed)
        .context("cannot read the name")?;
    if typed.trim() != name.as_str() {
        bail!("that is not the name: nothing was deleted");
    }
    Ok(())
}

fn answer(config: &Config, request: Request) -> anyhow::Result<Answer> {
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(ask(config, request))?;
    match answer {
        Answer::Error { message } => bail!("{message}"),
        answer => Ok(answer),
    }
}

fn unexpected(answer: &Answer) -> anyhow::Result<()> {
    bail!("the running gateway is of another version: it answered {answer:?}")
}

/// Writes to standard output. Whoever reads it may stop reading, as `head` does.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        done => done,
    }
}
