//! The terminal: taken over at the beginning, given back however `sotto` ends.

use std::io::{self, Stdout, Write, stdout};
use std::sync::Once;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::state::{Input, State};

/// The whole screen, until it is dropped.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        restore_at_panic();
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        // From here on it is given back, also if the next step fails.
        let screen = Self { terminal };
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        Ok(screen)
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    pub(super) fn draw(&mut self, state: &State) -> io::Result<()> {
        self.terminal.draw(|frame| {
            let area = frame.area();
            // Otherwise it has just been resized, and the news of it is on its way.
            if (area.width, area.height) == state.size {
                state.draw(frame);
            }
        })?;
        Ok(())
    }

    pub(super) fn bell(&self) -> io::Result<()> {
        let mut output = stdout();
        output.write_all(b"\x07")?;
        output.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Keys, pasted text and new sizes, as they come.
pub(super) fn inputs() -> UnboundedReceiver<Input> {
    let (sender, receiver) = unbounded_channel();
    // It ends with the program: a blocking read cannot be given up.
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            let input = match event {
                Event::Key(key) => Input::Key(key),
                Event::Paste(text) => Input::Paste(text),
                Event::Resize(columns, rows) => Input::Resize(columns, rows),
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) => continue,
            };
            if sender.send(input).is_err() {
                return;
            }
        }
    });
    receiver
}

fn restore() {
    // There is nobody to tell if this fails.
    let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen);
    let _ = execute!(stdout(), ratatui::crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

/// What a panic says is to be read on a terminal that works.
fn restore_at_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
    });
}
