//! Pages and lines about the account that is signed in here, outside of the settings.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `recovery_code` | the code, until it is written down |
//! | `session` | a session that is over, a password that was changed elsewhere |
//! | `strips` | lines above everything: what the user should know or do |
//! | `activity` | keeps the auto-lock away while somebody is there |

mod activity;
mod recovery_code;
mod session;
mod strips;

pub(crate) use self::activity::keep_awake;
pub(crate) use self::recovery_code::RecoveryCodePage;
pub(crate) use self::session::{ConfirmPassword, Ended};
pub(crate) use self::strips::Strips;
