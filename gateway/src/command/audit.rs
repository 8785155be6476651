//! `audit`: reads the audit log.

use core::str::FromStr;
use core::time::Duration;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Map, Value};
use sotto_gateway::audit::FILE;
use sotto_gateway::config::Span;

use super::{Data, print, time};

/// How often a followed log is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

#[derive(Args)]
pub(crate) struct Audit {
    /// Only events of the last time, such as 1h or 7d, or since a date (UTC), such as 2026-11-20
    /// or 2026-11-20T12:30
    #[arg(long, value_name = "SPAN|DATE")]
    since: Option<Since>,

    /// Only events of this name, such as login_failed
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    /// Go on with what is written from now on
    #[arg(long)]
    follow: bool,

    /// The lines as they are: one JSON object each
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: Data,
}

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Since {
    Span(Duration),
    /// The beginning of a time as the log has it: such text sorts as the times do.
    Date(String),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(Span(span)) = text.parse() {
            return Ok(Self::Span(span));
        }
        const SHAPE: &[u8] = b"0000-00-00T00:00:00";
        let text = text.trim_end_matches('Z').replace(' ', "T");
        let is_date = matches!(text.len(), 10 | 13 | 16 | 19)
            && text.bytes().zip(SHAPE).all(|(c, shape)| match shape {
                b'0' => c.is_ascii_digit(),
                shape => c == *shape,
            });
        if is_date {
            Ok(Self::Date(text))
        } else {
            Err("write a span such as 1h or 7d, or a date such as 2026-11-20".to_owned())
        }
    }
}

impl Since {
    fn at(&self, now: SystemTime) -> String {
        match self {
            Self::Date(date) => date.clone(),
            Self::Span(span) => {
                let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
                let begin = time::rfc3339(since.saturating_sub(*span).as_secs());
                begin.trim_end_matches('Z').to_owned()
            }
        }
    }
}

/// What of the log is shown, and how.
struct Filter {
    since: String,
    event: Option<String>,
    json: bool,
}

impl Audit {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let path = self.data.settle()?.data.join(FILE);
        let since = self.since.map(|since| since.at(SystemTime::now()));
        let filter = Filter {
            since: since.unwrap_or_default(),
            event: self.event,
            json: self.json,
        };
        read(&path, &filter, self.follow)
            .with_context(|| format!("cannot read the audit log {}", path.display()))
    }
}

fn read(path: &Path, filter: &Filter, follow: bool) -> io::Result<()> {
    let mut log = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    let mut position = 0;
    loop {
        let read = log.read_until(b'\n', &mut line)?;
        position += u64::try_from(read).unwrap_or(0);
        if line.ends_with(b"\n") {
            filter.show(&line)?;
            line.clear();
            continue;
        }
        if !follow {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_EVERY);
        if let Some(fresh) = replaced(path, log.get_ref(), position)? {
            log = BufReader::new(fresh);
            line.clear();
            position = 0;
        }
    }
}

/// The log anew, if it was cut, or moved away and begun again.
fn replaced(path: &Path, open: &File, position: u64) -> io::Result<Option<File>> {
    let fresh = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        fresh => fresh?,
    };
    let is_cut = open.metadata()?.len() < position;
    Ok((is_cut || !is_same(open, &fresh)?).then_some(fresh))
}

#[cfg(unix)]
fn is_same(open: &File, fresh: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (open, fresh) = (open.metadata()?, fresh.metadata()?);
    Ok((open.dev(), open.ino()) == (fresh.dev(), fresh.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &File) -> io::Result<bool> {
    Ok(true)
}

impl Filter {
    fn show(&self, line: &[u8]) -> io::Result<()> {
        match self.line(line) {
            Some(text) => print(&text),
            None => Ok(()),
        }
    }

    /// What is shown of a line, if anything. What is no event is left out.
    fn line(&self, line: &[u8]) -> Option<String> {
        let event: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let field = |key: &str| event.get(key).and_then(Value::as_str);
        let (time, name) = (field("time")?, field("event")?);
        if time < self.since.as_str() || self.event.as_deref().is_some_and(|only| only != name) {
            return None;
        }
        if self.json {
            return Some(String::from_utf8_lossy(line).into_owned());
        }
        let seconds = time.split(['.', 'Z']).next()?.replace('T', " ");
        let mut text = format!("{}  {}", plain(&seconds), plain(name));
        for (key, value) in &event {
            if !matches!(key.as_str(), "time" | "event") {
                let value = match value {
                    Value::String(value) => plain(value),
                    value => value.to_string(),
                };
                text.push_str(&format!("  {}={value}", plain(key)));
            }
        }
        text.push('\n');
        Some(text)
    }
}

/// Text that does nothing to a terminal but appear.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| c.escape_debug())
        .collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(since: &str, event: Option<&str>, json: bool) -> Filter {
        Filter {
            since: since.to_owned(),
            event: event.map(str::to_owned),
            json,
        }
    }

    const LINE: &[u8] = b"{\"time\":\"2026-11-20T12:30:00.123456Z\",\"event\":\"limit_hit\",\"limit\":\"connections\",\"address\":\"192.0.2.7\"}\n";

    #[test]
    fn lines_are_for_people_or_as_they_are() {
        assert_eq!(
            filter("", None, false).line(LINE).unwrap(),
            "2026-11-20 12:30:00  limit_hit  address=192.0.2.7  limit=connections\n"
        );
        assert_eq!(filter("", None, true).line(LINE).unwrap().as_bytes(), LINE);
        assert_eq!(filter("", None, true).line(b"not json\n"), None);
        let hostile = br#"{"time":"2026-11-20T12:30:00Z","event":"x","limit":"\u001b[2J"}"#;
        let shown = filter("", None, false).line(hostile).unwrap();
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn lines_are_chosen_by_time_and_name() {
        for (since, shown) in [
            ("2026-11-20", true),
            ("2026-11-20T12:30", true),
            ("2026-11-20T12:30:00", true),
            ("2026-11-20T12:30:01", false),
            ("2026-11-21", false),
        ] {
            assert_eq!(
                filter(since, None, false).line(LINE).is_some(),
                shown,
                "{since}"
            );
        }
        assert!(filter("", Some("limit_hit"), false).line(LINE).is_some());
        assert!(filter("", Some("limit"), false).line(LINE).is_none());
    }

    #[test]
    fn spans_and_dates_say_where_to_begin() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let at = |text: &str| text.parse::<Since>().unwrap().at(now);
        assert_eq!(at("1h"), "2027-01-15T07:00:00");
        assert_eq!(at("7d"), "2027-01-08T08:00:00");
        assert_eq!(at("2026-11-20"), "2026-11-20");
        assert_eq!(at("2026-11-20 12:30"), "2026-11-20T12:30");
        assert_eq!(at("2026-11-20T12:30:00Z"), "2026-11-20T12:30:00");
        for text in [
            "",
            "yesterday",
            "2026-11",
            "2026-11-20T1",
            "20-11-2026",
            "1",
        ] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
