//! The numbers under which JTL has an order: the marketplace's, or that with a prefix of the account. An order keeps the number
//! that it was handed over with; it is looked for under every number that it may have, whoever gave it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{GivenNumber, Taken, TakenBecause};
use marktwerk_domain::shipment::ErpOrder;
use marktwerk_erp::Presence;
use marktwerk_store::orders::OrderRecord;
use marktwerk_store::{Store, StoreError, StoreResult};

use crate::connections::Connections;

/// The fact that holds every prefix that there ever was, as a JSON object: account → list.
const PREFIXES: &str = "orders.prefixes";

/// How an account's orders are numbered in JTL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbering {
    /// What stands before the marketplace's number from now on; mostly empty.
    prefix: String,
    /// Every other prefix that was ever used, none included.
    earlier: Vec<String>,
}

impl Numbering {
    /// With this prefix from now on, and these before.
    pub fn new(prefix: impl Into<String>, earlier: impl IntoIterator<Item = String>) -> Self {
        let prefix = prefix.into();
        let earlier: BTreeSet<String> = earlier.into_iter().chain([String::new()]).collect();
        Self { earlier: earlier.into_iter().filter(|one| *one != prefix).collect(), prefix }
    }

    /// The number that JTL gets with a new order.
    fn next(&self, number: &str) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Every number that JTL may have an order under, the newest first.
    pub(crate) fn all(&self, number: &str) -> Vec<String> {
        [&self.prefix].into_iter().chain(&self.earlier).map(|prefix| format!("{prefix}{number}")).collect()
    }

    /// The marketplace's numbers that JTL may have under this one.
    pub(crate) fn bare<'number>(&'number self, in_erp: &'number str) -> impl Iterator<Item = &'number str> {
        let prefixes = [&self.prefix].into_iter().chain(&self.earlier);
        prefixes.filter_map(|prefix| in_erp.strip_prefix(prefix.as_str())).filter(|number| !number.is_empty())
    }
}

/// The numbering of all configured accounts with their present prefixes. What a prefix was is remembered for ever; those of accounts
/// that are not configured any more count for every account, for one of these may be the same with another name.
///
/// # Errors
/// If the database cannot be used, or does not hold what is remembered there.
pub async fn remember(
    store: &dyn Store,
    prefixes: &BTreeMap<String, String>,
) -> StoreResult<BTreeMap<String, Numbering>> {
    let stored = store.fact(PREFIXES).await?;
    let mut known: BTreeMap<String, Vec<String>> = match &stored {
        None => BTreeMap::new(),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            StoreError::Unreadable(format!("the fact {PREFIXES} is not an object of prefixes: {error}"))
        })?,
    };
    for (account, prefix) in prefixes.iter().filter(|(_, prefix)| !prefix.is_empty()) {
        let own = known.entry(account.clone()).or_default();
        if !own.contains(prefix) {
            own.push(prefix.clone());
        }
    }
    let text = serde_json::json!(known).to_string();
    if !known.is_empty() && stored.as_ref() != Some(&text) {
        store.set_fact(PREFIXES, &text).await?;
    }
    let gone = known.iter().filter(|(account, _)| !prefixes.contains_key(*account));
    let gone: Vec<String> = gone.flat_map(|(_, prefixes)| prefixes.iter().cloned()).collect();
    let numbering = |(account, prefix): (&String, &String)| {
        let own = known.get(account).cloned().unwrap_or_default();
        (account.clone(), Numbering::new(prefix.clone(), own.into_iter().chain(gone.iter().cloned())))
    };
    Ok(prefixes.iter().map(numbering).collect())
}

/// The number that the order was handed over with.
fn given(record: &OrderRecord) -> Option<GivenNumber> {
    let ours = record.kept.as_ref().map(|kept| &kept.ours);
    if let Some(given) = ours.and_then(|ours| ours.given.clone()) {
        return Some(given);
    }
    // By a version that knew no prefixes.
    let is_handed_over = record.intent.is_some() || ours.is_some_and(|ours| ours.handed_over_at.is_some());
    is_handed_over.then(|| GivenNumber { number: record.number.clone(), is_alone: false })
}

