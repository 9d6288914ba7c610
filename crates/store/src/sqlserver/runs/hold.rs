//! Holding: the waiting runs of a paused job wait until it is resumed, except those of a person. A held run is not in the queue: it
//! takes no lane, no place of its job, and nobody's turn.

use marktwerk_domain::run::RunId;

use crate::StoreResult;
use crate::sqlserver::columns;
use crate::sqlserver::writing::Writing;

const HOLD: &str = "\
    UPDATE run SET held = CASE WHEN run.by_person = 0 AND job.enabled = 0 THEN 1 ELSE 0 END \
    FROM marktwerk.runs AS run LEFT JOIN marktwerk.jobs AS job ON job.id = run.job_id WHERE ";

/// These runs wait from now on: held, where their job is paused and no person wants them.
pub(crate) async fn look(writing: &mut Writing<'_>, runs: &[RunId]) -> StoreResult<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = runs.iter().map(|run| run.0).collect();
    let sql = format!("{HOLD}run.id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))");
    writing.connection.execute("hold runs of paused jobs", &sql, &[&columns::json(&ids)?]).await?;
    Ok(())
}

/// These jobs were paused or resumed: their waiting runs are held or let go.
pub(crate) async fn follow(writing: &mut Writing<'_>, jobs: &[&str]) -> StoreResult<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "{HOLD}run.state IN ('waiting', 'retrying') AND run.job_id IN \
         (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1))"
    );
    writing.connection.execute("hold or let go a job's runs", &sql, &[&columns::json(jobs)?]).await?;
    Ok(())
}
