//! Before a person's *hand over again*: JTL is searched for the order under other numbers. What is found is shown to the person, and
//! never taken as the order by itself.

use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Act, Candidate, Candidates};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::shipment::Content;
use marktwerk_engine::Step;
use marktwerk_erp::{Found, Wanted};
use marktwerk_store::orders::{OrderFilter, OrderPatch, OrderRecord};

use super::Orders;

impl Orders<'_> {
    /// Searches for every order that a person wants handed over again.
    pub(super) async fn search(&self, step: &Step) -> Result<(), Failure> {
        let filter = OrderFilter {
            account: Some(self.account().to_owned()),
            states: vec![OrderState::Unclear],
            limit: usize::MAX,
            ..OrderFilter::default()
        };
        let mut records = self.connections.store.orders_in(&filter).await?;
        records.retain(|record| self.judgement(record).next_act == Act::SearchErp);
        if records.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Wanted<'_>> = records
            .iter()
            .map(|record| Wanted {
                number: &record.number,
                erp_number: record.erp_number.as_deref(),
                order: record.order.as_ref(),
            })
            .collect();
        let search = self.connections.erp.search(&wanted).await?;
        step.count("searched", i64::try_from(records.len()).unwrap_or(i64::MAX));
        for mut record in records {
            let mut found = Vec::new();
            for one in search.found.iter().filter(|found| found.wanted == record.number) {
                if !self.belongs_to_another(one).await? {
                    found.push(Candidate {
                        erp_number: one.erp_number.clone(),
                        external_number: one.external_number.clone(),
                    });
                }
            }
            let mut facts = record.facts();
            facts.erp.candidates = Some(Candidates { found, shortcoming: search.shortcoming.clone() });
            let patch = OrderPatch { kept: Some(facts), ..OrderPatch::default() };
            let change = self.judged(&record, patch.clone());
            self.warn_of(step, &record, &change).await;
            self.save_one(&mut record, patch).await?;
        }
        Ok(())
    }

    /// Whether it is the order of another known number, and holds no more than that: then it is not merged with ours.
    async fn belongs_to_another(&self, found: &Found) -> Result<bool, Failure> {
        if found.external_number.is_empty() {
            return Ok(false);
        }
        let filter =
            OrderFilter { number: Some(found.external_number.clone()), limit: 10, ..OrderFilter::default() };
        let others = self.connections.store.orders_in(&filter).await?;
        Ok(others.iter().any(|other| !has_more(&found.contents, other)))
    }
}

/// Whether JTL's order holds more units than the other order has.
fn has_more(contents: &[Content], other: &OrderRecord) -> bool {
    let held: i64 = contents.iter().map(|content| content.quantity).sum();
    let Some(order) = &other.order else { return true };
    held > order.lines.iter().map(|line| line.quantity()).sum()
}
