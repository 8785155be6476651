//! The state, drawn.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Paragraph};
use sotto_engine::api::{Connection, GroupKind, SessionState, Suite, Trust};

use super::lines::{dim, warning};
use super::state::{Chat, Overlay, Purpose, State};
use super::wrap::wrap;

/// Columns of the list, and of the members.
const SIDE: u16 = 24;

/// Fewest columns that are left to the timeline.
const MIDDLE_MIN: u16 = 36;

/// Most rows that the composer grows to.
const COMPOSER_MAX: u16 = 6;

/// The keys, in short.
const KEYS: &str = "^N ^P chats · PgUp PgDn · Tab completes · Alt-↑ selects · ^F search · ^G members · F1 help · ^C";

/// Where everything is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Areas {
    list: Option<Rect>,
    title: Rect,
    pub(super) timeline: Rect,
    /// Who is writing, and what the composer's text is for.
    hint: Rect,
    composer: Rect,
    status: Rect,
    members: Option<Rect>,
}

impl State {
    /// Rows of the timeline in view.
    pub(super) fn view_rows(&self) -> usize {
        usize::from(self.areas().timeline.height)
    }

    pub(super) fn areas(&self) -> Areas {
        let (columns, rows) = self.size;
        let left = match columns >= SIDE + MIDDLE_MIN {
            true => SIDE,
            false => 0,
        };
        let right = match self.shows_members && columns >= left + MIDDLE_MIN + SIDE {
            true => SIDE,
            false => 0,
        };
        let middle = columns - left - right;
        let written = self.composer_rows(middle).len();
        let composer = u16::try_from(written)
            .unwrap_or(COMPOSER_MAX)
            .clamp(1, COMPOSER_MAX)
            .min(rows.saturating_sub(3).max(1));
        let timeline = rows.saturating_sub(3 + composer);
        let row = |y: u16, height| {
            Rect::new(left, y.min(rows), middle, height)
                .intersection(Rect::new(0, 0, columns, rows))
        };
        let side = |x, width| {
            let height = rows.saturating_sub(1);
            (width > 0).then(|| Rect::new(x, 0, width, height))
        };
        Areas {
            list: side(0, left),
            title: row(0, 1),
            timeline: row(1, timeline),
            hint: row(1 + timeline, 1),
            composer: row(2 + timeline, composer),
            status: Rect::new(0, rows.saturating_sub(1), columns, rows.min(1)),
            members: side(columns - right, right),
        }
    }

