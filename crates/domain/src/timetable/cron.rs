//! A compiled cron expression: sets of bits on the wall clock, without a zone.
//!
//! croner reads the expression and decides which days match; its own structure takes several kilobytes and a search step per day,
//! so what it decided is kept as bits: whether a day matches depends on nothing but the length of its month and the weekday
//! on which the month begins.

use croner::{CronComponent, CronPattern, Weekday};
use jiff::civil::{Date, DateTime, Time};

use super::expression;
use crate::schedule::BadSchedule;

/// Sets of seconds, minutes, hours, months and days.
#[derive(Debug, Clone)]
pub(super) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    months: u64,
    days: DaysOfMonths,
    is_fixed: bool,
}

/// Matching days (bit 1 is the first day) of the 28 kinds of months: by length, from 28, and weekday of the first day, from Sunday.
type DaysOfMonths = [[u32; 7]; 4];

impl Cron {
    pub(super) fn new(expression: &str) -> Result<Self, BadSchedule> {
        let refuse = |reason| BadSchedule::new("cron", reason);
        let read = expression::read(expression).map_err(refuse)?;
        let cron = Self {
            seconds: bits(&read.pattern.seconds),
            minutes: bits(&read.pattern.minutes),
            hours: bits(&read.pattern.hours),
            months: bits(&read.pattern.months),
            days: days_of_months(&read.pattern),
            is_fixed: read.has_fixed_times,
        };
        if cron.is_ever_due() {
            Ok(cron)
        } else {
            Err(refuse(format!("`{}` is never due: no such day exists", expression.trim())))
        }
    }

    /// Whether its times of day are listed, so that the change of summer time neither drops nor doubles one.
    pub(super) fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// The first planned time of the wall clock that is not before `from`.
    pub(super) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        let today = from.date();
        if self.days_of(today) & (1 << today.day()) != 0
            && let Some(time) = self.first_time_from(from.time())
        {
            return Some(today.to_datetime(time));
        }
        Some(self.first_date_after(today)?.to_datetime(self.first_time_from(Time::midnight())?))
    }

    fn first_date_after(&self, date: Date) -> Option<Date> {
        let mut month = date;
        let mut days = self.days_of(date) & (!1 << date.day());
        while days == 0 {
            month = first_of_next_month(month)?;
            days = self.days_of(month);
        }
        Date::new(month.year(), month.month(), i8::try_from(days.trailing_zeros()).ok()?).ok()
    }

    fn first_time_from(&self, from: Time) -> Option<Time> {
        let (first_minute, first_second) =
            (first_bit_from(self.minutes, 0)?, first_bit_from(self.seconds, 0)?);
        let mut hour = first_bit_from(self.hours, from.hour())?;
        if hour == from.hour() {
            let mut minute = first_bit_from(self.minutes, from.minute());
            if minute == Some(from.minute()) {
                if let Some(second) = first_bit_from(self.seconds, from.second()) {
                    return Time::new(hour, from.minute(), second, 0).ok();
                }
                minute = first_bit_from(self.minutes, from.minute() + 1);
            }
            if let Some(minute) = minute {
                return Time::new(hour, minute, first_second, 0).ok();
            }
            hour = first_bit_from(self.hours, hour + 1)?;
        }
        Time::new(hour, first_minute, first_second, 0).ok()
    }

    /// The matching days of the month in which `date` is.
    fn days_of(&self, date: Date) -> u32 {
        if self.months & (1 << date.month()) == 0 {
            return 0;
        }
        let (length, begins_on) = kind_of_month(date);
        self.days[length][begins_on]
    }

    fn is_ever_due(&self) -> bool {
        let starts =
            [COMMON_YEAR, LEAP_YEAR].into_iter().flat_map(|year| (1..=12).map(move |month| (year, month)));
        starts.filter_map(|(year, month)| Date::new(year, month, 1).ok()).any(|start| {
            let (length, _) = kind_of_month(start);
            self.months & (1 << start.month()) != 0 && self.days[length].iter().any(|days| *days != 0)
        })
    }
}

const COMMON_YEAR: i16 = 2001;
const LEAP_YEAR: i16 = 2000;

/// Which days of which kind of month match: asked of croner for one month of each kind.
fn days_of_months(pattern: &CronPattern) -> DaysOfMonths {
    let mut known = DaysOfMonths::default();
    // January, April and February have all lengths, and until 2024 each of them began on each weekday, in leap years, too.
    let starts = (2000..=2024).flat_map(|year| [1, 4, 2].map(|month| Date::new(year, month, 1)));
    for start in starts.flatten() {
        let (length, begins_on) = kind_of_month(start);
        let days = &mut known[length][begins_on];
        if *days == 0 {
            *days = matching_days(pattern, start);
        }
    }
    known
}

