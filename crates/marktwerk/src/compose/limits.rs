//! How many runs may be at work at the same time, as the settings say it. Job types are checked here, where they are known.

use std::collections::HashMap;

use marktwerk_engine::Registry;
use marktwerk_store::runs::Limits;

use crate::config::{Settings, SettingsError, suggestion};

/// The limits of the settings; older names of job types become the present ones.
pub(crate) fn limits(settings: &Settings, registry: &Registry) -> Result<Limits, SettingsError> {
    let scheduler = &settings.scheduler;
    let mut per_type = HashMap::new();
    for (written, runs) in &scheduler.runs_per_type {
        let key = format!("scheduler.runs_per_type.{written}");
        let fault = |reason: String| SettingsError::new(settings.origins.of(&key).to_string(), &key, reason);
        let Ok((job_type, _)) = registry.resolve(written) else {
            let known: Vec<&str> = registry.descriptions().map(|description| description.job_type).collect();
            return Err(fault(format!("is not a job type; {}", suggestion(written, &known))));
        };
        if per_type.contains_key(&job_type) {
            return Err(fault(format!("{job_type} is there under an older name, too; keep one of them")));
        }
        per_type.insert(job_type, *runs);
    }
    let per_account = (scheduler.runs_per_account > 0).then_some(scheduler.runs_per_account);
    Ok(Limits { per_type, per_account, ..Limits::default() })
}
