//! Values as columns hold them (times, words, JSON), and the three ways to run a cached statement.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::StoreResult;

/// A point in time as integer microseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Micros(pub(crate) Timestamp);

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        Timestamp::from_microsecond(micros).map(Self).map_err(FromSqlError::other)
    }
}

/// Microseconds of an optional time.
pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

/// A value kept as JSON text.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// An enum kept as the word that serde knows it by.
#[derive(Debug)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let deserializer: StrDeserializer<'_, WordError> = value.as_str()?.into_deserializer();
        T::deserialize(deserializer).map(Self).map_err(FromSqlError::other)
    }
}

/// A row's columns from left to right: the mapping lists fields in the order of the SELECT.
pub(crate) struct Columns<'row, 'statement> {
    row: &'row Row<'statement>,
    next: usize,
}

impl<'row, 'statement> Columns<'row, 'statement> {
    pub(crate) fn of(row: &'row Row<'statement>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn value<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let index = self.next;
        self.next += 1;
        self.row.get(index)
    }

    /// The next column, a time.
    pub(crate) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        Ok(self.value::<Micros>()?.0)
    }

    /// The next column, a time or nothing.
    pub(crate) fn optional_time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.value::<Option<Micros>>()?.map(|time| time.0))
    }

    /// The next column, JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        Ok(self.value::<Json<T>>()?.0)
    }

    /// The next column, JSON or nothing.
    pub(crate) fn optional_json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        Ok(self.value::<Option<Json<T>>>()?.map(|json| json.0))
    }

    /// The next column, a word.
    pub(crate) fn word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        Ok(self.value::<Word<T>>()?.0)
    }

    /// The next column, a word or nothing.
    pub(crate) fn optional_word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        Ok(self.value::<Option<Word<T>>>()?.map(|word| word.0))
    }
}

/// All rows of a statement.
pub(crate) fn all<T, P: Params>(
    connection: &Connection,
    sql: &str,
    params: P,
    map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, map)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The first row of a statement, if there is one.
pub(crate) fn one<T, P: Params>(
    connection: &Connection,
    sql: &str,
    params: P,
    map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    Ok(rows.next()?.map(map).transpose()?)
}

/// Runs a statement; answers with the number of rows that it changed.
pub(crate) fn execute<P: Params>(connection: &Connection, sql: &str, params: P) -> StoreResult<usize> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}
