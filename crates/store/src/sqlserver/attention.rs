//! The attention list on SQL Server. Closed rows stay, so that "since when" and "how often" can be told. That only one of (account,
//! kind, subject) is open is kept under the lock: what is open is read with one statement, decided upon here, and written back.

use std::borrow::Cow;
use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_sqlserver::{Class, Column, Connection, Kind, ToSql, Value, reading};
use serde::Serialize;

use super::SqlServerStore;
use super::columns::{self, Columns, micros};
use super::keys::{self, WITH_KEYS, key};
use super::writing::{BUSINESS, Writing, write_in};
use crate::attention::{AttentionStore, NewAttention};
use crate::orders::OrderEntry;
use crate::{StoreError, StoreResult};

/// The facts of an item that has only its text.
const NO_FACTS: &str = "{}";
const SELECT: &str = "SELECT id, account, kind, subject, message, facts, since FROM marktwerk.attentions WHERE closed_at IS NULL";

/// What is loaded of items that are open. Texts are loaded and not sent as JSON: not every server that speaks T-SQL reads texts out of
/// it as they are.
const CHANGED: [Column; 4] = [
    Column::new("id", Kind::Integer),
    Column::new("message", Kind::LongText),
    Column::new("facts", Kind::LongText),
    Column::new("is_closed", Kind::Integer),
];
/// What is loaded of new items.
const NEW: [Column; 7] = [
    Column::new("position", Kind::Integer),
    Column::new("account", Kind::Text(450)),
    Column::new("kind", Kind::Text(60)),
    Column::new("subject", Kind::Text(450)),
    Column::new("message", Kind::LongText),
    Column::new("facts", Kind::LongText),
    Column::new("is_closed", Kind::Integer),
];

/// One thing put on the list or taken off it.
pub(super) enum Step<'a> {
    Raise(Raised<'a>),
    Settle(&'a str, AttentionKind, &'a str),
}

/// What is put on the list.
pub(super) struct Raised<'a> {
    account: &'a str,
    kind: AttentionKind,
    subject: &'a str,
    message: &'a str,
    /// JSON; `None` leaves those of an open item.
    facts: Option<String>,
}

impl<'a> From<&'a NewAttention> for Raised<'a> {
    fn from(item: &'a NewAttention) -> Self {
        let NewAttention { account, kind, subject, message, facts } = item;
        let facts = (!facts.is_null()).then(|| facts.to_string());
        Self { account, kind: *kind, subject, message, facts }
    }
}

/// What of its own kinds an order has on the list, by the order's key.
pub(super) type OpenKinds<'a> = HashMap<&'a str, Vec<AttentionKind>>;

/// Reads what is open of the orders whose entries are to be kept.
pub(super) async fn open_kinds<'a>(
    connection: &mut Connection,
    account: &str,
    kept: &[(&'a str, &'a [OrderEntry])],
) -> StoreResult<OpenKinds<'a>> {
    if kept.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT j.position, a.kind FROM OPENJSON(@P2) {WITH_KEYS} j JOIN marktwerk.attentions a \
         ON a.account = @P1 AND a.subject = j.value COLLATE Latin1_General_BIN2 WHERE a.closed_at IS NULL"
    );
    let numbers = keys::json(kept.iter().map(|(number, _)| *number))?;
    let parameters: [&dyn ToSql; 2] = [&account, &numbers];
    let rows = connection.query_in("look up entries of orders", &sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| {
        let position: usize = columns.integer()?;
        Ok((position, columns.word::<AttentionKind>()?))
    })?;
    let mut open = OpenKinds::new();
    for (position, kind) in found.into_iter().filter(|(_, kind)| kind.is_of_an_order()) {
        let Some((number, _)) = kept.get(position) else { continue };
        let kinds = open.entry(key(number)).or_default();
        // An order that is changed twice is asked about twice.
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(open)
}

/// The steps that make these the entries of an order, of which `open` are there; `open` becomes what is there afterwards.
pub(super) fn keep_entries<'a>(
    account: &'a str,
    number: &'a str,
    entries: &'a [OrderEntry],
    open: &mut Vec<AttentionKind>,
) -> StoreResult<Vec<Step<'a>>> {
    let goes = |kind: &AttentionKind| entries.iter().all(|entry| entry.kind != *kind);
    let mut steps: Vec<Step<'a>> =
        open.iter().copied().filter(goes).map(|kind| Step::Settle(account, kind, number)).collect();
    for OrderEntry { kind, facts, message } in entries {
        let facts = Some(columns::json(facts)?);
        steps.push(Step::Raise(Raised { account, kind: *kind, subject: number, message, facts }));
    }
    *open = entries.iter().map(|entry| entry.kind).collect();
    Ok(steps)
}

