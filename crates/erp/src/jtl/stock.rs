//! Units that may be sold, from JTL's own reckoning. Reservations are not split by warehouse, so with chosen
//! warehouses the smaller of "not reserved anywhere" and "on these shelves" is the only safe bound.

use std::collections::HashMap;

use marktwerk_domain::inventory::{Component, StockLevel};
use rust_decimal::Decimal;

use super::row::{Row, unreadable};
use super::settings::JtlSettings;
use super::sql;
use crate::ErpError;

/// What is read where all warehouses count.
pub(super) const STATEMENTS: &[&str] = &[sql::STOCK, sql::COMPONENTS];

/// What is read where warehouses are chosen.
pub(super) const STATEMENTS_BY_WAREHOUSE: &[&str] = &[sql::STOCK, sql::COMPONENTS, sql::STOCK_BY_WAREHOUSE];

/// One level per article that the ERP has, in the order of `articles`.
pub(super) fn assemble(
    articles: &[i64],
    answers: &[Vec<Row>],
    settings: &JtlSettings,
) -> Result<Vec<StockLevel>, ErpError> {
    let (stock, components, shelves) = match answers {
        [stock, components] => (stock, components, None),
        [stock, components, by_warehouse] => {
            (stock, components, Some(Shelves::read(components, by_warehouse, &settings.warehouses)?))
        }
        _ => {
            return Err(ErpError::Defect {
                action: "read stock",
                reason: "two or three answers were asked".to_owned(),
            });
        }
    };
    let mut levels = HashMap::new();
    for row in stock {
        let level = level(row, shelves.as_ref(), settings.unmanaged_quantity)?;
        levels.insert(level.article, level);
    }
    for row in components {
        let bundle = row.integer(0, "tArtikel.kArtikel")?;
        // An unmanaged bundle is not put together from what lies there.
        if let Some(level) = levels.get_mut(&bundle).filter(|level| level.is_managed) {
            let component = component(row, level.available, shelves.is_some())?;
            level.components.push(component);
        }
    }
    // A server answers in any order; what is the same has to look the same each time.
    for level in levels.values_mut() {
        level.components.sort_by_key(|component| component.article);
    }
    Ok(articles.iter().filter_map(|article| levels.get(article).cloned()).collect())
}

/// From a row of [`sql::COMPONENTS`]. How much of it may go before the bundle's figure falls is known only over all warehouses: by
/// warehouse, the next piece may be the one that a bundle there needs.
fn component(row: &Row, bundles: i64, is_by_warehouse: bool) -> Result<Component, ErpError> {
    let needed = row.decimal(2, "tStueckliste.fAnzahl")?;
    let buffer = Decimal::from(row.optional_integer(3, "tArtikel.nPuffer")?.unwrap_or_default());
    let free = row.decimal(4, "tlagerbestand.fVerfuegbar")? - buffer - needed * Decimal::from(bundles.max(0));
    let spare = match row.optional_integer(5, "tlagerbestand.nLagerAktiv")? {
        // Nobody counts it: it never runs out.
        Some(0) => i64::MAX,
        _ if is_by_warehouse => 0,
        _ => spare_millionths(free)?,
    };
    Ok(Component {
        article: row.integer(1, "tStueckliste.kArtikel")?,
        millionths: millionths(needed)?,
        spare,
    })
}

/// Rounded down, and nothing where nothing is spare.
fn spare_millionths(amount: Decimal) -> Result<i64, ErpError> {
    let millionths = (amount.max(Decimal::ZERO) * Decimal::from(1_000_000)).floor();
    i64::try_from(millionths).map_err(|_| unreadable("tlagerbestand.fVerfuegbar", "a usual amount"))
}

/// Rounded up: what is taken is never less.
fn millionths(amount: Decimal) -> Result<i64, ErpError> {
    let millionths = (amount * Decimal::from(1_000_000)).ceil();
    i64::try_from(millionths).map_err(|_| unreadable("tStueckliste.fAnzahl", "a usual amount"))
}

