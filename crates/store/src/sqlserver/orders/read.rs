//! Reading orders. A page comes in the order of an index, whatever the number of orders: reading the few open ones costs nothing in
//! the many closed ones.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{Class, Connection, ToSql};

use super::row::{self, COLUMNS, DOCUMENT, HISTORY, RAW, WITHOUT_TEXTS};
use crate::StoreResult;
use crate::orders::{KnownChange, OrderFilter, OrderRecord};
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::keys::{self, WITH_KEYS};

pub(super) async fn known_changes(
    connection: &mut Connection,
    account: &str,
    numbers: &[String],
) -> StoreResult<HashMap<String, KnownChange>> {
    let sql = format!(
        "SELECT j.value, o.changed_at, o.status, o.is_complete, o.is_unread, o.fingerprint FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.value COLLATE Latin1_General_BIN2"
    );
    let numbers = keys::json(numbers.iter().map(String::as_str))?;
    let parameters: [&dyn ToSql; 2] = [&account, &numbers];
    let rows = connection.query_in("look up known orders", &sql, &parameters, Class::Batch).await?;
    let known = columns::map(&rows, |columns| {
        let number = columns.text()?;
        let known = KnownChange {
            changed_at: columns.time()?,
            status: columns.word()?,
            is_complete: columns.truth()?,
            is_unread: columns.truth()?,
            fingerprint: columns.optional_text()?,
        };
        Ok((number, known))
    })?;
    Ok(known.into_iter().collect())
}

pub(super) async fn whole(
    connection: &mut Connection,
    account: &str,
    number: &str,
) -> StoreResult<Option<OrderRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, {RAW}, {DOCUMENT}, {HISTORY} FROM marktwerk.orders o WHERE o.account = @P1 AND o.number = @P2"
    );
    let rows = connection.query("read an order", &sql, &[&account, &number]).await?;
    Ok(columns::map(&rows, row::record)?.into_iter().next())
}

