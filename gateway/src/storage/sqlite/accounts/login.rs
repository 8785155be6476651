//! Failed logins, and what is past its time.

use core::time::Duration;
use std::net::IpAddr;

use rusqlite::{Connection, params};
use sotto_shared::account::{AccountName, Slot};

use super::super::super::account::{Applied, Failures, LOGIN_WINDOW, LoginSubject};
use super::super::super::clock::whole_seconds;
use super::super::apply::Apply;
use super::super::reader::QueryError;
use super::apply::Stop;
use super::statements;

impl Apply<'_> {
    pub(super) fn login_failed(&mut self, subjects: &[LoginSubject]) -> Result<Applied, Stop> {
        for subject in subjects {
            self.execute(statements::INSERT_FAILURE, params![key(subject), self.now])?;
        }
        Ok(Applied::Done)
    }

    pub(super) fn login_succeeded(&mut self, subjects: &[LoginSubject]) -> Result<Applied, Stop> {
        for subject in subjects {
            let sql = match subject {
                LoginSubject::Name(..) => statements::FORGET_FAILURES,
                LoginSubject::Address(_) => statements::FORGET_NEWEST_FAILURE,
            };
            self.execute(sql, [key(subject)])?;
        }
        Ok(Applied::Done)
    }

    /// Forgets the failed logins of a name, by password and by recovery code.
    pub(super) fn reset_login(&mut self, name: &AccountName) -> Result<Applied, Stop> {
        let subjects = Slot::ALL.map(|slot| LoginSubject::Name(name.clone(), slot));
        self.login_succeeded(&subjects)
    }
}

/// Failures that lie ahead do not count: a clock that was put back would lock for as long.
pub(super) fn failures(
    database: &Connection,
    subject: &LoginSubject,
    now: i64,
) -> Result<Failures, QueryError> {
    let window = whole_seconds(LOGIN_WINDOW);
    let (count, oldest): (u32, i64) = database.prepare_cached(statements::FAILURES)?.query_row(
        params![key(subject), now.saturating_sub(window), now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if count == 0 {
        return Ok(Failures::default());
    }
    let left = oldest.saturating_add(window).saturating_sub(now);
    Ok(Failures {
        count,
        oldest_expires: Duration::from_secs(u64::try_from(left).unwrap_or(0)),
    })
}

/// Deletes failed logins and invitations that are past their time.
pub(in super::super) fn prune(database: &Connection, now: i64) -> Result<(), rusqlite::Error> {
    let failed_before = now.saturating_sub(whole_seconds(LOGIN_WINDOW));
    database
        .prepare_cached(statements::OLD_FAILURES)?
        .execute([failed_before])?;
    // Those from before the clock was put back.
    database
        .prepare_cached(statements::FUTURE_FAILURES)?
        .execute([now])?;
    database
        .prepare_cached(statements::OLD_INVITATIONS)?
        .execute([now])?;
    Ok(())
}

/// The subject as it is stored: see the schema.
fn key(subject: &LoginSubject) -> Vec<u8> {
    match subject {
        LoginSubject::Name(name, slot) => {
            let mut key = vec![slot.number()];
            key.extend_from_slice(name.as_str().as_bytes());
            key
        }
        LoginSubject::Address(address) => match address.to_canonical() {
            IpAddr::V4(address) => [&[4], &address.octets()[..]].concat(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                let mut key = vec![6];
                key.extend([a, b, c, d].iter().flat_map(|part| part.to_be_bytes()));
                key
            }
        },
    }
}
