//! The baskets are compared once: when an order is first found in JTL that nobody here has put there. JTL may hold more than the
//! buyer ordered, such as a gift; what lacks something may be another order with the same number. Bundles count as their components, here
//! and in parcels.

use std::collections::{BTreeSet, HashMap};

use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::Component;
use marktwerk_domain::judgement::{Taken, TakenBecause};
use marktwerk_domain::shipment::{Content, ErpOrder, Parcel};
use marktwerk_store::orders::OrderRecord;

use super::Orders;
use crate::numbers::InErp;

/// Units of a bundle's components are counted in millionths.
const ONE: i64 = 1_000_000;

impl Orders<'_> {
    /// Those that are found for the first time and lack something of what the buyer ordered count as other orders.
    pub(super) async fn keep_whole_ones(
        &self,
        records: &[OrderRecord],
        found: &mut HashMap<String, InErp>,
    ) -> Result<(), Failure> {
        let mut doubtful: Vec<(String, Vec<Content>)> = Vec::new();
        for record in records.iter().filter(|record| is_first_look(record)) {
            let Some(shown) = found.get(&record.number).and_then(|shown| shown.order.as_ref()) else {
                continue;
            };
            let ordered = ordered(record);
            if !is_recognised(record, shown) && !lacking(&ordered, &shown.ordered, same_number).is_empty() {
                doubtful.push((record.number.clone(), ordered));
            }
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        let held = |number: &String| found.get(number).and_then(|shown| shown.order.as_ref());
        let all = doubtful.iter().flat_map(|(number, ordered)| {
            let held = held(number).map(|shown| shown.ordered.as_slice()).unwrap_or_default();
            ordered.iter().chain(held).map(|content| content.sku.clone())
        });
        let parts = self.parts(all.collect()).await?;
        for (number, ordered) in doubtful {
            let Some(shown) = found.get_mut(&number) else { continue };
            let Some(order) = shown.order.take() else { continue };
            let lacking = parts.lacking(&ordered, &order.ordered);
            if lacking.is_empty() {
                shown.order = Some(order);
                continue;
            }
            let because = TakenBecause::Lacks(lacking);
            shown.taken = Some(Taken { erp_number: order.erp_number, because });
        }
        Ok(())
    }

    /// A parcel that holds all components of a bundle holds the bundle: JTL's delivery notes may name the components alone.
    pub(super) async fn count_bundles(
        &self,
        records: &[OrderRecord],
        found: &mut HashMap<String, InErp>,
    ) -> Result<(), Failure> {
        let mut doubtful: Vec<(String, Vec<Content>)> = Vec::new();
        for record in records {
            let Some(shown) = found.get(&record.number).and_then(|shown| shown.order.as_ref()) else {
                continue;
            };
            let sent = sent(shown);
            let lacking = lacking(&ordered(record), &sent, same_number);
            if !sent.is_empty() && !lacking.is_empty() {
                doubtful.push((record.number.clone(), lacking));
            }
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        let all = doubtful.iter().flat_map(|(number, lacking)| {
            let shown = found.get(number).and_then(|shown| shown.order.as_ref());
            shown.map(sent).unwrap_or_default().into_iter().chain(lacking.iter().cloned())
        });
        let parts = self.parts(all.map(|content| content.sku).collect()).await?;
        let lines: HashMap<&str, Vec<Content>> =
            records.iter().map(|record| (record.number.as_str(), ordered(record))).collect();
        for (number, lacking) in doubtful {
            let Some(order) = found.get_mut(&number).and_then(|shown| shown.order.as_mut()) else { continue };
            let own = lines.get(number.as_str()).map(Vec::as_slice).unwrap_or_default();
            parts.count_bundles(own, &lacking, &mut order.parcels);
        }
        Ok(())
    }

    /// What articles are made of.
    async fn parts(&self, skus: BTreeSet<String>) -> Result<Parts, Failure> {
        let skus: Vec<String> = skus.into_iter().collect();
        let mapped = self.connections.erp.map_articles(&skus).await?;
        let keys: BTreeSet<i64> = mapped.values().map(|article| article.key).collect();
        let keys: Vec<i64> = keys.into_iter().collect();
        let levels = self.connections.erp.stock(&keys).await?;
        Ok(Parts {
            keys: mapped.into_iter().map(|(sku, article)| (same_number(&sku), article.key)).collect(),
            components: levels
                .into_iter()
                .filter(|level| !level.components.is_empty())
                .map(|level| (level.article, level.components))
                .collect(),
        })
    }
}

/// Nobody here has put it into JTL, and it was not found there before.
fn is_first_look(record: &OrderRecord) -> bool {
    let facts = record.kept.as_ref();
    let is_known = facts.is_some_and(|facts| facts.erp.orders > 0 || facts.ours.handed_over_at.is_some());
    !is_known && record.intent.is_none()
}

/// A person said that it is this one.
fn is_recognised(record: &OrderRecord, shown: &ErpOrder) -> bool {
    let recognised = record.kept.as_ref().and_then(|facts| facts.ours.recognised.as_ref());
    recognised == Some(&shown.erp_number)
}

/// What the buyer ordered; empty where the order cannot be translated, so that there is nothing to compare.
fn ordered(record: &OrderRecord) -> Vec<Content> {
    let lines = record.order.iter().flat_map(|order| &order.lines);
    lines.map(|line| Content { sku: line.sku.clone(), quantity: line.quantity() }).collect()
}

/// Whether JTL's order holds what the buyer ordered, neither less nor more. Bundles are not taken apart: what is written in another way
/// counts as different.
pub(super) fn holds_exactly(record: &OrderRecord, shown: &ErpOrder) -> bool {
    let ordered = ordered(record);
    !ordered.is_empty()
        && lacking(&ordered, &shown.ordered, same_number).is_empty()
        && lacking(&shown.ordered, &ordered, same_number).is_empty()
}

/// What lies in parcels that have left.
fn sent(shown: &ErpOrder) -> Vec<Content> {
    shown.parcels.iter().flat_map(|parcel| parcel.contents.iter().cloned()).collect()
}

/// An article number as JTL's collation compares it.
fn same_number(sku: &str) -> String {
    sku.trim_end().to_lowercase()
}

/// What `held` lacks of `ordered`, article by article.
fn lacking(ordered: &[Content], held: &[Content], key: impl Fn(&str) -> String) -> Vec<Content> {
    let sum = |contents: &[Content]| {
        let mut sums: HashMap<String, i64> = HashMap::new();
        contents.iter().for_each(|content| *sums.entry(key(&content.sku)).or_default() += content.quantity);
        sums
    };
    let (wanted, held) = (sum(ordered), sum(held));
    let mut lacking: Vec<Content> = Vec::new();
    for content in ordered {
        let key = key(&content.sku);
        let missing = wanted.get(&key).copied().unwrap_or(0) - held.get(&key).copied().unwrap_or(0);
        if missing > 0 && lacking.iter().all(|known| same_number(&known.sku) != same_number(&content.sku)) {
            lacking.push(Content { sku: content.sku.clone(), quantity: missing });
        }
    }
    lacking
}

/// What articles are made of.
struct Parts {
    /// By number, as JTL compares it.
    keys: HashMap<String, i64>,
    components: HashMap<i64, Vec<Component>>,
}

impl Parts {
    /// The same with bundles taken apart on both sides: JTL may hold a bundle as one position, or its components.
    fn lacking(&self, ordered: &[Content], held: &[Content]) -> Vec<Content> {
        let mut rest: HashMap<String, i64> = HashMap::new();
        held.iter()
            .flat_map(|content| self.apart(content))
            .for_each(|(part, millionths)| *rest.entry(part).or_default() += millionths);
        let mut lacking = Vec::new();
        for content in ordered {
            // JTL does not know it, so that whoever entered the order had to write something else.
            if !self.keys.contains_key(&same_number(&content.sku)) {
                continue;
            }
            let parts = self.apart(content);
            let is_there =
                parts.iter().all(|(part, millionths)| rest.get(part).is_some_and(|left| left >= millionths));
            if is_there {
                for (part, millionths) in parts {
                    *rest.entry(part).or_default() -= millionths;
                }
            } else {
                lacking.push(content.clone());
            }
        }
        // One position may hold a part of what is asked for.
        if lacking.is_empty() { lacking } else { self.by_article(ordered, held, lacking) }
    }

    /// Where whole lines are missing only in part, the part is named.
    fn by_article(&self, ordered: &[Content], held: &[Content], whole: Vec<Content>) -> Vec<Content> {
        let key =
            |sku: &str| self.keys.get(&same_number(sku)).map_or_else(|| same_number(sku), i64::to_string);
        let exact = lacking(ordered, held, key);
        let is_bundle = |content: &Content| {
            let article = self.keys.get(&same_number(&content.sku));
            article.is_some_and(|article| self.components.contains_key(article))
        };
        let named = |content: Content| match exact.iter().find(|one| one.sku == content.sku) {
            Some(part) if !is_bundle(&content) => part.clone(),
            _ => content,
        };
        whole.into_iter().map(named).collect()
    }

    /// Adds bundles of `lacking` whose components have left to the parcel that completes them. Components that the buyer ordered by
    /// themselves are none of a bundle's.
    fn count_bundles(&self, ordered: &[Content], lacking: &[Content], parcels: &mut [Parcel]) {
        let mut left: HashMap<String, i64> = HashMap::new();
        let sent = parcels.iter().flat_map(|parcel| &parcel.contents).flat_map(|content| self.apart(content));
        sent.for_each(|(part, millionths)| *left.entry(part).or_default() += millionths);
        let mut of_lacking: HashMap<String, i64> = HashMap::new();
        lacking.iter().for_each(|one| *of_lacking.entry(same_number(&one.sku)).or_default() += one.quantity);
        for content in ordered {
            // What left under its own number is none of a bundle's parts.
            let missing = of_lacking.entry(same_number(&content.sku)).or_default();
            let still_missing = content.quantity.min(*missing);
            *missing -= still_missing;
            let own = Content { quantity: content.quantity - still_missing, ..content.clone() };
            for (part, millionths) in self.apart(&own) {
                *left.entry(part).or_default() -= millionths;
            }
        }
        for content in lacking {
            let article = self.keys.get(&same_number(&content.sku));
            if !article.is_some_and(|article| self.components.contains_key(article)) {
                continue;
            }
            let one = self.apart(&Content { quantity: 1, ..content.clone() });
            let whole = one.iter().filter(|(_, millionths)| *millionths > 0);
            let whole =
                whole.map(|(part, millionths)| left.get(part).copied().unwrap_or(0) / millionths).min();
            let quantity = whole.unwrap_or(0).min(content.quantity);
            let holds_a_part = |parcel: &&mut Parcel| {
                let held = parcel.contents.iter().flat_map(|held| self.apart(held));
                held.into_iter().any(|(part, _)| one.iter().any(|(other, _)| *other == part))
            };
            if quantity <= 0 {
                continue;
            }
            for (part, millionths) in &one {
                *left.entry(part.clone()).or_default() -= millionths * quantity;
            }
            if let Some(parcel) = parcels.iter_mut().rev().find(holds_a_part) {
                parcel.contents.push(Content { sku: content.sku.clone(), quantity });
            }
        }
    }

    /// What a position holds, in millionths of a unit, by article.
    fn apart(&self, content: &Content) -> Vec<(String, i64)> {
        let number = same_number(&content.sku);
        let Some(article) = self.keys.get(&number) else { return vec![(number, content.quantity * ONE)] };
        match self.components.get(article) {
            None => vec![(article.to_string(), content.quantity * ONE)],
            Some(components) => components
                .iter()
                .map(|part| (part.article.to_string(), content.quantity * part.millionths))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sku: &str, quantity: i64) -> Content {
        Content { sku: sku.to_owned(), quantity }
    }

    fn parts() -> Parts {
        let component = |article: i64, units: i64| Component { article, millionths: units * ONE, spare: 0 };
        let numbers = [("a", 1), ("b", 2), ("set", 9)];
        Parts {
            keys: numbers.map(|(sku, key)| (sku.to_owned(), key)).into_iter().collect(),
            components: [(9, vec![component(1, 2), component(2, 1)])].into_iter().collect(),
        }
    }

    #[test]
    fn more_than_the_buyer_ordered_is_no_difference() {
        assert!(lacking(&[of("A", 2)], &[of("a ", 3), of("gift", 1)], same_number).is_empty());
        assert_eq!(lacking(&[of("A", 2), of("A", 1)], &[of("A", 1)], same_number), [of("A", 2)]);
    }

    #[test]
    fn a_bundle_has_left_once_all_its_components_have() {
        let parcel = |contents: Vec<Content>| Parcel { contents, ..Parcel::default() };
        let sent = |ordered: &[Content], mut parcels: Vec<Parcel>| {
            let all: Vec<Content> = parcels.iter().flat_map(|parcel| parcel.contents.clone()).collect();
            let lacking = lacking(ordered, &all, same_number);
            parts().count_bundles(ordered, &lacking, &mut parcels);
            parcels.into_iter().map(|parcel| parcel.contents).collect::<Vec<_>>()
        };
        let apart = vec![parcel(vec![of("A", 2)]), parcel(vec![of("A", 2), of("B", 2)])];
        assert_eq!(sent(&[of("SET", 2)], apart)[1], [of("A", 2), of("B", 2), of("SET", 2)]);
        let part = vec![parcel(vec![of("A", 4), of("B", 1)])];
        assert_eq!(sent(&[of("SET", 2)], part)[0], [of("A", 4), of("B", 1), of("SET", 1)]);
        let half = vec![parcel(vec![of("SET", 1)])];
        assert_eq!(
            sent(&[of("SET", 2)], half)[0],
            [of("SET", 1)],
            "one of two has left, and none of it twice"
        );
        let both = vec![parcel(vec![of("SET", 1), of("A", 2), of("B", 1)])];
        assert_eq!(sent(&[of("SET", 2)], both)[0].last(), Some(&of("SET", 1)));
        let own = vec![parcel(vec![of("A", 2), of("B", 1)])];
        assert_eq!(
            sent(&[of("SET", 1), of("B", 1)], own)[0],
            [of("A", 2), of("B", 1)],
            "the buyer's own piece"
        );
    }

    #[test]
    fn a_bundle_is_the_same_as_its_components() {
        let parts = parts();
        assert!(parts.lacking(&[of("SET", 2)], &[of("A", 4), of("B", 2)]).is_empty());
        assert!(parts.lacking(&[of("A", 4), of("B", 2)], &[of("set", 2)]).is_empty());
        assert_eq!(parts.lacking(&[of("SET", 2)], &[of("A", 4), of("B", 1)]), [of("SET", 2)]);
        assert!(parts.lacking(&[of("unknown", 1)], &[of("A", 1)]).is_empty(), "it cannot be there");
        assert_eq!(parts.lacking(&[of("SET", 1), of("B", 3)], &[of("SET", 1), of("B", 1)]), [of("B", 2)]);
    }
}
