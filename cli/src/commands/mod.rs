//! The one-shot commands: each opens the profile, does one thing, and ends.

mod conversation;
mod identity;
mod people;
mod receive;
mod send;

pub(crate) use people::FOREIGN_NAMES;

use std::path::{Path, PathBuf};

use sotto_engine::api::{Command as Order, Event, Person, Phase};
use sotto_engine::machine::Profile;
use sotto_shared::ClientId;
use tokio::time::Instant;

use crate::args::{Command, DEFAULT_SERVER, Options, WsAddress};
use crate::client::{Client, Patience};
use crate::output::Printer;
use crate::passphrase;
use crate::problem::{Exit, Problem};
use crate::profile;
use crate::progress::Progress;
use crate::resolve::{Resolved, nobody, resolve, several};
use crate::store::{LOCK_PATIENCE, SqliteStore};
use crate::transport::{Dialer, PerRequest, Tcp, Tls, Transport, Ws};

/// A command at work.
pub(crate) struct Session {
    client: Client<SqliteStore>,
    printer: Printer,
    folder: PathBuf,
    /// Whether the server is somebody else's.
    foreign: bool,
}

/// Does a command.
pub(crate) async fn run(options: Options, command: Command) -> Result<(), Problem> {
    let patience = match (&command, options.timeout) {
        (_, Some(timeout)) => Patience::Until(Instant::now() + timeout),
        (Command::Receive { follow: true, .. }, None) => Patience::Endless,
        (_, None) => Patience::UntilFailure,
    };
    let mut session = Session::open(options, patience).await?;
    match command {
        Command::Register { name } => session.register(name).await,
        Command::People => session.show_people().await,
        Command::Send { to, text } => session.send_text(&to, text).await,
        Command::SendFile { to, path } => session.send_file(&to, &path).await,
        Command::Receive { follow, files } => match session.receive(follow, files).await {
            // That is how following ends.
            Err(problem) if follow && problem.exit == Exit::Interrupted => Ok(()),
            result => result,
        },
        Command::Key { who, request, send } => session.key(&who, request, send).await,
        Command::History { who, limit } => session.history(&who, limit).await,
        Command::Whoami => session.whoami(),
        Command::Export {
            path,
            sealed,
            file_passphrase_file,
        } => session.export(path, sealed, file_passphrase_file).await,
        Command::Import {
            path,
            file_passphrase_file,
        } => session.import(&path, file_passphrase_file).await,
        Command::Passphrase {
            remove,
            new_passphrase_file,
        } => session.set_passphrase(remove, new_passphrase_file).await,
        Command::Classic { .. } => Ok(()),
    }
}

impl Session {
    /// Opens the profile, with its passphrase if it has one.
    async fn open(options: Options, patience: Patience) -> Result<Self, Problem> {
        let folder = profile::folder(options.profile.clone())?;
        let store = SqliteStore::open(&folder, LOCK_PATIENCE)?;
        let transport = transport(&options, &folder)?;
        let requests = match options.seed_server {
            true => Profile::Seed,
            false => Profile::Reliable,
        };
        let progress = Progress::new(options.json);
        let client = Client::open(store, requests, transport, patience, progress).await?;
        let mut session = Self {
            client,
            printer: Printer::new(options.json),
            folder,
            foreign: options.seed_server,
        };
        if *session.client.phase() == Phase::Locked {
            let passphrase = passphrase::of_profile(options.passphrase_file.as_deref())?;
            session.order(Order::Unlock { passphrase }).await?;
        }
        match session.client.phase() {
            Phase::Broken { reason } => Err(Problem::new(Exit::Profile, reason.clone())
                .and("Nothing was changed in the profile")),
            _ => Ok(session),
        }
    }

    /// Gives the engine an order that it does or refuses at once; what it says.
    async fn order(&mut self, order: Order) -> Result<Vec<Event>, Problem> {
        let events = self.client.command(order).await;
        refuse_failures(&events)?;
        Ok(events)
    }

    /// Works on until something happens; failures end the command.
    async fn next_events(&mut self) -> Result<Vec<Event>, Problem> {
        let events = self.client.next_events().await?;
        refuse_failures(&events)?;
        Ok(events)
    }

    /// Works until the server has answered everything there was to ask.
    async fn catch_up(&mut self) -> Result<(), Problem> {
        self.require_account()?;
        while !self.client.is_caught_up() {
            self.next_events().await?;
        }
        Ok(())
    }

    /// Somebody is registered here, or is being registered.
    fn require_account(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Ready { .. } | Phase::Registering { .. } => Ok(()),
            _ => Err(Problem::new(
                Exit::Phase,
                "nobody is registered in this profile: use `sotto register NAME` first",
            )),
        }
    }

    /// Finds a person among those known here; nothing if there is nobody of that name.
    fn find_known(&self, wanted: &str) -> Result<Option<ClientId>, Problem> {
        let people: Vec<&Person> = self.client.people().collect();
        match resolve(people.iter().copied(), wanted) {
            Resolved::One(person) => Ok(Some(person.client)),
            Resolved::Nobody => Ok(None),
            Resolved::Several(found) => Err(several(&found, wanted)),
        }
    }

    /// Finds a person, and asks the server if nobody here is called so.
    async fn find(&mut self, wanted: &str) -> Result<ClientId, Problem> {
        self.require_account()?;
        if let Some(client) = self.find_known(wanted)? {
            return Ok(client);
        }
        self.catch_up().await?;
        self.find_known(wanted)?
            .ok_or_else(|| nobody(self.client.people(), wanted))
    }

    fn person(&self, client: ClientId) -> Result<&Person, Problem> {
        self.client
            .person(client)
            .ok_or_else(|| Problem::new(Exit::Refused, format!("nobody has the id {client}")))
    }
}

/// The way to the server that the options ask for.
fn transport(options: &Options, folder: &Path) -> Result<Box<dyn Transport>, Problem> {
    let ws = options.ws.as_deref().and_then(WsAddress::of);
    let is_tls = ws.as_ref().map_or(options.tls, |address| address.is_tls);
    if !is_tls && (options.tls || options.pin.is_some() || options.ca_file.is_some()) {
        let text = "--tls, --pin and --ca-file are for TLS, and this connection would have none: \
                    use --server with --tls, or --ws with wss://";
        return Err(Problem::new(Exit::Usage, text));
    }
    let dialer = |server| match is_tls {
        false => Dialer::plain(server),
        true => {
            let (ca_file, may_ask) = (options.ca_file.clone(), !options.json);
            Dialer::encrypted(server, Tls::new(ca_file, options.pin, folder, may_ask))
        }
    };
    if let (Some(url), Some(address)) = (&options.ws, ws) {
        return Ok(Box::new(Ws::new(url.clone(), dialer(address.server))));
    }
    let server = options.server.clone();
    let server = server.unwrap_or_else(|| DEFAULT_SERVER.to_owned());
    Ok(match options.seed_server {
        true => Box::new(PerRequest::new(server)),
        false => Box::new(Tcp::new(dialer(server))),
    })
}

fn refuse_failures(events: &[Event]) -> Result<(), Problem> {
    let failed = events.iter().find_map(|event| match event {
        Event::Failed(failure) => Some(failure.clone()),
        _ => None,
    });
    failed.map_or(Ok(()), |failure| Err(failure.into()))
}
