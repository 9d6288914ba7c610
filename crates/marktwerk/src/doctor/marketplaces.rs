//! The accounts: whether each marketplace answers and takes the credentials.

use marktwerk_connectors::{Budgets, HttpClient};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;

use crate::compose::connect;
use crate::config::Settings;

pub(super) async fn accounts(settings: &Settings, clock: &SharedClock) -> Vec<(String, Vec<Finding>)> {
    if settings.accounts.is_empty() {
        let none =
            "none is configured: the marketplace is simulated; add [[accounts]], or set TEMU_APP_KEY, …";
        return vec![("-".to_owned(), vec![Finding::Odd(none.to_owned())])];
    }
    let http = match HttpClient::new() {
        Ok(http) => http,
        Err(error) => return vec![("-".to_owned(), vec![Finding::Wrong(error.to_string())])],
    };
    let budgets = Budgets::new(clock.clone());
    let mut all = Vec::new();
    for account in &settings.accounts {
        let marketplace = connect(account.clone(), clock, &budgets, &http);
        let finding = match marketplace.check_account().await {
            Ok(health) => Finding::Well(health.message),
            Err(error) => Finding::Wrong(error.to_string()),
        };
        all.push((account.name().to_owned(), vec![finding]));
    }
    all
}
