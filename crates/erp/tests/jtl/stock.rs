//! Articles and stock: what is reserved, blocked or bundled is not sold, and a failed read is no zero.

use marktwerk_domain::inventory::{ArticleState, Component, MappedArticle, StockLevel};
use marktwerk_erp::{Erp, ErpError, Jtl, JtlSettings};

use crate::world::{World, cells, numbers, on_both};

on_both!(
    all_warehouses,
    chosen_warehouses,
    decimals_are_added_as_decimals,
    an_unmanaged_article_has_what_the_settings_say,
    a_failed_read_is_an_error_and_never_a_zero,
    articles_are_known_by_number_and_parents_are_never_sold,
    numbers_are_compared_as_jtl_compares_them,
    articles_tell_how_they_stand,
    a_bundle_comes_with_its_components,
    the_marker_changes_with_everything_that_decides_the_figures,
    the_marker_does_not_change_with_what_decides_nothing,
    other_warehouses_are_another_marker,
    a_number_that_the_database_finds_twice_means_no_article,
    what_cannot_be_a_key_or_a_number_is_unknown,
);

fn level(article: i64, available: i64, buffer: i64) -> StockLevel {
    StockLevel { article, available, buffer, is_managed: true, components: Vec::new() }
}

/// Article 5: two of article 1 and one of article 6, of which nothing is spare.
fn bundle(available: i64) -> StockLevel {
    let component = |article, millionths| Component { article, millionths, spare: 0 };
    let components = vec![component(1, 2_000_000), component(6, 1_000_000)];
    StockLevel { components, ..level(5, available, 0) }
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
            bundle(4),
            StockLevel { is_managed: false, ..level(4, 10, 0) },
            level(3, 0, 3),
            level(2, -3, 2),
            level(1, 8, 1),
            level(1, 8, 1),
        ],
        "an article that JTL does not have is absent: that is no stock of 0"
    );
}

async fn chosen_warehouses(world: World) {
    stock_up(&world);
    let one = in_warehouses(&world, &[1]).await.stock(&[1, 2, 5, 6]).await.unwrap();
    // Six lie there, one of them blocked; of article 2 ten lie there, and all are reserved.
    assert_eq!(one, [level(1, 5, 1), level(2, -3, 2), bundle(2), level(6, 5, 6)]);
    let two = in_warehouses(&world, &[1, 2, 1]).await.stock(&[1, 5, 6]).await.unwrap();
    // Nine lie in both, eight are not reserved. Hall 2 has no whole metre for a second kind of bundle.
    assert_eq!(two, [level(1, 8, 1), bundle(2), level(6, 5, 6)]);
    let other = in_warehouses(&world, &[2]).await.stock(&[2, 5]).await.unwrap();
    assert_eq!(other, [level(2, -3, 2), bundle(0)]);
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
        assert_eq!(levels, [StockLevel { is_managed: false, ..level(4, available, 0) }]);
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
    mapped.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [("BUNDLE", 5, true), ("PLAIN", 1, true), ("RESERVED", 2, false)];
    let expected = expected.map(|(sku, key, is_active)| (sku.to_owned(), MappedArticle { key, is_active }));
    assert_eq!(mapped, expected);
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
        "UPDATE tlagerbestand SET fVerfuegbar = 7 WHERE kArtikel = 6",
        "UPDATE tStueckliste SET fAnzahl = 3 WHERE kArtikel = 6",
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
        "UPDATE tlagerbestand SET fVerfuegbar = 7 WHERE kArtikel = 2",
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
    let keys = (mapped["BUNDLE"].key, mapped["bundle"].key);
    assert_eq!((mapped.len(), keys), (2, (5, 5)), "under the number as asked");
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
    assert_eq!(jtl.stock(&[i64::MAX, 1, -5]).await.unwrap(), [level(1, 8, 1)]);
}

