//! Counting orders, in the index `orders_reached` alone.

use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{Class, Connection};

use crate::StoreResult;
use crate::orders::OrderStatistics;
use crate::sqlserver::columns;

pub(super) async fn statistics(
    connection: &mut Connection,
    accounts: &[String],
) -> StoreResult<OrderStatistics> {
    let sql = "SELECT account, COUNT_BIG(*), COUNT_BIG(imported_at), COUNT_BIG(document_at), \
         COUNT_BIG(handed_over_at), COUNT_BIG(reported_at) FROM marktwerk.orders GROUP BY account";
    let rows = connection.query_in("count orders", sql, &[], Class::Batch).await?;
    let counts = columns::map(&rows, |columns| {
        let account = columns.text()?;
        let counts = OrderStatistics {
            total: columns.integer()?,
            imported: columns.integer()?,
            xml_generated: columns.integer()?,
            uploaded: columns.integer()?,
            tracked: columns.integer()?,
        };
        Ok((account, counts))
    })?;
    let mut sum = OrderStatistics::default();
    for (_, counts) in counts.into_iter().filter(|(account, _)| is_asked(accounts, account)) {
        sum.total += counts.total;
        sum.imported += counts.imported;
        sum.xml_generated += counts.xml_generated;
        sum.uploaded += counts.uploaded;
        sum.tracked += counts.tracked;
    }
    Ok(sum)
}

/// States without an order are left out.
pub(super) async fn by_state(
    connection: &mut Connection,
    accounts: &[String],
) -> StoreResult<Vec<(OrderState, u64)>> {
    let sql = "SELECT account, state, COUNT_BIG(*) FROM marktwerk.orders GROUP BY account, state";
    let rows = connection.query_in("count orders by state", sql, &[], Class::Batch).await?;
    let counts = columns::map(&rows, |columns| {
        Ok((columns.text()?, columns.word::<OrderState>()?, columns.integer::<u64>()?))
    })?;
    let of = |state: OrderState| {
        let asked = counts.iter().filter(|(account, ..)| is_asked(accounts, account));
        (state, asked.filter(|(_, counted, _)| *counted == state).map(|(.., count)| count).sum::<u64>())
    };
    Ok(OrderState::ALL.into_iter().map(of).filter(|(_, count)| *count > 0).collect())
}

/// No accounts are all.
fn is_asked(accounts: &[String], account: &String) -> bool {
    accounts.is_empty() || accounts.contains(account)
}
