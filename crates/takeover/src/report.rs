//! What people are told of a take-over: how many orders of each kind, which of them need a person, and what was odd. Order
//! numbers only, nobody's name.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::decision::Decision;

/// Names that are shown in words; all of them are in the JSON.
const NAMES_SHOWN: usize = 20;

/// Rows of the old tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// `temu_orders`.
    pub orders: u64,
    /// `temu_order_items`.
    pub lines: u64,
    /// `temu_xml_export`.
    pub exports: u64,
    /// `temu_products`; not imported.
    pub products: u64,
    /// `temu_inventory`; not imported.
    pub inventory: u64,
    /// Of the lines, those whose order is not there.
    pub lines_without_order: u64,
}

/// Something odd about one old order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Its number, or its row.
    pub subject: String,
    /// What is odd and what became of it.
    pub message: String,
}

/// What a take-over did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Nothing was written.
    pub is_dry_run: bool,
    /// The old database.
    pub from: String,
    /// The ERP that was asked.
    pub erp: String,
    /// The account that the orders belong to.
    pub account: String,
    /// What the old tables hold.
    pub rows: Rows,
    /// `scheduler_logs` is there.
    pub has_log: bool,
    /// Orders that Marktwerk has had before: nothing was changed.
    pub known: u64,
    /// Order numbers by what became of them.
    pub orders: BTreeMap<Decision, Vec<String>>,
    /// What was odd.
    pub remarks: Vec<Remark>,
}

impl Report {
    pub(crate) fn remark(&mut self, subject: impl Into<String>, message: impl Into<String>) {
        self.remarks.push(Remark { subject: subject.into(), message: message.into() });
    }

    /// How many orders were, or would be, imported.
    pub fn taken(&self) -> usize {
        self.orders.values().map(Vec::len).sum()
    }

    /// The report in words.
    pub fn lines(&self) -> Vec<String> {
        let rows = &self.rows;
        let mut lines = vec![
            format!("from {}, asking {}, for the account {}", self.from, self.erp, self.account),
            format!(
                "read: {} orders, {} lines, {} exports; not imported, since the first full stock run finds them out: {} \
                 products, {} stock figures",
                rows.orders, rows.lines, rows.exports, rows.products, rows.inventory
            ),
        ];
        if self.has_log {
            lines.push("scheduler_logs stays with its lines: they are shown where Marktwerk's store is this database".to_owned());
        }
        for decision in Decision::ALL {
            let numbers = self.orders.get(&decision).map(Vec::as_slice).unwrap_or_default();
            if numbers.is_empty() {
                continue;
            }
            lines.push(format!("{:>7}  {}", numbers.len(), decision.words()));
            if decision.needs_a_person() {
                lines.push(format!("         {}", names(numbers)));
            }
        }
        if self.known > 0 {
            lines.push(format!("{:>7}  known to Marktwerk already: unchanged", self.known));
        }
        lines.extend(self.remarks.iter().map(|remark| format!("! {}: {}", remark.subject, remark.message)));
        lines.push(self.end());
        lines
    }

    fn end(&self) -> String {
        match (self.taken(), self.is_dry_run) {
            (0, _) => "nothing to take over: nothing was changed".to_owned(),
            (taken, true) => format!("{taken} orders would be taken over; nothing was written"),
            (taken, false) => format!("{taken} orders taken over; the old tables were only read"),
        }
    }
}

fn names(numbers: &[String]) -> String {
    let shown = numbers.iter().take(NAMES_SHOWN).map(|name| plain(name)).collect::<Vec<_>>().join(", ");
    match numbers.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more (--json names all)"),
    }
}

/// Others' texts do not steer a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_names_and_says_whether_anything_was_written() {
        let mut report = Report { is_dry_run: true, known: 3, ..Report::default() };
        report.orders.insert(Decision::Lost, (0..25).map(|number| format!("PO-{number}\u{1b}[2J")).collect());
        report.orders.insert(Decision::Reported, vec!["PO-R".to_owned()]);
        let text = report.lines().join("\n");
        for part in ["25  marked as exported", "PO-19", "and 5 more", "3  known", "26 orders would be"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("PO-R") && !text.contains('\u{1b}'), "{text}");
        assert!(Report::default().lines().join("\n").contains("nothing was changed"));
    }
}
