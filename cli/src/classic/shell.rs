//! The menu at work: asks the user, asks the server, prints.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rand_core::OsRng;
use sotto_engine::api::FILE_MAX;
use sotto_shared::crypto::PrivateKey;
use sotto_shared::{ClientId, UserName};

use super::info;
use super::menu::{Choice, GREETING, MENU, PROMPT, SERVER_ERROR};
use super::session::{Action, Content, Outcome, Received, Session};
use super::wire::Wire;
use crate::commands::FOREIGN_NAMES;
use crate::files::{safe_name, save_new};
use crate::sanitize;

/// Where the shell reads, writes and asks.
pub(crate) struct Shell<'a, W> {
    pub(crate) session: Session,
    pub(crate) wire: W,
    /// Folder of `my.info`.
    pub(crate) folder: &'a Path,
    /// Folder that received files are saved in.
    pub(crate) temporary: PathBuf,
    pub(crate) input: &'a mut dyn BufRead,
    pub(crate) output: &'a mut dyn Write,
    /// For warnings, which are no part of the classic client's output.
    pub(crate) warnings: &'a mut dyn Write,
}

/// What a choice came to that is not done.
enum Stop {
    /// The user's input ended.
    InputEnded,
    /// Something to tell the user, who then chooses again.
    Say(String),
    /// The server answered with an error.
    ServerError,
    /// The terminal is gone.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl<W: Wire> Shell<'_, W> {
    /// Serves the user until they leave or the input ends.
    pub(crate) fn run(mut self) -> Result<()> {
        writeln!(self.output, "{GREETING}")?;
        loop {
            write!(self.output, "\n{MENU}{PROMPT}")?;
            self.output.flush()?;
            let Some(typed) = self.read_line()? else {
                writeln!(self.output)?;
                return Ok(());
            };
            let done = match Choice::parse(&typed) {
                Some(Choice::Exit) => return Ok(()),
                Some(choice) => self.serve(choice),
                None if typed.trim().is_empty() => Ok(()),
                None => Err(Stop::Say("there is no such choice".to_owned())),
            };
            match done {
                Ok(()) => {}
                Err(Stop::Say(text)) => writeln!(self.output, "{}", sanitize::line(&text))?,
                Err(Stop::ServerError) => writeln!(self.output, "{SERVER_ERROR}")?,
                Err(Stop::InputEnded) => return Ok(()),
                Err(Stop::Output(error)) => return Err(error.into()),
            }
        }
    }

    fn serve(&mut self, choice: Choice) -> Result<(), Stop> {
        match choice {
            Choice::Register => self.register(),
            Choice::ListClients => self.list_clients(),
            Choice::PublicKey => self.public_key(),
            Choice::Pull => self.pull(),
            Choice::SendText => self.send_text(),
            Choice::RequestKey => self.request_key(),
            Choice::SendKey => self.send_key(),
            Choice::SendFile => self.send_file(),
            Choice::Exit => Ok(()),
        }
    }

