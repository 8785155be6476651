//! Commands that begin with a slash, as both faces take them in their composers.
//!
//! [`parse`] says what a line means, [`complete`] how it may go on.
//!
//! ```
//! use sotto_engine::slash::{Line, Slash, parse};
//!
//! assert_eq!(
//!     parse("/msg @bob see you at 8"),
//!     Ok(Line::Command(Slash::Msg { who: "bob".into(), text: "see you at 8".into() }))
//! );
//! assert_eq!(parse("//etc is a folder"), Ok(Line::Text("/etc is a folder".into())));
//! ```

mod complete;

pub use complete::{Completion, complete};

/// Lines that `/history` shows when it is not told how many.
pub const HISTORY_DEFAULT: u32 = 20;
/// Most lines that `/history` shows.
pub const HISTORY_MAX: u32 = 10_000;

/// What a line of the composer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// To be sent.
    Text(String),
    /// To be done.
    Command(Slash),
}

/// What a command wants. Names are as they were typed, without `@` and quotes: who is meant is the
/// face's to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slash {
    /// Opens the chat with somebody, or a group by its name.
    Room {
        /// A user or a group.
        who: String,
    },
    /// Closes the room: back to the lobby. Nobody leaves a group by it.
    Leave,
    /// Sends one private message and stays where one is.
    Msg {
        /// To whom.
        who: String,
        /// What.
        text: String,
    },
    /// Who is here.
    Users,
    /// Shows earlier messages.
    History {
        /// How many: 1 to [`HISTORY_MAX`].
        count: u32,
    },
    /// Empties the screen; the messages stay.
    Clear,
    /// Looks for words in all messages.
    Search {
        /// One or more.
        words: String,
    },
    /// Makes a group.
    Group {
        /// What it is called.
        name: String,
    },
    /// Adds somebody to the group.
    Add {
        /// Whom.
        who: String,
    },
    /// Removes somebody from the group.
    Remove {
        /// Whom.
        who: String,
    },
    /// Renames the group.
    Rename {
        /// What it is called from now on.
        name: String,
    },
    /// Leaves the group for good.
    Quit,
    /// Says what there is.
    Help {
        /// About this command only.
        about: Option<Command>,
    },
    /// Ends the program; in a browser, locks it.
    Exit,
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `/room`
    Room,
    /// `/leave`
    Leave,
    /// `/msg`
    Msg,
    /// `/users`
    Users,
    /// `/history`
    History,
    /// `/clear`
    Clear,
    /// `/search`
    Search,
    /// `/group`
    Group,
    /// `/add`
    Add,
    /// `/remove`
    Remove,
    /// `/rename`
    Rename,
    /// `/quit`
    Quit,
    /// `/help`
    Help,
    /// `/exit`
    Exit,
}

impl Command {
    /// All there are, in the order of the help.
    pub const ALL: [Self; 14] = [
        Self::Room,
        Self::Leave,
        Self::Msg,
        Self::Users,
        Self::History,
        Self::Clear,
        Self::Search,
        Self::Group,
        Self::Add,
        Self::Remove,
        Self::Rename,
        Self::Quit,
        Self::Help,
        Self::Exit,
    ];

    /// Without the slash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Leave => "leave",
            Self::Msg => "msg",
            Self::Users => "users",
            Self::History => "history",
            Self::Clear => "clear",
            Self::Search => "search",
            Self::Group => "group",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Quit => "quit",
            Self::Help => "help",
            Self::Exit => "exit",
        }
    }

    /// How it is written.
    pub const fn usage(self) -> &'static str {
        match self {
            Self::Room => "/room <user>",
            Self::Leave => "/leave",
            Self::Msg => "/msg <user> <text>",
            Self::Users => "/users",
            Self::History => "/history [count]",
            Self::Clear => "/clear",
            Self::Search => "/search <words>",
            Self::Group => "/group <name>",
            Self::Add => "/add <user>",
            Self::Remove => "/remove <user>",
            Self::Rename => "/rename <name>",
            Self::Quit => "/quit",
            Self::Help => "/help [command]",
            Self::Exit => "/exit",
        }
    }

    /// What it does.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Room => "Open the chat with somebody",
            Self::Leave => "Close the chat and go back to the lobby",
            Self::Msg => "Send one private message",
            Self::Users => "Show who is here",
            Self::History => "Show earlier messages",
            Self::Clear => "Clear the screen",
            Self::Search => "Find messages",
            Self::Group => "Make a group",
            Self::Add => "Add somebody to this group",
            Self::Remove => "Remove somebody from this group",
            Self::Rename => "Rename this group",
            Self::Quit => "Leave this group for good",
            Self::Help => "Show the commands",
            Self::Exit => "Exit",
        }
    }

    /// Whether somebody's name comes first.
    const fn takes_user(self) -> bool {
        matches!(self, Self::Room | Self::Msg | Self::Add | Self::Remove)
    }

    fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|command| command.name().eq_ignore_ascii_case(name))
    }
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlashError {
    /// No command is called so.
    #[error("There is no command /{name}. {}", advice(*.nearest))]
    Unknown {
        /// As typed, shortened.
        name: String,
        /// What may have been meant.
        nearest: Option<Command>,
    },
    /// Something is missing.
    #[error("That needs more: {}", .0.usage())]
    Incomplete(Command),
    /// More than it takes.
    #[error("That is too much: {}", .0.usage())]
    TooMuch(Command),
    /// A quote that does not end.
    #[error("The quote around the name does not end.")]
    OpenQuote,
    /// No number, or not one of those.
    #[error("The count is a number from 1 to {HISTORY_MAX}.")]
    BadCount,
}

