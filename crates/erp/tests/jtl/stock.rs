//! Articles and stock: what is reserved, blocked or bundled is not sold, and a failed read is no zero.

use marktwerk_domain::inventory::StockLevel;
use marktwerk_erp::{Erp, ErpError, Jtl, JtlSettings};

use crate::world::{World, cells, numbers, on_both};

on_both!(
    all_warehouses,
    chosen_warehouses,
    decimals_are_added_as_decimals,
    an_unmanaged_article_has_what_the_settings_say,
    a_failed_read_is_an_error_and_never_a_zero,
    articles_are_known_by_number_and_parents_are_never_sold,
    the_marker_changes_with_everything_that_decides_the_figures,
    the_marker_does_not_change_with_what_decides_nothing,
    other_warehouses_are_another_marker,
    a_number_that_the_database_finds_twice_means_no_article,
    what_cannot_be_a_key_or_a_number_is_unknown,
);

fn level(article: i64, available: i64, buffer: i64) -> StockLevel {
    StockLevel { article, available, buffer, is_managed: true }
}

/// Articles 1 to 6: plain, reserved beyond its stock, without a stock row, unmanaged, bundle, fraction.
fn stock_up(world: &World) {
    for table in ["tArtikel", "tStueckliste", "tlagerbestand", "tlagerbestandProLagerLagerartikel"] {
        world.run(&format!("DELETE FROM {table}"));
    }
    for (key, sku) in
        [(1, "PLAIN"), (2, "RESERVED"), (3, "NO-ROW"), (4, "UNMANAGED"), (5, "BUNDLE"), (6, "METRES")]
    {
        world.article(key, sku, key);
    }
    world.run("UPDATE tArtikel SET kStueckliste = 77 WHERE kArtikel = 5");
    world.run("INSERT INTO tStueckliste VALUES (77, 1, 2), (77, 6, 1)");
    world.run(
        "INSERT INTO tlagerbestand (kArtikel, fVerfuegbar, fInAuftraegen, nLagerAktiv) VALUES
            (1, 8, 2, 1), (2, -3, 13, 1), (4, 0, 0, 0), (5, 4, 0, 1), (6, 7.9, 0, 1)",
    );
    world.run(
        "INSERT INTO tlagerbestandProLagerLagerartikel
            (kArtikel, kWarenlager, fBestand, fVerfuegbarGesperrt) VALUES
            (1, 1, 6, 1), (1, 2, 4, 0), (1, 3, 5, 0), (2, 1, 10, 0), (6, 1, 5.5, 0), (6, 2, 0.1, 0)",
    );
}

async fn in_warehouses(world: &World, warehouses: &[i64]) -> Jtl {
    let settings = JtlSettings { warehouses: warehouses.to_vec(), ..world.settings() };
    Jtl::open(settings).await.expect("it opens")
}

async fn all_warehouses(world: World) {
    stock_up(&world);
    let levels = world.open().await.stock(&[6, 5, 4, 3, 2, 1, 99, 1]).await.unwrap();
    assert_eq!(
        levels,
        [
            level(6, 7, 6),
            level(5, 4, 0),
            StockLevel { article: 4, available: 10, buffer: 0, is_managed: false },
            level(3, 0, 0),
            level(2, -3, 2),
            level(1, 8, 1),
            level(99, 0, 0),
            level(1, 8, 1),
        ]
        .map(|level| if level.article == 3 { StockLevel { buffer: 3, ..level } } else { level })
    );
}

async fn chosen_warehouses(world: World) {
    stock_up(&world);
    let one = in_warehouses(&world, &[1]).await.stock(&[1, 2, 5, 6]).await.unwrap();
    // Six lie there, one of them blocked; of article 2 ten lie there, and all are reserved.
    assert_eq!(one, [level(1, 5, 1), level(2, -3, 2), level(5, 2, 0), level(6, 5, 6)]);
    let two = in_warehouses(&world, &[1, 2, 1]).await.stock(&[1, 5, 6]).await.unwrap();
    // Nine lie in both, eight are not reserved. Hall 2 has no whole metre for a second kind of bundle.
    assert_eq!(two, [level(1, 8, 1), level(5, 2, 0), level(6, 5, 6)]);
    let other = in_warehouses(&world, &[2]).await.stock(&[2, 5]).await.unwrap();
    assert_eq!(other, [level(2, -3, 2), level(5, 0, 0)]);
}

