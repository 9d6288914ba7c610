//! Accounts that are not in the settings any more, renamed or given up: noticed at the start, because nobody reads their orders and
//! their units stay subtracted. What becomes of them is a person's decision.

use std::collections::BTreeSet;

use jiff::Timestamp;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::stock::StockEntry;
use marktwerk_store::stock::{self, AccountHoldings};
use marktwerk_store::{Store, StoreResult};

/// Puts accounts on the attention list that have open orders or listings and are not configured, and takes off the list those that
/// are. Returns their names.
///
/// # Errors
/// If the database cannot be used.
pub async fn notice_gone(
    store: &dyn Store,
    configured: &[String],
    now: Timestamp,
) -> StoreResult<Vec<String>> {
    let holdings = store.account_holdings().await?;
    let gone: Vec<AccountHoldings> =
        holdings.into_iter().filter(|holdings| !configured.contains(&holdings.account)).collect();
    let items: Vec<_> = gone
        .iter()
        .map(|holdings| {
            let entry = StockEntry::AccountGone {
                account: holdings.account.clone(),
                orders: holdings.open_orders,
                units: holdings.units,
                listings: holdings.listings,
                configured: configured.to_vec(),
            };
            stock::attention(&holdings.account, &holdings.account, &entry)
        })
        .collect();
    store.raise(&items, now).await?;
    let names: BTreeSet<&str> = gone.iter().map(|holdings| holdings.account.as_str()).collect();
    let open = store.attentions().await?;
    let back: Vec<_> = open
        .iter()
        .filter(|item| item.kind == AttentionKind::AccountGone && !names.contains(item.account.as_str()))
        .map(|item| (item.account.clone(), item.kind, item.subject.clone()))
        .collect();
    store.settle(&back, now).await?;
    Ok(gone.into_iter().map(|holdings| holdings.account).collect())
}