fn advice(nearest: Option<Command>) -> String {
    match nearest {
        Some(command) => format!("Did you mean /{}?", command.name()),
        None => {
            "/help shows what there is; to send text that begins with a slash, write two.".into()
        }
    }
}

/// Characters of an unknown name that an error repeats.
const NAME_SHOWN: usize = 24;

/// What a line means. Text is given back whole; of text that begins with two slashes, the first is
/// taken away.
///
/// # Errors
/// [`SlashError`], a sentence to show.
pub fn parse(line: &str) -> Result<Line, SlashError> {
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(Line::Text(line.to_owned()));
    };
    if rest.starts_with('/') {
        return Ok(Line::Text(rest.to_owned()));
    }
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let Some(command) = Command::by_name(name) else {
        return Err(SlashError::Unknown {
            name: name.chars().take(NAME_SHOWN).collect(),
            nearest: nearest(name),
        });
    };
    arguments(command, rest.trim()).map(Line::Command)
}

fn arguments(command: Command, rest: &str) -> Result<Slash, SlashError> {
    let missing = SlashError::Incomplete(command);
    let all = || match rest {
        "" => Err(SlashError::Incomplete(command)),
        rest => Ok(rest.to_owned()),
    };
    let only_user = || match user(command, rest)? {
        (who, "") => Ok(who),
        _ => Err(SlashError::TooMuch(command)),
    };
    let nothing = |slash| match rest {
        "" => Ok(slash),
        _ => Err(SlashError::TooMuch(command)),
    };
    match command {
        Command::Room => only_user().map(|who| Slash::Room { who }),
        Command::Add => only_user().map(|who| Slash::Add { who }),
        Command::Remove => only_user().map(|who| Slash::Remove { who }),
        Command::Msg => match user(command, rest)? {
            (_, "") => Err(missing),
            (who, text) => Ok(Slash::Msg {
                who,
                text: text.to_owned(),
            }),
        },
        Command::History => count(rest).map(|count| Slash::History { count }),
        Command::Search => all().map(|words| Slash::Search { words }),
        Command::Group => all().map(|name| Slash::Group { name }),
        Command::Rename => all().map(|name| Slash::Rename { name }),
        Command::Help => match rest.trim_start_matches('/') {
            "" => Ok(Slash::Help { about: None }),
            name => match Command::by_name(name) {
                Some(about) => Ok(Slash::Help { about: Some(about) }),
                None => Err(SlashError::Unknown {
                    name: name.chars().take(NAME_SHOWN).collect(),
                    nearest: nearest(name),
                }),
            },
        },
        Command::Leave => nothing(Slash::Leave),
        Command::Users => nothing(Slash::Users),
        Command::Clear => nothing(Slash::Clear),
        Command::Quit => nothing(Slash::Quit),
        Command::Exit => nothing(Slash::Exit),
    }
}

/// The name that comes first, and what follows it. Names with blanks stand in quotes.
fn user(command: Command, rest: &str) -> Result<(String, &str), SlashError> {
    let name = rest.strip_prefix('@').unwrap_or(rest);
    let (who, behind) = match name.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(SlashError::OpenQuote)?,
        None => name.split_once(char::is_whitespace).unwrap_or((name, "")),
    };
    match who.trim() {
        "" => Err(SlashError::Incomplete(command)),
        who => Ok((who.to_owned(), behind.trim_start())),
    }
}

fn count(rest: &str) -> Result<u32, SlashError> {
    if rest.is_empty() {
        return Ok(HISTORY_DEFAULT);
    }
    match rest.parse() {
        Ok(count @ 1..=HISTORY_MAX) => Ok(count),
        _ => Err(SlashError::BadCount),
    }
}

/// The command that is one slip away: a letter too many, too few, another or swapped.
fn nearest(name: &str) -> Option<Command> {
    let name = name.to_ascii_lowercase();
    Command::ALL
        .into_iter()
        .find(|command| is_one_slip(name.as_bytes(), command.name().as_bytes()))
}

