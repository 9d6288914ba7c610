//! The self-test's part that only SQL Server has: every column by name, every right that is used, and whether the login has more
//! rights than it should.

use std::collections::BTreeMap;

use marktwerk_sqlserver::{Connection, SqlError};

use super::dialect;
use super::fault::Fault;
use super::model::{Model, OrderModel};
use crate::jtl::database::{List, Needs};

/// Table, columns, and what needs them.
type Needed = (&'static str, &'static [&'static str], &'static str);

/// Without `dbo.tBenutzer`, of which only two columns are granted: not every server shows such a table.
const ALWAYS: &[Needed] = &[
    (
        "dbo.tXMLBestellImport",
        &["kXMLBestellImport", "cText", "nPlattform", "nRechnung"],
        "the hand-over of orders",
    ),
    ("dbo.tLieferschein", &["kLieferschein", "kBestellung"], "tracking"),
    ("dbo.tLieferscheinPos", &["kLieferscheinPos", "kLieferschein", "kBestellPos", "fAnzahl"], "tracking"),
    (
        "dbo.tVersand",
        &["kVersand", "kLieferschein", "cIdentCode", "dVersendet", "kVersandArt", "cLogistiker"],
        "tracking",
    ),
    ("dbo.tVersandPos", &["kVersand", "kLieferscheinPos", "fAnzahl"], "tracking"),
    ("dbo.tversandart", &["kVersandArt", "cName", "cAktiv"], "the name of the shipping method"),
    ("dbo.tZahlungsart", &["kZahlungsart", "cName", "nAktiv"], "the name of the payment method"),
    (
        "dbo.tArtikel",
        &["kArtikel", "cArtNr", "cAktiv", "nDelete", "nIstVater", "nPuffer", "kStueckliste"],
        "articles and stock",
    ),
    ("dbo.tlagerbestand", &["kArtikel", "fVerfuegbar", "nLagerAktiv"], "stock"),
    ("dbo.tStueckliste", &["kStueckliste", "kArtikel", "fAnzahl"], "stock of bundles"),
    ("dbo.tfirma", &["kFirma"], "the check of the settings"),
    ("dbo.tWarenLager", &["kWarenLager", "nAktiv"], "the check of the settings"),
    ("dbo.tPlattform", &["nPlattform", "nTyp"], "the check of the settings"),
    ("dbo.tversion", &["cVersion"], "the check of the settings"),
];
const NEWER: &[Needed] = &[
    (
        "Verkauf.tAuftrag",
        &["kAuftrag", "cAuftragsNr", "nType", "cExterneAuftragsnummer", "nStorno", "nKomplettAusgeliefert"],
        "the hand-over of orders and tracking",
    ),
    ("Verkauf.tAuftragPosition", &["kAuftragPosition", "kAuftrag", "cArtNr", "fAnzahl", "nType"], "tracking"),
];
const OLDER: &[Needed] = &[
    (
        "dbo.tBestellung",
        &["kBestellung", "cBestellNr", "cType", "cInetBestellNr", "nStorno", "nKomplettAusgeliefert"],
        "the hand-over of orders and tracking",
    ),
    (
        "dbo.tbestellpos",
        &["kBestellPos", "tBestellung_kBestellung", "cArtNr", "nAnzahl", "nType"],
        "tracking",
    ),
];
const BY_WAREHOUSE: &[Needed] = &[(
    "dbo.tlagerbestandProLagerLagerartikel",
    &["kArtikel", "kWarenlager", "fBestand", "fVerfuegbarGesperrt"],
    "stock by warehouse",
)];

/// Everything that is not as it should be.
pub(super) async fn find(
    connection: &mut Connection,
    model: &Model,
    needs: Needs,
) -> Result<Vec<String>, Fault> {
    let mut found = columns(connection, model, needs).await?;
    found.extend(statements(connection, model, needs, found.is_empty()).await?);
    found.extend(right_to_insert(connection).await?);
    if !model.unversioned.is_empty() {
        found.push(format!(
            "this JTL has no row versions (bRowversion) in {}: whether something is new there cannot be told, and jobs that wait for \
             news run each time",
            model.unversioned.iter().map(|table| table.table).collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(found)
}

/// More rights than are needed.
pub(super) async fn excess(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    const SYSADMIN: &str = "SELECT IS_SRVROLEMEMBER('sysadmin')";
    let row = connection.one("ask who we are", SYSADMIN, &[]).await?;
    let is_administrator = row.map(|row| row.optional_integer(0)).transpose()?.flatten() == Some(1);
    let advice = "the login may do everything on this SQL Server (sysadmin, as `sa` is): use one that has only the rights that \
        docs/OPERATING.md lists";
    Ok(is_administrator.then(|| advice.to_owned()).into_iter().collect())
}

/// Columns that are not there. `COL_LENGTH` also answers NULL where the login has no right on the table at all.
async fn columns(connection: &mut Connection, model: &Model, needs: Needs) -> Result<Vec<String>, Fault> {
    let orders = if model.orders == OrderModel::Newer { NEWER } else { OLDER };
    let by_warehouse = if needs.warehouses { BY_WAREHOUSE } else { &[] };
    let needed: Vec<Needed> = ALWAYS.iter().chain(orders).chain(by_warehouse).copied().collect();
    let rows: Vec<String> = (0..)
        .zip(&needed)
        .flat_map(|(index, (table, columns, _))| {
            columns.iter().map(move |column| {
                format!("({index}, '{column}', OBJECT_ID('{table}'), COL_LENGTH('{table}', '{column}'))")
            })
        })
        .collect();
    let sql = format!(
        "SELECT c.place, c.name, c.object FROM (VALUES {}) c (place, name, object, length) WHERE c.length IS NULL ORDER BY c.place",
        rows.join(", ")
    );
    let mut missing: BTreeMap<usize, (bool, Vec<String>)> = BTreeMap::new();
    for row in connection.query("look for columns", &sql, &[]).await? {
        let place = usize::try_from(row.integer(0)?).unwrap_or_default();
        let (is_there, columns) = missing.entry(place).or_default();
        *is_there = row.optional_integer(2)?.is_some();
        columns.push(row.text(1)?);
    }
    let sentence = |(place, (is_there, columns)): (usize, (bool, Vec<String>))| {
        let (table, _, purpose) = needed.get(place)?;
        Some(if is_there {
            format!(
                "{table} has no column {} in this version of JTL: {purpose} cannot work",
                columns.join(", ")
            )
        } else {
            format!(
                "{table} is missing, or the login has no right to read it: {purpose} cannot work; docs/OPERATING.md lists the rights"
            )
        })
    };
    Ok(missing.into_iter().filter_map(sentence).collect())
}

/// Runs each statement with an empty list: the server itself says best what it does not understand or allow.
async fn statements(
    connection: &mut Connection,
    model: &Model,
    needs: Needs,
    has_all_columns: bool,
) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let (texts, keys) = (List::Texts(&[]), List::Integers(&[]));
    dialect::load(connection, texts).await?;
    for statement in needs.with_texts() {
        attempt(connection, model, statement, texts, has_all_columns, &mut found).await?;
    }
    dialect::load(connection, keys).await?;
    for statement in needs.with_keys() {
        attempt(connection, model, statement, keys, has_all_columns, &mut found).await?;
    }
    Ok(found)
}

async fn attempt(
    connection: &mut Connection,
    model: &Model,
    statement: &str,
    list: List<'_>,
    has_all_columns: bool,
    found: &mut Vec<String>,
) -> Result<(), Fault> {
    let text = dialect::written(statement, model, list);
    // Those never run where there are no versions.
    if model.lacks_versions_of(statement) {
        return Ok(());
    }
    match dialect::rows(connection, "try a statement", &text).await {
        Ok(_) => {}
        // Named already, column by column.
        Err(Fault::Sql(SqlError::Schema { .. })) if !has_all_columns => {}
        Err(Fault::Sql(
            error @ (SqlError::Permission { .. } | SqlError::Schema { .. } | SqlError::Refused { .. }),
        )) => note(found, error),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Several statements may lack the same right.
fn note(found: &mut Vec<String>, error: SqlError) {
    let sentence = Fault::from(error).during("check its tables").to_string();
    if !found.contains(&sentence) {
        found.push(sentence);
    }
}

/// Whether rows may be inserted. Not every server answers `HAS_PERMS_BY_NAME` rightly, so that a "no" is tried out with no row.
async fn right_to_insert(connection: &mut Connection) -> Result<Option<String>, Fault> {
    const ASK: &str = "SELECT HAS_PERMS_BY_NAME('dbo.tXMLBestellImport', 'OBJECT', 'INSERT')";
    const TRY: &str =
        "INSERT INTO [dbo].[tXMLBestellImport] (cText, nPlattform, nRechnung) SELECT N'', 0, 0 WHERE 1 = 0";
    let row = connection.one("ask for the right to insert", ASK, &[]).await?;
    if row.map(|row| row.optional_integer(0)).transpose()?.flatten() == Some(1) {
        return Ok(None);
    }
    match connection.execute("try to insert no row", TRY, &[]).await {
        Ok(_) => Ok(None),
        // A missing table is told of elsewhere.
        Err(SqlError::Schema { .. }) => Ok(None),
        Err(error @ (SqlError::Permission { .. } | SqlError::Refused { .. })) => {
            Ok(Some(Fault::from(error).during("hand orders over").to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
