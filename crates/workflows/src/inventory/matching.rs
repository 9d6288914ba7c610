//! Step 2: which article of JTL each listing is, asked by SKU in one question, as JTL's collation compares numbers. A listing that
//! had an article and lost it goes to 0 once; many at once are a person's decision.

use std::collections::{HashMap, HashSet};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::{ArticleState, MappedArticle};
use marktwerk_domain::language::Reader;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::stock::lost::{fingerprint, is_question};
use marktwerk_domain::stock::{LostArticle, LostReason, StockEntry};
use marktwerk_engine::Step;
use marktwerk_store::alerts::NewAlert;
use marktwerk_store::inventory::{ListingPatch, ListingRecord};
use marktwerk_store::stock::{self, StockDecision, lost_decision_name};
use serde_json::{Value, json};

use super::Inventory;
use super::listings::ListingsRead;

/// SKUs that an entry or a line names.
const NAMED: usize = 20;

/// The account's listings, matched.
pub(super) struct Matched {
    /// All of them, by key.
    pub(super) records: Vec<ListingRecord>,
    /// Listings that lost their article, in a number that only a person may decide on: nothing is published for them.
    pub(super) undecided: HashSet<String>,
}

impl Inventory<'_> {
    /// Matches the listings. What is matched rightly is not written again. `says_all`: those that never had an article are named.
    pub(super) async fn match_articles(
        &self,
        step: &Step,
        read: Option<&ListingsRead>,
        says_all: bool,
    ) -> Result<Matched, Failure> {
        let mut records = self.connections.store.listings(self.account()).await?;
        let skus: HashSet<&str> =
            records.iter().map(|record| record.listing.sku.as_str()).filter(|sku| !sku.is_empty()).collect();
        let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
        let articles = self.connections.erp.map_articles(&skus).await?;
        let mut patches = self.found(&mut records, &articles).await?;
        let is_found = |record: &ListingRecord| sellable(&articles, record).is_some();
        let matched =
            records.iter().filter(|record| record.article.is_some() && record.lost.is_none()).count();
        let gone: Vec<String> = records
            .iter()
            .filter(|record| record.article.is_some() && record.lost.is_none() && !is_found(record))
            .map(|record| record.listing.id.clone())
            .collect();
        if says_all {
            say_unmatched(step, &records);
        }
        let undecided = self.lose(step, &mut records, &gone, matched, read, &mut patches).await?;
        self.save(&patches).await?;
        Ok(Matched { records, undecided })
    }

    /// Those that have an article; one that came back needs nobody any more.
    async fn found(
        &self,
        records: &mut [ListingRecord],
        articles: &HashMap<String, MappedArticle>,
    ) -> Result<Vec<ListingPatch>, Failure> {
        let mut patches = Vec::new();
        let mut back = Vec::new();
        for record in records.iter_mut() {
            let Some(article) = sellable(articles, record) else { continue };
            if record.article == Some(article.key) && record.lost.is_none() {
                continue;
            }
            if record.lost.take().is_some() {
                back.push((
                    self.account().to_owned(),
                    AttentionKind::ArticleLost,
                    record.listing.sku.clone(),
                ));
            }
            record.article = Some(article.key);
            patches.push(ListingPatch {
                article: Some(record.article),
                lost: Some(None),
                ..ListingPatch::of(&record.listing.id)
            });
        }
        self.connections.store.settle(&back, self.now()).await?;
        Ok(patches)
    }

    /// Those that lost their article in this run, out of `matched`. Returns those that wait for a person.
    async fn lose(
        &self,
        step: &Step,
        records: &mut [ListingRecord],
        gone: &[String],
        matched: usize,
        read: Option<&ListingsRead>,
        patches: &mut Vec<ListingPatch>,
    ) -> Result<HashSet<String>, Failure> {
        if mutant::is(Mutant::LostKeepsFigure) {
            return Ok(gone.iter().cloned().collect());
        }
        let decision = self.lost_decision(gone).await?;
        let is_asked = is_question(gone.len(), matched) && decision.is_none();
        let gone: HashSet<&str> = gone.iter().map(String::as_str).collect();
        if is_asked {
            self.ask(step, records, &gone, matched).await?;
            return Ok(gone.into_iter().map(str::to_owned).collect());
        }
        let account = self.account().to_owned();
        self.connections
            .store
            .settle(&[(account.clone(), AttentionKind::ArticlesLost, account)], self.now())
            .await?;
        if gone.is_empty() {
            return Ok(HashSet::new());
        }
        let states = self.states(records, &gone).await?;
        let mut entries = Vec::new();
        for record in records.iter_mut().filter(|record| gone.contains(record.listing.id.as_str())) {
            let (id, sku) = (record.listing.id.clone(), record.listing.sku.clone());
            let is_renumbered = read.is_some_and(|read| read.renumbered.contains(&id));
            let state = record.article.and_then(|article| states.get(&article));
            let reason = if is_renumbered { LostReason::SkuChanged } else { LostReason::of(&sku, state) };
            let is_settled = decision == Some(Decided::LeaveAsTheyAre);
            let lost = LostArticle { reason: reason.clone(), since: self.now(), is_settled };
            patches.push(stock::lost(&id, lost.clone()));
            record.lost = Some(lost);
            step.count("lost", 1);
            if decision.is_none() {
                let entry = StockEntry::ArticleLost { sku: sku.clone(), reason };
                step.warning(
                    format!("{sku}: {}", entry.english(&Reader::of_the_store())),
                    json!({ "listing": id }),
                )
                .await;
                entries.push(stock::attention(self.account(), &sku, &entry));
            }
        }
        self.connections.store.raise(&entries, self.now()).await?;
        if decision.is_some() {
            // It was about these.
            self.connections.store.set_fact(&lost_decision_name(self.account()), "").await?;
        }
        Ok(HashSet::new())
    }

    /// What a person decided about exactly these. A decision about others is forgotten.
    async fn lost_decision(&self, gone: &[String]) -> Result<Option<Decided>, Failure> {
        let name = lost_decision_name(self.account());
        let fact = self.connections.store.fact(&name).await?.unwrap_or_default();
        let Some((word, about)) = fact.split_once(' ') else { return Ok(None) };
        if about != fingerprint(gone.iter().map(String::as_str)) {
            self.connections.store.set_fact(&name, "").await?;
            return Ok(None);
        }
        let is_zero = word == StockDecision::SetToZero.word();
        Ok(Some(if is_zero { Decided::SetToZero } else { Decided::LeaveAsTheyAre }))
    }

    /// So many at once: one entry and one alert, and none goes to 0.
    async fn ask(
        &self,
        step: &Step,
        records: &[ListingRecord],
        gone: &HashSet<&str>,
        matched: usize,
    ) -> Result<(), Failure> {
        let skus = records.iter().filter(|record| gone.contains(record.listing.id.as_str()));
        let entry = StockEntry::ArticlesLost {
            lost: gone.len(),
            matched,
            skus: skus.map(|record| record.listing.sku.clone()).take(NAMED).collect(),
            fingerprint: fingerprint(gone.iter().copied()),
        };
        let (store, account) = (&self.connections.store, self.account());
        let open = store.attentions().await?;
        let is_open =
            open.iter().any(|item| item.kind == AttentionKind::ArticlesLost && item.account == account);
        step.warning(entry.english(&Reader::of_the_store()), Value::Null).await;
        store.raise(&[stock::attention(account, account, &entry)], self.now()).await?;
        if is_open {
            return Ok(());
        }
        let run = self.context.run();
        let alert = NewAlert {
            at: self.now(),
            change: None,
            job_id: run.job_id.clone(),
            run: Some(run.id),
            title: format!("{}: {} listings have no article in JTL any more", account, gone.len()),
            message: entry.english(&Reader::of_the_store()),
        };
        Ok(store.add_alert(&alert).await?)
    }

    /// How the articles that they were stand now, by key.
    async fn states(
        &self,
        records: &[ListingRecord],
        gone: &HashSet<&str>,
    ) -> Result<HashMap<i64, ArticleState>, Failure> {
        let articles = records.iter().filter(|record| gone.contains(record.listing.id.as_str()));
        let articles: HashSet<i64> = articles.filter_map(|record| record.article).collect();
        let articles: Vec<i64> = articles.into_iter().collect();
        let states = self.connections.erp.article_states(&articles).await?;
        Ok(states.into_iter().map(|state| (state.key, state)).collect())
    }
}

/// A decision about listings that lost their article at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decided {
    SetToZero,
    LeaveAsTheyAre,
}

fn sellable(articles: &HashMap<String, MappedArticle>, record: &ListingRecord) -> Option<MappedArticle> {
    articles.get(&record.listing.sku).copied().filter(|article| article.is_active)
}

fn say_unmatched(step: &Step, records: &[ListingRecord]) {
    let unmatched: Vec<&str> = records
        .iter()
        .filter(|record| record.article.is_none())
        .map(|record| if record.listing.sku.is_empty() { &record.listing.id } else { &record.listing.sku })
        .map(String::as_str)
        .collect();
    step.count("mapped", i64::try_from(records.len() - unmatched.len()).unwrap_or(i64::MAX));
    if !unmatched.is_empty() {
        step.count("unmapped", i64::try_from(unmatched.len()).unwrap_or(i64::MAX));
        let message =
            format!("{} listings have no article in JTL; nothing is published for them", unmatched.len());
        step.info(message, json!({ "skus": unmatched.iter().take(NAMED).collect::<Vec<_>>() }));
    }
}
