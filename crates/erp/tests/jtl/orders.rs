//! What JTL made of orders: every parcel, in every shape that a warehouse leaves behind.

use marktwerk_domain::shipment::{Content, ErpOrder};
use marktwerk_erp::{Erp, ErpError, Jtl};

use crate::world::{World, cells, numbers, on_both};

on_both!(
    two_delivery_notes_with_three_parcels,
    packed_is_not_sent_and_no_tracking_number_stays_empty,
    a_part_of_the_order_is_not_all_of_it,
    a_label_that_is_printed_after_its_parcel_left_is_no_second_one,
    a_parcel_may_leave_with_its_second_label,
    cancelled_and_closed_are_told_apart,
    duplicates_are_counted_until_a_person_cancels_the_surplus,
    a_thousand_and_more_numbers_in_one_call,
    what_cannot_be_read_is_an_error,
    the_marker_changes_with_everything_that_is_read,
    the_marker_of_thousands_of_orders_is_one_text,
);

async fn read(world: &World, asked: &[&str]) -> Vec<ErpOrder> {
    world.open().await.orders(&numbers(asked)).await.expect("they are read")
}

fn contents(contents: &[(&str, i64)]) -> Vec<Content> {
    contents.iter().map(|&(sku, quantity)| Content { sku: sku.to_owned(), quantity }).collect()
}

/// A delivery note of `order` with quantities of its positions.
fn note(world: &World, key: i64, order: i64, positions: &[(i64, i64)]) {
    world.insert("tLieferschein", cells![key, order]);
    for (place, &(position, quantity)) in (0..).zip(positions) {
        world.insert("tLieferscheinPos", cells![key * 10 + place, key, position, quantity]);
    }
}

/// A parcel by `DHL Paket`, gone at noon of a summer's day where `has_left`.
fn parcel(world: &World, key: i64, note: i64, tracking: &str, has_left: bool) {
    let left = has_left.then_some("2026-07-01 12:00:00");
    world.insert("tVersand", cells![key, note, tracking, left, 2, ""]);
}

async fn two_delivery_notes_with_three_parcels(world: World) {
    world.order(1, "PO-1", &[("A", 3), ("B", 1)]);
    world.insert("Verkauf_tAuftragPosition", cells![19, 1, "", 1, 2]);
    // A carton has an article number, and is no goods.
    world.insert("Verkauf_tAuftragPosition", cells![18, 1, "CARTON", 1, 15]);
    note(&world, 1, 1, &[(10, 2)]);
    note(&world, 2, 1, &[(10, 1), (11, 1)]);
    // The first note in two parcels, of which the packing table recorded the contents; the second in one.
    parcel(&world, 7, 1, "T-7", true);
    parcel(&world, 8, 1, " T-8 ", true);
    parcel(&world, 9, 2, "T-9", true);
    world.run("INSERT INTO tVersandPos VALUES (7, 10, 1), (8, 10, 1)");
    world.run("UPDATE tVersand SET cLogistiker = 'Hermes' WHERE kVersand = 9");
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 1");

    let [order] = &read(&world, &["PO-1", "PO-1", "unknown"]).await[..] else { panic!("one order") };
    assert_eq!((order.number.as_str(), order.erp_number.as_str(), order.count), ("PO-1", "AU1", 1));
    assert!(order.is_complete && !order.is_cancelled && !order.is_closed_unshipped);
    assert_eq!(order.ordered, contents(&[("A", 3), ("B", 1)]));
    let seen: Vec<_> = order.parcels.iter().map(|parcel| (parcel.id, parcel.tracking.as_str())).collect();
    assert_eq!(seen, [(7, "T-7"), (8, "T-8"), (9, "T-9")]);
    assert_eq!(order.parcels[0].carrier, "DHL Paket");
    assert_eq!(order.parcels[2].carrier, "Hermes");
    assert_eq!(order.parcels[0].contents, contents(&[("A", 1)]));
    assert_eq!(order.parcels[2].contents, contents(&[("A", 1), ("B", 1)]), "alone on its note");
    let left = order.parcels[0].shipped_at.expect("it left");
    assert_eq!(left.to_string(), "2026-07-01T10:00:00Z", "local time in summer is two hours ahead");
}

async fn packed_is_not_sent_and_no_tracking_number_stays_empty(world: World) {
    world.order(1, "PO-1", &[("A", 2)]);
    note(&world, 1, 1, &[(10, 2)]);
    parcel(&world, 1, 1, "", true);
    parcel(&world, 2, 1, "T-2", false);
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 1");
    let [order] = &read(&world, &["PO-1"]).await[..] else { panic!("one order") };
    assert!(!order.is_complete, "JTL's mark alone says that all of it stands on delivery notes");
    assert_eq!(order.parcels.len(), 1);
    assert_eq!(order.parcels[0].tracking, "");
    assert!(order.parcels[0].contents.is_empty(), "unrecorded, and not alone on its note");

    let settings = world.settings();
    let settings = marktwerk_erp::JtlSettings { accept_tracking_without_shipping_date: true, ..settings };
    let orders = Jtl::open(settings).await.unwrap().orders(&numbers(&["PO-1"])).await.unwrap();
    assert!(orders[0].is_complete, "all parcels of its only note count as gone");
    assert_eq!(orders[0].parcels.len(), 2);
    assert_eq!(orders[0].parcels[1].shipped_at, None);
}

