//! Rows in bulk, into a temporary table of the connection: the one way in that has no limit of parameters and works at every
//! compatibility level. The table is made new for each load and is gone with the connection.

use std::borrow::Cow;

use jiff::civil::DateTime;
use tiberius::{ColumnData, ToSql, TokenRow};

use crate::connection::{Class, Connection};
use crate::error::SqlError;
use crate::time::DateTime2;

/// What a column of a temporary table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `bigint`.
    Integer,
    /// `nvarchar(n)` in the database's own collation, so that it can be compared with the columns there.
    Text(u16),
    /// `nvarchar(max)`.
    LongText,
    /// `float`.
    Float,
    /// `datetime2(6)`.
    DateTime,
}

/// A column of a temporary table; all may be NULL.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    name: &'static str,
    kind: Kind,
}

impl Column {
    /// A column; its name is a plain word.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    fn definition(&self) -> String {
        let kind = match self.kind {
            Kind::Integer => "bigint".to_owned(),
            Kind::Text(length) => format!("nvarchar({length}) COLLATE DATABASE_DEFAULT"),
            Kind::LongText => "nvarchar(max) COLLATE DATABASE_DEFAULT".to_owned(),
            Kind::Float => "float".to_owned(),
            Kind::DateTime => "datetime2(6)".to_owned(),
        };
        format!("{} {kind} NULL", self.name)
    }
}

/// A value on its way into a temporary table.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// For [`Kind::Integer`].
    Integer(Option<i64>),
    /// For [`Kind::Text`] and [`Kind::LongText`].
    Text(Option<&'a str>),
    /// For [`Kind::Float`].
    Float(Option<f64>),
    /// For [`Kind::DateTime`].
    DateTime(Option<DateTime>),
}

impl<'a> Value<'a> {
    fn into_data(self) -> ColumnData<'a> {
        match self {
            Self::Integer(value) => ColumnData::I64(value),
            Self::Text(value) => ColumnData::String(value.map(Cow::Borrowed)),
            Self::Float(value) => ColumnData::F64(value),
            Self::DateTime(value) => match DateTime2(value).to_sql() {
                ColumnData::DateTime2(value) => ColumnData::DateTime2(value),
                _ => ColumnData::DateTime2(None),
            },
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

/// Bytes in UTF-16 that the driver takes for one text of a bulk load, although `nvarchar(max)` holds more.
const LONGEST_TEXT: usize = 65_535;
/// The column that rows are found by again where a text is longer.
const PLACE: Column = Column::new("place_in_load", Kind::Integer);

fn is_too_long(text: &str) -> bool {
    text.len() * 2 > LONGEST_TEXT && text.encode_utf16().count() * 2 > LONGEST_TEXT
}

impl Connection {
    /// Makes the temporary table `table` (a word that begins with `#`) anew with these columns, and fills it with rows of as
    /// many values. `name` is told in logs.
    ///
    /// # Errors
    /// As any statement; [`SqlError::Refused`] where a value does not fit its column.
    pub async fn load<'a>(
        &mut self,
        name: &'static str,
        table: &'static str,
        columns: &[Column],
        mut rows: Vec<Vec<Value<'a>>>,
    ) -> Result<(), SqlError> {
        let mut later = Vec::new();
        for (place, row) in (0_i64..).zip(&mut rows) {
            for (column, value) in columns.iter().zip(row) {
                if let (Kind::LongText, Value::Text(Some(text))) = (column.kind, *value)
                    && is_too_long(text)
                {
                    later.push((place, column.name, text));
                    *value = Value::Text(None);
                }
            }
        }
        let mut columns = columns.to_vec();
        if !later.is_empty() {
            columns.push(PLACE);
            (0_i64..).zip(&mut rows).for_each(|(place, row)| row.push(Value::from(place)));
        }
        let definitions: Vec<String> = columns.iter().map(Column::definition).collect();
        let create = format!(
            "IF OBJECT_ID('tempdb..{table}') IS NOT NULL DROP TABLE {table}; CREATE TABLE {table} ({})",
            definitions.join(", ")
        );
        self.batch(name, &create).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let rows = rows.into_iter().map(|values| {
            let mut row = TokenRow::with_capacity(values.len());
            values.into_iter().for_each(|value| row.push(value.into_data()));
            row
        });
        self.bulk(name, table, &names, rows.collect(), Class::Long).await?;
        for (place, column, text) in later {
            let sql = format!("UPDATE {table} SET {column} = @P1 WHERE {} = @P2", PLACE.name);
            self.execute_in(name, &sql, &[&text, &place], Class::Batch).await?;
        }
        Ok(())
    }

    /// Loads a list of keys as the table `#list` with the column `value`.
    ///
    /// # Errors
    /// As [`Connection::load`].
    pub async fn load_integers(&mut self, name: &'static str, values: &[i64]) -> Result<(), SqlError> {
        let rows = values.iter().map(|value| vec![Value::from(*value)]).collect();
        self.load(name, "#list", &[Column::new("value", Kind::Integer)], rows).await
    }

    /// Loads a list of texts as the table `#list` with the column `value`, `nvarchar(450)`: what an index can hold.
    ///
    /// # Errors
    /// As [`Connection::load`].
    pub async fn load_texts(&mut self, name: &'static str, values: &[String]) -> Result<(), SqlError> {
        let rows = values.iter().map(|value| vec![Value::from(value.as_str())]).collect();
        self.load(name, "#list", &[Column::new("value", Kind::Text(450))], rows).await
    }
}
