//! Which customer an order belongs to: never a wrong one.

use std::collections::BTreeMap;

use marktwerk_domain::order::Order;
use marktwerk_erp::{CustomerPolicy, Erp, ErpError, Jtl, JtlSettings};

use crate::sample::{line, order, read_back};
use crate::world::{World, cells, on_both};

on_both!(the_same_person_is_found_and_nobody_else, a_collective_customer_is_the_accounts);

fn of(number: &str, email: &str, last_name: &str, postal_code: &str) -> Order {
    let mut order = order(number, vec![line("A", 1, 100, 19)]);
    order.delivery.email = email.to_owned();
    order.delivery.last_name = last_name.to_owned();
    order.delivery.postal_code = postal_code.to_owned();
    order
}

/// The optional right.
fn grant(world: &World) {
    if let World::Server(server) = world {
        server.tell("GRANT SELECT ON Kunde.lvKunde TO marktwerk_jtl");
    }
}

async fn open(world: &World, customer: CustomerPolicy) -> Jtl {
    Jtl::open(JtlSettings { customer, ..world.settings() }).await.unwrap()
}

async fn the_same_person_is_found_and_nobody_else(world: World) {
    let people = [
        (1, "K-1", "Muster", "51147"),
        (2, "K-2", " mustermann ", "51147"),
        (3, "K-3", "Mustermann", "51147"),
        (4, "", "Mustermann", "51147"),
        (5, "K-5", "Mustermann", "10115"),
    ];
    for (key, number, name, code) in people {
        world.insert("Kunde_lvKunde", cells![key, number, "Erika", name, code, "e@example.com"]);
    }
    let orders = [
        of("1", " e@example.com", "Mustermann", "51147"),
        of("2", "e@example.com", "Mustermann", "80331"),
        of("3", "other@example.com", "Mustermann", "51147"),
        of("4", "e@example.com", "MUSTER", "51147"),
        of("5", "", "Mustermann", "51147"),
    ];
    let orders: Vec<&Order> = orders.iter().collect();
    let jtl = open(&world, CustomerPolicy::EmailAndName).await;
    if matches!(world, World::Server(_)) {
        assert!(matches!(jtl.customers(&orders, "temu").await, Err(ErpError::Permission { .. })));
        assert!(jtl.check().await.unwrap()[0].to_lowercase().contains("lvkunde"));
    }
    grant(&world);
    let mut found: Vec<_> = jtl.customers(&orders, "temu").await.unwrap().into_iter().collect();
    found.sort();
    assert_eq!(
        found,
        [("1", "K-3"), ("4", "K-1")].map(|(order, number)| (order.to_owned(), number.to_owned()))
    );
    let document = jtl.render(orders[0], &orders[0].number, "temu", Some("K-3")).unwrap().document;
    assert_eq!(read_back(&document)["tkunde/cKundenNr"], ["K-3"]);
    assert!(open(&world, CustomerPolicy::New).await.customers(&orders, "temu").await.unwrap().is_empty());
}

async fn a_collective_customer_is_the_accounts(world: World) {
    grant(&world);
    let numbers =
        [("temu", "K-9"), ("other", "K-8")].map(|(account, number)| (account.to_owned(), number.to_owned()));
    let jtl = open(&world, CustomerPolicy::Collective(BTreeMap::from(numbers))).await;
    world.insert("Kunde_lvKunde", cells![9, "K-9", "", "Sammelkunde", "", ""]);
    let order = of("1", "", "Mustermann", "51147");
    assert_eq!(jtl.customers(&[&order], "temu").await.unwrap()["1"], "K-9");
    let error = jtl.customers(&[&order], "third").await.unwrap_err();
    assert!(error.to_string().contains("customer") && error.to_string().contains("third"), "{error}");
    let findings = jtl.check().await.unwrap();
    assert!(matches!(&findings[..], [one] if one.contains("no customer K-8")), "{findings:?}");
}

#[test]
fn the_policies_are_written_as_the_example_says() {
    let read = |text: &str| serde_json::from_str::<JtlSettings>(text).unwrap().customer;
    assert_eq!(read(r#"{"customer": "email_and_name"}"#), CustomerPolicy::EmailAndName);
    let collective = read(r#"{"customer": {"collective": {"temu": "K-9"}}}"#);
    assert!(matches!(collective, CustomerPolicy::Collective(numbers) if numbers["temu"] == "K-9"));
}

#[test]
fn a_password_is_never_shown() {
    for url in [
        "mssql://user:s3cret@host/eazybusiness",
        "mssql:server=x;password=s3cret",
        "mssql://u:s3cret@x@host/db",
    ] {
        let settings = JtlSettings { url: url.to_owned(), ..JtlSettings::default() };
        let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("s3cret") && shown.contains("***"), "{shown}");
    }
}