/// What JTL has of an order.
#[derive(Debug, Default)]
pub(crate) struct InErp {
    /// The order.
    pub(crate) order: Option<ErpOrder>,
    /// An order that has its number and is not it.
    pub(crate) taken: Option<Taken>,
}

impl Connections {
    pub(crate) fn numbering(&self, account: &str) -> &Numbering {
        static WITHOUT_PREFIX: Numbering = Numbering { prefix: String::new(), earlier: Vec::new() };
        self.settings.orders.numbering.get(account).unwrap_or(&WITHOUT_PREFIX)
    }

    /// The number to hand an order over with: the one that it had before, else a new one.
    pub(crate) fn number_to_give(&self, record: &OrderRecord) -> String {
        given(record)
            .map_or_else(|| self.numbering(&record.account).next(&record.number), |given| given.number)
    }

    /// Every number that JTL may have the order under; the one that it was handed over with is the first.
    pub(crate) fn numbers_in_erp(&self, record: &OrderRecord) -> Vec<String> {
        let given = given(record);
        let is_alone = given.as_ref().is_some_and(|given| given.is_alone);
        let mut numbers: Vec<String> = given.map(|given| given.number).into_iter().collect();
        if !is_alone {
            let others = self.numbering(&record.account).all(&record.number);
            others.into_iter().for_each(|number| {
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            });
        }
        numbers
    }

    /// What JTL has of an account's orders, by the marketplace's number. Orders that it does not have are absent.
    pub(crate) async fn orders_in_erp(
        &self,
        account: &str,
        records: &[OrderRecord],
    ) -> Result<HashMap<String, InErp>, Failure> {
        let numbers: Vec<(&OrderRecord, Vec<String>)> =
            records.iter().map(|record| (record, self.numbers_in_erp(record))).collect();
        let asked: Vec<String> = numbers.iter().flat_map(|(_, numbers)| numbers.iter().cloned()).collect();
        let found = self.erp.orders(&asked).await?;
        let mut found: HashMap<String, ErpOrder> =
            found.into_iter().map(|order| (order.number.clone(), order)).collect();
        let owners = self.owners(account, &numbers, &found).await?;
        let mut in_erp = HashMap::with_capacity(found.len());
        for (record, numbers) in numbers {
            let mut shown = InErp::default();
            for number in numbers {
                let Some(order) = found.remove(&number) else { continue };
                match owners.get(&number) {
                    Some(owner) => {
                        let because = TakenBecause::OfAccount(owner.clone());
                        shown.taken = Some(Taken { erp_number: order.erp_number, because });
                    }
                    None => {
                        let order = ErpOrder { number: record.number.clone(), ..order };
                        shown.order = Some(match shown.order.take() {
                            Some(known) => known.and(order),
                            None => order,
                        });
                    }
                }
            }
            if shown.order.is_some() || shown.taken.is_some() {
                in_erp.insert(record.number.clone(), shown);
            }
        }
        Ok(in_erp)
    }

    /// How often JTL has these orders, whatever their numbers there; in the order asked.
    pub(crate) async fn presences_in_erp(&self, records: &[&OrderRecord]) -> Result<Vec<Presence>, Failure> {
        let numbers: Vec<Vec<String>> = records.iter().map(|record| self.numbers_in_erp(record)).collect();
        self.presences(records.iter().map(|record| record.number.as_str()), numbers).await
    }

    /// The same for orders of which only account and number are known.
    pub(crate) async fn presences_of(&self, orders: &[(&str, &str)]) -> Result<Vec<Presence>, Failure> {
        let numbers = orders.iter().map(|(account, number)| self.numbering(account).all(number)).collect();
        self.presences(orders.iter().map(|(_, number)| *number), numbers).await
    }

