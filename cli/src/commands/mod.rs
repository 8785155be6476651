//! The one-shot commands: each opens the profile, does one thing, and ends.

mod account;
mod conversations;
mod history;
mod identity;
mod people;
mod receive;
mod send;

pub(crate) use people::FOREIGN_NAMES;

use std::path::{Path, PathBuf};

use sotto_engine::api::{Command as Order, Contact, Event, Person, Phase, SessionState, Trust};
use sotto_engine::machine::Profile;
use sotto_shared::ClientId;
use tokio::time::Instant;

use crate::args::{AccountCommand, Command, DEFAULT_SERVER, Options, WsAddress};
use crate::client::{Client, Patience};
use crate::output::Printer;
use crate::passphrase::Passwords;
use crate::problem::{Exit, LOOK_AT_KEY, Problem};
use crate::profile;
use crate::progress::Progress;
use crate::resolve::{self, Resolved, nobody, resolve, several};
use crate::store::{LOCK_PATIENCE, SqliteStore};
use crate::transport::{Dialer, PerRequest, Tcp, Tls, Transport, Ws};

/// A command at work.
pub(crate) struct Session {
    client: Client<SqliteStore>,
    printer: Printer,
    folder: PathBuf,
    /// Whether the server is somebody else's.
    foreign: bool,
    passwords: Passwords,
    /// Where the web client is, if that is known.
    web: Option<String>,
}

