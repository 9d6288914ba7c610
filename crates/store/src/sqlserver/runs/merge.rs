//! Merging: a run that is to do just what another one waits to do is counted in that one.

use marktwerk_domain::run::RunId;

use crate::StoreResult;
use crate::runs::NewRun;
use crate::sqlserver::columns::{self, Columns};
use crate::sqlserver::writing::Writing;

/// The parameters are compared as the texts that they were written as.
const WAITING_ALIKE: &str = "\
    SELECT TOP (1) id FROM marktwerk.runs \
    WHERE job_id = @P1 AND state = 'waiting' AND attempt = 0 AND cause = @P2 AND account = @P3 \
        AND parameters = @P4 COLLATE Latin1_General_BIN2 \
    ORDER BY id DESC";

/// The newest run that waits to do just what `run` is to do and has not begun: of the same job and trigger, for the same account,
/// with the same parameters. A person's run with other parameters does not count.
pub(super) async fn waiting_alike(writing: &mut Writing<'_>, run: &NewRun) -> StoreResult<Option<RunId>> {
    let parameters = columns::json(&run.parameters)?;
    let found = writing
        .connection
        .one(
            "look for a waiting run alike",
            WAITING_ALIKE,
            &[&run.job_id.as_str(), &run.trigger.as_str(), &run.account, &parameters],
        )
        .await?;
    found.map(|found| Columns::of(&found).integer().map(RunId)).transpose()
}

/// Counts `run` in the one that waits, which goes by the higher priority of both.
pub(super) async fn merge(writing: &mut Writing<'_>, waiting: RunId, run: &NewRun) -> StoreResult<()> {
    let sql = "UPDATE marktwerk.runs SET merged = merged + 1 + @P2, \
         priority = CASE WHEN priority > @P3 THEN @P3 ELSE priority END WHERE id = @P1";
    let merged = i64::from(run.merged);
    writing.connection.execute("merge a run", sql, &[&waiting.0, &merged, &run.priority.rank()]).await?;
    writing.effects.jobs = true;
    Ok(())
}
