//! Rows as parameters: a table of values that a statement selects from, each value a parameter of its own.
//!
//! JSON would be one parameter, but not every server that speaks T-SQL reads texts out of it as they are; nor does every one take
//! a parameter that is a text and NULL, so that a text that may be missing goes with a sign before it, and `''` stands for NULL. A
//! statement has as few shapes as possible, so that the server knows them already: a piece is filled up with blank rows to one of
//! four sizes, and statements pass over these (their first column is NULL, or `''` where it is a text).

use marktwerk_sqlserver::ToSql;

/// Rows of a piece. The largest with 30 columns stays below the 2,100 parameters that a statement may have.
const SIZES: [usize; 4] = [1, 4, 16, 64];
/// Stands before a text that may be missing.
const SIGN: char = '=';

/// A value of a row.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Integer(Option<i64>),
    Float(Option<f64>),
    Text(&'a str),
    /// A text that may be missing, with its sign.
    Signed(String),
}

impl Value<'_> {
    fn as_parameter(&self) -> &dyn ToSql {
        match self {
            Self::Integer(value) => value,
            Self::Float(value) => value,
            Self::Text(value) => value,
            Self::Signed(value) => value,
        }
    }

    fn blank(&self) -> Self {
        match self {
            Self::Integer(_) => Self::Integer(None),
            Self::Float(_) => Self::Float(None),
            Self::Text(_) => Self::Text(""),
            Self::Signed(_) => Self::Signed(String::new()),
        }
    }

    /// The column as it was meant.
    fn column(&self, name: &str) -> String {
        match self {
            Self::Signed(_) => {
                format!(
                    "CASE WHEN {name} = N'' THEN NULL ELSE SUBSTRING({name}, 2, 2147483647) END AS {name}"
                )
            }
            _ => name.to_owned(),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<Option<f64>> for Value<'_> {
    fn from(value: Option<f64>) -> Self {
        Self::Float(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Value<'_> {
    fn from(value: Option<&str>) -> Self {
        Self::Signed(value.map(|text| format!("{SIGN}{text}")).unwrap_or_default())
    }
}

/// A row's values by name.
pub(super) type Row<'a, const WIDTH: usize> = [(&'static str, Value<'a>); WIDTH];

/// Rows on their way to the server.
pub(super) struct Piece<'rows> {
    /// `(…) AS name`, with the rows' columns.
    pub(super) table: String,
    pub(super) values: Vec<&'rows dyn ToSql>,
}

/// What the pieces of these rows are filled up with; none where there are no rows.
pub(super) fn blank<'a, const WIDTH: usize>(rows: &[Row<'a, WIDTH>]) -> Option<Row<'a, WIDTH>> {
    rows.first().map(|row| row.each_ref().map(|(name, value)| (*name, value.blank())))
}

/// The rows in pieces, in their order. The parameters of each begin with `fixed`.
pub(super) fn pieces<'rows, const WIDTH: usize>(
    name: &str,
    fixed: &[&'rows dyn ToSql],
    rows: &'rows [Row<'_, WIDTH>],
    blank: &'rows Option<Row<'_, WIDTH>>,
) -> Vec<Piece<'rows>> {
    let Some(blank) = blank else { return Vec::new() };
    let names: Vec<&str> = blank.iter().map(|(name, _)| *name).collect();
    let columns: Vec<String> = blank.iter().map(|(name, value)| value.column(name)).collect();
    let largest = SIZES.last().copied().unwrap_or(1);
    let mut pieces = Vec::new();
    for rows in rows.chunks(largest) {
        let size = SIZES.into_iter().find(|size| *size >= rows.len()).unwrap_or(largest);
        let mut values = fixed.to_vec();
        let mut texts = Vec::with_capacity(size);
        for number in 0..size {
            let row = rows.get(number).unwrap_or(blank);
            values.extend(row.iter().map(|(_, value)| value.as_parameter()));
            let parameters = values.len() - WIDTH + 1..=values.len();
            let parameters: Vec<String> = parameters.map(|parameter| format!("@P{parameter}")).collect();
            texts.push(format!("({})", parameters.join(", ")));
        }
        let table = format!(
            "(SELECT {} FROM (VALUES {}) AS sent ({})) AS {name}",
            columns.join(", "),
            texts.join(", "),
            names.join(", ")
        );
        pieces.push(Piece { table, values });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_few_shapes() {
        let rows: Vec<Row<'_, 2>> =
            (0..70_i64).map(|id| [("id", Value::from(id)), ("text", Value::from("x"))]).collect();
        let (blank, fixed) = (blank(&rows), 5_i64);
        let pieces = pieces("new", &[&fixed], &rows, &blank);
        let parameters: Vec<usize> = pieces.iter().map(|piece| piece.values.len()).collect();
        assert_eq!(parameters, [129, 33]);
        let table = &pieces[1].table;
        assert!(
            table.starts_with("(SELECT id, text FROM (VALUES (@P2, @P3), (@P4, @P5), ")
                && table.ends_with("(@P32, @P33)) AS sent (id, text)) AS new"),
            "{table}"
        );
    }

    #[test]
    fn an_empty_text_is_not_a_missing_one() {
        let signed = |value: Option<&str>| match Value::from(value) {
            Value::Signed(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (signed(None), signed(Some("")), signed(Some("=")).as_str()),
            (String::new(), "=".to_owned(), "==")
        );
    }
}
