//! Hand-over: once, whatever happens around it.

use marktwerk_domain::failure::FailureClass;
use marktwerk_erp::{Erp, ErpError, HandOver, HandedOver, Jtl, JtlSettings, Presence};

use crate::sample::{line, order};
use crate::world::{World, numbers};

fn document(jtl: &Jtl, number: &str) -> HandOver {
    let rendered = jtl.render(&order(number, vec![line("A", 1, 100, 19)]), "temu").expect("it renders");
    HandOver { account: "temu".to_owned(), number: number.to_owned(), document: rendered.document }
}

fn presence(number: &str, orders: u32, waiting_rows: u32) -> Presence {
    Presence { number: number.to_owned(), orders, waiting_rows }
}

#[tokio::test]
async fn handed_over_twice_is_one_row() {
    let world = World::new();
    let jtl = world.open().await;
    assert_eq!(jtl.identity().await.unwrap(), 0);
    let documents = [document(&jtl, "1"), document(&jtl, "2"), document(&jtl, "1")];
    let first = jtl.hand_over(&documents).await.unwrap();
    assert_eq!(
        first,
        [HandedOver::Inserted(1), HandedOver::Inserted(2), HandedOver::AlreadyThere(presence("1", 0, 1))]
    );
    let second = jtl.hand_over(&documents[..2]).await.unwrap();
    assert_eq!(
        second,
        [HandedOver::AlreadyThere(presence("1", 0, 1)), HandedOver::AlreadyThere(presence("2", 0, 1))]
    );
    assert_eq!(
        world.count("SELECT COUNT(*) FROM tXMLBestellImport WHERE nPlattform = 5 AND nRechnung = 0"),
        2
    );
    assert_eq!(jtl.identity().await.unwrap(), 2);
}

#[tokio::test]
async fn an_order_that_jtl_took_or_cancelled_is_not_inserted_again_and_the_identity_stays() {
    let world = World::new();
    let jtl = world.open().await;
    jtl.hand_over(&[document(&jtl, "1")]).await.unwrap();
    world.run("DELETE FROM tXMLBestellImport");
    world.order(1, "1", &[("A", 1)]);
    world.order(2, "2", &[("A", 1)]);
    world.run("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 2");
    // An offer is no order.
    world.insert("Verkauf_tAuftrag", (3, "AN3", 0, "3", 0, 0), 6);
    let documents = [document(&jtl, "1"), document(&jtl, "2"), document(&jtl, "3")];
    assert_eq!(
        jtl.hand_over(&documents).await.unwrap(),
        [
            HandedOver::AlreadyThere(presence("1", 1, 0)),
            HandedOver::AlreadyThere(presence("2", 1, 0)),
            HandedOver::Inserted(2),
        ]
    );
    assert_eq!(jtl.identity().await.unwrap(), 2);
}

#[tokio::test]
async fn wildcards_and_markup_in_numbers_mean_themselves() {
    let world = World::new();
    let jtl = world.open().await;
    for number in ["100", "1a0", "A&B", "[1]", "back\\slash", "Łódź"] {
        jtl.hand_over(&[document(&jtl, number)]).await.unwrap();
    }
    let asked = numbers(&["1%", "1_0", "%", "", "A&B", "[1]", "[0-9]", "back\\slash", "Łódź", "100", "10"]);
    let found: Vec<u32> = jtl.look_up(&asked).await.unwrap().iter().map(|there| there.waiting_rows).collect();
    assert_eq!(found, [0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0]);
    let handed_over = jtl.hand_over(&[document(&jtl, "1_0"), document(&jtl, "1%")]).await.unwrap();
    assert_eq!(handed_over, [HandedOver::Inserted(7), HandedOver::Inserted(8)]);
}

#[tokio::test]
async fn rows_of_others_are_seen_too() {
    let world = World::new();
    let jtl = world.open().await;
    let text = "<tBestellungen><tBestellung><cExterneBestellNr>1</cExterneBestellNr></tBestellung>\
                <tBestellung><cExterneBestellNr>2</cExterneBestellNr></tBestellung></tBestellungen>";
    for text in
        [Some(text), Some(text), Some("no XML at all"), Some("</cExterneBestellNr><cExterneBestellNr>"), None]
    {
        world.insert("tXMLBestellImport(cText)", [text], 1);
    }
    assert_eq!(
        jtl.look_up(&numbers(&["2", "1", "3"])).await.unwrap(),
        [presence("2", 0, 2), presence("1", 0, 2), presence("3", 0, 0)]
    );
}

