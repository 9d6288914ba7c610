//! Values as columns hold them (times, words, JSON), read from left to right.

use jiff::Timestamp;
use marktwerk_sqlserver::{Row, SqlError};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::{StoreError, StoreResult};

/// A row's columns from left to right: the mapping lists fields in the order of the SELECT.
pub(crate) struct Columns<'row> {
    row: &'row Row,
    next: usize,
}

impl<'row> Columns<'row> {
    pub(crate) fn of(row: &'row Row) -> Self {
        Self { row, next: 0 }
    }

    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// The next column is read by other means.
    pub(crate) fn pass_over(&mut self) {
        self.step();
    }

    /// The next column, a whole number that fits the type asked for.
    pub(crate) fn integer<T: TryFrom<i64>>(&mut self) -> StoreResult<T> {
        let column = self.step();
        let value = self.row.integer(column)?;
        T::try_from(value).map_err(|_| self.row.unreadable(column, "a number in its range").into())
    }

    /// The next column, a whole number or nothing.
    pub(crate) fn optional_integer<T: TryFrom<i64>>(&mut self) -> StoreResult<Option<T>> {
        let column = self.step();
        let value = self.row.optional_integer(column)?.map(T::try_from).transpose();
        value.map_err(|_| self.row.unreadable(column, "a number in its range").into())
    }

    /// The next column, a truth value.
    pub(crate) fn truth(&mut self) -> StoreResult<bool> {
        Ok(self.integer::<i64>()? != 0)
    }

    /// The next column, a truth value or nothing.
    pub(crate) fn optional_truth(&mut self) -> StoreResult<Option<bool>> {
        Ok(self.optional_integer::<i64>()?.map(|value| value != 0))
    }

    /// The next column, a text.
    pub(crate) fn text(&mut self) -> StoreResult<String> {
        let column = self.step();
        Ok(self.row.text(column)?)
    }

    /// The next column, a text or nothing.
    pub(crate) fn optional_text(&mut self) -> StoreResult<Option<String>> {
        let column = self.step();
        Ok(self.row.optional_text(column)?)
    }

    /// The next column, a floating-point number or nothing.
    pub(crate) fn optional_float(&mut self) -> StoreResult<Option<f64>> {
        let column = self.step();
        Ok(self.row.optional_float(column)?)
    }

    /// The next column, a time.
    pub(crate) fn time(&mut self) -> StoreResult<Timestamp> {
        let column = self.step();
        instant(self.row.integer(column)?).ok_or_else(|| self.row.unreadable(column, "a time").into())
    }

    /// The next column, a time or nothing.
    pub(crate) fn optional_time(&mut self) -> StoreResult<Option<Timestamp>> {
        let column = self.step();
        match self.row.optional_integer(column)? {
            None => Ok(None),
            Some(value) => {
                instant(value).map(Some).ok_or_else(|| self.row.unreadable(column, "a time").into())
            }
        }
    }

    /// The next column, JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> StoreResult<T> {
        let column = self.step();
        read_json(self.row, column, &self.row.text(column)?)
    }

    /// The next column, JSON or nothing.
    pub(crate) fn optional_json<T: DeserializeOwned>(&mut self) -> StoreResult<Option<T>> {
        let column = self.step();
        let text = self.row.optional_text(column)?;
        text.map(|text| read_json(self.row, column, &text)).transpose()
    }

    /// The next column, a word that serde knows an enum's value by.
    pub(crate) fn word<T: DeserializeOwned>(&mut self) -> StoreResult<T> {
        let column = self.step();
        read_word(self.row, column, &self.row.text(column)?)
    }

    /// The next column, a word or nothing.
    pub(crate) fn optional_word<T: DeserializeOwned>(&mut self) -> StoreResult<Option<T>> {
        let column = self.step();
        let text = self.row.optional_text(column)?;
        text.map(|text| read_word(self.row, column, &text)).transpose()
    }
}

fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

fn read_json<T: DeserializeOwned>(row: &Row, column: usize, text: &str) -> StoreResult<T> {
    // serde's words may hold a value of a document: only what was expected is told.
    serde_json::from_str(text)
        .map_err(|_| row.unreadable(column, "JSON of the shape that was written").into())
}

fn read_word<T: DeserializeOwned>(row: &Row, column: usize, text: &str) -> StoreResult<T> {
    let deserializer: StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|_| row.unreadable(column, "a word that this program knows").into())
}

/// Microseconds of a time.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Microseconds of an optional time.
pub(crate) fn optional_micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

/// A value as the JSON text that a column or a parameter holds.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(error.to_string()))
}

/// The mapping of all rows.
pub(crate) fn map<T>(
    rows: &[Row],
    mut map: impl FnMut(&mut Columns<'_>) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    rows.iter().map(|row| map(&mut Columns::of(row))).collect()
}

/// The one column of the one row of a statement that always has one.
pub(crate) fn only(row: Option<Row>, statement: &'static str) -> StoreResult<i64> {
    let none = || SqlError::Unreadable { statement, reason: "the answer has no row".to_owned() };
    Ok(row.ok_or_else(none)?.integer(0)?)
}
