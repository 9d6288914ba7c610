//! The jobs file: whether the start takes it, and whether its jobs do what people expect.

use std::sync::Arc;

use marktwerk_connectors::KINDS;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;
use marktwerk_domain::job::{JobId, JobSpec};
use marktwerk_engine::Registry;
use marktwerk_engine::jobs_file::{self, JobsDocument};

use crate::compose::{job_types, limits};
use crate::config::Settings;

pub(super) async fn jobs_file(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    let path = settings.jobs_file();
    let shown = path.display();
    let missing = || {
        vec![Finding::Well(format!(
            "{shown} does not exist yet: the first start writes it with its own jobs; to keep those of the system in use today, put its \
             workers_config.json there"
        ))]
    };
    // Without accounts and a JTL the job types are those of the simulated world, which is not made for a look.
    let is_real = !settings.is_demonstration() && settings.has_jtl();
    let registry = if is_real { job_types(settings, clock).await.ok() } else { None };
    let Some(registry) = registry.map(Arc::new) else {
        return match JobsDocument::open(&path) {
            Ok(None) => missing(),
            Ok(Some(document)) => vec![Finding::Well(format!(
                "{shown} has {} jobs; whether each can run is asked at the start",
                document.entries.len()
            ))],
            Err(error) => vec![Finding::Wrong(error.to_string())],
        };
    };
    let types = limits(settings, &registry).err().map(|error| Finding::Wrong(error.to_string()));
    let of_file = match jobs_file::examine(&path, Arc::clone(&registry), settings.time_zone.clone()) {
        Ok(None) => missing(),
        Ok(Some(jobs_file::Examined { jobs, slips })) => {
            let slips = slips.into_iter().map(Finding::Odd);
            let can = Finding::Well(format!("{shown} has {} jobs, and the start takes them all", jobs.len()));
            [can].into_iter().chain(later(&registry, &jobs)).chain(never_full(&jobs)).chain(slips).collect()
        }
        Err(error) => vec![Finding::Wrong(error.to_string())],
    };
    types.into_iter().chain(of_file).collect()
}

/// Jobs of types that are documented and not in this version.
fn later(registry: &Registry, jobs: &[(JobId, JobSpec)]) -> Option<Finding> {
    let is_later = |(_, spec): &&(JobId, JobSpec)| registry.description(&spec.job_type).is_none();
    let names: Vec<&str> = jobs.iter().filter(is_later).map(|(id, _)| id.as_str()).collect();
    (!names.is_empty()).then(|| {
        Finding::Odd(format!(
            "kept and never run, for this version does not have their types: {}",
            names.join(", ")
        ))
    })
}

/// The jobs of the system in use today are quick ones: a new listing would stay unknown.
fn never_full(jobs: &[(JobId, JobSpec)]) -> Vec<Finding> {
    let is_full = |spec: &JobSpec| spec.parameters.get("mode").and_then(|mode| mode.as_str()) == Some("full");
    let quick_alone = KINDS.iter().map(|kind| kind.jobs.inventory.name).filter(|job_type| {
        let mut of_type = jobs
            .iter()
            .map(|(_, spec)| spec)
            .filter(|spec| spec.enabled && spec.job_type == *job_type)
            .peekable();
        of_type.peek().is_some() && !of_type.any(is_full)
    });
    let told = |job_type: &str| {
        Finding::Odd(format!(
            "no {job_type} has \"mode\": \"full\": what is listed at the marketplace from now on stays unknown, and its stock is never told; \
             add one that runs daily: marktwerk jobs add {job_type} --daily 03:30 --param mode=full"
        ))
    };
    quick_alone.map(told).collect()
}

#[cfg(test)]
mod tests {
    use marktwerk_connectors::TemuAccount;

    use super::*;
    use crate::clock::SystemClock;

    async fn told(jobs: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        settings.jtl.url = "mssql://login:password@localhost/eazybusiness".to_owned();
        settings.accounts = vec![
            TemuAccount {
                name: "shop".to_owned(),
                endpoint: "http://127.0.0.1:9/openapi/router".to_owned(),
                app_key: "k".to_owned(),
                app_secret: "s".into(),
                access_token: "t".into(),
                calls_per_second: None,
            }
            .into(),
        ];
        std::fs::write(settings.jobs_file(), jobs).unwrap();
        jobs_file(&settings, &SystemClock::shared()).await.iter().map(Finding::to_string).collect()
    }

    #[tokio::test]
    async fn a_job_that_the_start_would_refuse_is_named_with_its_place() {
        for (job, part) in [
            (
                r#"{"job_type": "sync_order", "interval_minutes": 5}"#,
                "json:1:3: job_type: `sync_order` is not a job type",
            ),
            (r#"{"job_type": "sync_orders", "interval_minutes": 0}"#, "interval_minutes"),
            (
                r#"{"job_type": "sync_orders", "interval_minutes": 5, "account": "nobody"}"#,
                "`nobody` is not configured",
            ),
        ] {
            let told = told(&format!("[{job}]")).await;
            assert!(told.len() == 1 && told[0].contains(part), "{told:?}");
        }
    }

    #[tokio::test]
    async fn what_never_runs_and_what_never_runs_in_full_is_told() {
        let old = r#"[{"job_type": "sync_orders", "interval_minutes": 5}, {"job_type": "sync_inventory", "interval_minutes": 5},
            {"job_type": "fetch_invoices", "interval_minutes": 60}]"#;
        let told_of_old = told(old).await;
        let [taken, later, quick] = &told_of_old[..] else { panic!("{told_of_old:?}") };
        assert!(taken.ends_with("has 3 jobs, and the start takes them all"), "{taken}");
        assert!(later.ends_with("their types: fetch_invoices"), "{later}");
        assert!(quick.starts_with("no inventory_workflow has"), "{quick}");
        let full = r#"[{"job_type": "sync_inventory", "daily": "03:30", "parameters": {"mode": "full"}}]"#;
        assert_eq!(told(full).await.len(), 1);
    }
}
