//! The simulated JTL: what the worker takes and drops, what leaves the warehouse, what stock says.

use marktwerk_sandbox::{ParcelSeed, UnknownArticles, WorldOptions};

use crate::world::{World, order_xml};

#[tokio::test]
async fn a_good_order_is_taken_reserved_and_shipped() {
    let world = World::quiet().await;
    world.control.set_stock("MW-0001", 1, 3).expect("set");
    world.control.set_stock("MW-0001", 2, 8).expect("set");
    let row = world.hand_over(&order_xml("PO-076-1", "MW-0001"));
    assert_eq!(world.control.waiting_rows().expect("rows"), 1);
    world.control.work_now().expect("work");
    assert_eq!(world.control.dropped().expect("dropped"), []);
    assert_eq!(world.control.waiting_rows().expect("rows"), 0);
    assert_eq!(world.control.orders_in_jtl("PO-076-1").expect("orders"), 1);
    let stock = world.control.jtl_stock("MW-0001").expect("stock");
    assert_eq!((stock.available, stock.in_orders, stock.by_warehouse), (9.0, 2.0, [3.0, 8.0]));
    let jtl = world.jtl();
    let identity: i64 = jtl
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'tXMLBestellImport'", [], |row| row.get(0))
        .expect("identity");
    assert_eq!(identity, row);
    let (total, platform, first, created): (String, i64, String, String) = jtl
        .query_row(
            "SELECT e.fWertBrutto, a.kPlattform, d.cVorname, a.dErstelltWawi FROM Verkauf_tAuftrag a
             JOIN Verkauf_tAuftragEckdaten e ON e.kAuftrag = a.kAuftrag
             JOIN Verkauf_tAuftragAdresse d ON d.kAuftrag = a.kAuftrag AND d.nTyp = 0",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .expect("order");
    assert_eq!((total.as_str(), platform, first.as_str()), ("13.79", 5, "Łucja"));
    assert_eq!(created, "2026-07-01 14:00:00", "Berlin has summer time");
    world.clock.advance(5);
    world.control.work_now().expect("work");
    let (tracking, sent, complete): (String, String, i64) = jtl
        .query_row(
            "SELECT v.cIdentCode, v.dVersendet, a.nKomplettAusgeliefert FROM Verkauf_tAuftrag a
             JOIN tLieferschein l ON l.kBestellung = a.kAuftrag JOIN tVersand v ON v.kLieferschein = l.kLieferschein",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("parcel");
    assert!(tracking.chars().all(|letter| letter.is_ascii_alphanumeric()), "{tracking}");
    assert_eq!((sent.as_str(), complete), ("2026-07-01 14:00:05", 1));
    let stock = world.control.jtl_stock("MW-0001").expect("stock");
    assert_eq!((stock.available, stock.in_orders, stock.by_warehouse), (9.0, 0.0, [3.0, 6.0]));
}

#[tokio::test]
async fn the_worker_does_not_look_for_duplicates() {
    let world = World::quiet().await;
    for _ in 0..2 {
        world.hand_over(&order_xml("PO-076-2", "MW-0001"));
    }
    world.control.work_now().expect("work");
    assert_eq!(world.control.orders_in_jtl("PO-076-2").expect("orders"), 2);
}

#[tokio::test]
async fn bad_rows_are_dropped_with_a_reason() {
    let world = World::quiet().await;
    let good = || order_xml("PO-076-3", "MW-0001");
    let changed = |from: &str, to: &str| {
        let text = good().replacen(from, to, 1);
        assert_ne!(text, good(), "{from}");
        text
    };
    let cases = [
        (changed("Lindenweg", "Łindenweg"), "not Latin-1"),
        (changed("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", ""), "the XML declaration is missing"),
        (good().replace("tBestellungen>", "Bestellungen>"), "the root is"),
        (
            changed(
                "<cSprache>ger</cSprache><cWaehrung>EUR</cWaehrung>",
                "<cWaehrung>EUR</cWaehrung><cSprache>ger</cSprache>",
            ),
            "unexpected or misplaced element <cSprache>",
        ),
        (changed("PO-076-3", &"9".repeat(51)), "tBestellung/cExterneBestellNr is longer"),
        (changed("PO-076-3", ""), "tBestellung/cExterneBestellNr is missing"),
        (changed("<cWaehrung>EUR", "<cWaehrung>EU"), "cWaehrung"),
        (changed("<cVersandartName>TEMU", "<cVersandartName>Rakete"), "cVersandartName"),
        (changed("<cZahlungsartName>TEMU", "<cZahlungsartName>Muscheln"), "cZahlungsartName"),
        (changed("kFirma=\"1\"", "kFirma=\"7\""), "kFirma"),
        (changed("kBenutzer=\"1\"", "kBenutzer=\"7\""), "kBenutzer"),
        (changed("MW-0001", "MW-9999"), "cArtNr MW-9999 is unknown"),
        (changed("<fPreis>4.90", "<fPreis>4.91"), "the prices disagree"),
        (changed("4.11765", "4,11765"), "twarenkorbpos/fPreisEinzelNetto is not a number"),
        (changed("<cPosTyp>standard", "<cPosTyp>geschenk"), "cPosTyp"),
        (changed("<dErstellt>2026-07-01", "<dErstellt>07/01/2026"), "tBestellung/dErstellt is not a date"),
        (changed("<cTel/>", &format!("<cTel>{}</cTel>", "1".repeat(31))), "tkunde/cTel is longer"),
        (changed("</tBestellung></tBestellungen>", "</tBestellung>"), "no XML"),
    ];
    for (text, _) in &cases {
        world.hand_over(text);
    }
    world.control.work_now().expect("work");
    let dropped = world.control.dropped().expect("dropped");
    assert_eq!(dropped.len(), cases.len());
    for (row, (_, reason)) in dropped.iter().zip(&cases) {
        assert!(row.reason.starts_with(reason), "{} is not {reason}", row.reason);
    }
    assert_eq!(world.control.orders_in_jtl("PO-076-3").expect("orders"), 0);
    assert_eq!(dropped[0].external.as_deref(), Some("PO-076-3"));
}

#[tokio::test]
async fn unknown_articles_may_be_free_text() {
    let options = WorldOptions { unknown_articles: UnknownArticles::FreeText, ..WorldOptions::quiet() };
    let world = World::with(options).await;
    world.hand_over(&order_xml("PO-076-4", "MW-9999"));
    world.control.work_now().expect("work");
    assert_eq!(world.control.orders_in_jtl("PO-076-4").expect("orders"), 1);
    let article: Option<i64> = world
        .jtl()
        .query_row("SELECT kArtikel FROM Verkauf_tAuftragPosition WHERE nType = 1", [], |row| row.get(0))
        .expect("position");
    assert_eq!(article, None);
}

#[tokio::test]
async fn parcels_by_hand_and_cancellation() {
    let world = World::quiet().await;
    for external in ["PO-076-5", "PO-076-6"] {
        world.hand_over(&order_xml(external, "MW-0001"));
    }
    world.control.work_now().expect("work");
    let before = world.control.jtl_stock("MW-0001").expect("stock");
    world.control.cancel_in_jtl("PO-076-5").expect("cancel");
    assert!(world.control.cancel_in_jtl("PO-076-5").is_err());
    let after = world.control.jtl_stock("MW-0001").expect("stock");
    assert_eq!((before.in_orders, after.in_orders), (4.0, 2.0));
    world.control.set_shipping_method(Some("Brieftaube".to_owned()));
    let parcel = ParcelSeed { tracking: Some("BT1".to_owned()), ..ParcelSeed::default() };
    assert_eq!(world.control.ship_now("PO-076-6", &[parcel]).expect("ship"), ["BT1"]);
    world.clock.advance(100);
    world.control.work_now().expect("work");
    let (parcels, method, carrier): (i64, String, Option<String>) = world
        .jtl()
        .query_row(
            "SELECT COUNT(*), m.cName, v.cLogistiker FROM tVersand v JOIN tversandart m ON m.kVersandArt = v.kVersandArt",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("parcel");
    assert_eq!((parcels, method.as_str(), carrier), (1, "Brieftaube", None), "the cancelled order stays");
    assert!(world.control.ship_now("PO-076-6", &[]).is_err());
}

#[tokio::test]
async fn bundles_follow_their_components_and_versions_rise() {
    let world = World::quiet().await;
    world.control.set_stock("MW-0001", 1, 10).expect("set");
    world.control.set_stock("MW-0001", 2, 0).expect("set");
    world.control.set_stock("MW-0002", 1, 4).expect("set");
    world.control.set_stock("MW-0002", 2, 0).expect("set");
    let bundle = || world.control.jtl_stock("MW-BUNDLE").expect("stock");
    assert_eq!((bundle().available, bundle().by_warehouse), (4.0, [4.0, 0.0]));
    world.control.set_buffer("MW-0002", 1).expect("buffer");
    assert_eq!(bundle().available, 3.0);
    let version = || -> i64 {
        let sql = "SELECT MAX(bRowversion) FROM tlagerbestand";
        world.jtl().query_row(sql, [], |row| row.get(0)).expect("version")
    };
    let before = version();
    world.hand_over(&order_xml("PO-076-7", "MW-BUNDLE"));
    world.control.work_now().expect("work");
    assert_eq!(world.control.jtl_stock("MW-0001").expect("stock").in_orders, 4.0);
    assert_eq!(bundle().available, 1.0);
    assert!(version() > before);
    assert_eq!(world.control.jtl_stock("MW-NOSTOCK").expect("stock").available, 0.0);
}

#[tokio::test]
async fn some_orders_leave_in_two_parcels_or_two_deliveries() {
    let world = World::with(WorldOptions { split_share: 1.0, ..WorldOptions::quiet() }).await;
    for number in 0..8 {
        let one = order_xml(&format!("PO-076-{number}"), "MW-0001");
        let (start, end) =
            (one.find("<twarenkorbpos>").expect("start"), one.find("<twarenkorbpos><cName>Versand"));
        let line = one[start..end.expect("end")].replace("MW-0001", "MW-0002");
        let mut two = one.clone();
        two.insert_str(start, &line);
        world.hand_over(&two);
    }
    world.control.work_now().expect("work");
    world.clock.advance(5);
    world.control.work_now().expect("work");
    let count = |sql: &str| -> i64 { world.jtl().query_row(sql, [], |row| row.get(0)).expect("count") };
    let complete = "SELECT COUNT(*) FROM Verkauf_tAuftrag WHERE nKomplettAusgeliefert = 1";
    let at_once = count(complete);
    assert!((1..8).contains(&at_once), "{at_once} orders in two parcels of one delivery");
    world.clock.advance(5);
    world.control.work_now().expect("work");
    assert_eq!(count(complete), 8);
    assert_eq!(count("SELECT COUNT(DISTINCT cIdentCode) FROM tVersand"), 16);
    assert_eq!(count("SELECT COUNT(*) FROM tLieferschein"), 16 - at_once);
    assert_eq!(count("SELECT SUM(nAnzahlVersendetePakete) FROM Verkauf_tAuftragEckdaten"), 16);
}

#[tokio::test]
async fn people_change_articles_and_choose_the_wrong_mandant() {
    let world = World::quiet().await;
    let control = &world.control;
    let row = |sku: &str| -> (String, i64, i64) {
        let sql = "SELECT cAktiv, nIstVater, kArtikel FROM tArtikel WHERE cArtNr = ?1";
        world.jtl().query_row(sql, [sku], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("article")
    };
    control.set_article_active("MW-0001", false).expect("deactivate");
    control.set_variation_parent("mw-0002 ", true).expect("number as JTL compares it");
    control.rename_article("MW-0003", "Other").expect("rename");
    assert_eq!(
        (row("MW-0001"), row("MW-0002"), row("Other").2),
        (("N".to_owned(), 0, 1), ("Y".to_owned(), 1, 2), 3)
    );
    control.delete_article("MW-0004").expect("delete");
    assert!(control.jtl_stock("MW-0004").is_err() && control.jtl_stock("MW-0003").is_err());
    let before = control.jtl_stock("MW-0005").expect("stock");
    control.empty_mandant().expect("another mandant");
    assert!(control.jtl_stock("MW-0005").is_err());
    control.restore_mandant().expect("the right one");
    assert_eq!(control.jtl_stock("MW-0005").expect("stock"), before);
    assert_eq!((row("MW-0001"), row("Other").2), (("N".to_owned(), 0, 1), 3));
    world.hand_over(&order_xml("PO-076-9", "mw-0005 "));
    control.work_now().expect("work");
    assert_eq!(control.dropped().expect("dropped"), [], "JTL finds articles whatever the case");
}
