//! Looking for words.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sotto_engine::api::{ConversationCommand, Place};

use super::heard::order;
use super::state::{Chat, Effect, Overlay, Search, State};

impl State {
    pub(super) fn key_in_search(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let Overlay::Search(search) = &mut self.overlay else {
            return;
        };
        match key.code {
            KeyCode::Esc => self.overlay = Overlay::None,
            KeyCode::Up => search.chosen = search.chosen.saturating_sub(1),
            KeyCode::Down if search.chosen + 1 < search.hits.len() => search.chosen += 1,
            KeyCode::Down => {
                if let Some(after) = search.more.take() {
                    let (query, words) = (search.query, search.words.text().to_owned());
                    order(
                        ConversationCommand::Search {
                            query,
                            words,
                            within: None,
                            after: Some(after),
                        },
                        effects,
                    );
                }
            }
            KeyCode::Enter => match search.hits.get(search.chosen) {
                Some(hit) => {
                    let (chat, place) = (Chat::Group(hit.conversation), Place::At(hit.seq));
                    self.jump(chat, place, effects);
                }
                None => {
                    let words = search.words.text().to_owned();
                    self.search(words, effects);
                }
            },
            _ => {
                let text = &mut search.words;
                match key.code {
                    KeyCode::Backspace => text.backspace(),
                    KeyCode::Left => text.left(),
                    KeyCode::Right => text.right(),
                    KeyCode::Char('w') if key.modifiers == KeyModifiers::CONTROL => {
                        text.delete_word();
                    }
                    KeyCode::Char(c) => text.insert(c.encode_utf8(&mut [0; 4])),
                    _ => return,
                }
                // The hits are of other words.
                search.hits.clear();
                search.more = None;
                search.is_done = false;
                search.chosen = 0;
                search.query = 0;
            }
        }
    }

    /// Looks for words everywhere.
    pub(super) fn search(&mut self, words: String, effects: &mut Vec<Effect>) {
        if words.trim().is_empty() {
            return;
        }
        self.last_query = self.last_query.wrapping_add(1).max(1);
        let mut search = Search {
            query: self.last_query,
            ..Search::default()
        };
        search.words.set(words.clone());
        self.overlay = Overlay::Search(search);
        let query = self.last_query;
        order(
            ConversationCommand::Search {
                query,
                words,
                within: None,
                after: None,
            },
            effects,
        );
    }
}
