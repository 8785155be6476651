//! What keys do.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use sotto_engine::api::{Command, ConversationCommand, Passphrase};
use sotto_engine::slash;
use sotto_shared::limits::MENTIONS_MAX;

use super::heard::order;
use super::mentions::mentions;
use super::state::{Chat, Effect, Overlay, Purpose, Search, State};

/// How often the others are told that the user is writing.
const TYPING_PERIOD: Duration = Duration::from_secs(4);

impl State {
    pub(super) fn key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && matches!(key.code, KeyCode::Char('c' | 'q')) {
            self.stop_typing(effects);
            effects.push(Effect::Quit);
        } else if self.is_locked() {
            self.key_while_locked(key, effects);
        } else if !self.key_anywhere(key, effects) {
            match &self.overlay {
                Overlay::None => self.key_in_composer(key, effects),
                Overlay::Help => self.overlay = Overlay::None,
                Overlay::Search(_) => self.key_in_search(key, effects),
                Overlay::Select(place) => self.key_on_line(*place, key, effects),
                Overlay::Confirm(..) => self.key_on_question(key, effects),
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str, effects: &mut Vec<Effect>) {
        let text = crate::sanitize::text(&text.replace('\r', "\n"));
        if self.is_locked() {
            self.password.push_str(text.trim_end_matches('\n'));
            return;
        }
        match &mut self.overlay {
            Overlay::Search(search) => search.words.insert(&text.replace('\n', " ")),
            Overlay::None => {
                self.composer.insert(&text);
                self.tell_typing(effects);
            }
            Overlay::Help | Overlay::Select(_) | Overlay::Confirm(..) => {}
        }
    }

    fn key_while_locked(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        match key.code {
            KeyCode::Enter => {
                let passphrase = Passphrase(std::mem::take(&mut *self.password));
                effects.push(Effect::Order(Command::Unlock { passphrase }));
            }
            KeyCode::Backspace => {
                self.password.pop();
            }
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.password.push(c);
            }
            _ => {}
        }
    }