impl<'a> Step<'a> {
    fn key(&self) -> (&'a str, AttentionKind, &'a str) {
        match self {
            Self::Raise(Raised { account, kind, subject, .. }) => (key(account), *kind, key(subject)),
            Self::Settle(account, kind, subject) => (key(account), *kind, key(subject)),
        }
    }
}

#[async_trait]
impl AttentionStore for SqlServerStore {
    async fn attentions(&self) -> StoreResult<Vec<Attention>> {
        let sql = format!("{SELECT} ORDER BY since, id");
        let rows: StoreResult<_> = reading!(self.pool, "attentions", |connection| async {
            Ok(connection.query("read the attention list", &sql, &[]).await?)
        });
        columns::map(&rows?, attention)
    }

    async fn raise(&self, items: &[NewAttention], now: Timestamp) -> StoreResult<()> {
        let steps: Vec<Step<'_>> = items.iter().map(|item| Step::Raise(item.into())).collect();
        self.move_attentions(&steps, now).await
    }

    async fn settle(&self, items: &[(String, AttentionKind, String)], now: Timestamp) -> StoreResult<()> {
        let steps = items.iter().map(|(account, kind, subject)| Step::Settle(account, *kind, subject));
        let steps: Vec<Step<'_>> = steps.collect();
        self.move_attentions(&steps, now).await
    }
}

impl SqlServerStore {
    /// An unchanged world is read, and nothing else.
    async fn move_attentions(&self, steps: &[Step<'_>], now: Timestamp) -> StoreResult<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let plan: StoreResult<Plan<'_>> =
            reading!(self.pool, "plan attention items", |connection| plan(connection, steps));
        if plan?.is_empty() {
            return Ok(());
        }
        write_in!(self, "write attention items", BUSINESS, |writing| async {
            take(writing, steps, now).await?;
            writing.changed_nothing = !writing.effects.attention;
            Ok::<_, StoreError>(())
        })
    }
}

/// Takes the steps one after the other.
pub(super) async fn take(writing: &mut Writing<'_>, steps: &[Step<'_>], now: Timestamp) -> StoreResult<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let plan = plan(writing.connection, steps).await?;
    writing.effects.attention |= !plan.is_empty();
    let now = micros(now);
    if !plan.changed.is_empty() {
        let rows = plan.changed.iter().map(|changed| {
            let Changed { id, message, facts, is_closed } = changed;
            let is_closed = i64::from(*is_closed);
            vec![Value::from(*id), (&**message).into(), (&**facts).into(), is_closed.into()]
        });
        writing.connection.load("load attention items", "#items", &CHANGED, rows.collect()).await?;
        let sql = "UPDATE a SET message = i.message, facts = i.facts, closed_at = CASE WHEN i.is_closed = 1 THEN @P1 END \
             FROM marktwerk.attentions a JOIN #items i ON a.id = i.id";
        writing.connection.execute_in("renew attention items", sql, &[&now], Class::Batch).await?;
    }
    if !plan.new.is_empty() {
        let rows = (0_i64..).zip(&plan.new).map(|(position, new)| {
            let New { account, kind, subject, message, facts, is_closed } = new;
            let key = [Value::from(position), (*account).into(), (*kind).into(), (*subject).into()];
            let item = [(*message).into(), (&**facts).into(), i64::from(*is_closed).into()];
            [key.as_slice(), item.as_slice()].concat()
        });
        writing.connection.load("load attention items", "#items", &NEW, rows.collect()).await?;
        let sql = "INSERT INTO marktwerk.attentions (account, kind, subject, message, facts, since, closed_at) \
             SELECT i.account, i.kind, i.subject, i.message, i.facts, @P1, CASE WHEN i.is_closed = 1 THEN @P1 END \
             FROM #items i ORDER BY i.position";
        writing.connection.execute_in("add attention items", sql, &[&now], Class::Batch).await?;
    }
    Ok(())
}

/// The rows as the steps leave them.
#[derive(Default)]
struct Plan<'a> {
    changed: Vec<Changed<'a>>,
    new: Vec<New<'a>>,
}

impl Plan<'_> {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.new.is_empty()
    }
}

struct Changed<'a> {
    id: i64,
    message: Cow<'a, str>,
    facts: Cow<'a, str>,
    is_closed: bool,
}