    fn register(&mut self) -> Result<(), Stop> {
        if self.session.identity().is_some() || info::identity_exists(self.folder) {
            let text = format!("you are already registered: {} is there", info::MY_INFO);
            return Err(Stop::Say(text));
        }
        let typed = self.ask("Enter your name: ")?;
        let name: UserName = typed.parse().map_err(say)?;
        if !typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            writeln!(self.warnings, "{FOREIGN_NAMES}")?;
        }
        let key = Box::new(PrivateKey::generate(&mut OsRng).map_err(say)?);
        self.perform(Action::Register { name, key })?;
        if let Some(identity) = self.session.identity() {
            info::write_identity(self.folder, identity).map_err(|error| {
                Stop::Say(format!(
                    "you are registered, but only until you leave: {error:#}"
                ))
            })?;
        }
        writeln!(self.output, "registered")?;
        Ok(())
    }

    fn list_clients(&mut self) -> Result<(), Stop> {
        self.perform(Action::ListClients)?;
        for contact in self.session.contacts() {
            if let Some(name) = &contact.name {
                writeln!(self.output, "{}", sanitize::line(name.as_str()))?;
            }
        }
        Ok(())
    }

    fn public_key(&mut self) -> Result<(), Stop> {
        let of = self.ask_contact()?;
        self.perform(Action::PublicKey { of })?;
        writeln!(self.output, "public key received")?;
        Ok(())
    }

    fn pull(&mut self) -> Result<(), Stop> {
        let Outcome::Messages(messages) = self.perform(Action::Pull)? else {
            return Ok(());
        };
        let unknown = |message: &Received| {
            let contacts = self.session.contacts();
            !contacts
                .iter()
                .any(|contact| contact.client == message.from && contact.name.is_some())
        };
        if messages.iter().any(unknown) {
            // The messages are gone from the server: they are shown whether or not this works.
            let _ = self.perform(Action::ListClients);
        }
        for message in messages {
            self.print(message)?;
        }
        Ok(())
    }

    fn print(&mut self, message: Received) -> Result<(), Stop> {
        let from = self.session.display_name(message.from);
        let content = match message.content {
            Content::KeyRequest => "Request for symmetric key".to_owned(),
            Content::Key => "symmetric key received".to_owned(),
            Content::Text(text) => sanitize::text(&text),
            Content::File(content) => {
                let name = format!("{}-file", safe_name(&from));
                match save_new(&self.temporary, &name, &content) {
                    Ok(path) => path.display().to_string(),
                    Err(error) => format!("the file could not be saved: {error}"),
                }
            }
            Content::Undecryptable => "can't decrypt message".to_owned(),
            Content::Unknown(kind) => format!("message of the unknown type {kind}"),
        };
        let from = sanitize::line(&from);
        writeln!(
            self.output,
            "From: {from}\nContent:\n{content}\n.\n.\n-----<EOM>-----\n"
        )?;
        Ok(())
    }

    fn send_text(&mut self) -> Result<(), Stop> {
        let to = self.ask_contact()?;
        let text = self.ask("Enter your message: ")?;
        self.perform(Action::SendText { to, text })?;
        self.say_sent()
    }

    fn request_key(&mut self) -> Result<(), Stop> {
        let to = self.ask_contact()?;
        self.perform(Action::RequestKey { to })?;
        self.say_sent()
    }

    fn send_key(&mut self) -> Result<(), Stop> {
        let to = self.ask_contact()?;
        if !self.session.has_public_key(to) {
            self.perform(Action::PublicKey { of: to })?;
        }
        self.perform(Action::SendKey { to })?;
        self.say_sent()
    }

    fn send_file(&mut self) -> Result<(), Stop> {
        let to = self.ask_contact()?;
        let path = PathBuf::from(self.ask("Enter the path of the file: ")?);
        let Ok(metadata) = fs::metadata(&path) else {
            return Err(Stop::Say("file not found".to_owned()));
        };
        if !metadata.is_file() {
            return Err(Stop::Say("file not found".to_owned()));
        }
        if metadata.len() > u64::try_from(FILE_MAX).unwrap_or(u64::MAX) {
            let text = format!(
                "the file has {} bytes, {FILE_MAX} are the limit",
                metadata.len()
            );
            return Err(Stop::Say(text));
        }
        let content = fs::read(&path).map_err(say)?;
        self.perform(Action::SendFile { to, content })?;
        self.say_sent()
    }

    fn say_sent(&mut self) -> Result<(), Stop> {
        writeln!(self.output, "sent")?;
        Ok(())
    }

    /// Asks the server; its errors end the choice.
    fn perform(&mut self, action: Action) -> Result<Outcome, Stop> {
        let request = self.session.begin(action, &mut OsRng).map_err(say)?;
        let response = self
            .wire
            .exchange(&request)
            .map_err(|error| Stop::Say(format!("the server cannot be asked: {error}")))?;
        match self.session.finish(response, &mut OsRng).map_err(say)? {
            Outcome::Error(reason) => {
                if !reason.trim().is_empty() {
                    writeln!(
                        self.warnings,
                        "the server says: {}",
                        sanitize::line(&reason)
                    )?;
                }
                Err(Stop::ServerError)
            }
            outcome => Ok(outcome),
        }
    }

    /// Asks for a user by name or id, and asks the server if the name is new here.
    fn ask_contact(&mut self) -> Result<ClientId, Stop> {
        if self.session.identity().is_none() {
            return Err(say(super::session::Refusal::NotRegistered));
        }
        let typed = self.ask("Enter the user's name: ")?;
        if self.session.find(&typed).is_none() {
            self.perform(Action::ListClients)?;
        }
        self.session
            .find(&typed)
            .map(|contact| contact.client)
            .ok_or_else(|| Stop::Say(format!("there is no user named {typed}")))
    }

    fn ask(&mut self, question: &str) -> Result<String, Stop> {
        write!(self.output, "{question}")?;
        self.output.flush()?;
        self.read_line()?.ok_or(Stop::InputEnded)
    }

    /// A line without its end, as typed; nothing at the end of the input.
    fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }
}

fn say(error: impl std::fmt::Display) -> Stop {
    Stop::Say(error.to_string())
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;