async fn decimals_are_added_as_decimals(world: World) {
    world.article(1, "A", 0);
    world.run(
        "INSERT INTO tlagerbestand (kArtikel, fVerfuegbar, fInAuftraegen, nLagerAktiv) VALUES (1, 9, 0, 1)",
    );
    // As floating point numbers these sum to 0.99…
    for warehouse in 1..=10 {
        world.insert("tlagerbestandProLagerLagerartikel", cells![1, warehouse, 0.1, 0]);
    }
    let all: Vec<i64> = (1..=10).collect();
    assert_eq!(in_warehouses(&world, &all).await.stock(&[1]).await.unwrap(), [level(1, 1, 0)]);
}

async fn an_unmanaged_article_has_what_the_settings_say(world: World) {
    stock_up(&world);
    for (setting, available) in [(Some(3), 3), (None, 0)] {
        let settings = JtlSettings { unmanaged_quantity: setting, ..world.settings() };
        let levels = Jtl::open(settings).await.unwrap().stock(&[4]).await.unwrap();
        assert_eq!(levels, [StockLevel { article: 4, available, buffer: 0, is_managed: false }]);
    }
}

async fn a_failed_read_is_an_error_and_never_a_zero(world: World) {
    stock_up(&world);
    let jtl = world.open().await;
    // JTL never had a NULL here, and SQLite takes any text.
    let is_sqlite = matches!(world, World::Sqlite { .. });
    for value in if is_sqlite { vec!["NULL", "'many'"] } else { vec!["NULL"] } {
        world.run(&format!("UPDATE tlagerbestand SET fVerfuegbar = {value} WHERE kArtikel = 1"));
        assert!(matches!(jtl.stock(&[1]).await, Err(ErpError::Unreadable { .. })), "{value}");
    }
    world.run("DROP TABLE tlagerbestand");
    assert!(matches!(jtl.stock(&[1]).await, Err(ErpError::Schema { .. })));
    world.run("DROP TABLE tArtikel");
    assert!(jtl.map_articles(&numbers(&["PLAIN"])).await.is_err());
    assert!(jtl.unknown_articles(&numbers(&["PLAIN"])).await.is_err());
}

async fn articles_are_known_by_number_and_parents_are_never_sold(world: World) {
    stock_up(&world);
    world.run("UPDATE tArtikel SET cAktiv = 'N' WHERE kArtikel = 2");
    world.run("UPDATE tArtikel SET nDelete = 1 WHERE kArtikel = 3");
    world.run("UPDATE tArtikel SET nIstVater = 1 WHERE kArtikel = 4");
    let jtl = world.open().await;
    let mut asked = numbers(&["PLAIN", "RESERVED", "NO-ROW", "UNMANAGED", "it's \"new\"", "P%"]);
    asked.extend((0..1_500).map(|number| format!("X-{number}")));
    asked.push("BUNDLE".to_owned());
    let unknown = jtl.unknown_articles(&asked).await.unwrap();
    assert_eq!(unknown.len(), asked.len() - 2);
    assert!(!unknown.contains("PLAIN") && !unknown.contains("BUNDLE") && unknown.contains("P%"));
    let mut mapped: Vec<_> = jtl.map_articles(&asked).await.unwrap().into_iter().collect();
    mapped.sort();
    let expected = [("BUNDLE", 5), ("PLAIN", 1), ("RESERVED", 2)];
    assert_eq!(mapped, expected.map(|(sku, key)| (sku.to_owned(), key)));
    assert!(jtl.map_articles(&[]).await.unwrap().is_empty());
    assert!(jtl.stock(&[]).await.unwrap().is_empty());
}

/// The marker of some articles before and after a change.
async fn markers(settings: JtlSettings, world: &World, change: &str) -> (String, String) {
    let jtl = Jtl::open(settings).await.expect("it opens");
    let before = jtl.stock_marker(&[1, 5]).await.expect("a marker");
    assert_eq!(jtl.stock_marker(&[1, 5]).await.expect("a marker"), before, "looking changes nothing");
    world.run(change);
    (before, jtl.stock_marker(&[1, 5]).await.expect("a marker"))
}

