//! Which JTL it is: what is found in the database decides, nobody configures it.
//!
//! Since 1.6 or so an order is a row of `Verkauf.tAuftrag`; before, up to 2021's versions, of the table `dbo.tBestellung`, whose
//! name a view has today. Row versions came to more and more tables over the years.

use marktwerk_sqlserver::Connection;

use super::fault::Fault;
use crate::ErpError;

/// The tables whose row versions tell of changes; the first two are the newer model's.
const VERSIONED: [&str; 6] = [
    "Verkauf.tAuftrag",
    "Verkauf.tAuftragPosition",
    "dbo.tLieferschein",
    "dbo.tVersand",
    "dbo.tlagerbestand",
    "dbo.tlagerbestandProLagerLagerartikel",
];
/// What the first two were before.
const VERSIONED_BEFORE: [&str; 2] = ["dbo.tBestellung", "dbo.tbestellpos"];

/// How JTL keeps orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderModel {
    /// `Verkauf.tAuftrag` and `Verkauf.tAuftragPosition`.
    Newer,
    /// `dbo.tBestellung` and `dbo.tbestellpos`.
    Older,
}

/// What was found out about the database.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) orders: OrderModel,
    /// Whether shipping methods have codes of their carriers.
    pub(super) has_carrier_codes: bool,
    /// Whether parcels have the time when they were packed.
    pub(super) has_packing_times: bool,
    /// Tables that should have row versions, and have none.
    pub(super) unversioned: Vec<Unversioned>,
    /// For people.
    pub(super) facts: String,
}

/// A table without row versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unversioned {
    /// As statements call it.
    pub(super) called: &'static str,
    /// As the database does.
    pub(super) table: &'static str,
}

impl Model {
    /// Whether the statement asks for row versions that are not there. Such a statement is never run.
    pub(super) fn lacks_versions_of(&self, statement: &str) -> bool {
        let is_read = |table: &Unversioned| statement.contains(&format!("{{{}}}", table.called));
        statement.contains("bRowversion") && self.unversioned.iter().any(is_read)
    }

    /// Whether the table that statements call so has row versions.
    pub(super) fn has_versions(&self, called: &str) -> bool {
        !self.unversioned.iter().any(|table| table.called == called)
    }

    /// Asks the database.
    pub(super) async fn detect(connection: &mut Connection, action: &'static str) -> Result<Self, Fault> {
        // A view of the older name is the newer model.
        const OBJECTS: &str = "\
            SELECT OBJECT_ID('Verkauf.tAuftrag', 'U'), OBJECT_ID('dbo.tBestellung', 'U'), d.compatibility_level, \
            d.is_read_committed_snapshot_on, COL_LENGTH('dbo.tversandart', 'cAmazonCarrierCode'), \
            COL_LENGTH('dbo.tversandart', 'cEbayCarrierCode'), COL_LENGTH('dbo.tVersand', 'dErstellt') FROM sys.databases d WHERE d.name = DB_NAME()";
        let rows = connection.query("find out which JTL it is", OBJECTS, &[]).await?;
        let [row] = &rows[..] else {
            // Every login sees the database that it is in: a server that has just come up may not show it yet.
            let reason = "the server does not show it in sys.databases yet".to_owned();
            return Err(ErpError::Unreachable { action, reason }.into());
        };
        let orders = match (row.optional_integer(0)?, row.optional_integer(1)?) {
            (Some(_), _) => OrderModel::Newer,
            (None, Some(_)) => OrderModel::Older,
            (None, None) => {
                return Err(ErpError::Permission {
                    action,
                    reason: "neither Verkauf.tAuftrag nor the older table dbo.tBestellung can be seen: this is not a database of JTL-Wawi \
                             (its name is [sqlserver] jtl_database), or the login may not read it"
                        .to_owned(),
                }
                .into());
            }
        };
        let level = row.optional_integer(2)?.unwrap_or_default();
        let snapshot = if row.optional_integer(3)? == Some(1) { "on" } else { "off" };
        let names = match orders {
            OrderModel::Newer => "orders in Verkauf.tAuftrag",
            OrderModel::Older => "orders in dbo.tBestellung (up to 2021)",
        };
        let facts = format!("{names}, compatibility level {level}, READ_COMMITTED_SNAPSHOT {snapshot}");
        let unversioned = unversioned(connection, orders).await?;
        let has_carrier_codes = row.optional_integer(4)?.is_some() && row.optional_integer(5)?.is_some();
        let has_packing_times = row.optional_integer(6)?.is_some();
        Ok(Self { orders, has_carrier_codes, has_packing_times, unversioned, facts })
    }
}

async fn unversioned(connection: &mut Connection, orders: OrderModel) -> Result<Vec<Unversioned>, Fault> {
    let mut tables = VERSIONED;
    if orders == OrderModel::Older {
        tables[..2].copy_from_slice(&VERSIONED_BEFORE);
    }
    let column = |table: &&str| format!("COL_LENGTH('{table}', 'bRowversion')");
    let sql = format!("SELECT {}", tables.iter().map(column).collect::<Vec<_>>().join(", "));
    let rows = connection.query("look for row versions", &sql, &[]).await?;
    let mut unversioned = Vec::new();
    for row in &rows {
        for (index, (called, table)) in VERSIONED.into_iter().zip(tables).enumerate() {
            if row.optional_integer(index)?.is_none() {
                unversioned.push(Unversioned { called, table });
            }
        }
    }
    Ok(unversioned)
}
