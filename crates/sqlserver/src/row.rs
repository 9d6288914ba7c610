//! A row of an answer, read by position with errors that name statement and column, never the value. Integer columns of any
//! width read as `i64`: the same statement gives `int` on one server and `bigint` on another.

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use tiberius::ColumnData;

use crate::error::SqlError;
use crate::time;

/// A row.
#[derive(Debug)]
pub struct Row {
    statement: &'static str,
    row: tiberius::Row,
}

impl Row {
    pub(crate) fn new(statement: &'static str, row: tiberius::Row) -> Self {
        Self { statement, row }
    }

    /// A whole number.
    ///
    /// # Errors
    /// If it is another type, or NULL.
    pub fn integer(&self, column: usize) -> Result<i64, SqlError> {
        self.optional_integer(column)?.ok_or_else(|| self.null(column))
    }

    /// A whole number or NULL. A decimal without a fraction counts as one, as COUNT and SUM may give it.
    ///
    /// # Errors
    /// If it is another type.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, SqlError> {
        Ok(match self.data(column)? {
            ColumnData::U8(value) => value.map(i64::from),
            ColumnData::I16(value) => value.map(i64::from),
            ColumnData::I32(value) => value.map(i64::from),
            ColumnData::I64(value) => *value,
            ColumnData::Bit(value) => value.map(i64::from),
            ColumnData::Numeric(Some(value)) if value.dec_part() == 0 => Some(
                i64::try_from(value.int_part())
                    .map_err(|_| self.unreadable(column, "a whole number of 64 bits"))?,
            ),
            ColumnData::Numeric(None) => None,
            _ => return Err(self.unreadable(column, "a whole number")),
        })
    }

    /// A truth value (`bit`, or a number that is not 0).
    ///
    /// # Errors
    /// If it is another type, or NULL.
    pub fn truth(&self, column: usize) -> Result<bool, SqlError> {
        Ok(self.integer(column)? != 0)
    }

    /// A text.
    ///
    /// # Errors
    /// If it is another type, or NULL.
    pub fn text(&self, column: usize) -> Result<String, SqlError> {
        self.optional_text(column)?.ok_or_else(|| self.null(column))
    }

    /// A text or NULL.
    ///
    /// # Errors
    /// If it is another type.
    pub fn optional_text(&self, column: usize) -> Result<Option<String>, SqlError> {
        match self.data(column)? {
            ColumnData::String(value) => Ok(value.as_ref().map(|text| text.clone().into_owned())),
            _ => Err(self.unreadable(column, "a text")),
        }
    }

    /// A floating-point number or NULL.
    ///
    /// # Errors
    /// If it is another type.
    pub fn optional_float(&self, column: usize) -> Result<Option<f64>, SqlError> {
        Ok(match self.data(column)? {
            ColumnData::F32(value) => value.map(f64::from),
            ColumnData::F64(value) => *value,
            _ => return self.optional_integer(column).map(|value| value.map(|value| value as f64)),
        })
    }

    /// A decimal number or NULL; whole numbers are decimals, too.
    ///
    /// # Errors
    /// If it is another type, or has more than 28 digits.
    pub fn optional_decimal(&self, column: usize) -> Result<Option<Decimal>, SqlError> {
        match self.data(column)? {
            ColumnData::Numeric(None) => Ok(None),
            // The driver's own conversion gives up where a value times 10^scale is beyond 96 bits: decimal(25,13) may be.
            ColumnData::Numeric(Some(value)) => {
                let (mut digits, mut scale) = (value.value(), u32::from(value.scale()));
                while scale > 0 && digits % 10 == 0 {
                    (digits, scale) = (digits / 10, scale - 1);
                }
                let number = Decimal::try_from_i128_with_scale(digits, scale);
                number.map(Some).map_err(|_| self.unreadable(column, "a decimal of 28 digits"))
            }
            _ => Ok(self.optional_integer(column)?.map(Decimal::from)),
        }
    }

    /// Wall time without a zone (`datetime`, `datetime2`) or NULL, to the microsecond.
    ///
    /// # Errors
    /// If it is another type.
    pub fn optional_date_time(&self, column: usize) -> Result<Option<DateTime>, SqlError> {
        time::read(self.data(column)?).map_err(|()| self.unreadable(column, "a date with a time"))
    }

    /// Bytes (`rowversion`, `varbinary`).
    ///
    /// # Errors
    /// If it is another type, or NULL.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, SqlError> {
        match self.data(column)? {
            ColumnData::Binary(Some(value)) => Ok(value.clone().into_owned()),
            ColumnData::Binary(None) => Err(self.null(column)),
            _ => Err(self.unreadable(column, "bytes")),
        }
    }

    /// How many columns it has.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.row.len() == 0
    }

    /// The error of a caller that could not make anything of a column's value: `wanted` completes "is not …".
    pub fn unreadable(&self, column: usize, wanted: &str) -> SqlError {
        SqlError::Unreadable {
            statement: self.statement,
            reason: format!("column {} is not {wanted}", self.name(column)),
        }
    }

    fn null(&self, column: usize) -> SqlError {
        SqlError::Unreadable {
            statement: self.statement,
            reason: format!("column {} is NULL, which was not expected", self.name(column)),
        }
    }

    fn name(&self, column: usize) -> String {
        let name = self.row.columns().get(column).map(tiberius::Column::name).filter(|name| !name.is_empty());
        name.map_or_else(|| format!("number {}", column + 1), str::to_owned)
    }

    fn data(&self, column: usize) -> Result<&ColumnData<'static>, SqlError> {
        self.row.get_column_data(column).map_err(|_| SqlError::Unreadable {
            statement: self.statement,
            reason: format!("the answer has no column number {}", column + 1),
        })
    }
}
