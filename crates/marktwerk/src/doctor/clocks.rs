//! This machine's clock beside a marketplace's, which every HTTP answer names: a signature is refused if the two differ by minutes.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::AccountSettings;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;

/// How long a marketplace may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The answer's time has no fractions, and takes its way.
const LITTLE: SignedDuration = SignedDuration::from_secs(30);
/// Marketplaces refuse signed calls whose time is further off.
const MUCH: SignedDuration = SignedDuration::from_mins(5);

/// Nothing where the marketplace does not answer: the check of the credentials says why.
pub(super) async fn clock_of(account: &AccountSettings, clock: &SharedClock) -> Vec<Finding> {
    theirs(account).await.map(|theirs| compared(clock.now(), theirs)).into_iter().collect()
}

async fn theirs(account: &AccountSettings) -> Option<Timestamp> {
    let http = reqwest::Client::builder().timeout(PATIENCE).build().ok()?;
    let answer = http.get(&account.endpoint).send().await.ok()?;
    let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(date).ok()
}

fn compared(ours: Timestamp, theirs: Timestamp) -> Finding {
    let ahead = ours.duration_since(theirs);
    let (by, side) = (ahead.abs().as_secs(), if ahead.is_negative() { "behind" } else { "ahead of" });
    let cure = "set it by NTP (timedatectl set-ntp true)";
    if ahead.abs() > MUCH {
        Finding::Wrong(format!(
            "this machine's clock is {by} s {side} the marketplace's, which refuses such calls: {cure}"
        ))
    } else if ahead.abs() > LITTLE {
        Finding::Odd(format!("this machine's clock is {by} s {side} the marketplace's: {cure}"))
    } else {
        Finding::Well("this machine's clock agrees with the marketplace's".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_refused_and_seconds_are_not() {
        let ours: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        assert!(matches!(compared(ours, ours + SignedDuration::from_secs(2)), Finding::Well(_)));
        let slow = compared(ours, ours + SignedDuration::from_secs(90));
        assert!(matches!(&slow, Finding::Odd(text) if text.contains("90 s behind")), "{slow:?}");
        let fast = compared(ours, ours - SignedDuration::from_mins(10));
        assert!(matches!(&fast, Finding::Wrong(text) if text.contains("600 s ahead of")), "{fast:?}");
    }
}
