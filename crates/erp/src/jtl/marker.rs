//! Markers: whether JTL would answer something else than before, told by counts, sums and row versions instead of the
//! answer itself. Every statement gives one row of numbers; those of several batches are added up.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_decimal::Decimal;

use super::row::Row;
use super::sql;
use crate::ErpError;

/// Of what is read of orders.
pub(super) const OF_ORDERS: &[&str] = &[
    sql::ORDER_VERSIONS,
    sql::POSITION_VERSIONS,
    sql::NOTE_VERSIONS,
    sql::NOTE_SUMS,
    sql::PARCEL_VERSIONS,
    sql::PARCEL_SUMS,
];

/// Of what is read of stock where all warehouses count.
pub(super) const OF_STOCK: &[&str] = &[sql::ARTICLE_SUMS, sql::STOCK_VERSIONS, sql::COMPONENT_SUMS];

/// Of what is read of stock where warehouses are chosen.
pub(super) const OF_STOCK_BY_WAREHOUSE: &[&str] =
    &[sql::ARTICLE_SUMS, sql::STOCK_VERSIONS, sql::COMPONENT_SUMS, sql::SHELF_VERSIONS];

/// Of which article numbers may be sold.
pub(super) const OF_ARTICLES: &[&str] = &[sql::ARTICLE_KEY_SUMS];

/// Where JTL's tables have no row versions, each look may find something new: another text each time.
pub(super) fn unknown() -> String {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    // Another process begins to count elsewhere.
    static BEGIN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(()));
    format!("unknown {:x} {}", *BEGIN, LOOKS.fetch_add(1, Ordering::Relaxed))
}

/// Sums over all batches, by statement and column.
#[derive(Debug, Default)]
pub(super) struct Marker(Vec<Vec<Decimal>>);

impl Marker {
    /// Adds the answers of one batch.
    pub(super) fn add(&mut self, answers: &[Vec<Row>]) -> Result<(), ErpError> {
        self.0.resize(self.0.len().max(answers.len()), Vec::new());
        for (sums, rows) in self.0.iter_mut().zip(answers) {
            for row in rows {
                sums.resize(sums.len().max(row.0.len()), Decimal::ZERO);
                for (column, sum) in sums.iter_mut().enumerate() {
                    *sum += row.decimal(column, "a sum")?;
                }
            }
        }
        Ok(())
    }

    /// As a text; `1.0` and `1` are the same, and so are nothing found and nothing asked.
    pub(super) fn text(&self) -> String {
        if self.0.iter().flatten().all(Decimal::is_zero) {
            return "nothing".to_owned();
        }
        let statement = |sums: &Vec<Decimal>| -> String {
            sums.iter().map(|sum| sum.normalize().to_string()).collect::<Vec<_>>().join(":")
        };
        self.0.iter().map(statement).collect::<Vec<_>>().join(" ")
    }
}