struct New<'a> {
    account: &'a str,
    kind: &'static str,
    subject: &'a str,
    message: &'a str,
    facts: Cow<'a, str>,
    is_closed: bool,
}

/// What is open, and what the steps so far would make of it.
struct Stored<'a> {
    id: i64,
    message: String,
    facts: String,
    renewed: Option<&'a Raised<'a>>,
    is_closed: bool,
}

/// Reads what is open of the steps' keys, and finds out what they come to.
async fn plan<'a>(connection: &mut Connection, steps: &'a [Step<'a>]) -> StoreResult<Plan<'a>> {
    let mut plan = Plan::default();
    let (keys, mut stored) = open(connection, steps).await?;
    // The open one that was made by an earlier step.
    let mut made: HashMap<usize, usize> = HashMap::new();
    for step in steps {
        let Some(&position) = keys.get(&step.key()) else { continue };
        let old = stored.get_mut(&position).filter(|stored| !stored.is_closed);
        let new = made.get(&position).and_then(|&index| plan.new.get_mut(index));
        match (step, old, new) {
            (Step::Raise(item), Some(old), _) => old.renewed = Some(item),
            (Step::Raise(item), None, Some(new)) => {
                new.message = item.message;
                new.facts = item.facts.as_deref().map_or_else(|| new.facts.clone(), Cow::Borrowed);
            }
            (Step::Raise(item), None, None) => {
                let Raised { account, kind, subject, message, facts } = item;
                let kind = kind.as_str();
                let facts = Cow::Borrowed(facts.as_deref().unwrap_or(NO_FACTS));
                made.insert(position, plan.new.len());
                plan.new.push(New { account, kind, subject, message, facts, is_closed: false });
            }
            (Step::Settle(..), Some(old), _) => old.is_closed = true,
            (Step::Settle(..), None, new) => {
                if let Some(new) = new {
                    new.is_closed = true;
                }
                made.remove(&position);
            }
        }
    }
    for Stored { id, message, facts, renewed, is_closed } in stored.into_values() {
        let text = renewed.map_or(message.as_str(), |renewed| renewed.message);
        let shown = renewed.and_then(|renewed| renewed.facts.as_deref()).unwrap_or(facts.as_str());
        if is_closed || text != message || shown != facts {
            let (message, facts) = (text.to_owned().into(), shown.to_owned().into());
            plan.changed.push(Changed { id, message, facts, is_closed });
        }
    }
    Ok(plan)
}

/// The positions of the keys, and the open row of each position that has one.
async fn open<'a>(
    connection: &mut Connection,
    steps: &[Step<'a>],
) -> StoreResult<(HashMap<(&'a str, AttentionKind, &'a str), usize>, HashMap<usize, Stored<'a>>)> {
    #[derive(Serialize)]
    struct Key<'a> {
        position: usize,
        account: &'a str,
        kind: &'static str,
        subject: &'a str,
    }
    let mut positions = HashMap::new();
    let mut keys = Vec::new();
    for (account, kind, subject) in steps.iter().map(Step::key) {
        positions.entry((account, kind, subject)).or_insert_with(|| {
            keys.push(Key { position: keys.len(), account, kind: kind.as_str(), subject });
            keys.len() - 1
        });
    }
    let sql = "SELECT j.position, a.id, a.message, a.facts FROM OPENJSON(@P1) \
         WITH (position bigint, account nvarchar(450), kind varchar(60), subject nvarchar(450)) j \
         JOIN marktwerk.attentions a ON a.account = j.account COLLATE Latin1_General_BIN2 \
         AND a.kind = j.kind COLLATE Latin1_General_BIN2 AND a.subject = j.subject COLLATE Latin1_General_BIN2 \
         WHERE a.closed_at IS NULL";
    let rows =
        connection.query_in("look up attention items", sql, &[&columns::json(&keys)?], Class::Batch).await?;
    let stored = columns::map(&rows, |columns| {
        let position: usize = columns.integer()?;
        let (id, message, facts) = (columns.integer()?, columns.text()?, columns.text()?);
        Ok((position, Stored { id, message, facts, renewed: None, is_closed: false }))
    })?;
    Ok((positions, stored.into_iter().collect()))
}

fn attention(columns: &mut Columns<'_>) -> StoreResult<Attention> {
    Ok(Attention {
        id: columns.integer()?,
        account: columns.text()?,
        kind: columns.word()?,
        subject: columns.text()?,
        message: columns.text()?,
        facts: columns.json()?,
        since: columns.time()?,
    })
}
