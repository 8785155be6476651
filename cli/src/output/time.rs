//! Points in time as text.

use sotto_engine::time::Timestamp;

/// `YYYY-MM-DD HH:MM`, in UTC.
pub(crate) fn minutes(at: Timestamp) -> String {
    format!("{} {}", day(at), clock(at))
}

/// `YYYY-MM-DD`, in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    let (year, month, day) = date(at.0 / (24 * 60 * 60_000));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `HH:MM`, in UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    let minutes = at.0 / 60_000;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are
/// counted from March in between, so that the leap day is their last one.
fn date(day: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468; // from 0000-03-01
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let day = day + DAYS_TO_1970;
    let (era, day) = (day / DAYS_IN_400_YEARS, day % DAYS_IN_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, wanted) in [
            (0, "1970-01-01 00:00"),
            (951_782_399, "2000-02-28 23:59"),
            (951_868_740, "2000-02-29 23:59"),
            (1_709_164_800, "2024-02-29 00:00"),
            (1_767_225_599, "2025-12-31 23:59"),
            (4_107_542_400, "2100-03-01 00:00"),
        ] {
            assert_eq!(minutes(Timestamp(seconds * 1_000)), wanted);
        }
    }
}
