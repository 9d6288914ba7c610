//! What orders do to the stock that the marketplace is known to hold. Where that cannot be told for certain, the stock becomes
//! unknown: it costs one more push, and a wrong guess would cost an oversold article.

use std::collections::HashMap;

use marktwerk_domain::shipment::Content;
use marktwerk_sqlserver::{Class, ToSql};
use serde::Serialize;

use crate::StoreResult;
use crate::order_rules::UNSURE;
use crate::orders::FetchedOrder;
use crate::sqlserver::columns;
use crate::sqlserver::keys::{self, WITH_KEYS, key};
use crate::sqlserver::writing::Writing;

/// What an order of the page did, in the page's order.
pub(super) enum Move<'a> {
    Bought(&'a FetchedOrder),
    /// Something of this was given back.
    IsUnsure(Vec<Content>),
}

impl Move<'_> {
    fn contents(&self) -> impl Iterator<Item = &Content> {
        let contents = match self {
            Self::Bought(order) => &order.contents,
            Self::IsUnsure(contents) => contents,
        };
        contents.iter().filter(|content| !content.sku.is_empty())
    }
}

/// A listing of one of the articles.
struct Offer {
    id: String,
    known_stock: Option<i64>,
    /// Microseconds.
    known_at: Option<i64>,
    is_changed: bool,
}

impl Offer {
    fn becomes(&mut self, stock: Option<i64>) {
        self.known_stock = stock;
        self.is_changed = true;
    }
}

/// Moves the known stock of the account's listings.
pub(super) async fn take(writing: &mut Writing<'_>, account: &str, moves: &[Move<'_>]) -> StoreResult<()> {
    let mut offers = offers(writing, account, moves).await?;
    for step in moves {
        for content in step.contents() {
            let Some(offers) = offers.get_mut(key(&content.sku)) else { continue };
            match step {
                Move::Bought(order) => bought(offers, order, content.quantity),
                Move::IsUnsure(_) => {
                    offers
                        .iter_mut()
                        .filter(|offer| offer.known_stock.is_some())
                        .for_each(|offer| offer.becomes(None));
                }
            }
        }
    }
    #[derive(Serialize)]
    struct Update {
        id: String,
        known_stock: Option<i64>,
    }
    let changed = offers.into_values().flatten().filter(|offer| offer.is_changed);
    let changed = changed.map(|Offer { id, known_stock, .. }| Update { id, known_stock });
    let changed: Vec<Update> = changed.collect();
    if changed.is_empty() {
        return Ok(());
    }
    writing.effects.inventory = true;
    let sql = "UPDATE l SET known_stock = j.known_stock FROM marktwerk.listings l \
         JOIN OPENJSON(@P2) WITH (id nvarchar(450), known_stock bigint) j \
         ON l.account = @P1 AND l.id = j.id COLLATE Latin1_General_BIN2";
    let rows = columns::json(&changed)?;
    let parameters: [&dyn ToSql; 2] = [&account, &rows];
    writing.connection.execute_in("move known stock", sql, &parameters, Class::Batch).await?;
    Ok(())
}

/// What was bought well after the stock was known is missing from it by now. Of several listings of one article nobody knows which
/// one sold.
fn bought(offers: &mut [Offer], order: &FetchedOrder, quantity: i64) {
    let surely_before = (order.ordered_at - UNSURE).as_microsecond();
    let surely_after = (order.ordered_at + UNSURE).as_microsecond();
    let has_twins = offers.len() > 1;
    for offer in offers {
        let (Some(stock), Some(known_at)) = (offer.known_stock, offer.known_at) else { continue };
        if known_at < surely_after {
            let is_unsure = has_twins || known_at >= surely_before;
            offer.becomes((!is_unsure).then(|| stock.saturating_sub(quantity).max(0)));
        }
    }
}

/// All listings of the articles, by article.
async fn offers(
    writing: &mut Writing<'_>,
    account: &str,
    moves: &[Move<'_>],
) -> StoreResult<HashMap<String, Vec<Offer>>> {
    let mut skus: Vec<&str> =
        moves.iter().flat_map(Move::contents).map(|content| key(&content.sku)).collect();
    skus.sort_unstable();
    skus.dedup();
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT l.sku, l.id, l.known_stock, l.known_at FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.listings l ON l.account = @P1 AND l.sku = j.value COLLATE Latin1_General_BIN2"
    );
    let skus = keys::json(skus)?;
    let parameters: [&dyn ToSql; 2] = [&account, &skus];
    let rows = writing.connection.query_in("look up known stock", &sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| {
        let sku = columns.text()?;
        let offer = Offer {
            id: columns.text()?,
            known_stock: columns.optional_integer()?,
            known_at: columns.optional_integer()?,
            is_changed: false,
        };
        Ok((key(&sku).to_owned(), offer))
    })?;
    let mut offers: HashMap<String, Vec<Offer>> = HashMap::new();
    for (sku, offer) in found {
        offers.entry(sku).or_default().push(offer);
    }
    Ok(offers)
}
