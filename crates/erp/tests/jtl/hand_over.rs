//! Hand-over: once, whatever happens around it.

use marktwerk_domain::failure::FailureClass;
use marktwerk_erp::{Erp, ErpError, HandOver, HandedOver, Jtl, JtlSettings, Presence};

use crate::sample::{line, order};
use crate::world::{World, cells, numbers, on_both};

on_both!(
    handed_over_twice_is_one_row,
    an_order_that_jtl_took_or_cancelled_is_not_inserted_again_and_the_identity_stays,
    wildcards_and_markup_in_numbers_mean_themselves,
    rows_of_others_are_seen_too,
    a_thousand_orders_in_one_call_beside_thousands_of_waiting_rows,
    at_the_same_time_is_one_after_the_other,
    a_refused_row_leaves_nothing_of_its_batch,
    a_missing_table_is_an_error_until_it_is_there,
    a_document_of_another_order_is_a_defect,
);

fn document(jtl: &Jtl, number: &str) -> HandOver {
    let rendered =
        jtl.render(&order(number, vec![line("A", 1, 100, 19)]), number, "temu", None).expect("it renders");
    HandOver {
        account: "temu".to_owned(),
        number: number.to_owned(),
        also: Vec::new(),
        document: rendered.document,
        receipt: None,
    }
}

fn presence(number: &str, orders: u32, waiting_rows: u32) -> Presence {
    Presence { number: number.to_owned(), orders, waiting_rows }
}