/// From a row of [`sql::STOCK`].
fn level(
    row: &Row,
    shelves: Option<&Shelves>,
    unmanaged_quantity: Option<i64>,
) -> Result<StockLevel, ErpError> {
    let article = row.integer(0, "tArtikel.kArtikel")?;
    // No row in the stock table: nothing there.
    let is_managed = row.optional_integer(4, "tlagerbestand.nLagerAktiv")? != Some(0);
    if !is_managed {
        let available = unmanaged_quantity.unwrap_or_default();
        return Ok(StockLevel { article, available, buffer: 0, is_managed, components: Vec::new() });
    }
    let is_bundle = row.optional_integer(2, "tArtikel.kStueckliste")?.unwrap_or_default() > 0;
    // A bundle's fVerfuegbar is already without its components' buffers.
    let buffer = if is_bundle { 0 } else { row.optional_integer(1, "tArtikel.nPuffer")?.unwrap_or_default() };
    let unreserved = row.optional_decimal(3, "tlagerbestand.fVerfuegbar")?;
    if unreserved.is_none() && row.optional_integer(4, "tlagerbestand.nLagerAktiv")?.is_some() {
        return Err(unreadable(&format!("tlagerbestand.fVerfuegbar of kArtikel {article}"), "a number"));
    }
    let unreserved = unreserved.unwrap_or_default();
    let available = match shelves {
        None => unreserved,
        Some(shelves) if is_bundle => unreserved.min(shelves.of_bundle(article)),
        Some(shelves) => unreserved.min(shelves.of_article(article)),
    };
    let available = i64::try_from(available.floor())
        .map_err(|_| unreadable("tlagerbestand.fVerfuegbar", "a whole number"))?;
    Ok(StockLevel { article, available, buffer, is_managed, components: Vec::new() })
}

/// What lies in the chosen warehouses, without what is blocked.
struct Shelves {
    /// By article, then by warehouse.
    free: HashMap<i64, HashMap<i64, Decimal>>,
    /// By bundle: each component and how many units of it make one bundle.
    components: HashMap<i64, Vec<(i64, Decimal)>>,
    warehouses: Vec<i64>,
}

impl Shelves {
    fn read(components: &[Row], by_warehouse: &[Row], warehouses: &[i64]) -> Result<Self, ErpError> {
        let mut shelves = Self {
            free: HashMap::new(),
            components: HashMap::new(),
            warehouses: warehouses
                .iter()
                .copied()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        for row in components {
            let component =
                (row.integer(1, "tStueckliste.kArtikel")?, row.decimal(2, "tStueckliste.fAnzahl")?);
            shelves.components.entry(row.integer(0, "tArtikel.kArtikel")?).or_default().push(component);
        }
        for row in by_warehouse {
            let article = row.integer(0, "tlagerbestandProLagerLagerartikel.kArtikel")?;
            let warehouse = row.integer(1, "tlagerbestandProLagerLagerartikel.kWarenlager")?;
            let on_shelf = row.decimal(2, "tlagerbestandProLagerLagerartikel.fBestand")?;
            let blocked = row.decimal(3, "tlagerbestandProLagerLagerartikel.fVerfuegbarGesperrt")?;
            *shelves.free.entry(article).or_default().entry(warehouse).or_default() += on_shelf - blocked;
        }
        Ok(shelves)
    }

    fn in_warehouse(&self, article: i64, warehouse: i64) -> Decimal {
        self.free.get(&article).and_then(|free| free.get(&warehouse)).copied().unwrap_or_default()
    }

    fn of_article(&self, article: i64) -> Decimal {
        self.warehouses.iter().map(|&warehouse| self.in_warehouse(article, warehouse)).sum()
    }

    /// As JTL's own view does it: what each warehouse can put together by itself, for one parcel leaves one house.
    fn of_bundle(&self, bundle: i64) -> Decimal {
        let components = self.components.get(&bundle).map(Vec::as_slice).unwrap_or_default();
        let possible = |warehouse: i64| {
            let by_component = components
                .iter()
                .filter(|(_, needed)| *needed > Decimal::ZERO)
                .map(|&(component, needed)| (self.in_warehouse(component, warehouse) / needed).floor());
            by_component.min().unwrap_or_default().max(Decimal::ZERO)
        };
        self.warehouses.iter().map(|&warehouse| possible(warehouse)).sum()
    }
}
