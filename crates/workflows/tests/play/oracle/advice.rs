//! Promise 5: advice that was followed ends the entry. A person says what was followed; after a few runs of the jobs the entry is gone,
//! unless somebody did something else with the order meanwhile.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::{Attention, AttentionKind};

use super::{Ended, Job, Oracle};
use crate::book::{Bought, number_of};
use crate::ground::Ground;
use crate::story::{ADVICE, Violation};

/// In so many runs it is gone.
const GONE_IN: u32 = 3;
/// The JTL-Worker and the warehouse take their time.
const SLACK: SignedDuration = SignedDuration::from_mins(25);

/// Advice that a person has followed.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    pub(crate) entry: i64,
    pub(crate) kind: AttentionKind,
    pub(crate) account: usize,
    /// An order's number, or what an entry of stock is about.
    pub(crate) subject: String,
    pub(crate) at: Timestamp,
    pub(crate) job: Job,
    /// What was done.
    pub(crate) deed: &'static str,
    pub(crate) runs: u32,
}

impl Oracle {
    pub(super) fn advice(
        &mut self,
        ground: &Ground,
        list: &[Attention],
        ended: Ended,
    ) -> Result<(), Violation> {
        let snapshot = self.snapshot();
        let book = &self.book;
        let is_sold = |sku: &str| {
            snapshot.articles.iter().any(|one| one.is_sold && number_of(&one.sku) == number_of(sku))
        };
        self.followed.retain(|followed| {
            let is_open = list.iter().any(|entry| entry.id == followed.entry);
            let order = book.orders.get(&followed.subject).map(|bought| bought.touched);
            let touched = order.or(book.articles_touched.get(&followed.subject).copied());
            let is_disturbed = touched.is_some_and(|touched| touched > followed.at);
            // The article that was seen to is gone once more.
            let lines = book.orders.get(&followed.subject).map(Bought::lines).unwrap_or_default();
            let is_missing_again =
                followed.kind == AttentionKind::UnknownArticle && lines.iter().any(|(sku, _)| !is_sold(sku));
            is_open && !is_disturbed && !is_missing_again
        });
        let is_of_run = |followed: &&mut Followed| {
            ended.is_success
                && (followed.account, followed.job) == (ended.account, ended.job)
                && followed.at + SLACK <= ended.started
        };
        for followed in self.followed.iter_mut().filter(is_of_run) {
            followed.runs += 1;
            if followed.runs >= GONE_IN {
                let what = format!(
                    "the entry {} of {} in {} is still there after {} runs, although a person {} on {}",
                    followed.kind.as_str(),
                    followed.subject,
                    ground.accounts[followed.account].name,
                    followed.runs,
                    followed.deed,
                    followed.at,
                );
                return Err(Violation::new(ADVICE, &followed.subject, what));
            }
        }
        Ok(())
    }
}
