//! Conditions of jobs, drawn at random.

use jiff::civil::{Weekday, time};
use marktwerk_domain::job::JobId;
use marktwerk_domain::policy::{Condition, Window};
use marktwerk_engine::jobs::JobDraft;

use crate::dice::Dice;
use crate::kinds::Kind;

/// One or two conditions that a job of this type can have.
pub(crate) fn some(dice: &mut Dice, kind: Kind, earlier: &[JobDraft]) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for _ in 0..dice.between(1, 2) {
        match dice.between(0, 4) {
            0 => conditions.push(Condition::Window(window(dice))),
            1 if !earlier.is_empty() => {
                let job = JobId(earlier[dice.index(earlier.len())].id.clone().unwrap_or_default());
                conditions.push(Condition::SucceededWithin { job, minutes: dice.between(1, 20) as u32 });
            }
            2 if kind.has_probe => conditions.push(Condition::NewData),
            3 if !kind.accounts.is_empty() => conditions.push(Condition::AccountHealthy),
            _ => conditions.push(Condition::ErpReachable),
        }
    }
    conditions
}

/// Often over midnight.
fn window(dice: &mut Dice) -> Window {
    let from = dice.between(0, 23);
    let to = (from + dice.between(4, 20)) % 24;
    let days = match dice.happens(30) {
        true => vec![Weekday::Monday, Weekday::Tuesday, Weekday::Friday, Weekday::Sunday],
        false => Vec::new(),
    };
    Window { days, from: time(from as i8, 0, 0, 0), to: time(to as i8, 0, 0, 0) }
}
