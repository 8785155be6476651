//! Key packages: published, counted, handed out.

use rusqlite::{Connection, OptionalExtension, params};
use sotto_shared::ClientId;
use sotto_shared::limits::KEY_PACKAGES_MAX;
use sotto_shared::sotto::group::{ClaimedKeyPackage, KeyPackagesLeft, PublishKeyPackages, SuiteId};

use super::super::super::delivery::{Acted, Denied, SUITES_MAX, Wanted};
use super::super::apply::Apply;
use super::apply::{Device, Result, deny_if};
use super::statements;

impl Apply<'_> {
    pub(super) fn publish(&mut self, by: ClientId, publish: &PublishKeyPackages) -> Result<Acted> {
        let device = self.asking(by)?.number;
        let suite = publish.suite.0;
        let others: u32 = self
            .database
            .prepare_cached(statements::COUNT_SUITES)?
            .query_row(params![device, suite], |row| row.get(0))?;
        deny_if(others >= SUITES_MAX, Denied::TooMany)?;
        if publish.replace {
            self.run(statements::DELETE_SUITE, params![device, suite])?;
        }
        for package in &publish.packages {
            let expires_at = i64::try_from(package.expires_at).unwrap_or(i64::MAX);
            if package.last_resort {
                self.run(statements::DELETE_LAST_RESORT, params![device, suite])?;
            }
            let row = params![
                device,
                suite,
                package.last_resort,
                expires_at,
                &package.package[..]
            ];
            self.run(statements::INSERT_PACKAGE, row)?;
        }
        let keep = i64::try_from(KEY_PACKAGES_MAX).unwrap_or(i64::MAX);
        self.run(statements::TRIM_PACKAGES, params![device, suite, keep])?;
        let left = left(self.database, device, publish.suite, self.now)?;
        Ok(Acted::Published(left))
    }

    pub(super) fn claim(&mut self, suite: SuiteId, wanted: &[Wanted]) -> Result<Acted> {
        let mut packages = Vec::with_capacity(wanted.len());
        let mut last_resorts = 0;
        for Wanted { client, one_time } in wanted {
            let Some(device) = self.find_device(statements::FIND_DEVICE, *client)? else {
                continue;
            };
            let one_time = if *one_time {
                self.next_package(device, suite, false)?
            } else {
                None
            };
            let package = match one_time {
                Some((number, package)) => {
                    self.run(statements::DELETE_PACKAGE, [number])?;
                    package
                }
                None => match self.next_package(device, suite, true)? {
                    Some((_, package)) => {
                        last_resorts += 1;
                        package
                    }
                    None => continue,
                },
            };
            packages.push(ClaimedKeyPackage {
                client: *client,
                package: package.into(),
            });
        }
        Ok(Acted::Claimed {
            packages,
            last_resorts,
        })
    }

    fn next_package(
        &self,
        device: Device,
        suite: SuiteId,
        last_resort: bool,
    ) -> Result<Option<(i64, Vec<u8>)>> {
        let key = params![device.number, suite.0, last_resort, self.now];
        let found = self
            .database
            .prepare_cached(statements::NEXT_PACKAGE)?
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }
}

pub(super) fn left(
    database: &Connection,
    device: i64,
    suite: SuiteId,
    now: i64,
) -> core::result::Result<KeyPackagesLeft, rusqlite::Error> {
    let count = |last_resort: bool| {
        database
            .prepare_cached(statements::COUNT_PACKAGES)?
            .query_row(params![device, suite.0, last_resort, now], |row| {
                row.get::<_, u32>(0)
            })
    };
    Ok(KeyPackagesLeft {
        suite,
        one_time: count(false)?,
        last_resort: count(true)? > 0,
    })
}
