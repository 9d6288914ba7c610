//! Points in time as people type them: `yesterday`, `2 hours`, `monday`, `2026-11-30 08:00`, `08:00`. Wall times are those of the shop's
//! own zone, that of `[scheduler] time_zone`.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Zoned};

/// On which side of now a point lies where the words leave it open: `monday`, `08:00`, `2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Past,
    Future,
}

/// The clock and the zone that words such as `yesterday` go by.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    now: Zoned,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Calendar {
    pub(super) fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now: now.to_zoned(zone) }
    }

    /// A point before now, such as that of `--since`.
    pub(super) fn past(&self, text: &str) -> Result<Timestamp, String> {
        self.point(text, Side::Past).ok_or_else(|| {
            format!(
                "`{text}` is not a time; write yesterday, today, monday, 08:00, 2h or \"2 hours\" (ago), 2026-11-30, \"2026-11-30 08:00\", or \
                 2026-11-30T08:00:00+01:00"
            )
        })
    }

    /// A point after now, such as that of `--until`.
    pub(super) fn future(&self, text: &str) -> Result<Timestamp, String> {
        self.point(text, Side::Future).ok_or_else(|| {
            format!(
                "`{text}` is not a time; write tomorrow, monday, 14:00, 4h or 2d (from now), 2026-11-30, \"2026-11-30 08:00\", or \
                 2026-11-30T08:00:00+01:00"
            )
        })
    }

    /// A point before now as a server takes it.
    pub(super) fn past_text(&self, text: &str) -> Result<String, String> {
        self.past(text).map(|time| time.to_string())
    }

    fn point(&self, text: &str, side: Side) -> Option<Timestamp> {
        let text = text.trim();
        let small = text.to_lowercase();
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(time);
        }
        if let Some(time) = self.by_word(&small, side) {
            return Some(time);
        }
        if let Ok(time) = small.strip_prefix("at ").unwrap_or(&small).parse::<Time>()
            && small.contains(':')
            && !small.contains('-')
        {
            return self.time_of_day(time, side);
        }
        if let Some(date) = date(text) {
            return self.at(date.at(0, 0, 0, 0));
        }
        let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
        if let (Some(date), Ok(time)) = (date(day), time.trim().parse::<Time>())
            && time_has_colon(text)
        {
            return self.at(date.to_datetime(time));
        }
        // `monday 08:00`, `yesterday 14:30`
        if let Some((word, time)) = small.split_once(' ')
            && time_has_colon(time)
            && let (Some(day), Ok(time)) = (self.by_word(word, side), time.trim().parse::<Time>())
        {
            let day = day.to_zoned(self.now.time_zone().clone()).date();
            return self.at(day.to_datetime(time));
        }
        self.distance(&small, side)
    }

    fn by_word(&self, word: &str, side: Side) -> Option<Timestamp> {
        let today = self.now.date();
        let day = match word {
            "now" => return Some(self.now.timestamp()),
            "today" => today,
            "yesterday" => today.yesterday().ok()?,
            "tomorrow" => today.tomorrow().ok()?,
            word => {
                let is_meant = |name: &str| name == word || (word.len() >= 3 && &name[..3] == word);
                let (_, weekday) = WEEKDAYS.iter().find(|(name, _)| is_meant(name))?;
                match side {
                    Side::Past if today.weekday() == *weekday => today,
                    Side::Past => today.nth_weekday(-1, *weekday).ok()?,
                    Side::Future => today.nth_weekday(1, *weekday).ok()?,
                }
            }
        };
        self.at(day.at(0, 0, 0, 0))
    }

    /// The last one, or the next.
    fn time_of_day(&self, time: Time, side: Side) -> Option<Timestamp> {
        let now = self.now.timestamp();
        let today = self.now.date();
        let point = self.at(today.to_datetime(time))?;
        match side {
            Side::Past if point > now => self.at(today.yesterday().ok()?.to_datetime(time)),
            Side::Future if point <= now => self.at(today.tomorrow().ok()?.to_datetime(time)),
            _ => Some(point),
        }
    }

    /// `2h`, `2 hours`, `2 hours ago`, `in 2 hours`. Days and weeks are those of the calendar.
    fn distance(&self, text: &str, side: Side) -> Option<Timestamp> {
        let text = text.strip_prefix("in ").unwrap_or(text).trim();
        let text = text.strip_suffix("ago").unwrap_or(text).trim();
        // jiff reads `-2h` and ISO's `PT2H`, too; a distance is written without a sign.
        if !text.starts_with(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        let span: Span = text.parse().ok()?;
        let whole: SignedDuration =
            span.to_duration(SpanRelativeTo::days_are_24_hours()).ok().unwrap_or(SignedDuration::ZERO);
        if whole.is_negative() {
            return None;
        }
        let point = match side {
            Side::Past => self.now.checked_sub(span),
            Side::Future => self.now.checked_add(span),
        };
        point.ok().map(|point| point.timestamp())
    }

    fn at(&self, wall: DateTime) -> Option<Timestamp> {
        wall.to_zoned(self.now.time_zone().clone()).ok().map(|zoned| zoned.timestamp())
    }
}

