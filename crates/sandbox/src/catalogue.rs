//! The merchant's articles, as both sides of the world see them: most are listed and known to JTL, a few only
//! on one side, one is a bundle, one has a buffer, one has no stock keeping.

use crate::chance::Chance;

const THINGS: [&str; 12] = [
    "Bürste",
    "Lampe",
    "Teekanne",
    "Gießkanne",
    "Schürze",
    "Körbchen",
    "Fußmatte",
    "Löffel",
    "Decke",
    "Vase",
    "Schlüsselbrett",
    "Kerzenhalter",
];
const KINDS: [&str; 8] = ["klein", "groß", "grün", "weiß", "türkis", "Öko", "faltbar", "20 × 30 cm"];

/// One article.
#[derive(Debug, Clone)]
pub(crate) struct CatalogueArticle {
    /// Running number, from 1; `kArtikel` in JTL.
    pub(crate) number: i64,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) unit_gross_cents: i64,
    pub(crate) vat_rate_micro: i64,
    /// Pieces in the warehouses 1 and 2.
    pub(crate) stock: [i64; 2],
    pub(crate) listed: bool,
    pub(crate) in_erp: bool,
    pub(crate) buffer: i64,
    pub(crate) stock_kept: bool,
    /// Components (running number, pieces) when it is a bundle.
    pub(crate) components: Vec<(i64, i64)>,
}

/// The catalogue of a seed: `count` articles and five special ones.
pub(crate) fn catalogue(seed: u64, count: u32) -> Vec<CatalogueArticle> {
    let ordinary = (1..=i64::from(count)).map(|number| article(seed, number, format!("MW-{number:04}")));
    let mut articles: Vec<CatalogueArticle> = ordinary.collect();
    let mut next = i64::from(count) + 1;
    let mut special = |name: &str, change: &dyn Fn(&mut CatalogueArticle)| {
        let mut made = article(seed, next, format!("MW-{name}"));
        change(&mut made);
        articles.push(made);
        next += 1;
    };
    special("BUFFER", &|article| article.buffer = 3);
    special("NOSTOCK", &|article| article.stock_kept = false);
    special("ONLY-JTL", &|article| article.listed = false);
    special("ONLY-TEMU", &|article| article.in_erp = false);
    if count >= 2 {
        special("BUNDLE", &|article| {
            article.components = vec![(1, 2), (2, 1)];
            article.stock = [0, 0];
        });
    }
    articles
}

fn article(seed: u64, number: i64, sku: String) -> CatalogueArticle {
    let mut chance = Chance::new(seed, "article", number.unsigned_abs());
    let reduced = chance.happens(0.2);
    CatalogueArticle {
        number,
        sku,
        name: format!("{} {}", chance.word(&THINGS), chance.word(&KINDS)),
        unit_gross_cents: chance.between(199, 6999),
        vat_rate_micro: if reduced { 7_000_000 } else { 19_000_000 },
        stock: [chance.between(0, 40), chance.between(20, 200)],
        listed: true,
        in_erp: true,
        buffer: 0,
        stock_kept: true,
        components: Vec::new(),
    }
}