async fn handed_over_twice_is_one_row(world: World) {
    let jtl = world.open_as_owner().await;
    assert_eq!(jtl.identity().await.unwrap(), Some(1), "an earlier row is long gone");
    let documents = [document(&jtl, "1"), document(&jtl, "2"), document(&jtl, "1")];
    let first = jtl.hand_over(&documents).await.unwrap();
    assert_eq!(
        first,
        [HandedOver::Inserted(2), HandedOver::Inserted(3), HandedOver::AlreadyThere(presence("1", 0, 1))]
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
    assert_eq!(jtl.identity().await.unwrap(), Some(3));
}

async fn an_order_that_jtl_took_or_cancelled_is_not_inserted_again_and_the_identity_stays(world: World) {
    let jtl = world.open_as_owner().await;
    jtl.hand_over(&[document(&jtl, "1")]).await.unwrap();
    world.run("DELETE FROM tXMLBestellImport");
    world.order(1, "1", &[("A", 1)]);
    world.order(2, "2", &[("A", 1)]);
    world.run("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = 2");
    // An offer is no order.
    world.insert("Verkauf_tAuftrag", cells![3, "AN3", 0, "3", 0, 0]);
    let documents = [document(&jtl, "1"), document(&jtl, "2"), document(&jtl, "3")];
    assert_eq!(
        jtl.hand_over(&documents).await.unwrap(),
        [
            HandedOver::AlreadyThere(presence("1", 1, 0)),
            HandedOver::AlreadyThere(presence("2", 1, 0)),
            HandedOver::Inserted(3),
        ]
    );
    assert_eq!(jtl.identity().await.unwrap(), Some(3));
}

async fn wildcards_and_markup_in_numbers_mean_themselves(world: World) {
    let jtl = world.open().await;
    for number in ["100", "1a0", "A&B", "[1]", "back\\slash", "Łódź"] {
        jtl.hand_over(&[document(&jtl, number)]).await.unwrap();
    }
    let asked = numbers(&["1%", "1_0", "%", "", "A&B", "[1]", "[0-9]", "back\\slash", "Łódź", "100", "10"]);
    let found: Vec<u32> = jtl.look_up(&asked).await.unwrap().iter().map(|there| there.waiting_rows).collect();
    assert_eq!(found, [0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0]);
    let handed_over = jtl.hand_over(&[document(&jtl, "1_0"), document(&jtl, "1%")]).await.unwrap();
    assert_eq!(handed_over, [HandedOver::Inserted(8), HandedOver::Inserted(9)]);
}

async fn rows_of_others_are_seen_too(world: World) {
    let jtl = world.open().await;
    let text = "<tBestellungen><tBestellung><cExterneBestellNr>1</cExterneBestellNr></tBestellung>\
                <tBestellung><cExterneBestellNr>2</cExterneBestellNr></tBestellung></tBestellungen>";
    for text in
        [Some(text), Some(text), Some("no XML at all"), Some("</cExterneBestellNr><cExterneBestellNr>"), None]
    {
        world.insert("tXMLBestellImport(cText)", cells![text]);
    }
    assert_eq!(
        jtl.look_up(&numbers(&["2", "1", "3"])).await.unwrap(),
        [presence("2", 0, 2), presence("1", 0, 2), presence("3", 0, 0)]
    );
}

async fn a_thousand_orders_in_one_call_beside_thousands_of_waiting_rows(world: World) {
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

async fn at_the_same_time_is_one_after_the_other(world: World) {
    let first = world.open().await;
    let second = world.open().await;
    let documents: Vec<HandOver> = (0..50).map(|number| document(&first, &format!("PO-{number}"))).collect();
    let (one, two) = tokio::join!(first.hand_over(&documents), second.hand_over(&documents));
    let inserted =
        |rows: &[HandedOver]| rows.iter().filter(|row| matches!(row, HandedOver::Inserted(_))).count();
    assert_eq!(inserted(&one.unwrap()) + inserted(&two.unwrap()), 50);
    assert_eq!(world.count("SELECT COUNT(*) FROM tXMLBestellImport"), 50);
}

async fn a_refused_row_leaves_nothing_of_its_batch(world: World) {
    let jtl = world.open_as_owner().await;
    world.run(match world {
        World::Sqlite { .. } => {
            "CREATE TRIGGER refuse BEFORE INSERT ON tXMLBestellImport WHEN NEW.cText LIKE '%>2<%'
             BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        }
        World::Server(_) => {
            "CREATE TRIGGER refuse ON tXMLBestellImport AFTER INSERT AS
             IF EXISTS (SELECT 1 FROM inserted WHERE cText LIKE '%>2<%') RAISERROR('not this one', 16, 1)"
        }
    });
    let error = jtl.hand_over(&[document(&jtl, "1"), document(&jtl, "2")]).await.unwrap_err();
    assert!(error.to_string().contains("not this one"), "{error}");
    assert_eq!(jtl.look_up(&numbers(&["1", "2"])).await.unwrap(), [presence("1", 0, 0), presence("2", 0, 0)]);
    // On SQL Server the identity value moves although nothing stays: it only has to move with each insert.
    let identity = jtl.identity().await.unwrap();
    assert!(identity == Some(1) || matches!(world, World::Server(_)));
    jtl.hand_over(&[document(&jtl, "1")]).await.unwrap();
    assert!(jtl.identity().await.unwrap() > identity);
}

async fn a_document_of_another_order_is_a_defect(world: World) {
    let jtl = world.open().await;
    let wrong = HandOver { number: "2".to_owned(), ..document(&jtl, "1") };
    assert_eq!(jtl.hand_over(&[wrong]).await.unwrap_err().failure().class, FailureClass::Defect);
    assert_eq!(jtl.hand_over(&[]).await.unwrap(), []);
}

async fn a_missing_table_is_an_error_until_it_is_there(world: World) {
    let jtl = world.open().await;
    assert_eq!(jtl.is_simulated(), matches!(world, World::Sqlite { .. }));
    world.run("DROP TABLE tXMLBestellImport");
    assert!(matches!(jtl.identity().await, Err(ErpError::Schema { .. })));
    assert!(matches!(jtl.look_up(&numbers(&["1"])).await, Err(ErpError::Schema { .. })));
    assert!(!jtl.describe().contains("Least-rights"), "no password");
}

#[tokio::test]
async fn an_address_that_cannot_be_one_names_setting_and_cure() {
    let open = |url: &str| Jtl::open(JtlSettings { url: url.to_owned(), ..JtlSettings::default() });
    let missing = open("sqlite:/no/such/file").await.unwrap_err();
    assert_eq!(missing.failure().class, FailureClass::Transient);
    for url in [
        "mssql:server=x;password=secret",
        "mssql://user:secret@host",
        "mssql://host/eazybusiness",
        "sqlserver:x",
        "",
        "sqlite:",
        "postgres:x",
    ] {
        let error = open(url).await.unwrap_err();
        assert_eq!(error.failure().class, FailureClass::Refused, "{url}");
        let error = error.to_string();
        assert!(error.starts_with("[erp.jtl] url: ") && error.contains("mssql://user:password@"), "{error}");
        assert!(!error.contains("secret"));
    }
    // A server that is not there now may be there later.
    let jtl = open("mssql://user:secret@127.0.0.1:9/eazybusiness").await.unwrap();
    let error = jtl.identity().await.unwrap_err();
    assert!(
        matches!(error, ErpError::Unreachable { .. }) && !error.to_string().contains("secret"),
        "{error}"
    );
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
