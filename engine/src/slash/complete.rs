//! How a line that begins with a slash, or a mention, may go on.

use core::ops::Range;

use super::Command;

/// Completions that are offered at once.
const COMPLETIONS_MAX: usize = 20;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the line that it replaces.
    pub range: Range<usize>,
    /// What comes there.
    pub text: String,
    /// What to show beside it: usage and summary of a command; empty for names.
    pub hint: String,
}

/// How the line may go on at the cursor (a byte in it). `names` are those that may be meant, in the
/// order in which they are to be offered; case does not matter.
pub fn complete(line: &str, cursor: usize, names: &[&str]) -> Vec<Completion> {
    let Some(typed) = line.get(..cursor) else {
        return Vec::new();
    };
    let Some(rest) = typed.strip_prefix('/').filter(|it| !it.starts_with('/')) else {
        return mention(typed, names);
    };
    let Some((name, rest)) = rest.split_once(char::is_whitespace) else {
        return commands(rest, 0..cursor, "/");
    };
    let start = cursor - rest.trim_start().len();
    let rest = rest.trim_start();
    match Command::by_name(name) {
        Some(Command::Help) if !rest.contains(char::is_whitespace) => {
            commands(rest.trim_start_matches('/'), start..cursor, "")
        }
        Some(command) if command.takes_user() => {
            let prefix = rest.trim_start_matches(['@', '"']);
            let quoted = rest.contains('"');
            let done = match quoted {
                true => prefix.contains('"'),
                false => prefix.contains(char::is_whitespace),
            };
            match done {
                true if command == Command::Msg => mention(typed, names),
                true => Vec::new(),
                false => users(prefix, start..cursor, names),
            }
        }
        _ => Vec::new(),
    }
}

fn commands(prefix: &str, range: Range<usize>, before: &str) -> Vec<Completion> {
    Command::ALL
        .into_iter()
        .filter(|command| begins(command.name(), prefix))
        .map(|command| {
            let behind = match command.usage().contains(' ') && !before.is_empty() {
                true => " ",
                false => "",
            };
            Completion {
                range: range.clone(),
                text: format!("{before}{}{behind}", command.name()),
                hint: format!("{}: {}", command.usage(), command.summary()),
            }
        })
        .collect()
}

fn users(prefix: &str, range: Range<usize>, names: &[&str]) -> Vec<Completion> {
    matching(prefix, names)
        .map(|name| Completion {
            range: range.clone(),
            text: match name.contains(char::is_whitespace) {
                true => format!("\"{name}\" "),
                false => format!("{name} "),
            },
            hint: String::new(),
        })
        .collect()
}

/// Completes `@name` at the end of what was typed.
fn mention(typed: &str, names: &[&str]) -> Vec<Completion> {
    let Some(at) = typed.rfind('@') else {
        return Vec::new();
    };
    let (before, prefix) = (typed.get(..at), typed.get(at + 1..));
    let (Some(before), Some(prefix)) = (before, prefix) else {
        return Vec::new();
    };
    let glued = before.ends_with(char::is_alphanumeric);
    if glued || prefix.contains(char::is_whitespace) {
        return Vec::new();
    }
    matching(prefix, names)
        .map(|name| Completion {
            range: at..typed.len(),
            text: format!("@{name} "),
            hint: String::new(),
        })
        .collect()
}

fn matching<'a>(prefix: &'a str, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    names
        .iter()
        .copied()
        .filter(move |name| begins(name, prefix))
        .take(COMPLETIONS_MAX)
}

/// Whether a name begins so, whatever the case.
fn begins(name: &str, prefix: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    prefix
        .chars()
        .flat_map(char::to_lowercase)
        .all(|c| name.next() == Some(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["alice", "Bob", "bob smith", "Émile"];

    fn texts(line: &str) -> Vec<String> {
        complete(line, line.len(), NAMES)
            .into_iter()
            .map(|completion| {
                let mut whole = line.to_owned();
                whole.replace_range(completion.range, &completion.text);
                whole
            })
            .collect()
    }

    #[test]
    fn commands_are_completed_from_their_beginning() {
        assert_eq!(texts("/").len(), Command::ALL.len());
        assert_eq!(texts("/he"), ["/help "]);
        assert_eq!(texts("/R"), ["/room ", "/remove ", "/rename "]);
        assert_eq!(texts("/leave"), ["/leave"]);
        assert_eq!(texts("/help hi"), ["/help history"]);
        assert!(texts("/xyz").is_empty());
        let hint = &complete("/msg", 4, NAMES)[0].hint;
        assert_eq!(hint, "/msg <user> <text>: Send one private message");
    }

    #[test]
    fn names_are_completed_where_a_command_takes_one() {
        assert_eq!(texts("/room b"), ["/room Bob ", "/room \"bob smith\" "]);
        assert_eq!(texts("/room é"), ["/room Émile "]);
        assert_eq!(texts("/room \"bob s"), ["/room \"bob smith\" "]);
        assert_eq!(texts("/msg @al"), ["/msg alice "]);
        assert_eq!(texts("/msg bob hey @al"), ["/msg bob hey @alice "]);
        assert!(texts("/room bob a").is_empty());
        assert!(texts("/users a").is_empty());
    }

    #[test]
    fn mentions_are_completed_in_text() {
        assert_eq!(texts("hi @BO"), ["hi @Bob ", "hi @bob smith "]);
        assert_eq!(texts("//x @al"), ["//x @alice "]);
        assert!(texts("me@al").is_empty());
        assert!(texts("@alice hello").is_empty());
        assert!(texts("hello").is_empty());
    }

    #[test]
    fn only_what_stands_before_the_cursor_counts() {
        let line = "/he please";
        let completions = complete(line, 3, NAMES);
        assert_eq!(completions.len(), 1);
        assert_eq!(completions[0].range, 0..3);
        assert!(complete("/é", 2, NAMES).is_empty(), "inside a character");
        assert!(complete("/", 9, NAMES).is_empty(), "behind the end");
    }
}
