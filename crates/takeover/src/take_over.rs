//! The take-over itself: a page of old orders at a time is read, looked up in JTL, judged and imported. What is interrupted goes
//! on with the next run, and a run over what was taken over changes nothing.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::shipment::ErpOrder;
use marktwerk_erp::{Erp, Presence};
use marktwerk_sqlserver::Address;
use marktwerk_store::Store;
use marktwerk_store::attention::NewAttention;
use marktwerk_store::orders::{KnownChange, OrderChange};

use crate::decision::{Decision, decide};
use crate::error::TakeOverError;
use crate::evidence::{Evidence, ReportedState};
use crate::import::{Import, Times};
use crate::old::{Old, OldOrder};
use crate::report::Report;

/// Old orders looked up and imported at once.
const PAGE: usize = 1_000;
/// The old program's jobs run every five minutes.
const RESTLESS_MINUTES: i64 = 15;

/// What a take-over is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The account that the old orders belong to.
    pub account: String,
    /// Orders bought in this time are asked for at the marketplace again; older ones that are open need a person.
    pub window: SignedDuration,
    /// Whose clock the old system's times go by.
    pub zone: TimeZone,
    /// Only tell what would happen.
    pub is_dry_run: bool,
}

/// Imports the old orders that `store` does not have yet.
///
/// # Errors
/// Where a database cannot be used. What was imported until then is right; the next run goes on.
pub async fn take_over(
    address: Address,
    options: &Options,
    erp: &dyn Erp,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Report, TakeOverError> {
    let old = Old::open(address).await?;
    let mut report = Report {
        is_dry_run: options.is_dry_run,
        from: old.place(),
        erp: erp.describe(),
        account: options.account.clone(),
        rows: old.rows().await?,
        has_log: old.has_log(),
        ..Report::default()
    };
    if let Some(minutes) = old.quiet_for().await?.filter(|minutes| (0..RESTLESS_MINUTES).contains(minutes)) {
        let message = format!(
            "was changed {}: see that the old program is stopped before orders are taken over (if it is, this does no harm)",
            match minutes {
                0 => "less than a minute ago".to_owned(),
                minutes => format!("{minutes} minutes ago"),
            }
        );
        report.remark("temu_orders", message);
    }
    if erp.is_simulated() {
        report.remark("JTL", "is simulated: what a real one has is not known to it");
    }
    let exports = old.exports().await?;
    let mut take_over = TakeOver { options, erp, store, now, exports, seen: HashSet::new(), report };
    let mut after = i64::MIN;
    loop {
        let page = old.page(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(take_over.end()) };
        after = last.id;
        take_over.import(&page).await?;
    }
}

struct TakeOver<'a> {
    options: &'a Options,
    erp: &'a dyn Erp,
    store: &'a dyn Store,
    now: Timestamp,
    /// Numbers in `temu_xml_export`, and whether a row was processed.
    exports: HashMap<String, bool>,
    seen: HashSet<String>,
    report: Report,
}

/// What JTL says of an order, and under which number.
#[derive(Default)]
struct InJtl {
    presences: HashMap<String, Presence>,
    orders: HashMap<String, ErpOrder>,
}

impl InJtl {
    /// The order's presence, the order itself, and whether JTL has it under the old number with its blanks only.
    fn of(&self, old: &OldOrder, number: &str) -> (Presence, Option<&ErpOrder>, bool) {
        let found = |name: &str| self.presences.get(name).filter(|presence| presence.is_there());
        let other = old.other_number().filter(|other| found(number).is_none() && found(other).is_some());
        let name = other.unwrap_or(number);
        (found(name).cloned().unwrap_or_default(), self.orders.get(name), other.is_some())
    }
}

