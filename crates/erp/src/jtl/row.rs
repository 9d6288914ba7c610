//! A row as any database answers it, and its values as the schema promises them. Amounts are decimals here,
//! whatever the database keeps them in.

use rust_decimal::Decimal;

use crate::ErpError;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Decimal(Decimal),
    Text(String),
}

/// One row, in the order of the statement's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// A whole number; a bit column is 0 or 1. `what` names the column for the error.
    pub(super) fn integer(&self, index: usize, what: &str) -> Result<i64, ErpError> {
        self.optional_integer(index, what)?.ok_or_else(|| unreadable(what, "a whole number"))
    }

    /// A whole number or none.
    pub(super) fn optional_integer(&self, index: usize, what: &str) -> Result<Option<i64>, ErpError> {
        let decimal = self.optional_decimal(index, what)?;
        decimal
            .map(|decimal| i64::try_from(decimal).map_err(|_| unreadable(what, "a whole number")))
            .transpose()
    }

    /// A decimal; none counts as 0.
    pub(super) fn decimal(&self, index: usize, what: &str) -> Result<Decimal, ErpError> {
        Ok(self.optional_decimal(index, what)?.unwrap_or_default())
    }

    /// A decimal or none.
    pub(super) fn optional_decimal(&self, index: usize, what: &str) -> Result<Option<Decimal>, ErpError> {
        match self.0.get(index) {
            Some(Value::Null) => Ok(None),
            Some(Value::Integer(integer)) => Ok(Some(Decimal::from(*integer))),
            Some(Value::Decimal(decimal)) => Ok(Some(*decimal)),
            Some(Value::Text(text)) => {
                text.trim().parse().map(Some).map_err(|_| unreadable(what, "a number"))
            }
            None => Err(unreadable(what, "a column")),
        }
    }

    /// A text; none is the empty one. A number is its digits.
    pub(super) fn text(&self, index: usize, what: &str) -> Result<String, ErpError> {
        match self.0.get(index) {
            Some(Value::Null) => Ok(String::new()),
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(Value::Integer(integer)) => Ok(integer.to_string()),
            Some(Value::Decimal(decimal)) => Ok(decimal.to_string()),
            None => Err(unreadable(what, "a column")),
        }
    }
}

/// A value that is not what the schema promises.
pub(super) fn unreadable(what: &str, expected: &str) -> ErpError {
    ErpError::Unreadable { what: format!("{what} is not {expected}") }
}
