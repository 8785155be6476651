//! Questions to whoever sits at the terminal.

use std::io::{self, IsTerminal, Write};

use crate::problem::{Exit, Problem};
use crate::sanitize;

/// Whether there is somebody to ask.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks whether to do it; only `y` and `yes` mean yes. Without a terminal nobody can be asked, and
/// `option` says yes instead.
pub(crate) fn confirm(question: &str, option: &str) -> Result<(), Problem> {
    if !is_terminal() {
        let text = format!("this wants a yes, and there is no terminal to ask: use {option}");
        return Err(Problem::new(Exit::Usage, text));
    }
    match is_yes(&line(&format!("{question} [y/N] "))?) {
        true => Ok(()),
        false => Err(Problem::new(Exit::Refused, "nothing was changed")),
    }
}

/// Whether an answer means yes.
pub(crate) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Asks for a line; the answer shows while it is typed.
pub(crate) fn line(question: &str) -> Result<String, Problem> {
    let mut errors = io::stderr();
    write!(errors, "{}", sanitize::line(question))?;
    errors.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// The first line of standard input.
pub(crate) fn line_from_input() -> Result<String, Problem> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_means_yes() {
        for answer in ["y", "Y", "yes", " YES \n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "n", "no", "yess", "ja"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
