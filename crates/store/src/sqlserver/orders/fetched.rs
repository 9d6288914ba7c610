//! Keeping what a marketplace told of its orders: what is known of a page's orders is read, the page is gone through in its order,
//! and what it comes to is written.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::shipment::Content;
use marktwerk_sqlserver::{Class, Connection, ToSql};
use serde_json::Value;

use super::keep;
use super::known_stock;
use crate::StoreResult;
use crate::order_rules::{self, ListedState, Move, News};
use crate::orders::FetchedOrder;
use crate::sqlserver::columns;
use crate::sqlserver::keys::{self, WITH_KEYS, key};
use crate::sqlserver::writing::Writing;

/// An order of the page.
pub(super) struct Kept<'a> {
    /// `None` for a new one.
    pub(super) id: Option<i64>,
    state: OrderState,
    told: ListedState,
    /// The stored document, read where it may decide.
    raw: Option<Value>,
    pub(super) contents: Vec<Content>,
    /// What is to be written; `None` where nothing was news.
    pub(super) newest: Option<&'a FetchedOrder>,
    pub(super) begins_again: bool,
    pub(super) has_new_contents: bool,
    /// As the first of the page that is new says.
    pub(super) was_over: bool,
    /// Whether one of the page's begins it again so that it takes stock.
    pub(super) takes_stock: bool,
}

pub(super) async fn save(
    writing: &mut Writing<'_>,
    account: &str,
    page: &[FetchedOrder],
    now: Timestamp,
) -> StoreResult<()> {
    let mut orders = known(writing.connection, account, page).await?;
    let mut moves = Vec::new();
    for order in page {
        match orders.get_mut(key(&order.number)) {
            None => {
                orders.insert(key(&order.number), Kept::new(order));
                moves.extend(order_rules::bought(order));
            }
            Some(kept) if kept.is_news(order) => moves.extend(kept.renew(order)),
            Some(_) => {}
        }
    }
    let written: Vec<(&FetchedOrder, &Kept<'_>)> =
        orders.values().filter_map(|kept| kept.newest.map(|newest| (newest, kept))).collect();
    if written.is_empty() {
        return Ok(());
    }
    writing.effects.orders = true;
    keep::write(writing.connection, account, &written, now).await?;
    known_stock::add(writing, account, &moves).await
}

impl<'a> Kept<'a> {
    fn new(order: &'a FetchedOrder) -> Self {
        Self {
            id: None,
            state: OrderState::Fetched,
            told: told(order),
            raw: None,
            contents: order.contents.clone(),
            newest: Some(order),
            begins_again: true,
            has_new_contents: true,
            was_over: order.was_over,
            takes_stock: order_rules::takes_stock(order),
        }
    }

    fn is_news(&self, order: &FetchedOrder) -> bool {
        match order_rules::news(&self.told, order) {
            News::Yes => true,
            News::No => false,
            News::IfOtherDocument => {
                let stored = self.newest.map(|newest| &newest.raw).or(self.raw.as_ref());
                stored != Some(&order.raw)
            }
        }
    }

    /// An order that the ERP cannot have is begun again, and why it stood where it stood no longer holds.
    fn renew(&mut self, order: &'a FetchedOrder) -> Vec<Move> {
        let moves = order_rules::told_again(&self.contents, self.told.status, order);
        if self.contents != order.contents && !order_rules::keeps_contents(self.state) {
            self.contents = order.contents.clone();
            self.has_new_contents = true;
        }
        if !self.state.may_be_in_erp() {
            self.state = OrderState::Fetched;
            self.begins_again = true;
            self.takes_stock |= order_rules::takes_stock(order);
        }
        self.told = told(order);
        self.newest = Some(order);
        moves
    }
}

fn told(order: &FetchedOrder) -> ListedState {
    let FetchedOrder { changed_at, status, is_complete, fingerprint, .. } = order;
    let fingerprint = Some(fingerprint.clone());
    ListedState { changed_at: *changed_at, status: *status, is_complete: *is_complete, fingerprint }
}

/// What is known of the page's orders, by key.
async fn known<'a>(
    connection: &mut Connection,
    account: &str,
    page: &'a [FetchedOrder],
) -> StoreResult<HashMap<&'a str, Kept<'a>>> {
    #[derive(serde::Serialize)]
    struct Asked<'a> {
        position: usize,
        number: &'a str,
        changed_at: i64,
    }
    let sql = "SELECT j.position, o.id, o.state, o.status, o.changed_at, o.is_complete, o.fingerprint, r.raw \
         FROM OPENJSON(@P2) WITH (position bigint, number nvarchar(450), changed_at bigint) j \
         JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.number COLLATE Latin1_General_BIN2 \
         LEFT JOIN marktwerk.order_raws r ON r.order_id = o.id AND o.changed_at = j.changed_at";
    let asked = page.iter().enumerate().map(|(position, FetchedOrder { number, changed_at, .. })| Asked {
        position,
        number,
        changed_at: changed_at.as_microsecond(),
    });
    let asked = columns::json(&asked.collect::<Vec<_>>())?;
    let parameters: [&dyn ToSql; 2] = [&account, &asked];
    let rows = connection.query_in("read orders told again", sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| {
        let position: usize = columns.integer()?;
        let id = columns.integer()?;
        let state = columns.word()?;
        let told = ListedState {
            status: columns.word()?,
            changed_at: columns.time()?,
            is_complete: columns.truth()?,
            fingerprint: columns.optional_text()?,
        };
        let raw = columns.optional_json()?;
        Ok((position, id, state, told, raw))
    })?;
    let mut ids = HashMap::new();
    let mut orders: HashMap<&str, Kept<'_>> = HashMap::new();
    for (position, id, state, told, raw) in found {
        let Some(order) = page.get(position) else { continue };
        ids.insert(id, key(&order.number));
        let kept = orders.entry(key(&order.number)).or_insert_with(|| Kept {
            id: Some(id),
            state,
            told,
            raw: None,
            contents: Vec::new(),
            newest: None,
            begins_again: false,
            has_new_contents: false,
            was_over: false,
            takes_stock: false,
        });
        // ListedState twice in this page, it is read where one of them may be the same.
        kept.raw = raw.or(kept.raw.take());
    }
    for (id, content) in contents(connection, account, &ids).await? {
        if let Some(kept) = ids.get(&id).and_then(|key| orders.get_mut(key)) {
            kept.contents.push(content);
        }
    }
    Ok(orders)
}

/// What the orders take from stock, each order's in their order.
async fn contents(
    connection: &mut Connection,
    account: &str,
    orders: &HashMap<i64, &str>,
) -> StoreResult<Vec<(i64, Content)>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT o.id, c.sku, c.quantity FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.value COLLATE Latin1_General_BIN2 \
         JOIN marktwerk.order_contents c ON c.order_id = o.id ORDER BY o.id, c.position"
    );
    let numbers = keys::json(orders.values().copied())?;
    let parameters: [&dyn ToSql; 2] = [&account, &numbers];
    let rows = connection.query_in("read what orders hold", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, |columns| {
        Ok((columns.integer()?, Content { sku: columns.text()?, quantity: columns.integer()? }))
    })
}
