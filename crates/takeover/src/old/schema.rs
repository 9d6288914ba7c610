//! Which of the old tables and columns there are, and how a column is read whatever its type.

use std::collections::HashSet;

use marktwerk_sqlserver::{Connection, Row, SqlError};

/// What a column is read as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// At most 200 characters: order numbers have 50, names 500.
    Text,
    Integer,
    Decimal,
    DateTime,
}

/// Names in lower case: the server may tell capitals apart or not.
pub(super) struct Schema {
    columns: HashSet<(String, String)>,
}

impl Schema {
    pub(super) async fn read(connection: &mut Connection) -> Result<Self, SqlError> {
        const SQL: &str = "SELECT CONVERT(nvarchar(128), TABLE_NAME), CONVERT(nvarchar(128), COLUMN_NAME) \
             FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = N'dbo' AND TABLE_NAME IN \
             (N'temu_orders', N'temu_order_items', N'temu_xml_export', N'temu_products', N'temu_inventory', N'scheduler_logs')";
        let rows = connection.query("take over: look at the old tables", SQL, &[]).await?;
        let name = |row: &Row, column| row.text(column).map(|name| name.to_lowercase());
        let columns = rows.iter().map(|row| Ok((name(row, 0)?, name(row, 1)?)));
        Ok(Self { columns: columns.collect::<Result<_, SqlError>>()? })
    }

    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.columns.contains(&(table.to_owned(), column.to_owned()))
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.columns.iter().any(|(name, _)| name == table)
    }

    /// A column of the table `t` as an expression: NULL where there is none, or where its value is not of the kind. By way of a
    /// text, for there are types that the server refuses to convert even in a trial.
    pub(super) fn column(&self, table: &str, column: &str, kind: Kind) -> String {
        // 121: year, month, day. Some other types refuse a style that is not theirs.
        let style = if matches!(kind, Kind::DateTime) { ", 121" } else { "" };
        let text = match self.has(table, column) {
            true => format!("CONVERT(nvarchar(200), t.[{column}]{style})"),
            false => "CAST(NULL AS nvarchar(200))".to_owned(),
        };
        match kind {
            Kind::Text => text,
            Kind::Integer => format!("TRY_CONVERT(bigint, {text})"),
            Kind::Decimal => format!("TRY_CONVERT(decimal(19, 4), {text})"),
            Kind::DateTime => format!("TRY_CONVERT(datetime2(3), {text})"),
        }
    }
}

/// A text without surrounding blanks; `None` if it is empty.
pub(super) fn text(row: &Row, column: usize) -> Result<Option<String>, SqlError> {
    let text = row.optional_text(column)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}