fn matching_days(pattern: &CronPattern, start: Date) -> u32 {
    let (year, month) = (i32::from(start.year()), u32::from(start.month().unsigned_abs()));
    let first_weekday =
        Weekday::from_days_from_sunday(start.weekday().to_sunday_zero_offset().unsigned_abs().into());
    let matches = |day: &u32| {
        let weekday = first_weekday.shift(i32::try_from(day - 1).unwrap_or(0));
        pattern.day_match(year, month, *day, weekday).unwrap_or(false)
    };
    (1..=u32::from(start.days_in_month().unsigned_abs())).filter(matches).fold(0, |days, day| days | 1 << day)
}

/// Where [`DaysOfMonths`] keeps the month in which `date` is.
fn kind_of_month(date: Date) -> (usize, usize) {
    let length = usize::from(date.days_in_month().unsigned_abs() - 28);
    let begins_on = usize::from(date.first_of_month().weekday().to_sunday_zero_offset().unsigned_abs());
    (length, begins_on)
}

fn first_of_next_month(date: Date) -> Option<Date> {
    let (year, month) =
        if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    Date::new(year, month, 1).ok()
}

fn bits(field: &CronComponent) -> u64 {
    field.values().into_iter().fold(0, |bits, value| bits | 1 << value)
}

/// The lowest bit that is not below `from`, which is at most 60.
fn first_bit_from(bits: u64, from: i8) -> Option<i8> {
    let bits = bits >> from << from;
    (bits != 0).then_some(bits.trailing_zeros()).and_then(|bit| i8::try_from(bit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, from: &str) -> String {
        Cron::new(expression).unwrap().first_from(from.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_next_time_is_of_this_minute_hour_day_month_or_later() {
        assert_eq!(next("5,40 10 9,17 * * *", "2026-03-02T09:10:05"), "2026-03-02T09:10:05");
        assert_eq!(next("5,40 10 9,17 * * *", "2026-03-02T09:10:06"), "2026-03-02T09:10:40");
        assert_eq!(next("5,40 10 9,17 * * *", "2026-03-02T09:10:41"), "2026-03-02T17:10:05");
        assert_eq!(next("5,40 10 9,17 * * *", "2026-03-02T17:10:41"), "2026-03-03T09:10:05");
        assert_eq!(next("0 8 31 * *", "2026-03-31T08:00:01"), "2026-05-31T08:00:00");
        assert_eq!(next("0 8 1 1 *", "2026-01-01T08:00:01"), "2027-01-01T08:00:00");
        assert_eq!(next("59 59 23 * * *", "2026-12-31T23:59:59"), "2026-12-31T23:59:59");
    }

    #[test]
    fn a_day_of_the_month_or_a_day_of_the_week_suffices() {
        assert_eq!(next("0 0 13 * FRI", "2026-03-01T00:00:00"), "2026-03-06T00:00:00");
        assert_eq!(next("0 0 13 * FRI", "2026-04-11T00:00:00"), "2026-04-13T00:00:00");
        assert_eq!(next("0 0 13 * ?", "2026-04-11T00:00:00"), "2026-04-13T00:00:00");
        assert_eq!(next("0 0 13 * +FRI", "2026-03-14T00:00:00"), "2026-11-13T00:00:00");
    }

    #[test]
    fn days_are_counted_from_the_end_and_moved_to_working_days() {
        assert_eq!(next("0 0 L * *", "2028-02-01T00:00:00"), "2028-02-29T00:00:00");
        assert_eq!(next("0 0 LW * *", "2026-02-01T00:00:00"), "2026-02-27T00:00:00");
        assert_eq!(next("0 0 15W * *", "2026-02-01T00:00:00"), "2026-02-16T00:00:00");
        assert_eq!(next("0 0 * * FRIL", "2026-02-01T00:00:00"), "2026-02-27T00:00:00");
        assert_eq!(next("0 0 * * 1#2", "2026-02-01T00:00:00"), "2026-02-09T00:00:00");
    }

    #[test]
    fn every_kind_of_month_is_known() {
        let kinds = Cron::new("@daily").unwrap().days;
        assert_eq!(kinds.map(|kind| kind.map(u32::count_ones)), [[28; 7], [29; 7], [30; 7], [31; 7]]);
    }

    #[test]
    fn the_calendar_ends() {
        let daily = Cron::new("@daily").unwrap();
        assert_eq!(daily.first_from("9999-12-31T00:00:01".parse().unwrap()), None);
    }

    #[test]
    fn a_compiled_expression_is_small() {
        assert!(size_of::<Cron>() <= 160, "{} bytes", size_of::<Cron>());
        assert!(size_of::<crate::timetable::Timetable>() <= 48);
    }
}