#[tokio::test]
async fn a_thousand_orders_in_one_call_beside_thousands_of_waiting_rows() {
    let world = World::new();
    let jtl = world.open().await;
    let documents: Vec<HandOver> = (0..3_000).map(|number| document(&jtl, &format!("PO-{number}"))).collect();
    for batch in documents.chunks(1_000) {
        let handed_over = jtl.hand_over(batch).await.unwrap();
        assert!(handed_over.iter().all(|row| matches!(row, HandedOver::Inserted(_))));
    }
    let asked: Vec<String> = documents.iter().map(|document| document.number.clone()).collect();
    let found = jtl.look_up(&asked).await.unwrap();
    assert!(found.iter().zip(&asked).all(|(there, number)| *there == presence(number, 0, 1)));
    assert_eq!(world.count("SELECT COUNT(*) FROM tXMLBestellImport"), 3_000);
}

#[tokio::test]
async fn at_the_same_time_is_one_after_the_other() {
    let world = World::new();
    let first = world.open().await;
    let second = world.open().await;
    let documents: Vec<HandOver> = (0..50).map(|number| document(&first, &format!("PO-{number}"))).collect();
    let (one, two) = tokio::join!(first.hand_over(&documents), second.hand_over(&documents));
    let inserted =
        |rows: &[HandedOver]| rows.iter().filter(|row| matches!(row, HandedOver::Inserted(_))).count();
    assert_eq!(inserted(&one.unwrap()) + inserted(&two.unwrap()), 50);
    assert_eq!(world.count("SELECT COUNT(*) FROM tXMLBestellImport"), 50);
}

#[tokio::test]
async fn a_refused_row_leaves_nothing_of_its_batch() {
    let world = World::new();
    let jtl = world.open().await;
    world.run(
        "CREATE TRIGGER refuse BEFORE INSERT ON tXMLBestellImport WHEN NEW.cText LIKE '%>2<%'
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    );
    let error = jtl.hand_over(&[document(&jtl, "1"), document(&jtl, "2")]).await.unwrap_err();
    assert!(error.to_string().contains("not this one"), "{error}");
    assert_eq!(jtl.look_up(&numbers(&["1", "2"])).await.unwrap(), [presence("1", 0, 0), presence("2", 0, 0)]);
    assert_eq!(jtl.identity().await.unwrap(), 0);
}

#[tokio::test]
async fn a_document_of_another_order_is_a_defect() {
    let world = World::new();
    let jtl = world.open().await;
    let wrong = HandOver { number: "2".to_owned(), ..document(&jtl, "1") };
    assert_eq!(jtl.hand_over(&[wrong]).await.unwrap_err().failure().class, FailureClass::Defect);
    assert_eq!(jtl.hand_over(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_missing_table_or_file_is_an_error_and_sql_server_is_none_of_ours_yet() {
    let world = World::new();
    let jtl = world.open().await;
    assert!(jtl.is_simulated() && jtl.describe().contains("jtl.sqlite"));
    world.run("DROP TABLE tXMLBestellImport");
    assert!(matches!(jtl.identity().await, Err(ErpError::Schema { .. })));
    assert!(matches!(jtl.look_up(&numbers(&["1"])).await, Err(ErpError::Schema { .. })));

    let open = |url: &str| Jtl::open(JtlSettings { url: url.to_owned(), ..JtlSettings::default() });
    let missing = open("sqlite:/no/such/file").await.unwrap_err();
    assert_eq!(missing.failure().class, FailureClass::Transient);
    for url in ["mssql:server=x;password=secret", "sqlserver:x", "", "sqlite:", "postgres:x"] {
        let error = open(url).await.unwrap_err();
        assert_eq!(error.failure().class, FailureClass::Refused, "{url}");
        assert!(!error.to_string().contains("secret"));
    }
    let error = open("mssql:x").await.unwrap_err();
    assert!(error.to_string().ends_with("SQL Server is not supported by this version yet"));
}

#[tokio::test]
async fn a_locked_file_is_worth_another_try() {
    let world = World::new();
    let jtl = world.open().await;
    world.run("BEGIN IMMEDIATE");
    let error = jtl.look_up(&numbers(&["1"])).await.unwrap_err();
    assert!(matches!(error, ErpError::Busy { .. }));
    assert_eq!(error.failure().class, FailureClass::Transient);
    // Reading goes on meanwhile.
    assert!(jtl.orders(&numbers(&["1"])).await.unwrap().is_empty());
    world.run("ROLLBACK");
    assert!(jtl.look_up(&numbers(&["1"])).await.is_ok());
}