/// Does a command.
pub(crate) async fn run(options: Options, command: Command) -> Result<(), Problem> {
    let patience = match (&command, options.timeout) {
        (_, Some(timeout)) => Patience::Until(Instant::now() + timeout),
        (Command::Receive { follow: true, .. } | Command::Listen { once: false }, None) => {
            Patience::Endless
        }
        (_, None) => Patience::UntilFailure,
    };
    let forgets = matches!(
        command,
        Command::Account(AccountCommand::Logout { forget: true, .. })
    );
    let quiet = options.json;
    let mut session = Session::open(options, patience, quiet).await?;
    // Who has forgotten the password can still erase.
    if !forgets {
        session.unlock().await?;
    }
    match command {
        Command::Account(command) => session.account(command).await,
        Command::Register { name } => session.register(name).await,
        Command::People => session.show_people().await,
        Command::Send { to, text, classic } => session.send_text(&to, text, classic).await,
        Command::Listen { once } => match session.listen(once).await {
            // That is how listening ends.
            Err(problem) if !once && problem.exit == Exit::Interrupted => Ok(()),
            result => result,
        },
        Command::Group(command) => session.group(command).await,
        Command::Lobby(command) => session.lobby(command).await,
        Command::Search { words, limit } => session.search(&words.join(" "), limit).await,
        Command::SendFile { to, path } => session.send_file(&to, &path).await,
        Command::Receive { follow, files } => match session.receive(follow, files).await {
            // That is how following ends.
            Err(problem) if follow && problem.exit == Exit::Interrupted => Ok(()),
            result => result,
        },
        Command::Key { who, request, send } => session.key(&who, request, send).await,
        Command::History {
            who,
            classic,
            limit,
        } => session.history(&who, classic, limit).await,
        Command::Whoami => session.whoami().await,
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

/// Shows conversations on the whole terminal.
pub(crate) async fn show(options: Options) -> Result<(), Problem> {
    let mut session = Session::open(options, Patience::Endless, true).await?;
    session.unlock().await?;
    session.require_somebody()?;
    crate::tui::run(&mut session.client).await
}

impl Session {
    /// Opens the profile. `quiet` shows no progress, and asks nothing while it connects.
    async fn open(options: Options, patience: Patience, quiet: bool) -> Result<Self, Problem> {
        let folder = profile::folder(options.profile.clone())?;
        let store = SqliteStore::open(&folder, LOCK_PATIENCE)?;
        let transport = transport(&options, &folder, !quiet)?;
        let requests = match options.seed_server {
            true => Profile::Seed,
            false => Profile::Reliable,
        };
        let progress = Progress::new(quiet);
        let client = Client::open(store, requests, transport, patience, progress).await?;
        let session = Self {
            client,
            printer: Printer::new(options.json),
            folder,
            foreign: options.seed_server,
            passwords: Passwords::new(&options),
            web: options.ws.as_deref().and_then(web_address),
        };
        session.refuse_broken().map(|()| session)
    }

    /// Opens the lock, if the profile has one.
    async fn unlock(&mut self) -> Result<(), Problem> {
        if *self.client.phase() == Phase::Locked {
            let passphrase = self.passwords.of_profile()?;
            self.order(Order::Unlock { passphrase }).await?;
        }
        self.refuse_broken()
    }

    fn refuse_broken(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Broken { reason } => Err(Problem::new(Exit::Profile, reason.clone())
                .and("Nothing was changed in the profile")),
            _ => Ok(()),
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
        loop {
            self.require_somebody()?;
            self.refuse_ended()?;
            if self.is_settled() {
                return Ok(());
            }
            if self.is_password_changed() {
                self.confirm_password().await?;
            } else {
                self.next_events().await?;
            }
        }
    }

    /// Whether the server has answered everything there was to ask; with an account, of whom it
    /// knows.
    fn is_settled(&self) -> bool {
        let is_open = match self.client.phase() {
            Phase::SignedIn => self.session_state() == Some(SessionState::Open),
            Phase::SigningIn { .. } => false,
            _ => true,
        };
        is_open && self.client.is_caught_up()
    }

    /// Whether the gateway waits for a password that was set on another device.
    fn is_password_changed(&self) -> bool {
        let state = self.session_state();
        state == Some(SessionState::PasswordChanged) && self.client.is_caught_up()
    }

    fn session_state(&self) -> Option<SessionState> {
        self.client.account().map(|account| account.session)
    }

    /// Says so if this device has no session any more.
    fn refuse_ended(&self) -> Result<(), Problem> {
        match self.session_state() {
            Some(SessionState::Ended(end)) => Err(end.into()),
            _ => Ok(()),
        }
    }

    /// Somebody is registered or signed in here, or is about to be.
    fn require_somebody(&self) -> Result<(), Problem> {
        match self.client.phase() {
            Phase::Ready { .. }
            | Phase::Registering { .. }
            | Phase::SigningIn { .. }
            | Phase::SignedIn => Ok(()),
            _ => Err(Problem::new(
                Exit::Phase,
                "nobody is signed in with this profile: use `sotto signup NAME` for an account, or \
                 `sotto login NAME` if you have one",
            )),
        }
    }

    /// There is a classic mailbox here: one's own, or that of the account.
    fn require_classic(&self) -> Result<(), Problem> {
        self.require_somebody()?;
        let Some(account) = self.client.account() else {
            return Ok(());
        };
        self.refuse_ended()?;
        match &account.bridge {
            Some(bridge) if bridge.here => Ok(()),
            Some(_) => {
                let text = "the classic mailbox works on the device that switched it on";
                let hint = "`sotto bridge off` and `sotto bridge on` move it here";
                Err(Problem::new(Exit::Phase, text).and(hint))
            }
            None => {
                let text = "this account has no classic mailbox to send from or receive in";
                let hint = "`sotto bridge on` switches it on";
                Err(Problem::new(Exit::Phase, text).and(hint))
            }
        }
    }

    /// Finds a person among those known here; nothing if there is nobody of that name.
    fn find_known(&self, wanted: &str) -> Result<Option<ClientId>, Problem> {
        if let Some(contact) = resolve::account(self.client.contacts(), wanted) {
            return resolve::mailbox(contact).map(Some);
        }
        let people: Vec<&Person> = self.client.people().collect();
        match resolve(people.iter().copied(), wanted) {
            Resolved::One(person) => Ok(Some(person.client)),
            Resolved::Nobody => Ok(None),
            Resolved::Several(found) => Err(several(&found, wanted)),
        }
    }

    /// Finds a person, and asks the server if nobody here is called so.
    async fn find(&mut self, wanted: &str) -> Result<ClientId, Problem> {
        self.require_classic()?;
        let is_account = self.client.account().is_some();
        if !is_account && let Some(client) = self.find_known(wanted)? {
            return Ok(client);
        }
        // With an account, the gateway is asked first: it may tell of a changed account key.
        let caught_up = match self.catch_up().await {
            Err(problem) if problem.exit == Exit::NotConnected => Err(problem),
            result => Ok(result?),
        };
        if let Some(contact) = resolve::account(self.client.contacts(), wanted)
            && contact.classic.is_none()
            && matches!(contact.trust, Trust::Changed { .. })
        {
            return Err(key_changed(contact));
        }
        if let Some(client) = self.find_known(wanted)? {
            return Ok(client);
        }
        caught_up?;
        if is_account && self.look_up(wanted).await?.is_some() {
            return self
                .find_known(wanted)?
                .ok_or_else(|| nobody(self.client.people(), wanted));
        }
        Err(nobody(self.client.people(), wanted))
    }

    /// Nothing goes to somebody whose account key has changed before the user has looked at it.
    fn refuse_changed(&self, client: ClientId) -> Result<(), Problem> {
        let account = self.client.person(client).and_then(|person| person.account);
        let changed = self.client.contacts().find(|contact| {
            let is_meant = contact.classic == Some(client) || account == Some(contact.account);
            is_meant && matches!(contact.trust, Trust::Changed { .. })
        });
        changed.map_or(Ok(()), |contact| Err(key_changed(contact)))
    }

    fn person(&self, client: ClientId) -> Result<&Person, Problem> {
        self.client
            .person(client)
            .ok_or_else(|| Problem::new(Exit::Refused, format!("nobody has the id {client}")))
    }
}

/// The way to the server that the options ask for.
fn transport(
    options: &Options,
    folder: &Path,
    may_ask: bool,
) -> Result<Box<dyn Transport>, Problem> {
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
            let ca_file = options.ca_file.clone();
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

/// Nothing is done with somebody whose account key is not the one that was known.
fn key_changed(contact: &Contact) -> Problem {
    let text = format!("the account key of {} has changed", contact.name);
    let problem = Problem::new(Exit::KeyChanged, text).because("key_changed");
    problem.and("Nothing was sent").and(LOOK_AT_KEY)
}

/// Where the web client of a gateway is that is reached over WebSocket.
fn web_address(ws: &str) -> Option<String> {
    let (scheme, rest) = ws.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let scheme = match scheme {
        "wss" => "https",
        _ => "http",
    };
    Some(format!("{scheme}://{host}"))
}

fn refuse_failures(events: &[Event]) -> Result<(), Problem> {
    let failed = events.iter().find_map(|event| match event {
        Event::Failed(failure) => Some(failure.clone()),
        _ => None,
    });
    failed.map_or(Ok(()), |failure| Err(failure.into()))
}
