//! `user list`.

use core::fmt::Write as _;

use sotto_gateway::admin::{Answer, Request, User};
use sotto_gateway::config::Config;

use super::{answer, print, time, unexpected};

pub(super) fn list(config: &Config, json: bool) -> anyhow::Result<()> {
    match answer(config, Request::UserList {})? {
        Answer::Users { users } if json => {
            let mut text = String::new();
            for user in &users {
                text.push_str(&serde_json::to_string(user)?);
                text.push('\n');
            }
            Ok(print(&text)?)
        }
        Answer::Users { users } => Ok(print(&table(&users))?),
        other => unexpected(&other),
    }
}

fn table(users: &[User]) -> String {
    let width = users.iter().map(|user| user.name.as_str().len()).max();
    let width = width.unwrap_or_default().max("NAME".len());
    let mut text = format!(
        "{:width$}  {:>7}  {:20}  {:20}  STATE\n",
        "NAME", "DEVICES", "SIGNED UP", "LAST SEEN"
    );
    for user in users {
        let seen = match user.last_seen {
            0 => "never".to_owned(),
            seconds => time::text(seconds),
        };
        let state = match (user.disabled, user.bridge) {
            (true, _) => "disabled",
            (false, true) => "classic mailbox",
            (false, false) => "",
        };
        let created = time::text(user.created_at);
        let line = format!(
            "{:width$}  {:>7}  {created:20}  {seen:20}  {state}",
            user.name, user.devices
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_account() {
        let user = |name: &str, disabled, last_seen| User {
            name: name.parse().unwrap(),
            account: "00".repeat(16),
            devices: 2,
            created_at: 1_800_000_000,
            last_seen,
            disabled,
            bridge: false,
        };
        let text = table(&[
            user("alice", false, 1_800_000_060),
            user("bob.with-long_name", true, 0),
        ]);
        assert_eq!(
            text,
            "NAME                DEVICES  SIGNED UP             LAST SEEN             STATE\n\
             alice                     2  2027-01-15 08:00:00Z  2027-01-15 08:01:00Z\n\
             bob.with-long_name        2  2027-01-15 08:00:00Z  never                 disabled\n"
        );
        assert_eq!(table(&[]).lines().count(), 1);
    }
}
