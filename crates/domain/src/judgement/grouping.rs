//! Many orders with one cause are one entry: how entries of the attention list are put together for people.

use super::words;
use super::{EntryFacts, Row, TakenBecause};
use crate::attention::{Attention, AttentionKind};
use crate::language::Reader;
use crate::reason::Reason;
use crate::stock::StockEntry;

/// Entries that have one cause. The oldest one stands for them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The oldest first; never empty.
    pub entries: Vec<Attention>,
}

impl Group {
    /// The entry that stands for all.
    pub fn first(&self) -> Option<&Attention> {
        self.entries.first()
    }

    /// What happened, what it means and what to do, for all of them.
    pub fn message(&self, reader: &Reader) -> String {
        let language = reader.language;
        let Some(first) = self.entries.first() else { return String::new() };
        let text = match said(first) {
            // Each has a deadline of its own, and the earliest is told of all.
            Some(facts) if self.entries.len() > 1 => EntryFacts { deadline: None, ..facts }.message(reader),
            Some(facts) => facts.message(reader),
            None => match StockEntry::from_facts(&first.facts) {
                Some(entry) => language.of([entry.english(reader), entry.german(reader)]),
                None => remark(first).map_or_else(|| first.message.clone(), |text| text.words(language)),
            },
        };
        if self.entries.len() == 1 {
            return text;
        }
        let numbers: Vec<&str> = self.entries.iter().map(|entry| entry.subject.as_str()).collect();
        let all: Vec<EntryFacts> = self.entries.iter().filter_map(said).collect();
        words::of_several(&numbers, &all, &text, reader)
    }
}

/// Puts entries together, in the order of the oldest one of each group.
pub fn groups(entries: Vec<Attention>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: std::collections::HashMap<(String, AttentionKind, String), usize> = Default::default();
    for entry in entries {
        let key = key(&entry);
        let place = key.map(|key| (entry.account.clone(), entry.kind, key));
        let found = place.as_ref().and_then(|place| places.get(place)).copied();
        match found.and_then(|index| groups.get_mut(index)) {
            Some(group) => group.entries.push(entry),
            None => {
                if let Some(place) = place {
                    places.insert(place, groups.len());
                }
                groups.push(Group { entries: vec![entry] });
            }
        }
    }
    groups
}

/// What an order's entry says, where it says it as facts.
fn said(entry: &Attention) -> Option<EntryFacts> {
    serde_json::from_value(entry.facts.clone()).ok()
}

/// What an entry says that is about a remark.
fn remark(entry: &Attention) -> Option<Reason> {
    let text = |name: &str| entry.facts.get(name).and_then(serde_json::Value::as_str);
    Some(Reason::new([text("cause")?, text("german")?]))
}

/// What entries have in common that have one cause; `None`: an entry for itself.
fn key(entry: &Attention) -> Option<String> {
    let facts = said(entry)?;
    let row = facts.row;
    match row {
        Row::UnknownArticle => Some(facts.articles.join("\n")),
        Row::WorkerStuck | Row::Dropped | Row::NotAgreed | Row::NotAgreedInErp | Row::ShippedElsewhere => {
            Some(format!("{row:?}"))
        }
        Row::NumberTaken => match facts.taken?.because {
            TakenBecause::OfAccount(account) => Some(format!("{row:?}\n{account}")),
            TakenBecause::Lacks(_) => None,
        },
        Row::SetAside | Row::UnknownCarrier | Row::Refused | Row::ReportUnanswered => {
            Some(format!("{row:?}\n{}", facts.cause.map(|cause| cause.english).unwrap_or_default()))
        }
        _ if matches!(entry.kind, AttentionKind::Late | AttentionKind::Waiting) => Some(format!("{row:?}")),
        _ => None,
    }
}
