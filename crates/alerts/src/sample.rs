//! An alert for the tests of this crate.

use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;

use crate::Sender;

pub(crate) fn alert() -> Alert {
    Alert {
        id: AlertId(17),
        at: "2026-11-30T08:15:00.25Z".parse().unwrap(),
        change: Some(HealthChange::Paused),
        job_id: JobId("order_workflow".to_owned()),
        run: Some(RunId(4711)),
        title: "Aufträge angehalten".to_owned(),
        message: "TEMU refuses the key.\n.\nRenew it & resume <the job>.".to_owned(),
    }
}

pub(crate) fn sender() -> Sender {
    Sender { host: "shop-server".to_owned(), link: Some("https://marktwerk.example/".to_owned()) }
}
