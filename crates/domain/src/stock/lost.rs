//! Listings that lost their article: deleted, renamed, inactive or made a parent of variations in the ERP. A few of them go to 0;
//! many at once are a question, because then the ERP may be the wrong one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::inventory::ArticleState;

/// Up to this many listings may lose their article in one run without a question.
const FEW: usize = 5;
/// Up to this share of the matched listings, in percent.
const SHARE: usize = 2;

/// Why a listing has no article any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    /// The ERP does not have the article any more.
    Deleted,
    /// The article has another number now.
    Renamed {
        /// That one.
        to: String,
    },
    /// The article is not active.
    Inactive,
    /// The article is the parent of variations now.
    Parent,
    /// Several articles have the number, as the ERP compares numbers.
    Ambiguous,
    /// The listing has another SKU at the marketplace now, and the ERP has no article with it.
    SkuChanged,
}

impl LostReason {
    /// Why the ERP finds no article to sell under `sku`, from how the article that it was stands now.
    pub fn of(sku: &str, state: Option<&ArticleState>) -> Self {
        match state {
            None => Self::Deleted,
            Some(state) if state.is_deleted => Self::Deleted,
            Some(state) if state.is_parent => Self::Parent,
            Some(state) if !state.is_active => Self::Inactive,
            Some(state) if is_same_number(&state.number, sku) => Self::Ambiguous,
            Some(state) => Self::Renamed { to: state.number.clone() },
        }
    }
}

/// As JTL's collation compares numbers: neither case nor blanks at the end count.
fn is_same_number(one: &str, other: &str) -> bool {
    one.trim_end_matches(' ').to_lowercase() == other.trim_end_matches(' ').to_lowercase()
}

/// A listing's loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostArticle {
    /// Why.
    pub reason: LostReason,
    /// When it was noticed.
    pub since: Timestamp,
    /// Whether the marketplace has taken the 0, or a person left the listing as it is: nothing more is written to it.
    pub is_settled: bool,
}

/// Whether this many lost at once, of all matched listings of the account, are a question for a person.
pub fn is_question(lost: usize, matched: usize) -> bool {
    lost > FEW && lost.saturating_mul(100) > matched.saturating_mul(SHARE)
}

/// Names a set, such as the listings that a decision is about: the same for the same set. FNV-1a over the sorted names.
pub fn fingerprint<'a>(listings: impl IntoIterator<Item = &'a str>) -> String {
    let mut listings: Vec<&str> = listings.into_iter().collect();
    listings.sort_unstable();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in listings.iter().flat_map(|listing| listing.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_five_and_more_than_two_percent_are_a_question() {
        for (lost, matched, expected) in [
            (5, 5, false),
            (6, 6, true),
            (6, 299, true),
            (6, 300, false),
            (20, 1_000, false),
            (21, 1_000, true),
        ] {
            assert_eq!(is_question(lost, matched), expected, "{lost} of {matched}");
        }
    }

    #[test]
    fn the_reason_follows_from_how_the_article_stands() {
        let state = ArticleState {
            key: 1,
            number: "mw-1 ".to_owned(),
            is_deleted: false,
            is_parent: false,
            is_active: true,
        };
        let of = |state: &ArticleState| LostReason::of("MW-1", Some(state));
        assert_eq!(LostReason::of("MW-1", None), LostReason::Deleted);
        assert_eq!(of(&state), LostReason::Ambiguous);
        assert_eq!(of(&ArticleState { is_active: false, ..state.clone() }), LostReason::Inactive);
        assert_eq!(of(&ArticleState { is_parent: true, ..state.clone() }), LostReason::Parent);
        assert_eq!(of(&ArticleState { is_deleted: true, ..state.clone() }), LostReason::Deleted);
        let renamed = ArticleState { number: "MW-2".to_owned(), ..state };
        assert_eq!(of(&renamed), LostReason::Renamed { to: "MW-2".to_owned() });
    }

    #[test]
    fn a_fingerprint_names_a_set() {
        assert_eq!(fingerprint(["2", "1"]), fingerprint(["1", "2"]));
        assert_ne!(fingerprint(["12"]), fingerprint(["1", "2"]));
    }
}
