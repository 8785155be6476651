//! `receive`: what is new is shown once, and marked as read after that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sotto_engine::api::{
    Body, Command as Order, Connection, Event, HISTORY_PAGE_MAX, Message, Seq,
};
use sotto_shared::ClientId;

use super::Session;
use crate::files::{safe_name, save_new};
use crate::problem::Problem;

/// Messages to be shown, by conversation and place.
type News = BTreeMap<(ClientId, Seq), Message>;

impl Session {
    pub(super) async fn receive(
        &mut self,
        follow: bool,
        files: Option<PathBuf>,
    ) -> Result<(), Problem> {
        self.require_classic()?;
        let files = files.unwrap_or_else(|| self.folder.join("received"));
        // Earlier commands may have fetched messages without showing them.
        let mut news = self.unread().await?;
        let mut reporter = Reporter::default();
        loop {
            let result = self.client.next_events().await;
            let events = result.as_deref().unwrap_or_default();
            collect(events, &mut news);
            let failed = super::refuse_failures(events).and_then(|()| self.refuse_ended());
            let connection = self.client.connection();
            let report = reporter.news(connection, self.client.last_error());
            if let Some(text) = report.filter(|_| follow) {
                self.printer.note(&text);
            }
            let settled = self.is_settled();
            if settled || result.is_err() || failed.is_err() {
                self.show(&mut news, &files).await?;
            }
            result?;
            failed?;
            if settled && !follow {
                return Ok(());
            }
            if self.is_password_changed() {
                self.confirm_password().await?;
                news.extend(self.unread().await?);
            }
        }
    }

    /// What was received and not shown yet.
    async fn unread(&mut self) -> Result<News, Problem> {
        let unread: Vec<(ClientId, u32)> = self
            .client
            .people()
            .filter(|person| person.unread > 0)
            .map(|person| (person.client, person.unread))
            .collect();
        let mut news = News::new();
        for (with, count) in unread {
            let mut left = usize::try_from(count).unwrap_or(usize::MAX);
            let mut before = None;
            while left > 0 {
                let (messages, more) = self.page(with, before, HISTORY_PAGE_MAX).await?;
                before = messages.first().map(|message| message.seq);
                let newest_first = messages.into_iter().rev().filter(is_news);
                let found: Vec<Message> = newest_first.take(left).collect();
                left -= found.len();
                news.extend(
                    found
                        .into_iter()
                        .map(|message| ((with, message.seq), message)),
                );
                if !more {
                    break;
                }
            }
        }
        Ok(news)
    }

    /// Shows messages in the order in which they came, saves their files, and marks them as read.
    async fn show(&mut self, news: &mut News, files: &Path) -> Result<(), Problem> {
        let mut messages: Vec<((ClientId, Seq), Message)> =
            std::mem::take(news).into_iter().collect();
        messages.sort_by_key(|((with, seq), message)| (message.at, *with, *seq));
        for ((with, seq), message) in messages {
            let saved = match message.body {
                Body::File { .. } => Some(self.save(with, seq, files).await?),
                _ => None,
            };
            self.printer
                .message(self.person(with)?, &message, saved.as_deref())?;
            self.order(Order::MarkRead { with, up_to: seq }).await?;
        }
        Ok(())
    }

    async fn save(&mut self, with: ClientId, seq: Seq, files: &Path) -> Result<PathBuf, Problem> {
        let events = self.order(Order::LoadFile { with, seq }).await?;
        let (name, content) = events
            .into_iter()
            .find_map(|event| match event {
                Event::FileContent { name, content, .. } => Some((name, content)),
                _ => None,
            })
            .ok_or(sotto_engine::api::Failure::NoSuchFile)?;
        let sender = self.person(with)?.name.to_string();
        let name = format!("{}-{}", safe_name(&sender), safe_name(&name));
        std::fs::create_dir_all(files).map_err(|error| Problem::file(files, &error))?;
        save_new(files, &name, &content).map_err(|error| Problem::file(files, &error))
    }
}

/// Keeps what was received; what was undecryptable before and is readable now comes again.
fn collect(events: &[Event], news: &mut News) {
    for event in events {
        if let Event::Messages { with, messages } = event {
            for message in messages.iter().filter(|message| is_news(message)) {
                news.insert((*with, message.seq), message.clone());
            }
        }
    }
}

fn is_news(message: &Message) -> bool {
    !message.mine && !matches!(message.body, Body::Key | Body::KeyRequest)
}

/// Tells once when the connection is lost, and once when it is back.
#[derive(Default)]
pub(super) struct Reporter {
    lost: bool,
}

impl Reporter {
    pub(super) fn news(&mut self, connection: Connection, error: &str) -> Option<String> {
        match connection {
            Connection::Offline { .. } if !self.lost && !error.is_empty() => {
                self.lost = true;
                Some(format!("not connected ({error}); trying again"))
            }
            Connection::Online if self.lost => {
                self.lost = false;
                Some("connected again".to_owned())
            }
            _ => None,
        }
    }
}
