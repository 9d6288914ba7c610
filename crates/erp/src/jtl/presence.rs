//! Whether JTL has an order number already: as an order, or in a row that the JTL-Worker has not taken yet.
//!
//! The import table has no column for the number, so it is read out of the waiting documents: once per row,
//! for a search of each number in each row would take seconds under a lock once the worker stands still.

use std::collections::{BTreeSet, HashMap};

use marktwerk_domain::mutant::{self, Mutant};

use super::database::ImportRow;
use super::row::Row;
use super::xml::escape;
use crate::{ErpError, Presence};

const START: &str = "<cExterneBestellNr>";
const END: &str = "</cExterneBestellNr>";

/// How often each number is there.
#[derive(Debug, Default)]
pub(super) struct Presences {
    orders: HashMap<String, u32>,
    /// By the number as it is written in XML.
    waiting: HashMap<String, u32>,
}

impl Presences {
    /// From the rows of [`super::sql::ORDER_COUNTS`].
    pub(super) fn count_orders(&mut self, rows: &[Row]) -> Result<(), ErpError> {
        for row in rows {
            let count = u32::try_from(row.integer(1, "the count of orders")?).unwrap_or(u32::MAX);
            self.orders.insert(row.text(0, "tAuftrag.cExterneAuftragsnummer")?, count);
        }
        Ok(())
    }

    /// Counts one waiting document, or any part of it that holds its order numbers with their tags.
    pub(super) fn count_waiting(&mut self, text: &str) {
        // A row counts once for a number, however often it names it.
        for number in external_numbers(text).collect::<BTreeSet<_>>() {
            *self.waiting.entry(number.to_owned()).or_default() += 1;
        }
    }

    /// What there is of one number.
    pub(super) fn of(&self, number: &str) -> Presence {
        Presence {
            number: number.to_owned(),
            orders: self.orders.get(number).copied().unwrap_or_default(),
            waiting_rows: match mutant::is(Mutant::WaitingRowIgnored) {
                true => 0,
                false => self.waiting.get(&escape(number)).copied().unwrap_or_default(),
            },
        }
    }

    /// What there is of a row's numbers together.
    pub(super) fn of_row(&self, row: &ImportRow) -> Presence {
        row.also.iter().fold(self.of(&row.number), |sum, number| sum.and(self.of(number)))
    }
}

/// All numbers of the rows.
pub(super) fn numbers(rows: &[ImportRow]) -> Vec<String> {
    rows.iter().flat_map(|row| [&row.number].into_iter().chain(&row.also)).cloned().collect()
}

/// Whether the document is the one of this number: else its row would never be found again, and inserted twice.
pub(super) fn names(document: &str, number: &str) -> bool {
    let number = escape(number);
    !number.is_empty() && external_numbers(document).eq([number.as_str()])
}

fn external_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(START).skip(1).filter_map(|rest| rest.split_once(END)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_others_may_hold_several_orders() {
        let mut presences = Presences::default();
        presences.count_waiting(&format!("<a>{START}A{END}<b/>{START}B{END}{START}A{END}</a>"));
        presences.count_waiting(&format!("{START}A&amp;B{END}"));
        presences.count_waiting(&format!("{START}cut off"));
        assert_eq!(presences.of("A").waiting_rows, 1);
        assert_eq!(presences.of("B").waiting_rows, 1);
        assert_eq!(presences.of("A&B").waiting_rows, 1);
        assert_eq!(presences.of("cut off").waiting_rows, 0);
    }

    #[test]
    fn a_document_must_name_its_number_and_no_other() {
        assert!(names(&format!("<x>{START}A{END}</x>"), "A"));
        assert!(!names(&format!("<x>{START}A{END}{START}B{END}</x>"), "A"));
        assert!(!names("<x/>", "A"));
        assert!(!names(&format!("{START}{END}"), ""));
    }
}
