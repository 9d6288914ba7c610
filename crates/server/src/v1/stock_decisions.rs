//! Decisions on entries that are not about orders: what lost its article, what blocks stock, an account that is gone.

use marktwerk_domain::attention::Attention;
use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::language::Language;
use marktwerk_domain::stock::StockEntry;
use marktwerk_store::stock::{self, StockDecision};
use serde_json::json;

use super::decisions::DecisionItem;
use crate::error::{ApiError, ApiResult};
use crate::safety::Caller;
use crate::state::AppState;

/// The open entry with this number, if it is not about an order.
pub(crate) async fn entry(state: &AppState, id: i64) -> ApiResult<Option<Attention>> {
    let open = state.store().attentions().await?;
    Ok(open.into_iter().find(|item| item.id == id && !item.kind.is_of_an_order()))
}

/// What can be decided about it.
pub(super) fn offered(item: &Attention, language: Language) -> Vec<DecisionItem> {
    let Some(entry) = StockEntry::from_facts(&item.facts) else { return Vec::new() };
    let words = StockDecision::words_of(&entry).iter();
    words.map(|&decision| of_word(decision, &entry, language)).collect()
}

fn of_word(decision: &'static str, entry: &StockEntry, language: Language) -> DecisionItem {
    let is_account = matches!(entry, StockEntry::AccountGone { .. });
    let (label, sentence) = match decision {
        "set_to_zero" => (
            ["Set to 0", "Auf 0 setzen"],
            [
                "The next run sets these listings to 0 at the marketplace.",
                "Der nächste Lauf setzt diese Angebote am Marktplatz auf 0.",
            ],
        ),
        "leave_as_they_are" => (
            ["Leave as they are", "So lassen"],
            [
                "These listings keep the stock that they have, and nothing is published for them.",
                "Diese Angebote behalten ihren Bestand, und es wird nichts für sie gemeldet.",
            ],
        ),
        "move_to" => (
            ["It has another name now", "Es heißt jetzt anders"],
            [
                "The orders and listings of the account belong to the account that you name.",
                "Die Bestellungen und Angebote des Kontos gehören zu dem Konto, das Sie nennen.",
            ],
        ),
        _ if is_account => (
            ["Leave out", "Nicht bearbeiten"],
            [
                "The account is given up: nothing is done with its orders, and they keep back no stock.",
                "Das Konto wird aufgegeben: Mit seinen Bestellungen geschieht nichts, und sie halten keinen Bestand zurück.",
            ],
        ),
        _ => (
            ["Leave out", "Nicht bearbeiten"],
            [
                "The orders that cannot be read keep back no stock any more, and the account's stock can be raised again.",
                "Die Bestellungen, die nicht gelesen werden können, halten keinen Bestand mehr zurück, und der Bestand des Kontos kann wieder steigen.",
            ],
        ),
    };
    let needs = (decision == "move_to").then_some("to");
    DecisionItem { decision, label: language.of(label), sentence: language.of(sentence), needs }
}

/// Decides on such an entry. `to` is the account's new name, with `move_to`.
pub(crate) async fn decide(
    state: &AppState,
    caller: &Caller,
    item: &Attention,
    word: &str,
    to: Option<&str>,
) -> ApiResult<()> {
    let offers = offered(item, Language::English);
    let word = word.trim().replace('-', "_");
    if offers.iter().all(|offer| offer.decision != word) {
        let offers: Vec<&str> = offers.iter().map(|offer| offer.decision).collect();
        let possible = if offers.is_empty() { "nothing".to_owned() } else { offers.join(", ") };
        return Err(ApiError::Conflict(format!(
            "{word} is not possible for this entry; possible: {possible}"
        )));
    }
    let decision = match word.as_str() {
        "set_to_zero" => StockDecision::SetToZero,
        "leave_as_they_are" => StockDecision::LeaveAsTheyAre,
        "move_to" => StockDecision::MoveTo(account(state, to)?),
        _ => StockDecision::LeaveOut,
    };
    let now = state.engine.clock().now();
    let audited = AuditEntry::new(now, &caller.actor(), AuditAction::Decided, &item.subject)
        .before(json!({ "account": &item.account, "kind": item.kind.as_str() }))
        .after(json!({ "decision": word, "to": to }));
    stock::decide(&*state.store().audited(vec![audited]), item.id, &decision, now).await?;
    Ok(())
}

/// An account that is in the settings.
fn account(state: &AppState, to: Option<&str>) -> ApiResult<String> {
    let accounts = state.engine.registry().diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    match to.filter(|to| names.contains(to)) {
        Some(to) => Ok(to.to_owned()),
        None => {
            let reason = format!("to must be an account of the settings: {}", names.join(", "));
            Err(ApiError::field("body", "to", "enum", reason))
        }
    }
}
