//! A contact's page: who they are, and whether nobody sits in between.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `page` | the whole |
//! | `safety` | safety number and code, and their comparison |
//! | `qr` | the code as a picture |
//! | `alarm` | the stop when an account key has changed |

mod alarm;
mod page;
mod qr;
mod safety;

pub(crate) use self::alarm::KeyAlarm;
pub(crate) use self::page::{ContactPage, tick, verified_mark};
