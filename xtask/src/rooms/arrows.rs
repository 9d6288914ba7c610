//! Which room may depend on which: the picture of docs/ARCHITECTURE.md, compared with the manifests. A new room, or a new arrow
//! between two rooms, is drawn here and there or it does not exist.

use std::collections::BTreeMap;

use super::{Arrow, Rooms};

/// Room, and whom it may know. `marktwerk` is where all parts meet.
const ARROWS: [(&str, &[&str]); 13] = [
    (
        "marktwerk",
        &[
            "marktwerk-server",
            "marktwerk-workflows",
            "marktwerk-engine",
            "marktwerk-connectors",
            "marktwerk-alerts",
            "marktwerk-erp",
            "marktwerk-sqlserver",
            "marktwerk-store",
            "marktwerk-takeover",
            "marktwerk-sandbox",
            "marktwerk-domain",
        ],
    ),
    ("marktwerk-server", &["marktwerk-engine", "marktwerk-store", "marktwerk-domain"]),
    (
        "marktwerk-workflows",
        &["marktwerk-engine", "marktwerk-connectors", "marktwerk-erp", "marktwerk-store", "marktwerk-domain"],
    ),
    ("marktwerk-engine", &["marktwerk-store", "marktwerk-domain"]),
    ("marktwerk-connectors", &["marktwerk-domain"]),
    ("marktwerk-alerts", &["marktwerk-domain"]),
    ("marktwerk-erp", &["marktwerk-sqlserver", "marktwerk-domain"]),
    ("marktwerk-store", &["marktwerk-sqlserver", "marktwerk-domain"]),
    ("marktwerk-takeover", &["marktwerk-sqlserver", "marktwerk-store", "marktwerk-erp", "marktwerk-domain"]),
    ("marktwerk-sqlserver", &[]),
    ("marktwerk-sandbox", &[]),
    ("marktwerk-domain", &[]),
    ("xtask", &[]),
];

/// Rooms that know nobody of ours, not even in their tests: the sandbox would repeat our mistakes, the domain is the ground.
const ALONE: [&str; 3] = ["marktwerk-sandbox", "marktwerk-sqlserver", "marktwerk-domain"];

fn drawn() -> BTreeMap<String, Vec<Arrow>> {
    Rooms::read().unwrap().0
}

#[test]
fn rooms_know_only_whom_they_may_know() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut faults = Vec::new();
    for (room, arrows) in drawn() {
        let Some(allowed) = allowed.get(room.as_str()) else {
            faults.push(format!("{room} is not in the picture"));
            continue;
        };
        let offending =
            arrows.iter().filter(|arrow| !arrow.is_for_tests && !allowed.contains(&arrow.to.as_str()));
        faults.extend(offending.map(|arrow| format!("{room} ─► {}", arrow.to)));
    }
    assert!(faults.is_empty(), "arrows that nobody has drawn: {faults:#?}");
}

#[test]
fn sandbox_and_domain_know_nobody_even_in_tests() {
    let drawn = drawn();
    for room in ALONE {
        assert_eq!(drawn[room], [], "{room} knows others of ours");
    }
}

#[test]
fn every_room_of_the_picture_exists() {
    let drawn = drawn();
    let missing: Vec<&str> =
        ARROWS.iter().map(|(room, _)| *room).filter(|room| !drawn.contains_key(*room)).collect();
    assert!(missing.is_empty(), "in the picture only: {missing:?}");
}