impl TakeOver<'_> {
    async fn import(&mut self, page: &[OldOrder]) -> Result<(), TakeOverError> {
        let numbered = self.numbered(page);
        let numbers: Vec<String> = numbered.iter().map(|(number, _)| (*number).to_owned()).collect();
        let known = self.store.known_changes(&self.options.account, &numbers).await?;
        let open: Vec<(&str, &OldOrder)> = numbered
            .into_iter()
            .filter(|(number, _)| known.get(*number).is_none_or(may_be_half_done))
            .collect();
        self.report.known +=
            (known.len() - open.iter().filter(|(number, _)| known.contains_key(*number)).count()) as u64;
        if open.is_empty() {
            return Ok(());
        }
        let in_jtl = self.look_up(&open).await?;
        let account = self.options.account.clone();
        let (mut warnings, mut orders, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for (number, old) in open {
            let (presence, order, is_other) = in_jtl.of(old, number);
            let times = Times::of(old, &self.options.zone, self.now, self.options.window);
            let is_exported = self.exports.get(number).copied().unwrap_or(false);
            let evidence = Evidence::of(old, is_exported, times.is_recent, &presence, order);
            let decision = match decide(&evidence) {
                // Nobody would find the row under the right number, and then hand the order over.
                Decision::HandedOver if is_other => Decision::InJtl,
                decision => decision,
            };
            let now = self.now;
            let import = Import { account: &account, number, old, decision, times, in_jtl: order, now };
            let odd = odd(&import, &evidence, &presence, is_other);
            if let Some(known) = known.get(number) {
                let unfinished = import
                    .change(&odd)
                    // A lost one stays as it is until it is fetched.
                    .filter(|_| decision != Decision::Lost)
                    .map(|change| OrderChange { seen_change: Some(known.changed_at), ..change });
                match unfinished {
                    Some(change) => changes.push((decision, change)),
                    None => self.report.known += 1,
                }
                continue;
            }
            self.remark(&import, &evidence);
            for attention in &odd {
                self.report.remark(number, attention.message.clone());
            }
            orders.push(import.fetched());
            match import.change(&odd) {
                Some(change) => changes.push((decision, change)),
                None => self.count(decision, number),
            }
            warnings.extend(odd);
            warnings.extend(import.warning());
        }
        self.write(&known, warnings, &orders, changes).await
    }

    /// Warnings first, for nothing repeats them; then the orders, then what they become.
    async fn write(
        &mut self,
        known: &HashMap<String, KnownChange>,
        warnings: Vec<NewAttention>,
        orders: &[marktwerk_store::orders::FetchedOrder],
        changes: Vec<(Decision, OrderChange)>,
    ) -> Result<(), TakeOverError> {
        let (decisions, changes): (Vec<Decision>, Vec<OrderChange>) = changes.into_iter().unzip();
        let is_new = |change: &OrderChange| !known.contains_key(&change.number);
        let took_effect: Vec<bool> = if self.options.is_dry_run {
            changes.iter().map(is_new).collect()
        } else {
            if !warnings.is_empty() {
                self.store.raise(&warnings, self.now).await?;
            }
            if !orders.is_empty() {
                self.store.save_fetched(&self.options.account, orders, self.now).await?;
            }
            if changes.is_empty() {
                return Ok(());
            }
            self.store.change_orders(&self.options.account, &changes, self.now).await?
        };
        for ((decision, change), took_effect) in decisions.into_iter().zip(&changes).zip(took_effect) {
            if took_effect || is_new(change) {
                self.count(decision, &change.number);
            } else {
                self.report.known += 1;
            }
        }
        Ok(())
    }

    /// The orders with a number, each number once.
    fn numbered<'o>(&mut self, page: &'o [OldOrder]) -> Vec<(&'o str, &'o OldOrder)> {
        let mut numbered = Vec::with_capacity(page.len());
        for old in page {
            let row = format!("row {} of temu_orders", old.id);
            let Some(number) = old.number() else {
                self.report.remark(
                    row,
                    "has no order number: left out; the marketplace lists the order if it is open",
                );
                continue;
            };
            if !self.seen.insert(number.to_owned()) {
                self.report.remark(number, format!("{row} has the number once more: the first row counts"));
                continue;
            }
            numbered.push((number, old));
        }
        numbered
    }

    async fn look_up(&self, open: &[(&str, &OldOrder)]) -> Result<InJtl, TakeOverError> {
        let own = open.iter().map(|(number, _)| (*number).to_owned());
        let others = open.iter().filter_map(|(_, old)| old.other_number().map(str::to_owned));
        let numbers: Vec<String> = own.chain(others).collect();
        let mut in_jtl = InJtl::default();
        for numbers in numbers.chunks(PAGE) {
            let presences = self.erp.look_up(numbers).await?;
            let there: Vec<String> = presences
                .iter()
                .filter(|presence| presence.orders > 0)
                .map(|presence| presence.number.clone())
                .collect();
            if !there.is_empty() {
                let orders = self.erp.orders(&there).await?;
                in_jtl.orders.extend(orders.into_iter().map(|order| (order.number.clone(), order)));
            }
            in_jtl
                .presences
                .extend(presences.into_iter().map(|presence| (presence.number.clone(), presence)));
        }
        Ok(in_jtl)
    }

    fn count(&mut self, decision: Decision, number: &str) {
        self.report.orders.entry(decision).or_default().push(number.to_owned());
    }

    /// What is odd about an old row and is judged all the same.
    fn remark(&mut self, import: &Import<'_>, evidence: &Evidence) {
        let (old, number) = (import.old, import.number);
        if let Some(word) = old.told.as_deref().filter(|word| ReportedState::from_word(word).is_none()) {
            self.report.remark(
                number,
                format!("its status at the marketplace is `{word}`, which is not a known one: taken as open"),
            );
        }
        if import.times.is_guessed {
            self.report.remark(number, "has no date of purchase that can be: the time of its row counts");
        }
        if !evidence.has_lines {
            self.report.remark(
                number,
                "has no lines in temu_order_items: the marketplace is asked for them where they matter",
            );
        } else if import.has_unreadable_lines() {
            self.report.remark(
                number,
                "has lines without a number, an article or a whole quantity: the marketplace is asked for them where they matter",
            );
        } else if evidence.is_marked_reported && !evidence.is_surely_reported() {
            self.report
                .remark(number, "marked as reported without a tracking number: the mark is not believed");
        }
        if old.stored_number.as_deref() != Some(number) {
            self.report.remark(number, "its number is stored with blanks around it: taken without");
        }
    }

    fn end(mut self) -> Report {
        let mut orphans: Vec<&String> =
            self.exports.keys().filter(|number| !self.seen.contains(*number)).collect();
        orphans.sort();
        if let Some(first) = orphans.first() {
            let message = format!(
                "{} numbers, such as {first}, have no order in temu_orders: left out; the marketplace lists them if they are open",
                orphans.len()
            );
            self.report.remark("temu_xml_export", message);
        }
        if self.report.rows.lines_without_order > 0 {
            let message = format!("{} lines have no order: left out", self.report.rows.lines_without_order);
            self.report.remark("temu_order_items", message);
        }
        self.report
    }
}

/// An interrupted take-over leaves an order as it was fetched; so does the marketplace one that it has not finished.
fn may_be_half_done(known: &KnownChange) -> bool {
    !known.is_complete && known.is_unread
}

/// What a person has to see about an order whatever becomes of it.
fn odd(import: &Import<'_>, evidence: &Evidence, presence: &Presence, is_other: bool) -> Vec<NewAttention> {
    let mut odd = Vec::new();
    if is_other {
        let message = "JTL has it under a number with blanks before it: take them away there, for its shipment is not seen until then";
        odd.push(import.attention(AttentionKind::ShipmentRefused, message.to_owned()));
    }
    // Of the others the order job tells it.
    if presence.orders > 1 && import.decision == Decision::Reported {
        let message = format!(
            "JTL has {} orders with this number, and it is reported: cancel all but one",
            presence.orders
        );
        odd.push(import.attention(AttentionKind::Duplicate, message));
    }
    if presence.orders == 0 && presence.waiting_rows > 0 && evidence.is_surely_reported() {
        let message =
            "it was shipped already, and a row waits in JTL to become another order: cancel that one there";
        odd.push(import.attention(AttentionKind::Duplicate, message.to_owned()));
    }
    odd
}