async fn the_marker_changes_with_everything_that_decides_the_figures(world: World) {
    for change in [
        "UPDATE tlagerbestand SET fVerfuegbar = 7 WHERE kArtikel = 1",
        "DELETE FROM tlagerbestand WHERE kArtikel = 1",
        "UPDATE tArtikel SET nPuffer = nPuffer + 5 - kArtikel WHERE kArtikel IN (1, 5)",
        "UPDATE tArtikel SET kStueckliste = 0 WHERE kArtikel = 5",
    ] {
        stock_up(&world);
        let (before, after) = markers(world.settings(), &world, change).await;
        assert_ne!(before, after, "{change}");
    }
    for change in [
        "UPDATE tlagerbestandProLagerLagerartikel SET fBestand = 1 WHERE kArtikel = 1 AND kWarenlager = 2",
        "UPDATE tlagerbestandProLagerLagerartikel SET fBestand = 1 WHERE kArtikel = 6 AND kWarenlager = 2",
        "UPDATE tStueckliste SET fAnzahl = 3 WHERE kArtikel = 6",
    ] {
        stock_up(&world);
        let settings = JtlSettings { warehouses: vec![2], ..world.settings() };
        let (before, after) = markers(settings, &world, change).await;
        assert_ne!(before, after, "{change}");
    }
}

async fn the_marker_does_not_change_with_what_decides_nothing(world: World) {
    for change in [
        "UPDATE tlagerbestand SET fVerfuegbar = 7 WHERE kArtikel = 6",
        "UPDATE tArtikel SET cArtNr = 'OTHER' WHERE kArtikel = 1",
        "UPDATE tlagerbestandProLagerLagerartikel SET fBestand = 1 WHERE kArtikel = 1",
    ] {
        stock_up(&world);
        let (before, after) = markers(world.settings(), &world, change).await;
        assert_eq!(before, after, "{change}");
    }
}

async fn other_warehouses_are_another_marker(world: World) {
    stock_up(&world);
    let one = in_warehouses(&world, &[1]).await.stock_marker(&[1]).await.unwrap();
    let other = in_warehouses(&world, &[2]).await.stock_marker(&[1]).await.unwrap();
    assert_ne!(one, other);
}

async fn a_number_that_the_database_finds_twice_means_no_article(world: World) {
    stock_up(&world);
    world.run("UPDATE tArtikel SET cArtNr = 'Plain' WHERE kArtikel = 2");
    let jtl = world.open().await;
    let asked = numbers(&["PLAIN", "BUNDLE", "bundle", "plaIN"]);
    let mapped = jtl.map_articles(&asked).await.unwrap();
    let unknown = jtl.unknown_articles(&asked).await.unwrap();
    let findings = jtl.check().await.unwrap();
    if matches!(world, World::Sqlite { .. }) {
        // Case matters here.
        assert_eq!((mapped.len(), mapped["PLAIN"], findings.len()), (2, 1, 0));
        return;
    }
    assert_eq!((mapped.len(), mapped["BUNDLE"], mapped["bundle"]), (2, 5, 5), "under the number as asked");
    assert!(unknown.contains("PLAIN") && unknown.contains("plaIN") && unknown.len() == 2);
    assert!(
        matches!(&findings[..], [one] if one.starts_with("1 article numbers occur more than once")),
        "{findings:?}"
    );
}

async fn what_cannot_be_a_key_or_a_number_is_unknown(world: World) {
    stock_up(&world);
    let jtl = world.open().await;
    let long = "x".repeat(5_000);
    let asked = vec![String::new(), "  ".to_owned(), long, "PLAIN".to_owned()];
    assert_eq!(jtl.unknown_articles(&asked).await.unwrap().len(), 3);
    assert_eq!(
        jtl.stock(&[i64::MAX, 1, -5]).await.unwrap(),
        [level(i64::MAX, 0, 0), level(1, 8, 1), level(-5, 0, 0)]
    );
}
