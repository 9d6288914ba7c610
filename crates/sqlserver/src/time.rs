//! Dates with times between SQL Server's wire and jiff's civil time. Whoever knows the zone converts to instants.

use jiff::civil::{Date, DateTime, Time};
use tiberius::time as wire;
use tiberius::{ColumnData, ToSql};

/// `datetime` counts 1/300 s.
const TICKS_PER_SECOND: u64 = 300;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A wall time as a parameter of type `datetime2(6)`.
#[derive(Debug, Clone, Copy)]
pub struct DateTime2(pub Option<DateTime>);

/// A wall time as a value of a row for a bulk load into a `datetime2(6)` column.
pub fn date_time(value: DateTime) -> DateTime2 {
    DateTime2(Some(value))
}

impl ToSql for DateTime2 {
    fn to_sql(&self) -> ColumnData<'_> {
        ColumnData::DateTime2(self.0.map(to_wire))
    }
}

fn to_wire(value: DateTime) -> wire::DateTime2 {
    let days = value.date().since(Date::constant(1, 1, 1)).map_or(0, |span| span.get_days());
    let of_day =
        value.time().since(Time::midnight()).map_or(0, |span| span.get_microseconds() + micros_of(&span));
    let time = wire::Time::new(u64::try_from(of_day).unwrap_or(0), 6);
    wire::DateTime2::new(wire::Date::new(u32::try_from(days).unwrap_or(0)), time)
}

/// The larger units of a span below a day.
fn micros_of(span: &jiff::Span) -> i64 {
    let seconds = i64::from(span.get_hours()) * 3_600 + span.get_minutes() * 60 + span.get_seconds();
    seconds * 1_000_000 + span.get_milliseconds() * 1_000
}

/// `Err` where the column is no date with a time.
pub(crate) fn read(data: &ColumnData<'_>) -> Result<Option<DateTime>, ()> {
    match data {
        ColumnData::DateTime(None) | ColumnData::SmallDateTime(None) | ColumnData::DateTime2(None) => {
            Ok(None)
        }
        ColumnData::DateTime(Some(value)) => {
            let ticks = u64::from(value.seconds_fragments());
            let nanos = (ticks * NANOS_PER_SECOND + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
            // Its three digits are .000, .003 and .007.
            at(Date::constant(1900, 1, 1), i64::from(value.days()), (nanos + 500_000) / 1_000_000 * 1_000_000)
        }
        ColumnData::SmallDateTime(Some(value)) => {
            let minutes = u64::from(value.seconds_fragments());
            at(Date::constant(1900, 1, 1), i64::from(value.days()), minutes * 60 * NANOS_PER_SECOND)
        }
        ColumnData::DateTime2(Some(value)) => {
            let (time, scale) = (value.time(), u32::from(value.time().scale()));
            let nanos = time.increments() * 10_u64.pow(9_u32.saturating_sub(scale));
            at(Date::constant(1, 1, 1), i64::from(value.date().days()), nanos)
        }
        _ => Err(()),
    }
}

fn at(begin: Date, days: i64, nanos: u64) -> Result<Option<DateTime>, ()> {
    let date = begin.checked_add(jiff::SignedDuration::from_hours(days * 24)).map_err(drop)?;
    let time = jiff::SignedDuration::from_nanos(i64::try_from(nanos / 1_000 * 1_000).map_err(drop)?);
    date.to_datetime(Time::midnight()).checked_add(time).map(Some).map_err(drop)
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn a_wall_time_survives_the_way_there_and_back() {
        for value in [
            datetime(2026, 11, 23, 23, 59, 59, 999_999_000),
            datetime(1, 1, 1, 0, 0, 0, 0),
            datetime(2026, 2, 3, 9, 5, 1, 120_000_000),
        ] {
            assert_eq!(read(&date_time(value).to_sql()), Ok(Some(value)));
        }
    }

    #[test]
    fn the_old_type_counts_three_hundredths() {
        let noon_and_a_bit = wire::DateTime::new(46_347, 12 * 3_600 * 300 + 1);
        let read = read(&ColumnData::DateTime(Some(noon_and_a_bit)));
        assert_eq!(read, Ok(Some(datetime(2026, 11, 23, 12, 0, 0, 3_000_000))));
    }
}
