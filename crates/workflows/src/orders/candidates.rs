//! Before a person's *hand over again*: JTL is searched for the order under other numbers. What is found is shown to the person, and
//! never taken as the order by itself.

use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Act, Candidate, Candidates};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::shipment::{Content, ErpOrder};
use marktwerk_engine::Step;
use marktwerk_erp::{Found, Wanted};
use marktwerk_store::orders::{OrderFilter, OrderPatch, OrderRecord};

use super::Orders;

/// Orders asked about at once.
const PAGE: usize = 1_000;

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
        let merged = self.merged_orders().await?;
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
            for one in merged.iter().filter(|one| one.may_hold(&record)) {
                if found.iter().all(|known| known.erp_number != one.erp_number) {
                    found.push(Candidate {
                        erp_number: one.erp_number.clone(),
                        external_number: one.number.clone(),
                    });
                }
            }
            let mut shortcoming = search.shortcoming.clone().map(Reason::quoted);
            if shortcoming.is_none() && search.without_buyer.contains(&record.number) {
                shortcoming = Some(Reason::new([
                    "the buyer's data of the order are no longer stored",
                    "die Daten des Käufers sind nicht mehr gespeichert",
                ]));
            }
            let mut facts = record.facts();
            facts.erp.candidates = Some(Candidates { found, shortcoming });
            let patch = OrderPatch { kept: Some(facts), ..OrderPatch::default() };
            let change = self.judged(&record, patch.clone());
            self.warn_of(step, &record, &change).await;
            self.save_one(&mut record, patch).await?;
        }
        Ok(())
    }

    /// Open orders of all accounts that hold more in JTL than their buyers ordered, whoever bought it: others may be merged into them.
    async fn merged_orders(&self) -> Result<Vec<Merged>, Failure> {
        let mut merged = Vec::new();
        for marketplace in self.connections.marketplaces() {
            let account = &marketplace.account().name;
            let mut after: Option<String> = None;
            loop {
                let page = self.connections.store.open_orders(account, after.as_deref(), PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.number.clone());
                let shown = self.connections.orders_in_erp(account, &page).await?;
                merged.extend(
                    page.iter().filter_map(|own| Merged::of(own, shown.get(&own.number)?.order.as_ref()?)),
                );
            }
        }
        Ok(merged)
    }

    /// Whether it is the order of another known number, and holds no more than that: then it is not merged with ours.
    async fn belongs_to_another(&self, found: &Found) -> Result<bool, Failure> {
        if found.external_number.is_empty() {
            return Ok(false);
        }
        for marketplace in self.connections.marketplaces() {
            let account = &marketplace.account().name;
            let numbers = self.connections.numbering(account).bare(&found.external_number);
            let numbers: Vec<String> = numbers.map(str::to_owned).collect();
            let others = self.connections.store.orders_with_numbers(account, &numbers).await?;
            if others.iter().any(|other| !has_more(&found.contents, other)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// An order of JTL that holds more than the order with its number.
struct Merged {
    number: String,
    erp_number: String,
    /// What it holds beyond its own order.
    surplus: Vec<Content>,
}

impl Merged {
    fn of(own: &OrderRecord, shown: &ErpOrder) -> Option<Self> {
        let lines = &own.order.as_ref()?.lines;
        let surplus = shown.ordered.iter().filter_map(|content| {
            let same = lines.iter().filter(|line| is_same(&line.sku, &content.sku));
            let quantity = content.quantity - same.map(|line| line.quantity()).sum::<i64>();
            (quantity > 0).then(|| Content { sku: content.sku.clone(), quantity })
        });
        let surplus: Vec<Content> = surplus.collect();
        let (number, erp_number) = (shown.number.clone(), shown.erp_number.clone());
        (!surplus.is_empty()).then_some(Self { number, erp_number, surplus })
    }

    /// Whether everything that the order has lies in the surplus.
    fn may_hold(&self, record: &OrderRecord) -> bool {
        let Some(order) = record.order.as_ref().filter(|_| record.number != self.number) else {
            return false;
        };
        order.lines.iter().all(|line| {
            let has = self.surplus.iter().filter(|content| is_same(&content.sku, &line.sku));
            let wanted = order.lines.iter().filter(|other| is_same(&other.sku, &line.sku));
            has.map(|content| content.quantity).sum::<i64>() >= wanted.map(|line| line.quantity()).sum()
        })
    }
}

/// As JTL's collation compares article numbers.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_end().to_lowercase() == other.trim_end().to_lowercase()
}

/// Whether JTL's order holds more units than the other order has.
fn has_more(contents: &[Content], other: &OrderRecord) -> bool {
    let held: i64 = contents.iter().map(|content| content.quantity).sum();
    let Some(order) = &other.order else { return true };
    held > order.lines.iter().map(|line| line.quantity()).sum()
}
