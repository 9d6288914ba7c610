//! Listings and stock at TEMU, for LOCAL shops: `bg.local.goods.sku.list.query`, `bg.local.goods.stock.edit`.
//!
//! Stock figures are absolute (`skuStockTargetList`); each call carries one product (`goodsId`).

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use marktwerk_domain::inventory::{Listing, StockTarget};
use serde::Deserialize;
use serde_json::json;

use super::articles::Articles;
use super::client::{Client, Repeat};
use super::{codes, wire};
use crate::error::ConnectorError;
use crate::paging::ListingReader;
use crate::stock::{ListingBatch, StockAnswer};
use crate::writes::WriteAnswer;

const LISTINGS: &str = "bg.local.goods.sku.list.query";
const EDIT: &str = "bg.local.goods.stock.edit";
/// The most that TEMU gives on a page, and that are asked for by id.
pub(super) const PAGE_SIZE: u32 = 100;
/// `skuSearchType` and `skuStatusFilterType` (the new field of the same meaning, both required).
pub(super) const ON_SALE: u32 = 2;
/// Sold out articles stand here, among others: without them nothing would ever come back into stock.
pub(super) const NOT_ON_SALE: u32 = 3;
/// "Quantity must be between 0 and 1000000" (150013002, which refuses the whole call).
const LARGEST_STOCK: i64 = 1_000_000;

/// A page of the listings of one kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SkuPage {
    #[serde(default, deserialize_with = "wire::number")]
    pub(super) total: Option<i64>,
    #[serde(default, deserialize_with = "wire::list")]
    pub(super) sku_list: Vec<Sku>,
}

/// An entry of the listings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sku {
    #[serde(default, deserialize_with = "wire::text")]
    goods_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    pub(super) sku_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    pub(super) sku_sn: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    goods_name: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    stock: Option<i64>,
}

/// Reads what is on sale and what is not, a page of each at a time.
pub(super) struct Listings<'a> {
    client: &'a Client,
    articles: &'a Articles,
    next: Option<u32>,
    ids: HashSet<String>,
    unreadable: u64,
    total: u64,
}

impl<'a> Listings<'a> {
    pub(super) fn new(client: &'a Client, articles: &'a Articles) -> Self {
        Self { client, articles, next: Some(1), ids: HashSet::new(), unreadable: 0, total: 0 }
    }
}

#[async_trait]
impl ListingReader for Listings<'_> {
    async fn next(&mut self) -> Result<Option<ListingBatch>, ConnectorError> {
        let Some(number) = self.next else { return Ok(None) };
        let (on_sale, others) = futures::try_join!(
            sku_page(self.client, number, ON_SALE, &[]),
            sku_page(self.client, number, NOT_ON_SALE, &[]),
        )?;
        let mut listings = BTreeMap::new();
        let mut unreadable = 0;
        let (mut total, mut next) = (0, None);
        for part in [others, on_sale] {
            let told = part.total.and_then(|total| u64::try_from(total).ok());
            let told = told.ok_or_else(|| {
                self.client.unreadable(LISTINGS, "the page does not tell how many there are")
            })?;
            total += told;
            if told > u64::from(number) * u64::from(PAGE_SIZE) {
                next = Some(number + 1);
            }
            for sku in part.sku_list {
                match sku.listing() {
                    // A listing that goes on or off sale between the two calls stands in both.
                    Some(listing) => drop(listings.insert(listing.id.clone(), listing)),
                    None => unreadable += 1,
                }
            }
        }
        (self.total, self.next) = (total, next);
        self.unreadable += unreadable;
        self.ids.extend(listings.keys().cloned());
        let listings: Vec<Listing> = listings.into_values().collect();
        self.articles.learn(self.client, &listings);
        Ok(Some(ListingBatch { listings, unreadable }))
    }

    /// Listings that moved between pages while they were read are not gone. Where nothing at all can be read, the answer is at fault
    /// and not the listings.
    fn is_complete(&self) -> bool {
        let is_readable = self.unreadable == 0 || !self.ids.is_empty();
        is_readable && self.ids.len() as u64 >= self.total.saturating_sub(self.unreadable)
    }
}

/// One page of a kind; where `only` names ids, of those.
pub(super) async fn sku_page(
    client: &Client,
    page: u32,
    kind: u32,
    only: &[i64],
) -> Result<SkuPage, ConnectorError> {
    let mut parameters = json!({
        "pageNo": page,
        "pageSize": PAGE_SIZE,
        "skuSearchType": kind,
        "skuStatusFilterType": kind,
    });
    if !only.is_empty() {
        parameters["skuIdList"] = json!(only);
    }
    client.call(LISTINGS, parameters, Repeat::Read).await
}

