//! What a schedule's condition asks of the outside world: whether there is anything to do. The answer is the workflow's.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::Parameters;

/// Whose work is asked about.
#[derive(Debug, Clone)]
pub struct ProbeQuestion {
    /// The account, by name.
    pub account: String,
    /// What the run would be given.
    pub parameters: Parameters,
    /// The time at which it is asked: a marker must not change with it alone, but work may come due.
    pub now: Timestamp,
}

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeResult {
    /// Equal as long as nothing has changed that any step of the workflow would work on. Kept with the job's last success.
    pub marker: String,
    /// Work that is left over, whatever the marker says, for people.
    pub unfinished: Option<String>,
}

/// The condition `new_data` of a job type. It answers for *every* step of the workflow, and cheaply: it is asked at each planned
/// time.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Looks. An error lets the run start: it will say better what is wrong.
    async fn look(&self, question: &ProbeQuestion) -> Result<ProbeResult, Failure>;
}
