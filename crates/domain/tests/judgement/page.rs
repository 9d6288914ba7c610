//! `docs/ORDERS.md` shows the table that the program uses.

use marktwerk_domain::judgement::page;

const PAGE: &str = include_str!("../../../../docs/ORDERS.md");

#[test]
fn the_page_shows_the_table() {
    let (_, rest) = PAGE.split_once("<!-- table -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end of the table -->").unwrap();
    let computed = page();
    assert!(shown == computed, "the table in docs/ORDERS.md should be:\n{computed}");
}
