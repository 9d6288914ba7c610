//! Listings and their stock: `bg.local.goods.sku.list.query`, `temu.local.goods.sku.stock.query` and
//! `bg.local.goods.stock.edit`.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::order::Listing;
use super::request::{Request, whole_number};
use super::store;

/// The most that a listing can hold.
const MOST_STOCK: i64 = 1_000_000;

fn bad_request() -> Refusal {
    Refusal::new(150_010_003, "Invalid Request Parameters")
}

/// `bg.local.goods.sku.list.query`.
pub(crate) fn sku_list(connection: &Connection, request: &Request) -> Answer {
    let page = request.integer("pageNo")?.unwrap_or(1);
    let size = request.integer("pageSize")?.unwrap_or(10);
    let kind = request.integer("skuSearchType")?.ok_or_else(bad_request)?;
    request.integer("skuStatusFilterType")?.ok_or_else(bad_request)?;
    if page < 1 || !(1..=100).contains(&size) || !(2..=3).contains(&kind) {
        return Err(bad_request());
    }
    let asked: Option<Vec<i64>> =
        request.list("skuIdList")?.map(|list| list.iter().filter_map(whole_number).collect());
    let search = request.text("searchText")?.unwrap_or_default();
    let matches = |listing: &Listing| {
        listing.on_sale == (kind == 2)
            && asked.as_ref().is_none_or(|asked| asked.contains(&listing.sku_id))
            && (search.is_empty()
                || listing.sku == search
                || listing.name.contains(&search)
                || listing.goods_id.to_string() == search)
    };
    let found: Vec<Listing> = store::listings(connection)?.into_iter().filter(matches).collect();
    let skip = usize::try_from((page - 1) * size).unwrap_or(usize::MAX);
    let take = usize::try_from(size).unwrap_or(0);
    let rows: Vec<Value> = found.iter().skip(skip).take(take).map(written).collect();
    Ok(json!({"pageNo": page, "total": found.len(), "skuList": rows}))
}

fn written(listing: &Listing) -> Value {
    let price = format!("{}.{:02}", listing.unit_gross_cents / 100, listing.unit_gross_cents % 100);
    json!({
        "goodsId": listing.goods_id,
        "skuId": listing.sku_id,
        "skuSn": listing.sku,
        "goodsName": listing.name,
        "specName": "Standard",
        "specList": [],
        "price": price,
        "currency": "EUR",
        "retailPrice": {"amount": price, "currency": "EUR"},
        "stock": listing.stock,
        "goodsIsOnSale": i32::from(listing.on_sale),
        "status4VO": if listing.on_sale { 2 } else { 3 },
        "thumbUrl": format!("https://img.sandbox.invalid/{}.jpg", listing.goods_id),
    })
}

/// `temu.local.goods.sku.stock.query`.
pub(crate) fn stock_query(connection: &Connection, request: &Request) -> Answer {
    let numbers = request.list("skuIdList")?.unwrap_or_default();
    let skus = request.list("outSkuSnList")?.unwrap_or_default();
    let goods = request.integer("goodsId")?;
    if numbers.is_empty() && skus.is_empty() && goods.is_none() {
        return Err(bad_request());
    }
    let numbers: Vec<i64> = numbers.iter().filter_map(whole_number).collect();
    let mut by_goods: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for listing in store::listings(connection)? {
        let is_asked = goods == Some(listing.goods_id)
            || numbers.contains(&listing.sku_id)
            || skus.contains(&json!(listing.sku));
        if is_asked {
            let row = json!({
                "skuId": listing.sku_id,
                "outSkuSn": listing.sku,
                "selfOrdinaryStock": {"stock": listing.stock, "stockType": 0},
            });
            by_goods.entry(listing.goods_id).or_default().push(row);
        }
    }
    let list: Vec<Value> = by_goods
        .into_iter()
        .map(|(goods, rows)| json!({"goodsId": goods, "skuStockInfoList": rows}))
        .collect();
    Ok(json!({"stockList": list}))
}