impl Sku {
    /// An entry without its two keys cannot be told any stock: it is left out.
    fn listing(self) -> Option<Listing> {
        Some(Listing {
            id: self.sku_id?,
            group: self.goods_id?,
            sku: self.sku_sn.unwrap_or_default(),
            title: self.goods_name.unwrap_or_default(),
            stock: self.stock,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edited {
    #[serde(default, deserialize_with = "wire::text")]
    msg: Option<String>,
    #[serde(default, deserialize_with = "wire::list")]
    sku_stock_edit_status_info_list: Vec<EditedRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EditedRow {
    #[serde(default, deserialize_with = "wire::text")]
    sku_id: Option<String>,
    #[serde(default, deserialize_with = "wire::flag")]
    stock_edit_status: Option<bool>,
    #[serde(default, deserialize_with = "wire::number")]
    error_code: Option<i64>,
    #[serde(default, deserialize_with = "wire::text")]
    error_msg: Option<String>,
}

/// Sends absolute figures of one product. Figures that TEMU would refuse the whole call for are not sent.
pub(super) async fn push(
    client: &Client,
    targets: &[StockTarget],
    idempotency_key: &str,
) -> Result<Vec<StockAnswer>, ConnectorError> {
    let rows: Vec<_> = targets
        .iter()
        .filter_map(|target| Some(json!({ "skuId": sendable(target).ok()?, "stockTarget": target.quantity })))
        .collect();
    let goods_id: Option<i64> = targets.first().and_then(|target| target.group.parse().ok());
    let (Some(goods_id), false) = (goods_id, rows.is_empty()) else {
        let answer = |target: &StockTarget| refused(target, sendable(target).err().unwrap_or(NO_GROUP));
        return Ok(targets.iter().map(answer).collect());
    };
    let parameters = json!({
        "goodsId": goods_id,
        "stockType": 0,
        "skuStockTargetList": rows,
        "requestUniqueKey": idempotency_key,
    });
    match client.call::<Edited>(EDIT, parameters, Repeat::Write).await {
        Ok(edited) => Ok(targets.iter().map(|target| edited.answer(target)).collect()),
        Err(ConnectorError::Refused { place, message, .. }) if codes::is_answer(&place) => {
            let message = format!("{message} ({place})");
            let answer = |target: &StockTarget| refused(target, sendable(target).err().unwrap_or(&message));
            Ok(targets.iter().map(answer).collect())
        }
        Err(error) => Err(error),
    }
}

const NO_GROUP: &str = "its goodsId is not a number: read the listings again";

/// The `skuId` to send, or why the figure cannot be sent.
fn sendable(target: &StockTarget) -> Result<i64, &'static str> {
    if !(0..=LARGEST_STOCK).contains(&target.quantity) {
        return Err("TEMU takes stock from 0 to 1,000,000");
    }
    target.listing.parse().map_err(|_| "its skuId is not a number: read the listings again")
}

fn refused(target: &StockTarget, message: &str) -> StockAnswer {
    refused_with(target, String::new(), message.to_owned())
}

fn refused_with(target: &StockTarget, code: String, message: String) -> StockAnswer {
    StockAnswer { listing: target.listing.clone(), answer: WriteAnswer::Refused { code, message } }
}

/// Each call carries one product.
pub(super) fn calls(targets: Vec<StockTarget>) -> Vec<Vec<StockTarget>> {
    let mut calls: BTreeMap<String, Vec<StockTarget>> = BTreeMap::new();
    for target in targets {
        calls.entry(target.group.clone()).or_default().push(target);
    }
    calls.into_values().collect()
}

impl Edited {
    /// The row decides, not the success of the call.
    fn answer(&self, target: &StockTarget) -> StockAnswer {
        if let Err(reason) = sendable(target) {
            return refused(target, reason);
        }
        let mut rows = self.sku_stock_edit_status_info_list.iter();
        match rows.find(|row| row.sku_id.as_deref() == Some(target.listing.as_str())) {
            Some(row) if row.stock_edit_status == Some(true) => {
                StockAnswer { listing: target.listing.clone(), answer: WriteAnswer::done() }
            }
            Some(row) => {
                let said =
                    row.error_msg.as_ref().or(self.msg.as_ref()).map_or("without a reason", String::as_str);
                let code = row.error_code.map(|code| code.to_string()).unwrap_or_default();
                refused_with(target, code, said.to_owned())
            }
            None => refused(target, "the answer does not mention it"),
        }
    }
}