async fn a_part_of_the_order_is_not_all_of_it(world: World) {
    world.order(1, "PO-1", &[("A", 2), ("B", 1)]);
    note(&world, 1, 1, &[(10, 2)]);
    parcel(&world, 1, 1, "T", true);
    // Even if JTL should call it delivered.
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 1");
    assert!(!read(&world, &["PO-1"]).await[0].is_complete);
    note(&world, 2, 1, &[(11, 1)]);
    assert!(!read(&world, &["PO-1"]).await[0].is_complete, "a delivery note without a parcel is not shipped");
    parcel(&world, 2, 2, "T", true);
    assert!(read(&world, &["PO-1"]).await[0].is_complete);
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 0");
    assert!(!read(&world, &["PO-1"]).await[0].is_complete);
}

async fn cancelled_and_closed_are_told_apart(world: World) {
    world.order(1, "cancelled", &[("A", 1)]);
    world.order(2, "closed", &[("A", 1)]);
    world.run("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 1");
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 2 WHERE kAuftrag = 2");
    let orders = read(&world, &["closed", "cancelled"]).await;
    assert!(orders[0].number == "cancelled" && orders[0].is_cancelled && !orders[0].is_closed_unshipped);
    assert!(orders[1].is_closed_unshipped && !orders[1].is_cancelled && !orders[1].is_complete);
}

async fn duplicates_are_counted_until_a_person_cancels_the_surplus(world: World) {
    world.order(1, "PO-1", &[("A", 1)]);
    world.order(2, "PO-1", &[("A", 1)]);
    // An offer with the number is no order.
    world.insert("Verkauf_tAuftrag", cells![3, "AN3", 0, "PO-1", 0, 0]);
    assert_eq!(read(&world, &["PO-1"]).await[0].count, 2);
    world.run("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 1");
    let [order] = &read(&world, &["PO-1"]).await[..] else { panic!("one order") };
    assert_eq!((order.count, order.erp_number.as_str(), order.is_cancelled), (1, "AU2", false));
    assert_eq!(order.ordered, contents(&[("A", 1)]));
}

/// Where no contents are recorded, the time of packing tells a second parcel from a label that was printed again.
async fn a_label_that_is_printed_after_its_parcel_left_is_no_second_one(world: World) {
    world.order(1, "PO-1", &[("A", 2)]);
    note(&world, 1, 1, &[(10, 2)]);
    parcel(&world, 7, 1, "T-7", true);
    parcel(&world, 8, 1, "T-8", false);
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 1");
    let is_complete = async || read(&world, &["PO-1"]).await[0].is_complete;
    let packed = |at: &str| world.run(&format!("UPDATE tVersand SET dErstellt = '{at}' WHERE kVersand = 8"));
    assert!(!is_complete().await, "nothing says when the second one was packed");
    packed("2026-07-01 12:00:00");
    assert!(!is_complete().await, "both were packed before the first one left");
    packed("2026-07-01 12:00:01");
    assert!(is_complete().await);
    let [order] = &read(&world, &["PO-1"]).await[..] else { panic!("one order") };
    let [only] = &order.parcels[..] else { panic!("one parcel") };
    assert_eq!((only.tracking.as_str(), &only.contents), ("T-7", &contents(&[("A", 2)])));

    world.run("UPDATE tVersand SET dVersendet = '2026-07-02 08:00:00' WHERE kVersand = 8");
    assert_eq!(read(&world, &["PO-1"]).await[0].parcels.len(), 2, "it was a parcel");
    world.run("UPDATE tVersand SET dVersendet = NULL WHERE kVersand = 8");
    world.run("INSERT INTO tVersandPos VALUES (8, 10, 1)");
    assert!(!is_complete().await, "something lies in it");
    world.run("DELETE FROM tVersandPos");
    world.run("ALTER TABLE tVersand DROP COLUMN dErstellt");
    assert!(!is_complete().await, "a JTL without the column says nothing");
}

/// Its contents were recorded with the first label, which is not used.
async fn a_parcel_may_leave_with_its_second_label(world: World) {
    world.order(1, "PO-1", &[("A", 2), ("B", 1)]);
    note(&world, 1, 1, &[(10, 2), (11, 1)]);
    parcel(&world, 7, 1, "T-7", false);
    parcel(&world, 8, 1, "T-8", true);
    parcel(&world, 9, 1, "T-9", true);
    world.run("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = 1");
    world.run("INSERT INTO tVersandPos VALUES (7, 10, 2)");
    assert!(!read(&world, &["PO-1"]).await[0].is_complete, "what else may lie in a parcel is not known");
    world.run("INSERT INTO tVersandPos VALUES (9, 11, 1)");
    let [order] = &read(&world, &["PO-1"]).await[..] else { panic!("one order") };
    assert!(order.is_complete);
    let held: Vec<_> =
        order.parcels.iter().map(|parcel| (parcel.tracking.as_str(), parcel.contents.clone())).collect();
    assert_eq!(held, [("T-8", contents(&[("A", 2)])), ("T-9", contents(&[("B", 1)]))]);
}

