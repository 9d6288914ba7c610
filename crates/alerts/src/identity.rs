//! What an alert is called outside, the same at every try.

use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::HealthChange;

/// `paused`, `degraded`, `recovered`; `attention` if it is about an entry of the attention list, and `test` if it was never stored.
pub(crate) fn change_word(alert: &Alert) -> &'static str {
    let other = if alert.id == AlertId(0) { "test" } else { "attention" };
    alert.change.map_or(other, HealthChange::as_str)
}

/// By what a receiver knows a repeated delivery: number and second. A new database counts from 1 again, and its alerts are not
/// those of the old one.
pub(crate) fn delivery_key(alert: &Alert) -> String {
    format!("{}-{}", alert.id.0, alert.at.as_second())
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::sample;

    #[test]
    fn the_key_is_that_of_the_alert_and_not_of_the_try() {
        let alert = sample::alert();
        assert_eq!(delivery_key(&alert), "17-1796026500");
        let other_database = Alert { at: alert.at + 1.hour(), ..alert.clone() };
        assert_ne!(delivery_key(&alert), delivery_key(&other_database));
    }

    #[test]
    fn without_a_change_it_is_about_an_entry_or_a_test() {
        assert_eq!(change_word(&sample::alert()), "paused");
        assert_eq!(change_word(&Alert { change: None, ..sample::alert() }), "attention");
        assert_eq!(change_word(&Alert { change: None, id: AlertId(0), ..sample::alert() }), "test");
    }
}