pub(super) async fn unread(
    connection: &mut Connection,
    account: &str,
    after: &str,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT TOP (@P3) {COLUMNS}, {RAW}, {DOCUMENT}, N'' FROM marktwerk.orders o \
         WHERE o.is_unread = 1 AND o.account = @P1 AND o.number > @P2 ORDER BY o.number"
    );
    let parameters: [&dyn ToSql; 3] = [&account, &after, &at_most(limit)];
    let rows = connection.query_in("read unread orders", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

/// One page, by number: of each state and account no more keys than the page holds, from the index, then the rows of the page.
pub(super) async fn orders_in(
    connection: &mut Connection,
    filter: &OrderFilter,
) -> StoreResult<Vec<OrderRecord>> {
    if filter.is_search() {
        return search(connection, filter).await;
    }
    let OrderFilter { account, states, after, limit, .. } = filter;
    // The same state twice would find its orders twice.
    let states = OrderState::ALL.into_iter().filter(|state| states.is_empty() || states.contains(state));
    let states = keys::json(states.map(OrderState::as_str))?;
    let accounts = match account {
        // A parameter in a derived table has the database's collation; the column's own is named below.
        Some(_) => "(SELECT @P4 AS account)",
        None => "marktwerk.order_accounts",
    };
    let sql = format!(
        "SELECT {COLUMNS}, CAST(NULL AS nvarchar(max)), CASE WHEN o.state = 'exporting' THEN {DOCUMENT} END, N'' \
         FROM (SELECT TOP (@P3) k.number, k.id FROM OPENJSON(@P1) WITH (value varchar(30)) j CROSS JOIN {accounts} a \
             CROSS APPLY (SELECT TOP (@P3) i.number, i.id FROM marktwerk.orders i \
                 WHERE i.state = j.value COLLATE Latin1_General_BIN2 AND i.account = a.account COLLATE Latin1_General_BIN2 AND i.number > @P2 \
                 ORDER BY i.number) k \
             ORDER BY k.number, k.id) p \
         JOIN marktwerk.orders o ON o.id = p.id ORDER BY o.number, o.id"
    );
    let after = after.as_deref().unwrap_or_default();
    let limit = at_most(*limit);
    let mut parameters: Vec<&dyn ToSql> = vec![&states, &after, &limit];
    parameters.extend(account.as_ref().map(|account| account as &dyn ToSql));
    let rows = connection.query_in("read a page of orders", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

/// One page of those that a person looks for.
async fn search(connection: &mut Connection, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT TOP (@P9) {COLUMNS}, {WITHOUT_TEXTS} FROM marktwerk.orders o \
         WHERE (@P1 = N'' OR o.account = @P1) AND (@P2 = N'' OR o.number = @P2) \
         AND (@P3 = N'' OR o.erp_number = @P3) AND (@P4 = N'' OR CHARINDEX(@P4, o.parcels) > 0) \
         AND (@P5 = N'' OR EXISTS (SELECT 1 FROM marktwerk.order_contents c \
             WHERE c.order_id = o.id AND LOWER(c.sku) = LOWER(@P5))) \
         AND (@P6 = N'[]' OR EXISTS (SELECT 1 FROM OPENJSON(@P6) WITH (value varchar(30) '$.value') j \
             WHERE o.state = j.value COLLATE Latin1_General_BIN2)) \
         AND (@P7 = N'' OR o.number > @P7 OR (o.number = @P7 AND o.account > @P8)) \
         ORDER BY o.number, o.account"
    );
    let OrderFilter { account, number, erp_number, sku, after, after_account, .. } = filter;
    let tracking = filter.tracking_pattern();
    let states: Vec<serde_json::Value> =
        filter.states.iter().map(|state| serde_json::json!({ "value": state.as_str() })).collect();
    let (states, limit) = (columns::json(&states)?, at_most(filter.limit));
    // Not every server takes a parameter that is a text and NULL.
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let [account, number, erp_number, tracking, sku, after, after_account] =
        [account, number, erp_number, &tracking, sku, after, after_account].map(text);
    let parameters: [&dyn ToSql; 9] =
        [&account, &number, &erp_number, &tracking, &sku, &states, &after, &after_account, &limit];
    let rows = connection.query_in("search orders", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

pub(super) async fn open(
    connection: &mut Connection,
    account: &str,
    after: &str,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT TOP (@P3) {COLUMNS}, {WITHOUT_TEXTS} FROM marktwerk.orders o \
         WHERE o.is_open = 1 AND o.account = @P1 AND o.number > @P2 ORDER BY o.number"
    );
    let parameters: [&dyn ToSql; 3] = [&account, &after, &at_most(limit)];
    let rows = connection.query_in("read open orders", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

pub(super) async fn with_numbers(
    connection: &mut Connection,
    account: &str,
    numbers: &[String],
) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, {WITHOUT_TEXTS} FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.value COLLATE Latin1_General_BIN2"
    );
    let unique: std::collections::BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
    let numbers = keys::json(unique)?;
    let parameters: [&dyn ToSql; 2] = [&account, &numbers];
    let rows = connection.query_in("read orders by number", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

pub(super) async fn to_judge(
    connection: &mut Connection,
    now: Timestamp,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT TOP (@P2) {COLUMNS}, {WITHOUT_TEXTS} FROM marktwerk.orders o \
         WHERE o.next_judged_at <= @P1 ORDER BY o.next_judged_at"
    );
    let parameters: [&dyn ToSql; 2] = [&micros(now), &at_most(limit)];
    let rows = connection.query_in("read orders to be judged", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, row::record)
}

/// Units by article in orders that take stock.
pub(super) async fn open_units(connection: &mut Connection) -> StoreResult<HashMap<String, i64>> {
    let sql = "SELECT c.sku, SUM(c.quantity) FROM marktwerk.orders o \
         JOIN marktwerk.order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 GROUP BY c.sku";
    let rows = connection.query_in("sum open units", sql, &[], Class::Batch).await?;
    let units = columns::map(&rows, |columns| Ok((columns.text()?, columns.integer()?)))?;
    Ok(units.into_iter().collect())
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
