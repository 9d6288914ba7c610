//! Units by article, with bundles taken apart: an order of a bundle takes its components, and an order of a component takes from
//! every bundle with it. Amounts are millionths of a unit inside, because a bundle may hold half a metre.

use std::collections::BTreeMap;

use crate::inventory::{Component, StockLevel};
use crate::mutant::{self, Mutant};

/// Millionths of a unit.
const UNIT: i128 = 1_000_000;

/// What the ERP has of articles, by its key.
#[derive(Debug, Clone, Default)]
pub struct Levels(BTreeMap<i64, StockLevel>);

impl Levels {
    /// Of these articles; later ones win.
    pub fn new(levels: impl IntoIterator<Item = StockLevel>) -> Self {
        Self(levels.into_iter().map(|level| (level.article, level)).collect())
    }

    /// Adds articles that were read with others.
    pub fn extend(&mut self, levels: impl IntoIterator<Item = StockLevel>) {
        self.0.extend(levels.into_iter().map(|level| (level.article, level)));
    }

    /// What the ERP has of an article; `None` where it does not have the article.
    pub fn of(&self, article: i64) -> Option<&StockLevel> {
        self.0.get(&article)
    }

    /// The articles that an article is made of: a bundle's components, or itself.
    pub fn parts(&self, article: i64) -> Vec<i64> {
        match self.components(article) {
            [] => vec![article],
            components => components.iter().map(|component| component.article).collect(),
        }
    }

    /// What is left of an article after `units`, in whole units; negative where more is taken than is
    /// there. `None` where the ERP does not have the article.
    pub fn left(&self, article: i64, units: &Units) -> Option<i64> {
        let level = self.of(article)?;
        Some(level.available - level.buffer - self.taken(article, units))
    }

    /// The same without any buffer: what the ERP itself would have left.
    pub fn uncovered(&self, article: i64, units: &Units) -> Option<i64> {
        Some(self.of(article)?.available - self.taken(article, units))
    }

    /// How many units of the article `units` take. A bundle's figure falls as its scarcest component does, after what the others
    /// have beyond that.
    fn taken(&self, article: i64, units: &Units) -> i64 {
        let components = self.components(article);
        let taken = match components {
            [] => ceil(units.millionths(article), UNIT),
            _ => components.iter().map(|component| taken_of(component, units)).max().unwrap_or_default(),
        };
        i64::try_from(taken).unwrap_or(i64::MAX / 4)
    }

    fn components(&self, article: i64) -> &[Component] {
        self.0.get(&article).map(|level| level.components.as_slice()).unwrap_or_default()
    }
}

/// How many bundles fewer there are because `units` take this component.
fn taken_of(component: &Component, units: &Units) -> i128 {
    let beyond = units.millionths(component.article) - i128::from(component.spare);
    if beyond <= 0 || component.millionths <= 0 {
        return 0;
    }
    ceil(beyond, i128::from(component.millionths))
}

/// Of positive numbers.
fn ceil(amount: i128, part: i128) -> i128 {
    (amount + part - 1).div_euclid(part)
}

/// Units of articles that are no bundles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units(BTreeMap<i64, i128>);

impl Units {
    /// Adds units of an article; of a bundle, of its components.
    pub fn add(&mut self, levels: &Levels, article: i64, quantity: i64) {
        let quantity = i128::from(quantity.max(0));
        match levels.components(article) {
            _ if mutant::is(Mutant::BundleNotExploded) => {
                *self.0.entry(article).or_default() += quantity * UNIT;
            }
            [] => *self.0.entry(article).or_default() += quantity * UNIT,
            components => {
                for component in components {
                    *self.0.entry(component.article).or_default() +=
                        quantity * i128::from(component.millionths.max(0));
                }
            }
        }
    }

    fn millionths(&self, article: i64) -> i128 {
        self.0.get(&article).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(article: i64, available: i64) -> StockLevel {
        StockLevel { article, available, buffer: 0, is_managed: true, components: Vec::new() }
    }

    /// Two of article 1 and one of article 2.
    fn bundle(available: i64, spares: [i64; 2]) -> StockLevel {
        let [first, second] = spares;
        let components = vec![
            Component { article: 1, millionths: 2_000_000, spare: first * 1_000_000 },
            Component { article: 2, millionths: 1_000_000, spare: second * 1_000_000 },
        ];
        StockLevel { components, ..plain(9, available) }
    }

    fn levels() -> Levels {
        // Nine of the first make four bundles, one is spare; of the second there are twenty.
        Levels::new([plain(1, 9), plain(2, 20), bundle(4, [1, 16])])
    }

    fn left(taken: &[(i64, i64)]) -> [i64; 3] {
        let levels = levels();
        let mut units = Units::default();
        taken.iter().for_each(|(article, quantity)| units.add(&levels, *article, *quantity));
        [1, 2, 9].map(|article| levels.left(article, &units).unwrap())
    }

    #[test]
    fn a_bundle_takes_its_components_and_they_take_it() {
        assert_eq!(left(&[]), [9, 20, 4]);
        assert_eq!(left(&[(9, 1)]), [7, 19, 3]);
        assert_eq!(left(&[(1, 1)]), [8, 20, 4], "the spare one");
        assert_eq!(left(&[(1, 2)]), [7, 20, 3]);
        assert_eq!(left(&[(1, 2), (9, 1)]), [5, 19, 2]);
        assert_eq!(left(&[(2, 18)]), [9, 2, 2]);
        assert_eq!(left(&[(9, 6)]), [-3, 14, -2]);
    }

    #[test]
    fn parts_of_a_unit_are_rounded_against_us() {
        let half = Component { article: 1, millionths: 500_000, spare: 0 };
        let metre = StockLevel { components: vec![half], ..plain(9, 10) };
        let levels = Levels::new([plain(1, 5), metre]);
        let mut units = Units::default();
        units.add(&levels, 9, 1);
        assert_eq!((levels.left(1, &units), levels.left(9, &units)), (Some(4), Some(9)));
        assert_eq!(levels.left(5, &units), None);
    }
}
