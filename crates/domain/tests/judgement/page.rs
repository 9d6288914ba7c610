//! `docs/ORDERS.md` shows the table that the program uses.

use marktwerk_domain::judgement::{attention_page, decision_page, page};

const PAGE: &str = include_str!("../../../../docs/ORDERS.md");
const OPERATING: &str = include_str!("../../../../docs/OPERATING.md");

#[test]
fn the_pages_show_the_tables() {
    let mut faults = String::new();
    for (document, name, shown, computed) in [
        ("docs/ORDERS.md", "table", PAGE, page()),
        ("docs/ORDERS.md", "decisions", PAGE, decision_page()),
        ("docs/OPERATING.md", "attention", OPERATING, attention_page()),
    ] {
        let (_, rest) = shown.split_once(&format!("<!-- {name} -->\n")).unwrap();
        let (shown, _) = rest.split_once(&format!("<!-- end of the {name} -->")).unwrap();
        if shown != computed {
            faults.push_str(&format!("the {name} in {document} should be:\n{computed}\n"));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