fn is_one_slip(typed: &[u8], meant: &[u8]) -> bool {
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (Some(typed), Some(meant)) = (typed.get(same..), meant.get(same..)) else {
        return false;
    };
    match (typed, meant) {
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) if a == b => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([x, y, a @ ..], [v, w, b @ ..]) => x == w && y == v && a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn command(line: &str) -> Slash {
        match parse(line) {
            Ok(Line::Command(slash)) => slash,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_command_is_parsed_from_its_usage() {
        for it in Command::ALL {
            let filled = it
                .usage()
                .replace("<user>", "bob")
                .replace("[count]", "5")
                .replace("[command]", "room");
            assert!(
                matches!(parse(&filled), Ok(Line::Command(_))),
                "{filled}: {:?}",
                parse(&filled)
            );
        }
    }

    #[test]
    fn names_may_be_marked_quoted_and_of_any_case() {
        let bob = |who: &str| Slash::Room { who: who.into() };
        assert_eq!(command("/room bob"), bob("bob"));
        assert_eq!(command("/ROOM   @bob  "), bob("bob"));
        assert_eq!(command("/room \"Bob Smith\""), bob("Bob Smith"));
        assert_eq!(parse("/room \"Bob"), Err(SlashError::OpenQuote));
        assert_eq!(
            command("/msg \"Bob Smith\" hi  there\nsecond line"),
            Slash::Msg {
                who: "Bob Smith".into(),
                text: "hi  there\nsecond line".into()
            }
        );
    }

    #[test]
    fn text_is_given_back_whole_and_two_slashes_send_one() {
        for text in ["", " /room bob", "hello /room", "a"] {
            assert_eq!(parse(text), Ok(Line::Text(text.into())));
        }
        assert_eq!(parse("//"), Ok(Line::Text("/".into())));
        assert_eq!(parse("//room bob"), Ok(Line::Text("/room bob".into())));
        assert_eq!(parse("///x"), Ok(Line::Text("//x".into())));
    }

    #[test]
    fn history_counts_within_its_bounds() {
        assert_eq!(
            command("/history"),
            Slash::History {
                count: HISTORY_DEFAULT
            }
        );
        assert_eq!(command("/history 1"), Slash::History { count: 1 });
        assert_eq!(
            command(&format!("/history {HISTORY_MAX}")),
            Slash::History { count: HISTORY_MAX }
        );
        for bad in ["0", "-1", "x", "1 2", &(HISTORY_MAX + 1).to_string()] {
            assert_eq!(
                parse(&format!("/history {bad}")),
                Err(SlashError::BadCount),
                "{bad}"
            );
        }
    }

    #[test]
    fn too_little_and_too_much_name_the_usage() {
        for (line, error) in [
            ("/room", SlashError::Incomplete(Command::Room)),
            ("/msg bob", SlashError::Incomplete(Command::Msg)),
            ("/msg", SlashError::Incomplete(Command::Msg)),
            ("/search  ", SlashError::Incomplete(Command::Search)),
            ("/room bob alice", SlashError::TooMuch(Command::Room)),
            ("/leave now", SlashError::TooMuch(Command::Leave)),
        ] {
            assert_eq!(parse(line), Err(error), "{line}");
        }
        assert_eq!(
            SlashError::Incomplete(Command::Msg).to_string(),
            "That needs more: /msg <user> <text>"
        );
    }

    #[test]
    fn unknown_commands_are_refused_with_advice_and_never_sent() {
        for (line, nearest) in [
            ("/rom bob", Some(Command::Room)),
            ("/mgs bob hi", Some(Command::Msg)),
            ("/heelp", Some(Command::Help)),
            ("/quiz", Some(Command::Quit)),
            ("/sendfile bob x", None),
            ("/usr/bin", None),
            ("/", None),
            ("/ ", None),
        ] {
            match parse(line) {
                Err(SlashError::Unknown { nearest: found, .. }) => {
                    assert_eq!(found, nearest, "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        let error = parse("/rom").unwrap_err().to_string();
        assert_eq!(error, "There is no command /rom. Did you mean /room?");
    }

    proptest! {
        #[test]
        fn no_line_panics_and_what_is_no_command_is_kept(line in "\\PC{0,40}|/[a-z]{0,8} \\PC{0,20}|/[/\"@ a-z\n]{0,20}") {
            match parse(&line) {
                Ok(Line::Text(text)) => prop_assert!(line.strip_prefix('/').unwrap_or(&line) == text),
                Ok(Line::Command(_)) | Err(_) => prop_assert!(line.starts_with('/')),
            }
            let _ = complete(&line, line.len(), &["bob", "Bob Smith"]);
        }
    }
}