    /// Keys that do the same whatever is open.
    fn key_anywhere(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('n') if control => self.step(true, effects),
            KeyCode::Char('p') if control => self.step(false, effects),
            KeyCode::Char('f') if control => self.overlay = Overlay::Search(Search::default()),
            KeyCode::Char('g') if control => self.shows_members = !self.shows_members,
            KeyCode::F(1) => self.overlay = Overlay::Help,
            KeyCode::PageUp => self.scroll(true, effects),
            KeyCode::PageDown => self.scroll(false, effects),
            KeyCode::End if control => self.show_newest(effects),
            KeyCode::Up if alt => self.select(true),
            KeyCode::Down if alt => self.select(false),
            KeyCode::Char('m') if alt => self.keep(effects, |keep| keep.1 = !keep.1),
            KeyCode::Char('t') if alt => self.keep(effects, |keep| keep.0 = !keep.0),
            KeyCode::Char('a') if alt => self.keep(effects, |keep| keep.2 = !keep.2),
            KeyCode::Char('j') if alt => self.rejoin(effects),
            _ => return false,
        }
        true
    }

    fn key_in_composer(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if key.code != KeyCode::Tab && key.code != KeyCode::BackTab {
            self.completions = None;
        }
        let text = &mut self.composer;
        match key.code {
            KeyCode::Enter if alt || key.modifiers.contains(KeyModifiers::SHIFT) => {
                text.insert("\n");
            }
            KeyCode::Enter => return self.submit(effects),
            KeyCode::Char('j') if control => text.insert("\n"),
            KeyCode::Tab => return self.complete(true),
            KeyCode::BackTab => return self.complete(false),
            KeyCode::Esc => {
                if self.purpose != Purpose::New || !text.is_empty() {
                    text.clear();
                    self.purpose = Purpose::New;
                    return self.stop_typing(effects);
                }
                return self.show_newest(effects);
            }
            KeyCode::Backspace if alt => text.delete_word(),
            KeyCode::Backspace => text.backspace(),
            KeyCode::Delete => text.delete(),
            KeyCode::Left if control || alt => text.word_left(),
            KeyCode::Right if control || alt => text.word_right(),
            KeyCode::Left => text.left(),
            KeyCode::Right => text.right(),
            KeyCode::Home => text.home(),
            KeyCode::End => text.end(),
            KeyCode::Up => return text.older(),
            KeyCode::Down => return text.newer(),
            KeyCode::Char('a') if control => text.home(),
            KeyCode::Char('e') if control => text.end(),
            KeyCode::Char('w') if control => text.delete_word(),
            KeyCode::Char('u') if control => text.delete_to_home(),
            KeyCode::Char(c) if !control && !alt => text.insert(c.encode_utf8(&mut [0; 4])),
            _ => return,
        }
        self.tell_typing(effects);
    }

    /// Sends what was written, or does what it says.
    fn submit(&mut self, effects: &mut Vec<Effect>) {
        if self.composer.text().trim().is_empty() {
            return;
        }
        match slash::parse(self.composer.text()) {
            Ok(slash::Line::Text(text)) => {
                let Some(chat) = self.open else {
                    return self.say("no conversation is open: ^N, or /room NAME");
                };
                if let Some(why) = self.obstacle() {
                    return self.say(format!("nothing can be sent here: {why}"));
                }
                self.composer.take();
                self.told_typing = None;
                match chat {
                    Chat::Classic(to) => {
                        effects.push(Effect::Order(Command::SendText { to, text }));
                    }
                    Chat::Group(id) => self.send_to(id, text, effects),
                }
                self.show_newest(effects);
            }
            Ok(slash::Line::Command(command)) => {
                self.composer.take();
                self.stop_typing(effects);
                self.slash(command, effects);
            }
            Err(error) => self.say(error.to_string()),
        }
    }

    /// Sends a text, replies or edits, as is wanted now.
    pub(super) fn send_to(
        &mut self,
        conversation: sotto_shared::GroupId,
        text: String,
        effects: &mut Vec<Effect>,
    ) {
        let mut mentions = mentions(&text, |name| self.member(conversation, name));
        mentions.truncate(MENTIONS_MAX);
        let is_here = self.open == Some(Chat::Group(conversation));
        let purpose = match is_here {
            true => std::mem::take(&mut self.purpose),
            false => Purpose::New,
        };
        let command = match purpose {
            Purpose::Edit(seq) => ConversationCommand::Edit {
                conversation,
                seq,
                text,
                mentions,
            },
            Purpose::New | Purpose::Reply(_) => ConversationCommand::Send {
                conversation,
                text,
                mentions,
                reply_to: match purpose {
                    Purpose::Reply(seq) => Some(seq),
                    Purpose::New | Purpose::Edit(_) => None,
                },
            },
        };
        order(command, effects);
    }

    fn tell_typing(&mut self, effects: &mut Vec<Effect>) {
        let Some(conversation) = self.conversation().map(|it| it.id) else {
            return;
        };
        if self.composer.is_empty() {
            return self.stop_typing(effects);
        }
        let is_command = self.composer.text().starts_with('/');
        let is_told = self
            .told_typing
            .is_some_and(|(_, at)| self.now - at < TYPING_PERIOD);
        if !is_command && !is_told && self.obstacle().is_none() {
            self.told_typing = Some((conversation, self.now));
            let typing = true;
            order(
                ConversationCommand::Typing {
                    conversation,
                    typing,
                },
                effects,
            );
        }
    }

    pub(super) fn stop_typing(&mut self, effects: &mut Vec<Effect>) {
        if let Some((conversation, _)) = self.told_typing.take() {
            let typing = false;
            order(
                ConversationCommand::Typing {
                    conversation,
                    typing,
                },
                effects,
            );
        }
    }
}
