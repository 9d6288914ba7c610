//! What a merchant lets an account offer of what there is: an amount kept back, a share, a most, articles not at all.

use std::collections::BTreeSet;

/// The merchant's wishes for one account. `Default` offers all there is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offering {
    /// Units of each article that are never offered, on top of the ERP's own buffer.
    pub buffer: i64,
    /// The highest figure that is published.
    pub maximum: Option<i64>,
    /// How much of what there is may be offered, in percent; rounded down.
    pub percentage: u8,
    /// Article numbers that are never offered, as [`Offering::key`] writes them.
    pub never: BTreeSet<String>,
}

impl Default for Offering {
    fn default() -> Self {
        Self { buffer: 0, maximum: None, percentage: 100, never: BTreeSet::new() }
    }
}

impl Offering {
    /// An article number as the ERP compares it.
    pub fn key(sku: &str) -> String {
        sku.trim().to_lowercase()
    }

    /// Whether the article may be offered at all.
    pub fn allows(&self, sku: &str) -> bool {
        !self.never.contains(&Self::key(sku))
    }

    /// The figure to publish of this many units.
    pub fn of(&self, units: i64) -> i64 {
        let share = i128::from(units.max(0)) * i128::from(self.percentage.min(100)) / 100;
        let left = i64::try_from(share).unwrap_or(i64::MAX).saturating_sub(self.buffer);
        self.maximum.map_or(left, |maximum| left.min(maximum)).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_first_then_the_buffer_then_the_most() {
        assert_eq!(Offering::default().of(7), 7);
        assert_eq!(Offering::default().of(-2), 0);
        let half = Offering { percentage: 50, buffer: 1, maximum: Some(5), ..Offering::default() };
        assert_eq!([7, 2, 1, 100].map(|units| half.of(units)), [2, 0, 0, 5]);
        assert_eq!(Offering { percentage: 0, ..Offering::default() }.of(9), 0);
    }

    #[test]
    fn article_numbers_are_compared_as_the_erp_does() {
        let offering = Offering { never: [Offering::key("MW-1 ")].into(), ..Offering::default() };
        assert!(!offering.allows("mw-1"));
        assert!(offering.allows("MW-10"));
    }
}
