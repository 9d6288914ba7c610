//! JTL's dates: local time of the German server, without a zone, as text. The marketplace's seconds need no
//! calendar.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The rule of Europe/Berlin, written out so that no time zone database is needed.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// `YYYY-MM-DD HH:MM:SS` of Berlin for milliseconds since 1970 UTC.
pub(crate) fn jtl_date(milliseconds: i64) -> String {
    let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let zone = TimeZone::posix(BERLIN).unwrap_or(TimeZone::UTC);
    timestamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Whether JTL reads this as a date: ISO with or without a time of day, or DD.MM.YYYY.
pub(crate) fn is_jtl_date(text: &str) -> bool {
    let text = text.trim();
    ["%Y-%m-%d", "%d.%m.%Y"].iter().any(|form| jiff::civil::Date::strptime(form, text).is_ok())
        || ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S"]
            .iter()
            .any(|form| jiff::civil::DateTime::strptime(form, text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winter_and_summer_in_berlin() {
        assert_eq!(jtl_date(1_767_225_600_000), "2026-01-01 01:00:00");
        assert_eq!(jtl_date(1_782_864_000_000), "2026-07-01 02:00:00");
    }

    #[test]
    fn iso_and_dotted_dates_only() {
        for good in ["2026-07-01", "01.07.2026", "2026-07-01 10:11:12"] {
            assert!(is_jtl_date(good), "{good}");
        }
        for bad in ["07/01/2026", "2026-13-01", "tomorrow", "1.7.26x"] {
            assert!(!is_jtl_date(bad), "{bad}");
        }
    }
}
