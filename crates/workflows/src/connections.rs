//! The outside world as the workflows hold it: marketplaces by account, the ERP, the store, and the rule that
//! simulated and real never mix.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use marktwerk_connectors::Marketplace;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::carrier::Carrier;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::stock::{Offering, StockEntry, Work};
use marktwerk_engine::RunContext;
use marktwerk_erp::Erp;
use marktwerk_store::{SharedStore, stock};

use crate::numbers::Numbering;
use crate::orders::Turns;
use crate::outage::{Guarded, Line};

/// Settings of the order workflow.
#[derive(Debug, Clone)]
pub struct OrderSettings {
    /// How far back the first run reads, days.
    pub first_days: u32,
    /// How long waits may last.
    pub limits: Limits,
    /// By account: what its shipping methods and carriers in JTL mean. Keys as [`table_key`] writes them.
    pub carriers: BTreeMap<String, BTreeMap<String, Carrier>>,
    /// By account: how its orders are numbered in JTL; without one, as at the marketplace.
    pub numbering: BTreeMap<String, Numbering>,
}

/// A name as the carrier tables have it: JTL does not tell capitals apart, nor blanks at the ends.
pub fn table_key(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self {
            first_days: 30,
            limits: Limits::default(),
            carriers: BTreeMap::new(),
            numbering: BTreeMap::new(),
        }
    }
}

/// Settings of the inventory workflow.
#[derive(Debug, Clone, Default)]
pub struct InventorySettings {
    /// What may be offered where an account says nothing else.
    pub offering: Offering,
    /// By account.
    pub of_accounts: BTreeMap<String, Offering>,
}

impl InventorySettings {
    /// What an account may offer.
    pub(crate) fn offering(&self, account: &str) -> &Offering {
        self.of_accounts.get(account).unwrap_or(&self.offering)
    }
}

/// Settings of all workflows.
#[derive(Debug, Clone, Default)]
pub struct WorkflowSettings {
    /// Orders.
    pub orders: OrderSettings,
    /// Inventory.
    pub inventory: InventorySettings,
    /// By account: where its credentials are read from, for people.
    pub credentials_from: BTreeMap<String, String>,
}

/// Marketplaces, ERP and store.
pub struct Connections {
    marketplaces: Vec<Arc<dyn Marketplace>>,
    by_name: BTreeMap<String, Arc<dyn Marketplace>>,
    pub(crate) erp: Arc<dyn Erp>,
    pub(crate) store: SharedStore,
    pub(crate) settings: WorkflowSettings,
    pub(crate) turns: Turns,
    line: Arc<Line>,
    /// Account and number of orders whose carrier was not found with these settings.
    without_carrier: Mutex<HashSet<(String, String)>>,
}

impl Connections {
    /// Puts them together; account names are unique (the settings see to it).
    pub fn new(
        marketplaces: Vec<Arc<dyn Marketplace>>,
        erp: Arc<dyn Erp>,
        store: SharedStore,
        settings: WorkflowSettings,
    ) -> Self {
        let by_name = marketplaces.iter().map(|one| (one.account().name.clone(), Arc::clone(one))).collect();
        let (turns, line, without_carrier) = (Turns::default(), Arc::default(), Mutex::default());
        Self { marketplaces, by_name, erp, store, settings, turns, line, without_carrier }
    }

    /// The carrier of an order was not found.
    pub(crate) fn note_without_carrier(&self, account: &str, number: &str) {
        self.without_carrier().insert((account.to_owned(), number.to_owned()));
    }

    /// Whether the settings may be others than those with which the carrier of an order was not found.
    pub(crate) fn may_know_carrier(&self, account: &str, number: &str) -> bool {
        !self.without_carrier().contains(&(account.to_owned(), number.to_owned()))
    }

    fn without_carrier(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.without_carrier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn marketplaces(&self) -> &[Arc<dyn Marketplace>] {
        &self.marketplaces
    }

    /// The names of the accounts at a marketplace, in the order of the settings.
    pub(crate) fn accounts_at(&self, marketplace: &str) -> Vec<String> {
        let accounts = self.marketplaces.iter().map(|one| one.account());
        accounts
            .filter(|account| account.marketplace == marketplace)
            .map(|account| account.name.clone())
            .collect()
    }

    pub(crate) fn marketplace(&self, name: &str) -> Result<&Arc<dyn Marketplace>, Failure> {
        self.by_name.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
            Failure::refused(format!("the account `{name}` is not configured; there is {}", known.join(", ")))
        })
    }

    /// The marketplace that a run works for.
    pub(crate) fn of_run(&self, context: &RunContext) -> Result<Arc<Guarded>, Failure> {
        self.guarded(&context.run().account)
    }

    /// An account's marketplace for one run.
    pub(crate) fn guarded(&self, name: &str) -> Result<Arc<Guarded>, Failure> {
        Ok(Guarded::new(Arc::clone(self.marketplace(name)?), Arc::clone(&self.line)))
    }

    /// Credentials that were refused stand on the attention list until a run ends without that.
    pub(crate) async fn note_credentials(
        &self,
        context: &RunContext,
        account: &str,
        failure: Option<&Failure>,
    ) -> Result<(), Failure> {
        let entry = failure.map(|failure| StockEntry::Unauthorised {
            account: account.to_owned(),
            cause: Reason::quoted(&failure.message),
            read_from: self.settings.credentials_from.get(account).cloned(),
        });
        self.note(context, account, (AttentionKind::Unauthorised, account), entry).await
    }

    /// What made a usual run fail stands on the attention list until one ends well. A marketplace that asks for patience is no failure,
    /// and refused credentials have an entry of their own.
    pub(crate) async fn note_end(
        &self,
        context: &RunContext,
        account: &str,
        work: Work,
        failure: Option<&Failure>,
    ) -> Result<(), Failure> {
        if let Some(FailureClass::RateLimited { .. } | FailureClass::Unauthorised) =
            failure.map(|failure| failure.class)
        {
            return Ok(());
        }
        let entry = failure.map(|failure| StockEntry::RunFailed {
            account: account.to_owned(),
            work,
            cause: Reason::quoted(&failure.message),
        });
        self.note(context, account, (AttentionKind::RunFailed, work.as_str()), entry).await
    }

    async fn note(
        &self,
        context: &RunContext,
        account: &str,
        (kind, subject): (AttentionKind, &str),
        entry: Option<StockEntry>,
    ) -> Result<(), Failure> {
        let now = context.clock().now();
        match entry {
            Some(entry) => self.store.raise(&[stock::attention(account, subject, &entry)], now).await?,
            None => self.store.settle(&[(account.to_owned(), kind, subject.to_owned())], now).await?,
        }
        Ok(())
    }

    /// Why nothing may be written to this marketplace, if nothing may: a simulated ERP has nothing true to tell a real one.
    pub(crate) fn refuses_writes_to(&self, marketplace: &dyn Marketplace) -> Option<String> {
        let account = marketplace.account();
        (self.erp.is_simulated() && !account.is_loopback).then(|| {
            format!(
                "the ERP is simulated ({}) and {} is not on this machine: nothing is sent",
                self.erp.describe(),
                account.endpoint
            )
        })
    }
}
