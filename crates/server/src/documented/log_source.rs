//! What `job_id` means where lines are asked for.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;
use marktwerk_store::logs::LogSource;

use crate::error::ApiResult;
use crate::state::AppState;

/// Job types of TEMU's orders and stock.
const ORDERS: &str = "order_workflow";
const INVENTORY: &str = "inventory_workflow";
/// How the system in use before named its executions.
const OLD_ORDERS: [&str; 3] = ["temu_orders_", "sync_orders_", "JobType.SYNC_ORDERS_"];
const OLD_INVENTORY: [&str; 3] = ["temu_inventory_", "sync_inventory_", "JobType.SYNC_INVENTORY_"];
const OLD_OTHERS: [&str; 3] = ["temu_", "sync_", "JobType."];

/// Whose lines a text asks for: a job's, an execution's, a marketplace's, those of a pattern or of a prefix.
pub(super) async fn log_source(state: &AppState, text: &str) -> ApiResult<LogSource> {
    if let Some(group) = group(state, text) {
        return Ok(group);
    }
    if state.store().job(&JobId(text.to_owned())).await?.is_some() {
        return Ok(LogSource::Job(text.to_owned()));
    }
    if is_execution(state, text).await? {
        return Ok(LogSource::Execution(text.to_owned()));
    }
    Ok(match text.contains('%') {
        true => LogSource::Pattern(text.to_owned()),
        false => LogSource::Prefix(text.to_owned()),
    })
}

fn group(state: &AppState, text: &str) -> Option<LogSource> {
    let of = |types: Vec<&str>, prefixes: &[&str]| {
        let types = types.into_iter().map(|job_type| LogSource::JobType(job_type.to_owned()));
        let prefixes = prefixes.iter().map(|prefix| LogSource::Prefix((*prefix).to_owned()));
        Some(LogSource::AnyOf(types.chain(prefixes).collect()))
    };
    match text {
        // The old names of the job types mean the same.
        "temu_orders" | "sync_orders" => of(vec![ORDERS], &OLD_ORDERS),
        "temu_inventory" | "sync_inventory" => of(vec![INVENTORY], &OLD_INVENTORY),
        "temu" => {
            let descriptions = state.engine.registry().descriptions();
            let temu = descriptions.filter(|description| description.marketplace == Some("temu"));
            let mut types: Vec<&str> = temu.map(|description| description.job_type).collect();
            types.extend(
                [ORDERS, INVENTORY]
                    .iter()
                    .filter(|known| !types.contains(known))
                    .copied()
                    .collect::<Vec<_>>(),
            );
            of(types, &OLD_OTHERS)
        }
        _ => None,
    }
}

/// Whether a text is the id of a run that is known.
async fn is_execution(state: &AppState, text: &str) -> ApiResult<bool> {
    let Some(number) = text.rsplit_once('_').and_then(|(_, digits)| digits.parse().ok()) else {
        return Ok(false);
    };
    let run = state.store().run(RunId(number)).await?;
    Ok(run.is_some_and(|run| run.execution_id() == text))
}
