//! Times of day and names of days, in the reader's time zone.

use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use sotto_engine::time::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The present.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Timestamp(Date::now() as u64)
}

/// Local day of a time, in days since 1970.
pub(crate) fn local_day(at: Timestamp) -> i64 {
    #[expect(clippy::cast_possible_truncation)]
    let offset = date(at).get_timezone_offset() as i64;
    day_at(at, offset)
}

fn day_at(at: Timestamp, minutes_behind_utc: i64) -> i64 {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    ms.saturating_sub(minutes_behind_utc * 60_000)
        .div_euclid(DAY_MS)
}

/// Time of day, as `14:05`.
pub(crate) fn clock(at: Timestamp) -> String {
    thread_local!(static FORMAT: DateTimeFormat = format(&[("hour", "2-digit"), ("minute", "2-digit")]));
    FORMAT.with(|format| apply(format, &date(at)))
}

/// Date and time in full.
pub(crate) fn full(at: Timestamp) -> String {
    thread_local!(static FORMAT: DateTimeFormat =
        format(&[("dateStyle", "full"), ("timeStyle", "short")]));
    FORMAT.with(|format| apply(format, &date(at)))
}

/// `2026-11-20T08:45:43.000Z`, for machines.
pub(crate) fn iso(at: Timestamp) -> String {
    date(at).to_iso_string().into()
}

/// Name of a day above its messages: `Today`, `Yesterday`, `Friday`, `20 November 2026`.
pub(crate) fn day_name(day: i64, today: i64) -> String {
    thread_local! {
        static WEEKDAY: DateTimeFormat = format(&[("weekday", "long"), ("timeZone", "UTC")]);
        static DATE: DateTimeFormat = format(&[
            ("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric"),
            ("timeZone", "UTC"),
        ]);
    }
    match near(day, today) {
        Near::Today => "Today".to_owned(),
        Near::Yesterday => "Yesterday".to_owned(),
        Near::ThisWeek => WEEKDAY.with(|format| apply(format, &noon(day))),
        Near::Far => DATE.with(|format| apply(format, &noon(day))),
    }
}

/// When something was, short: `14:05`, `Yesterday`, `Fri`, `20 Nov`, `20/11/2025`.
pub(crate) fn short(at: Timestamp, today: i64) -> String {
    thread_local! {
        static WEEKDAY: DateTimeFormat = format(&[("weekday", "short"), ("timeZone", "UTC")]);
        static MONTH: DateTimeFormat =
            format(&[("day", "numeric"), ("month", "short"), ("timeZone", "UTC")]);
        static YEAR: DateTimeFormat = format(&[("dateStyle", "short"), ("timeZone", "UTC")]);
    }
    let day = local_day(at);
    match near(day, today) {
        Near::Today => clock(at),
        Near::Yesterday => "Yesterday".to_owned(),
        Near::ThisWeek => WEEKDAY.with(|format| apply(format, &noon(day))),
        Near::Far if today - day < 300 => MONTH.with(|format| apply(format, &noon(day))),
        Near::Far => YEAR.with(|format| apply(format, &noon(day))),
    }
}

#[derive(Debug, PartialEq)]
enum Near {
    Today,
    Yesterday,
    ThisWeek,
    Far,
}

fn near(day: i64, today: i64) -> Near {
    match today - day {
        0 => Near::Today,
        1 => Near::Yesterday,
        2..=6 => Near::ThisWeek,
        _ => Near::Far,
    }
}

fn date(at: Timestamp) -> Date {
    #[expect(clippy::cast_precision_loss)]
    let ms = at.0 as f64;
    Date::new(&ms.into())
}

fn noon(day: i64) -> Date {
    #[expect(clippy::cast_precision_loss)]
    let ms = (day * DAY_MS + DAY_MS / 2) as f64;
    Date::new(&ms.into())
}

/// The page speaks English: the reader's own kind of English, else the one with 24 hours.
fn locale() -> String {
    let language = leptos::prelude::window().navigator().language();
    language
        .filter(|tag| tag.starts_with("en"))
        .unwrap_or_else(|| "en-GB".to_owned())
}

fn format(options: &[(&str, &str)]) -> DateTimeFormat {
    let object = Object::new();
    for (key, value) in options {
        let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
    }
    DateTimeFormat::new(&Array::of1(&locale().into()), &object)
}

fn apply(format: &DateTimeFormat, date: &Date) -> String {
    let text: Option<JsValue> = format.format().call1(&JsValue::UNDEFINED, date).ok();
    text.and_then(|text| text.dyn_into::<js_sys::JsString>().ok())
        .map(String::from)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_local_midnight() {
        let hour = 60 * 60 * 1000;
        let (berlin, new_york) = (-60, 300);
        assert_eq!(day_at(Timestamp(23 * hour), 0), 0);
        assert_eq!(day_at(Timestamp(23 * hour), berlin), 1);
        assert_eq!(day_at(Timestamp(4 * hour), new_york), -1);
    }

    #[test]
    fn near_days_have_names() {
        let near: Vec<_> = [10, 9, 8, 4, 3, 11]
            .iter()
            .map(|day| near(*day, 10))
            .collect();
        assert_eq!(
            near,
            [
                Near::Today,
                Near::Yesterday,
                Near::ThisWeek,
                Near::ThisWeek,
                Near::Far,
                Near::Far
            ]
        );
    }
}