fn time_has_colon(text: &str) -> bool {
    text.contains(':')
}

/// `2026-11-30`, `30.11.2026`.
fn date(text: &str) -> Option<Date> {
    let is_iso = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    if is_iso {
        return text.parse().ok();
    }
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wednesday afternoon in Berlin.
    fn calendar() -> Calendar {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Calendar::new("2026-11-04T13:30:00Z".parse().unwrap(), zone)
    }

    #[test]
    fn the_past_in_the_words_of_people_is_in_the_shops_zone() {
        for (text, time) in [
            ("yesterday", "2026-11-02T23:00:00Z"),
            ("Today", "2026-11-03T23:00:00Z"),
            ("now", "2026-11-04T13:30:00Z"),
            ("monday", "2026-11-01T23:00:00Z"),
            ("wednesday", "2026-11-03T23:00:00Z"),
            ("thu", "2026-10-28T23:00:00Z"),
            ("monday 08:00", "2026-11-02T07:00:00Z"),
            ("yesterday 14:30", "2026-11-03T13:30:00Z"),
            ("2h", "2026-11-04T11:30:00Z"),
            ("2 hours", "2026-11-04T11:30:00Z"),
            ("2 hours ago", "2026-11-04T11:30:00Z"),
            ("90 minutes", "2026-11-04T12:00:00Z"),
            ("1h 30m", "2026-11-04T12:00:00Z"),
            ("7d", "2026-10-28T13:30:00Z"),
            ("1 week", "2026-10-28T13:30:00Z"),
            ("1 month", "2026-10-04T12:30:00Z"),
            ("08:00", "2026-11-04T07:00:00Z"),
            ("23:00", "2026-11-03T22:00:00Z"),
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("01.11.2026", "2026-10-31T23:00:00Z"),
            ("2026-11-01 08:00", "2026-11-01T07:00:00Z"),
            ("2026-11-01T08:00:30", "2026-11-01T07:00:30Z"),
            ("01.11.2026 08:00", "2026-11-01T07:00:00Z"),
            ("2026-11-30T08:00:00+01:00", "2026-11-30T07:00:00Z"),
        ] {
            assert_eq!(calendar().past(text), Ok(time.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn the_future_is_ahead() {
        for (text, time) in [
            ("tomorrow", "2026-11-04T23:00:00Z"),
            ("wednesday", "2026-11-10T23:00:00Z"),
            ("08:00", "2026-11-05T07:00:00Z"),
            ("4h", "2026-11-04T17:30:00Z"),
            ("in 2 days", "2026-11-06T13:30:00Z"),
        ] {
            assert_eq!(calendar().future(text), Ok(time.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_answered_with_what_is() {
        for text in ["", "soon", "2", "-2h", "99:99", "2026-13-01", "31.02.2026", "mo", "2 moons"] {
            let reason = calendar().past(text).unwrap_err();
            assert!(reason.contains("is not a time; write yesterday"), "{text}: {reason}");
        }
    }
}