async fn a_thousand_and_more_numbers_in_one_call(world: World) {
    let asked: Vec<String> = (0..2_500).map(|number| format!("PO-{number:04}")).collect();
    world.run("BEGIN");
    for (key, number) in (1..).zip(&asked) {
        world.order(key, number, &[("A", 1)]);
        note(&world, key, key, &[(key * 10, 1)]);
        parcel(&world, key, key, "T", true);
    }
    world.run("COMMIT");
    let orders = world.open().await.orders(&asked).await.unwrap();
    assert!(orders.iter().map(|order| &order.number).eq(&asked));
    assert!(orders.iter().all(|order| order.parcels.len() == 1));
}

async fn what_cannot_be_read_is_an_error(world: World) {
    world.order(1, "PO-1", &[("A", 1)]);
    note(&world, 1, 1, &[(10, 1)]);
    parcel(&world, 1, 1, "T", true);
    let jtl = world.open().await;
    // SQL Server's column takes no such value.
    if matches!(world, World::Sqlite { .. }) {
        world.run("UPDATE tVersand SET dVersendet = 'yesterday'");
        assert_eq!(
            jtl.orders(&numbers(&["PO-1"])).await.unwrap_err(),
            ErpError::Unreadable {
                what: "tVersand.dVersendet is not a date and time (kVersand 1)".to_owned()
            },
            "the value is not repeated"
        );
    }
    world.run("ALTER TABLE tVersand DROP COLUMN cIdentCode");
    let error = jtl.orders(&numbers(&["PO-1"])).await.unwrap_err();
    assert!(
        matches!(error, ErpError::Schema { .. }) && error.to_string().to_lowercase().contains("cidentcode"),
        "{error}"
    );
}

async fn the_marker_changes_with_everything_that_is_read(world: World) {
    world.order(1, "PO-1", &[("A", 3)]);
    world.order(2, "OTHER", &[("A", 1)]);
    let jtl = world.open().await;
    let marker = async |asked: &[&str]| jtl.orders_marker(&numbers(asked)).await.expect("a marker");
    let mut seen = marker(&["PO-1", "PO-2"]).await;
    for change in [
        "UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 1",
        "UPDATE Verkauf_tAuftrag SET nStorno = 0 WHERE kAuftrag = 1",
        "UPDATE Verkauf_tAuftragPosition SET fAnzahl = 2 WHERE kAuftrag = 1",
        "INSERT INTO tLieferschein (kLieferschein, kBestellung) VALUES (1, 1)",
        "INSERT INTO tLieferscheinPos VALUES (10, 1, 10, 2)",
        "INSERT INTO tVersand (kVersand, kLieferschein) VALUES (7, 1)",
        "INSERT INTO tVersandPos VALUES (7, 10, 2)",
        "UPDATE tVersand SET cIdentCode = 'T-7' WHERE kVersand = 7",
        "UPDATE tVersand SET dVersendet = '2026-07-01 12:00:00' WHERE kVersand = 7",
        "DELETE FROM tVersandPos",
        "DELETE FROM tVersand",
        "INSERT INTO Verkauf_tAuftrag (kAuftrag, cAuftragsNr, nType, cExterneAuftragsnummer, nStorno, nKomplettAusgeliefert)
         VALUES (3, 'AU3', 1, 'PO-2', 0, 0)",
    ] {
        world.run(change);
        let now = marker(&["PO-1", "PO-2"]).await;
        assert_ne!(seen, now, "{change}");
        seen = now;
    }
    assert_eq!(marker(&["PO-2", "PO-1", "PO-1"]).await, seen, "order and repetition do not matter");

    world.run("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 2; INSERT INTO tLieferschein (kLieferschein, kBestellung) VALUES (2, 2)");
    assert_eq!(marker(&["PO-1", "PO-2"]).await, seen, "what nobody asked about does not matter");
}

async fn the_marker_of_thousands_of_orders_is_one_text(world: World) {
    let asked: Vec<String> = (0..2_500).map(|number| format!("PO-{number}")).collect();
    let jtl = world.open().await;
    let nothing = jtl.orders_marker(&asked).await.unwrap();
    assert_eq!(nothing, jtl.orders_marker(&[]).await.unwrap(), "an order that is not there yet is no news");
    world.order(1, "PO-2499", &[("A", 1)]);
    let something = jtl.orders_marker(&asked).await.unwrap();
    assert_ne!(nothing, something);
    assert!(something.len() < 100, "{something}");
}