    async fn presences<'order>(
        &self,
        of: impl Iterator<Item = &'order str>,
        numbers: Vec<Vec<String>>,
    ) -> Result<Vec<Presence>, Failure> {
        let mut found = self.erp.look_up(&numbers.concat()).await?.into_iter();
        let presences = of.zip(numbers).map(|(number, numbers)| {
            let own = found.by_ref().take(numbers.len());
            own.fold(Presence { number: number.to_owned(), ..Presence::default() }, Presence::and)
        });
        Ok(presences.collect())
    }

    /// Which of the orders that were found belong to other accounts, by their number in JTL. What an order was handed over with is its
    /// own.
    async fn owners(
        &self,
        account: &str,
        asked: &[(&OrderRecord, Vec<String>)],
        found: &HashMap<String, ErpOrder>,
    ) -> Result<HashMap<String, String>, Failure> {
        let doubtful: BTreeSet<&str> = asked
            .iter()
            .flat_map(|(record, numbers)| {
                let is_bound = record.kept.as_ref().is_some_and(|kept| kept.erp.orders > 0);
                let own = given(record).filter(|_| is_bound).map(|given| given.number);
                numbers.iter().filter(move |number| own.as_ref() != Some(number))
            })
            .map(String::as_str)
            .filter(|number| found.contains_key(*number))
            .collect();
        let rivals = self.rivals(account, &doubtful).await?;
        let owning = rivals.into_iter().filter(|(in_erp, rival)| {
            let erp_number = found.get(in_erp).map(|order| &order.erp_number);
            let is_bound = erp_number.is_some() && rival.erp_number.as_ref() == erp_number;
            is_bound || given(rival).is_some_and(|given| given.number == *in_erp)
        });
        Ok(owning.map(|(in_erp, rival)| (in_erp, rival.account)).collect())
    }

    /// Those of these numbers in JTL that an order of another account was handed over with.
    pub(crate) async fn given_by_others(
        &self,
        account: &str,
        in_erp: &[String],
    ) -> Result<BTreeSet<String>, Failure> {
        let rivals = self.rivals(account, &in_erp.iter().map(String::as_str).collect()).await?;
        let given = rivals.into_iter().filter(|(in_erp, rival)| {
            rival.intent.is_none() && given(rival).is_some_and(|given| given.number == *in_erp)
        });
        Ok(given.map(|(in_erp, _)| in_erp).collect())
    }

    /// Orders of other accounts that JTL may have under these numbers, with the number.
    async fn rivals(
        &self,
        account: &str,
        in_erp: &BTreeSet<&str>,
    ) -> Result<Vec<(String, OrderRecord)>, Failure> {
        let mut rivals = Vec::new();
        let others = self.marketplaces().iter().map(|one| one.account().name.as_str());
        for other in others.filter(|name| *name != account) {
            let numbering = self.numbering(other);
            let mut candidates: HashMap<&str, Vec<&str>> = HashMap::new();
            for in_erp in in_erp {
                numbering.bare(in_erp).for_each(|number| candidates.entry(number).or_default().push(in_erp));
            }
            if candidates.is_empty() {
                continue;
            }
            let numbers: Vec<String> = candidates.keys().map(|number| (*number).to_owned()).collect();
            for record in self.store.orders_with_numbers(other, &numbers).await? {
                let held = candidates.remove(record.number.as_str()).unwrap_or_default();
                rivals.extend(held.into_iter().map(|in_erp| (in_erp.to_owned(), record.clone())));
            }
        }
        Ok(rivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_looked_for_with_every_prefix_that_there_ever_was() {
        let numbering = Numbering::new("B-", ["A-".to_owned(), "B-".to_owned()]);
        assert_eq!(numbering.next("PO-1"), "B-PO-1");
        assert_eq!(numbering.all("PO-1"), ["B-PO-1", "PO-1", "A-PO-1"]);
        assert_eq!(numbering.bare("A-PO-1").collect::<Vec<_>>(), ["A-PO-1", "PO-1"]);
        let without = Numbering::new("", ["A-".to_owned()]);
        assert_eq!(without.next("PO-1"), "PO-1");
        assert_eq!(without.all("PO-1"), ["PO-1", "A-PO-1"], "also once there is none any more");
        assert_eq!(Numbering::default().all("PO-1"), ["PO-1"]);
    }
}