/// The collation of JTL passes over case and blanks at the end, on either side.
async fn numbers_are_compared_as_jtl_compares_them(world: World) {
    stock_up(&world);
    world.run("UPDATE tArtikel SET cArtNr = 'Plain ' WHERE kArtikel = 1");
    let jtl = world.open().await;
    let asked = numbers(&["PLAIN", "plain  ", " PLAIN", "PLA IN"]);
    let mapped = jtl.map_articles(&asked).await.unwrap();
    assert_eq!((mapped.len(), mapped["PLAIN"].key, mapped["plain  "].key), (2, 1, 1), "{mapped:?}");
    assert_eq!(jtl.unknown_articles(&asked).await.unwrap().len(), 2);
    let before = jtl.articles_marker(&asked).await.unwrap();
    for change in [
        "UPDATE tArtikel SET cAktiv = 'N' WHERE kArtikel = 1",
        "UPDATE tArtikel SET cAktiv = 'Y', nIstVater = 1 WHERE kArtikel = 1",
        "UPDATE tArtikel SET nIstVater = 0, nDelete = 1 WHERE kArtikel = 1",
        "UPDATE tArtikel SET nDelete = 0, cArtNr = 'OTHER' WHERE kArtikel = 1",
    ] {
        world.run(change);
        assert_ne!(jtl.articles_marker(&asked).await.unwrap(), before, "{change}");
    }
}

async fn articles_tell_how_they_stand(world: World) {
    stock_up(&world);
    world.run("UPDATE tArtikel SET cAktiv = 'N' WHERE kArtikel = 2");
    world.run("UPDATE tArtikel SET nDelete = 1 WHERE kArtikel = 3");
    world.run("UPDATE tArtikel SET nIstVater = 1, cArtNr = 'PARENT' WHERE kArtikel = 4");
    let jtl = world.open().await;
    let mut states = jtl.article_states(&[1, 2, 3, 4, 99]).await.unwrap();
    states.sort_by_key(|state| state.key);
    let state = |key, number: &str| ArticleState {
        key,
        number: number.to_owned(),
        is_deleted: key == 3,
        is_parent: key == 4,
        is_active: key != 2,
    };
    assert_eq!(states, [state(1, "PLAIN"), state(2, "RESERVED"), state(3, "NO-ROW"), state(4, "PARENT")]);
    assert!(jtl.article_states(&[]).await.unwrap().is_empty());
}

async fn a_bundle_comes_with_its_components(world: World) {
    stock_up(&world);
    // Of article 1 fourteen may go, eight of them make four bundles; of article 6 one is left over, and a half.
    world.run("UPDATE tlagerbestand SET fVerfuegbar = 15 WHERE kArtikel = 1");
    world.run("UPDATE tlagerbestand SET fVerfuegbar = 11.5 WHERE kArtikel = 6");
    world.run("UPDATE tStueckliste SET fAnzahl = 0.5 WHERE kArtikel = 6");
    let jtl = world.open().await;
    let component = |article, millionths, spare| Component { article, millionths, spare };
    let components = |levels: Vec<StockLevel>| levels.into_iter().next().map(|level| level.components);
    let over_all = components(jtl.stock(&[5]).await.unwrap()).unwrap();
    assert_eq!(over_all, [component(1, 2_000_000, 6_000_000), component(6, 500_000, 3_500_000)]);
    let by_warehouse = in_warehouses(&world, &[1]).await.stock(&[5]).await.unwrap();
    let spares: Vec<i64> = by_warehouse[0].components.iter().map(|component| component.spare).collect();
    assert_eq!(spares, [0, 0], "the next piece may be the one that a warehouse needs");
    world.run("UPDATE tlagerbestand SET nLagerAktiv = 0 WHERE kArtikel = 6");
    assert_eq!(components(jtl.stock(&[5]).await.unwrap()).unwrap()[1].spare, i64::MAX);
    assert_eq!(jtl.bundles_with(&[6, 1, 2]).await.unwrap(), [5]);
    assert!(jtl.bundles_with(&[2]).await.unwrap().is_empty());
}
