//! What is posted. Names and meanings stay; fields may be added.
//!
//! ```json
//! {
//!   "id": 17,                            the alert's number, rising
//!   "at": "2026-11-30T08:15:00Z",        when the state changed, RFC 3339
//!   "change": "paused",                  paused, degraded, recovered, attention (something begins), test
//!   "job": "order_workflow",             whose state; empty if it is not a job's
//!   "run": 4711,                         the run that changed it, or null
//!   "title": "…",                        one line
//!   "message": "…",                      what happened, what it means, what to do
//!   "text": "…",                         who sends, title, message and link, for a chat
//!   "source": "Marktwerk on shop-server",
//!   "host": "shop-server",               the machine's name, or null
//!   "link": "https://marktwerk.example/" its screen, or null
//! }
//! ```
//!
//! `text` is what Slack, Mattermost and Rocket.Chat show (Discord does at an address that ends in `/slack`). There `&`, `<` and `>` are
//! written as Slack asks for it (`&amp;`, `&lt;`, `&gt;`), so that no word of an error becomes a link or calls everybody. A Teams
//! workflow must take `text` out itself; Google Chat refuses fields that it does not know.

use jiff::Timestamp;
use marktwerk_domain::alert::Alert;
use serde::Serialize;

use crate::error::AlertError;
use crate::identity;
use crate::sender::Sender;

/// Letters of `text`: less than the strictest of these chats takes.
const LONGEST_TEXT: usize = 10_000;

#[derive(Serialize)]
struct Body<'alert> {
    id: i64,
    at: Timestamp,
    change: &'static str,
    job: &'alert str,
    run: Option<i64>,
    title: &'alert str,
    message: &'alert str,
    text: String,
    source: String,
    host: Option<&'alert str>,
    link: Option<&'alert str>,
}

/// The body of an alert, the same at every try.
pub(super) fn render(alert: &Alert, sender: &Sender) -> Result<String, AlertError> {
    let body = Body {
        id: alert.id.0,
        at: alert.at,
        change: identity::change_word(alert),
        job: alert.job_id.as_str(),
        run: alert.run.map(|run| run.0),
        title: &alert.title,
        message: &alert.message,
        text: text(alert, sender),
        source: sender.name(),
        host: (!sender.host.is_empty()).then_some(sender.host.as_str()),
        link: sender.link.as_deref(),
    };
    serde_json::to_string(&body)
        .map_err(|error| AlertError::permanent(format!("the alert cannot be written as JSON: {error}")))
}

fn text(alert: &Alert, sender: &Sender) -> String {
    let whole = format!("{}: {}\n{}", sender.name(), alert.title, alert.message);
    let link = sender.link.as_ref().map(|link| format!("\n{link}")).unwrap_or_default();
    let mut letters = whole.trim_end().chars();
    let mut text = String::new();
    for letter in letters.by_ref().take(LONGEST_TEXT.saturating_sub(link.chars().count())) {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            _ => text.push(letter),
        }
    }
    if letters.next().is_some() {
        text.push('…');
    }
    text + &link
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::alert::AlertId;

    use super::*;
    use crate::sample;

    #[test]
    fn the_body_stays_as_it_is_documented() {
        let expected = concat!(
            r#"{"id":17,"at":"2026-11-30T08:15:00.25Z","change":"paused","job":"order_workflow","run":4711,"#,
            r#""title":"Aufträge angehalten","message":"TEMU refuses the key.\n.\nRenew it & resume <the job>.","#,
            r#""text":"Marktwerk on shop-server: Aufträge angehalten\nTEMU refuses the key.\n.\nRenew it &amp; resume &lt;the job&gt;."#,
            r#"\nhttps://marktwerk.example/","source":"Marktwerk on shop-server","host":"shop-server","link":"https://marktwerk.example/"}"#,
        );
        assert_eq!(render(&sample::alert(), &sample::sender()).unwrap(), expected);
    }

    #[test]
    fn a_test_has_no_run_and_a_long_text_ends_in_an_ellipsis() {
        let id = AlertId(0);
        let alert = Alert { id, change: None, run: None, message: "ä".repeat(20_000), ..sample::alert() };
        let body: serde_json::Value =
            serde_json::from_str(&render(&alert, &Sender::default()).unwrap()).unwrap();
        assert_eq!((&body["change"], &body["run"]), (&"test".into(), &serde_json::Value::Null));
        let text = body["text"].as_str().unwrap();
        assert_eq!(text.chars().count(), LONGEST_TEXT + 1);
        assert!(text.ends_with("ä…"));
        assert_eq!(body["message"].as_str().unwrap(), alert.message);
    }
}
