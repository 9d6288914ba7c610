//! Reading orders again: before something is sent, what the marketplace says of them must be recent; and a person may ask for it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use marktwerk_domain::failure::Failure;
use marktwerk_engine::Step;
use marktwerk_store::orders::OrderRecord;

use super::Orders;

/// What was read within this time is recent enough to act on.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

impl Orders<'_> {
    /// Reads those orders again that were not read lately. Returns the numbers of those that turned out to have changed: nothing is
    /// to be sent for them before they were imported.
    pub(super) async fn read_again(
        &self,
        step: &Step,
        records: &[OrderRecord],
    ) -> Result<BTreeSet<String>, Failure> {
        let now = self.now();
        let is_old = |record: &&OrderRecord| record.fetched_at + RECENT < now;
        let numbers: Vec<String> =
            records.iter().filter(is_old).map(|record| record.number.clone()).collect();
        self.read_by_number(step, &numbers).await
    }

    /// Reads these orders, whatever is known of them. Returns the numbers of those that are new or have changed.
    pub(super) async fn read_by_number(
        &self,
        step: &Step,
        numbers: &[String],
    ) -> Result<BTreeSet<String>, Failure> {
        let mut changed = BTreeSet::new();
        if numbers.is_empty() {
            return Ok(changed);
        }
        let before = self.connections.store.known_changes(self.account(), numbers).await?;
        let _turn = self.connections.turns.of(self.account()).await;
        let page = self.marketplace.orders_by_number(numbers).await?;
        step.count("read_again", i64::try_from(numbers.len()).unwrap_or(i64::MAX));
        let incomplete =
            self.keep(step, &page, self.first_read().await?, &self.unread_numbers().await?).await?;
        let after = self.connections.store.known_changes(self.account(), numbers).await?;
        for number in numbers {
            let is_same = match (before.get(number), after.get(number)) {
                (Some(before), Some(after)) => before == after && !after.is_unread,
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !is_same {
                changed.insert(number.clone());
            }
        }
        incomplete.map_or(Ok(changed), Err)
    }
}