/// `bg.local.goods.stock.edit`. `refused` are the SKUs that a test told the marketplace to reject.
pub(crate) fn stock_edit(
    connection: &Connection,
    request: &Request,
    refused: &BTreeMap<String, i64>,
) -> Answer {
    let goods = request.integer("goodsId")?.ok_or_else(bad_request)?;
    if !(0..=1).contains(&request.integer("stockType")?.unwrap_or(0)) {
        return Err(bad_request());
    }
    let targets = request.list("skuStockTargetList")?.filter(|list| !list.is_empty());
    let changes = request.list("skuStockChangeList")?.filter(|list| !list.is_empty());
    let (rows, field) = match (targets, changes) {
        (Some(_), Some(_)) => {
            let message = "Only one stock adjustment method can be active at a time.";
            return Err(Refusal::new(150_013_003, message));
        }
        (Some(rows), None) => (rows, "stockTarget"),
        (None, Some(rows)) => (rows, "stockDiff"),
        (None, None) => return Err(bad_request()),
    };
    let of_goods: Vec<Listing> =
        store::listings(connection)?.into_iter().filter(|listing| listing.goods_id == goods).collect();
    if of_goods.is_empty() {
        return Err(bad_request());
    }
    let edits = edits(&rows, field)?;
    if let Some(key) = request.text("requestUniqueKey")?
        && !store::use_stock_key(connection, &key)?
    {
        return Err(Refusal::new(150_010_003, "Invalid Request Parameters: duplicate requestUniqueKey"));
    }
    let mut written = Vec::with_capacity(edits.len());
    for (sku_id, number) in edits {
        let outcome = edit_one(connection, &of_goods, sku_id, number, field, refused)?;
        let (code, message) = outcome.clone().unwrap_or_default();
        written.push(json!({"skuId": sku_id, "stockEditStatus": outcome.is_none(),
                            "errorCode": outcome.map(|_| code), "errorMsg": message}));
    }
    let all_done = written.iter().all(|row| row.get("stockEditStatus") == Some(&Value::Bool(true)));
    let message = if all_done { "" } else { "some SKUs were not changed" };
    Ok(
        json!({"goodsId": goods, "operateResult": all_done, "msg": message, "skuStockEditStatusInfoList": written}),
    )
}

fn edits(rows: &[Value], field: &str) -> Result<Vec<(i64, i64)>, Refusal> {
    let mut seen = BTreeSet::new();
    let mut edits = Vec::with_capacity(rows.len());
    for row in rows {
        let number = |name: &str| row.get(name).and_then(whole_number).ok_or_else(bad_request);
        let (sku_id, pieces) = (number("skuId")?, number(field)?);
        if !seen.insert(sku_id) {
            let message = "Duplicate SKUs detected. Please remove them and try again";
            return Err(Refusal::new(150_013_001, message));
        }
        if field == "stockTarget" && !(0..=MOST_STOCK).contains(&pieces) {
            return Err(out_of_range());
        }
        edits.push((sku_id, pieces));
    }
    Ok(edits)
}

fn out_of_range() -> Refusal {
    Refusal::new(150_013_002, "Quantity must be between 0 and 1000000")
}

/// `None` when the row was taken, else its error.
fn edit_one(
    connection: &Connection,
    of_goods: &[Listing],
    sku_id: i64,
    number: i64,
    field: &str,
    refused: &BTreeMap<String, i64>,
) -> Result<Option<(i64, String)>, Refusal> {
    let Some(listing) = of_goods.iter().find(|listing| listing.sku_id == sku_id) else {
        return Ok(Some((150_010_003, "the SKU does not belong to the goods".to_owned())));
    };
    if let Some(code) = refused.get(&listing.sku) {
        return Ok(Some((*code, "refused by the marketplace".to_owned())));
    }
    let stock = if field == "stockTarget" { number } else { listing.stock + number };
    if !(0..=MOST_STOCK).contains(&stock) {
        let refusal = out_of_range();
        return Ok(Some((refusal.code, refusal.message)));
    }
    store::save_listing(connection, &Listing { stock, ..listing.clone() })?;
    Ok(None)
}
