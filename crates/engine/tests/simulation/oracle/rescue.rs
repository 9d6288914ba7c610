//! What a process that died left behind is found, recorded as lost, and tried again where an attempt is left.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::run::{Run, RunId, RunState};
use marktwerk_store::runs::Rescued;

use super::fuse::Ended;
use super::known::micros;
use super::{Oracle, Verdict, ensure};
use crate::trace::Event;

impl Oracle {
    pub(super) fn rescued(
        &mut self,
        event: &Event,
        node: &str,
        void_others: bool,
        now: Timestamp,
        answer: &[Rescued],
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let is_lost = |id: &&RunId| {
            let known = &self.runs[*id];
            let is_others = known.node.as_deref() != Some(node);
            known.lease_until.is_none_or(|until| until < now) || (void_others && is_others)
        };
        let lost: Vec<RunId> = self.running.iter().filter(is_lost).copied().collect();
        let told: Vec<RunId> = answer.iter().map(|rescued| rescued.run).collect();
        ensure(lost == told, "what a dead process left is rescued", || {
            format!("{told:?} instead of {lost:?}")
        })?;
        for (id, told) in lost.into_iter().zip(answer) {
            self.is_lost(event, id, now, fresh)?;
            let known = &self.run(id)?.row;
            ensure(
                (&told.job_id, told.state) == (&known.job_id, known.state),
                "a lost run is tried again",
                || format!("run {id} is {:?}, and was told to be {:?}", known.state, told.state),
            )?;
        }
        Ok(())
    }

    fn is_lost(&mut self, event: &Event, id: RunId, now: Timestamp, fresh: &mut Vec<Run>) -> Verdict {
        let job = self.run(id)?.row.job_id.clone();
        let known = &self.job(&job)?.job;
        let (retry, is_gone) = (known.spec.retry.clone(), known.archived);
        let (exactly, now) = (now, micros(now));
        let known = self.run_mut(id)?;
        let reason = format!("lost: its process ended during attempt {}", known.row.attempt);
        known.row.attempts_used += 1;
        if let Some(attempt) = known.attempts.last_mut() {
            attempt.ended_at = Some(now);
            attempt.outcome = "lost".to_owned();
            attempt.error = Some(reason.clone());
        }
        let (started_at, has_attempt_left) =
            (known.row.attempt_started_at, known.row.attempts_used < retry.attempts);
        let wish = known.wish.clone().filter(|_| known.row.cancel_requested);
        let wish = wish.or(is_gone.then(|| "the job was archived".to_owned()));
        let mut delay = f64::from(retry.first_delay_seconds);
        for _ in 1..known.row.attempts_used {
            delay *= retry.factor;
        }
        // By its number between four and six fifths of it.
        let part = 0.8 + 0.4 * ((id.0 % 16) as f64 / 15.0);
        let delay = delay.min(f64::from(retry.longest_delay_seconds)) * part;
        let ready_at = micros(exactly + SignedDuration::from_secs_f64(delay));
        let state = match &wish {
            Some(wish) => {
                self.ends_cancelled(id, wish, now, fresh)?;
                RunState::Cancelled
            }
            None if has_attempt_left => {
                known.row.last_line += 1;
                self.waits_again(id, RunState::Retrying, Some(ready_at), Some(&reason))?;
                RunState::Retrying
            }
            None => {
                known.row.last_line += 1;
                self.is_over(id, RunState::Lost, Some(&reason), now, fresh)?;
                RunState::Lost
            }
        };
        let ended = Ended {
            run: id,
            state,
            started_at,
            ended_at: now,
            error: Some(&reason),
            class: None,
            marker: None,
        };
        self.remember(event, &job, &ended)
    }

    /// A run that has begun goes back into the queue.
    pub(super) fn waits_again(
        &mut self,
        id: RunId,
        state: RunState,
        ready_at: Option<Timestamp>,
        error: Option<&str>,
    ) -> Verdict {
        self.running.remove(&id);
        self.waiting.insert(id);
        let known = self.run_mut(id)?;
        known.row.state = state;
        known.row.ready_at = ready_at.unwrap_or(known.row.ready_at);
        known.row.error = error.map(str::to_owned);
        known.node = None;
        known.lease_until = None;
        Ok(())
    }
}