    fn composer_rows(&self, width: u16) -> Vec<Line<'static>> {
        let text = format!("> {}", self.composer.text());
        wrap(vec![Span::raw(text)], usize::from(width.saturating_sub(1)))
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        if self.is_locked() {
            return self.draw_lock(frame);
        }
        let areas = self.areas();
        if let Some(area) = areas.list {
            self.draw_list(frame, area);
        }
        if let Some(area) = areas.members {
            self.draw_members(frame, area);
        }
        frame.render_widget(self.title_line(), areas.title);
        match &self.overlay {
            Overlay::Help => self.draw_help(frame, areas.timeline),
            Overlay::Search(_) => self.draw_search(frame, areas.timeline),
            Overlay::None if self.open.is_none() => self.draw_help(frame, areas.timeline),
            Overlay::None | Overlay::Select(_) | Overlay::Confirm(..) => {
                self.draw_timeline(frame, areas.timeline);
            }
        }
        frame.render_widget(self.hint_line(), areas.hint);
        self.draw_composer(frame, areas.composer);
        frame.render_widget(self.status_line(), areas.status);
    }

    fn draw_list(&self, frame: &mut Frame<'_>, area: Rect) {
        let chats = self.chats();
        let open = chats.iter().position(|chat| Some(*chat) == self.open);
        let height = usize::from(area.height);
        // The open one stays in view.
        let skip = open.map_or(0, |at| (at + 1).saturating_sub(height));
        let rows: Vec<Line<'_>> = chats
            .iter()
            .skip(skip)
            .take(height)
            .map(|chat| self.list_row(*chat, usize::from(area.width) - 1))
            .collect();
        let block = Block::new().borders(Borders::RIGHT).border_style(dim());
        frame.render_widget(Paragraph::new(rows).block(block), area);
    }

    fn list_row(&self, chat: Chat, width: usize) -> Line<'static> {
        let (unread, mentions) = self.unread(chat);
        let count = match (unread, mentions) {
            (0, _) => String::new(),
            (_, 0) => format!(" {unread}"),
            _ => format!(" @{unread}"),
        };
        let room = width.saturating_sub(2 + count.len());
        let mut title = vec![Span::raw(self.title(chat))];
        if let Chat::Classic(_) = chat {
            title.push(Span::styled(" weak", warning()));
        }
        let mut row = wrap(title, room).into_iter().next().unwrap_or_default();
        let padding = " ".repeat(room.saturating_sub(row.width()));
        let mut style = Style::new();
        if unread > 0 {
            style = style.add_modifier(Modifier::BOLD);
        }
        if self.open == Some(chat) {
            style = style.add_modifier(Modifier::REVERSED);
        }
        row.spans.insert(0, Span::raw(self.list_mark(chat)));
        row.spans.push(Span::raw(padding));
        row.spans
            .push(Span::styled(count, Style::new().fg(Color::Yellow)));
        row.patch_style(style)
    }

    /// Two columns in front of a title: presence, kind, or that it is pinned or muted.
    fn list_mark(&self, chat: Chat) -> &'static str {
        let Chat::Group(id) = chat else { return "~ " };
        let Some(it) = self.conversations.get(&id) else {
            return "  ";
        };
        let presence = it.peer.and_then(|peer| self.contacts.get(&peer)?.presence);
        match (it.pinned, it.muted, it.kind) {
            (true, _, _) => "^ ",
            (_, true, _) => "- ",
            (_, _, GroupKind::Direct) if presence.is_some_and(|it| it.online) => "● ",
            (_, _, GroupKind::Direct) => "○ ",
            (_, _, GroupKind::Group | GroupKind::Lobby) => "# ",
        }
    }

    fn title_line(&self) -> Line<'static> {
        let Some(chat) = self.open else {
            return Line::styled("Sotto", Style::new().add_modifier(Modifier::BOLD));
        };
        let name = Span::styled(self.title(chat), Style::new().add_modifier(Modifier::BOLD));
        let mut parts = Vec::new();
        let mut alarm = None;
        match (chat, self.conversation()) {
            (Chat::Classic(_), _) => alarm = Some("classic, weakly encrypted".to_owned()),
            (Chat::Group(_), None) => {}
            (Chat::Group(_), Some(it)) => {
                if let Some(contact) = it.peer.and_then(|peer| self.contacts.get(&peer)) {
                    match contact.trust {
                        Trust::Verified => parts.push("verified".to_owned()),
                        Trust::Unverified => {}
                        Trust::Changed { .. } => {
                            let name = &contact.name;
                            alarm = Some(format!("KEY HAS CHANGED: sotto verify {name}"));
                        }
                    }
                    if let Some(presence) = contact.presence {
                        let there = if presence.online { "online" } else { "away" };
                        parts.push(there.to_owned());
                    }
                } else if it.kind != GroupKind::Direct {
                    parts.push(format!("{} members", it.members_total));
                }
                parts.push(match it.suite {
                    Suite::PostQuantum => "X-Wing".to_owned(),
                    Suite::Classical => "X25519".to_owned(),
                });
                if it.timer > 0 {
                    parts.push(format!("disappear after {} s", it.timer));
                }
                if it.muted {
                    parts.push("muted".to_owned());
                }
                if let Some(why) = self.obstacle() {
                    alarm = Some(why.to_owned());
                }
            }
        }
        let mut spans = vec![name];
        let parts = parts
            .into_iter()
            .map(|part| Span::styled(format!(" · {part}"), dim()));
        spans.extend(parts);
        spans.extend(alarm.map(|text| Span::styled(format!(" · {text}"), warning())));
        Line::from(spans)
    }

    fn draw_timeline(&self, frame: &mut Frame<'_>, area: Rect) {
        let (Some(chat), Some(timeline)) = (self.open, self.timeline()) else {
            return;
        };
        let Some((lowest, mut below)) = timeline.lowest() else {
            let text = if timeline.is_loading {
                "…"
            } else {
                "Nothing was said here yet."
            };
            return frame.render_widget(Line::styled(text, dim()), area);
        };
        let height = usize::from(area.height);
        let mut rows: Vec<Line<'static>> = Vec::new();
        let mut upwards = timeline.entries.range(..=lowest).rev().peekable();
        while let Some((place, entry)) = upwards.next() {
            let before = upwards.peek().map(|(_, entry)| *entry);
            let line = self.rows(chat, *place, entry, before);
            rows.extend(line.into_iter().rev().skip(below));
            below = 0;
            if rows.len() >= height {
                break;
            }
        }
        rows.truncate(height);
        rows.reverse();
        // Few lines stand at the lower end, as new ones come there.
        let free = u16::try_from(height - rows.len()).unwrap_or_default();
        let used = Rect::new(area.x, area.y + free, area.width, area.height - free);
        frame.render_widget(Text::from(rows), used);
    }

    fn draw_members(&self, frame: &mut Frame<'_>, area: Rect) {
        let mut rows = Vec::new();
        if let Some(it) = self.conversation() {
            let mut members: Vec<_> = it
                .members
                .iter()
                .map(|member| {
                    let contact = self.contacts.get(&member.account);
                    let presence = contact.and_then(|it| it.presence);
                    let is_me = self.is_me(member.account);
                    let is_there = is_me || presence.is_some_and(|it| it.online);
                    (!is_there, self.name(member.account), member.admin, is_me)
                })
                .collect();
            members.sort();
            for (is_away, name, is_admin, is_me) in members {
                let mark = if is_away { "○ " } else { "● " };
                let mut row = vec![Span::raw(mark), Span::raw(name)];
                if is_me {
                    row.push(Span::styled(" you", dim()));
                }
                if is_admin {
                    row.push(Span::styled(" admin", dim()));
                }
                rows.push(Line::from(row));
            }
        }
        let block = Block::new().borders(Borders::LEFT).border_style(dim());
        frame.render_widget(Paragraph::new(rows).block(block), area);
    }

    fn hint_line(&self) -> Line<'static> {
        let text = match (&self.overlay, self.purpose) {
            (Overlay::Confirm(question, _), _) => {
                return Line::styled(format!("{question} y / n"), warning());
            }
            (Overlay::Select(_), _) => {
                "r reply · e edit · d take back · x delete here · t try again · 1-6 👍❤️😂😮😢🎉 · Esc"
                    .to_owned()
            }
            (_, Purpose::Reply(_)) => "a reply · Esc gives it up".to_owned(),
            (_, Purpose::Edit(_)) => "an edit · Esc gives it up".to_owned(),
            _ => match &self.completions {
                Some((all, at)) => all.get(*at).map_or(String::new(), |it| it.hint.clone()),
                None => self.writers(),
            },
        };
        Line::styled(text, dim().add_modifier(Modifier::ITALIC))
    }

    fn writers(&self) -> String {
        let Some(Chat::Group(open)) = self.open else {
            return String::new();
        };
        let here = self.typing.keys().filter(|(chat, _)| *chat == open);
        let names: Vec<String> = here.map(|(_, who)| self.name(*who)).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => format!("{one} is writing …"),
            [one, two] => format!("{one} and {two} are writing …"),
            [one, others @ ..] => format!("{one} and {} others are writing …", others.len()),
        }
    }

    fn draw_composer(&self, frame: &mut Frame<'_>, area: Rect) {
        if area.height == 0 {
            return;
        }
        let width = usize::from(area.width.saturating_sub(1));
        let before = format!("> {}", self.composer.before_cursor());
        let before = wrap(vec![Span::raw(before)], width);
        let row = before.len().saturating_sub(1);
        let column = before.last().map_or(0, Line::width);
        let skip = (row + 1).saturating_sub(usize::from(area.height));
        let rows = self.composer_rows(area.width).into_iter().skip(skip);
        frame.render_widget(Text::from(rows.collect::<Vec<_>>()), area);
        let takes_keys = matches!(self.overlay, Overlay::None);
        if let (true, Ok(x), Ok(y)) = (takes_keys, u16::try_from(column), u16::try_from(row - skip))
        {
            frame.set_cursor_position(Position::new(area.x + x, area.y + y));
        }
    }

    fn status_line(&self) -> Line<'static> {
        let bar = Style::new().add_modifier(Modifier::REVERSED);
        if let Some((notice, _)) = &self.notice {
            return Line::styled(format!(" {notice}"), bar.fg(Color::Yellow));
        }
        let trouble = self.trouble();
        let name = self
            .account()
            .map_or(String::new(), |it| format!(" {} ·", it.name));
        match trouble {
            Some(trouble) => Line::styled(format!("{name} {trouble}"), bar.fg(Color::Red)),
            None => Line::styled(format!("{name} {KEYS}"), bar),
        }
    }

    /// What is wrong with the connection or the session.
    fn trouble(&self) -> Option<String> {
        let status = self.status.as_ref()?;
        match status.account.as_deref().map(|it| it.session) {
            Some(SessionState::Ended(end)) => {
                return Some(crate::problem::Problem::from(end).text);
            }
            Some(SessionState::PasswordChanged) => {
                let text = "the password was changed elsewhere: sotto password --confirm";
                return Some(text.to_owned());
            }
            _ => {}
        }
        match status.connection {
            Connection::Online => None,
            Connection::Connecting => Some("connecting …".to_owned()),
            Connection::Offline { .. } if self.trouble.is_empty() => Some("offline".to_owned()),
            Connection::Offline { .. } => Some(format!("offline: {}", self.trouble)),
        }
    }
}
