//! JTL as it is, read with statements of the play's own: orders, positions, parcels, waiting rows and stock. It shares nothing with the
//! product's reading.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use rusqlite::{Connection, OpenFlags, Row};

/// JTL's database.
pub(crate) struct Records {
    connection: Connection,
    /// What was read last, and the database's version then.
    last: RefCell<(i64, Rc<Snapshot>)>,
}

/// An order in JTL.
#[derive(Debug, Clone)]
pub(crate) struct JtlOrder {
    pub(crate) key: i64,
    /// The external number as it is now.
    pub(crate) number: String,
    pub(crate) is_cancelled: bool,
    pub(crate) positions: Vec<Position>,
    pub(crate) parcels: Vec<Parcel>,
    /// What JTL says that it comes to, in cents.
    pub(crate) gross_cents: Option<i64>,
    pub(crate) is_paid: bool,
}

/// A position of an order.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    pub(crate) key: i64,
    pub(crate) sku: String,
    pub(crate) pieces: i64,
    /// Pieces on delivery notes.
    pub(crate) noted: i64,
    /// 1 goods, 2 shipping, 15 packaging.
    pub(crate) kind: i64,
    pub(crate) is_gift: bool,
    /// Net price of all pieces with VAT on it, in cents.
    pub(crate) gross_cents: i64,
}

impl Position {
    pub(crate) fn is_bought(&self) -> bool {
        self.kind == 1 && !self.is_gift
    }
}

/// A parcel, or a label that was printed.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) note: i64,
    pub(crate) tracking: String,
    pub(crate) has_left: bool,
}

/// Pieces on a delivery note.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    pub(crate) key: i64,
    pub(crate) note: i64,
    pub(crate) position: i64,
    pub(crate) pieces: i64,
}

/// An article's stock.
#[derive(Debug)]
pub(crate) struct Article {
    pub(crate) key: i64,
    pub(crate) sku: String,
    pub(crate) buffer: i64,
    pub(crate) is_sold: bool,
    pub(crate) is_counted: bool,
    pub(crate) pieces: i64,
    pub(crate) reserved: i64,
    /// Component and pieces.
    pub(crate) components: Vec<(i64, i64)>,
}

/// All at one time.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) orders: Vec<JtlOrder>,
    /// Number → rows that wait for the JTL-Worker.
    pub(crate) waiting: HashMap<String, u32>,
    pub(crate) noted: Vec<Noted>,
    pub(crate) articles: Vec<Article>,
}

impl Snapshot {
    /// The orders with this number.
    pub(crate) fn with_number<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a JtlOrder> {
        self.orders.iter().filter(move |order| order.number == number)
    }

    pub(crate) fn rows_of(&self, number: &str) -> u32 {
        self.waiting.get(number).copied().unwrap_or(0)
    }
}

impl Records {
    pub(crate) fn open(file: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        Self { connection, last: RefCell::default() }
    }

    fn rows<T>(&self, sql: &str, from: i64, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let rows = statement.query_map([from], |row| read(row)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// JTL as it is now; read again only if somebody has written since.
    pub(crate) fn snapshot(&self) -> Rc<Snapshot> {
        let version: i64 = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap();
        if self.last.borrow().0 != version {
            // The JTL-Worker may be at work: what it has done in part would look like two truths.
            let transaction = self.connection.unchecked_transaction().unwrap();
            self.last.replace((version, Rc::new(self.read(0))));
            transaction.commit().unwrap();
        }
        Rc::clone(&self.last.borrow().1)
    }

    /// Orders from this key on.
    fn read(&self, from: i64) -> Snapshot {
        let mut orders: Vec<JtlOrder> = self.rows(
            "SELECT a.kAuftrag, a.cExterneAuftragsnummer, a.nStorno, e.fWertBrutto, e.dBezahlt IS NOT NULL
             FROM Verkauf_tAuftrag a LEFT JOIN Verkauf_tAuftragEckdaten e ON e.kAuftrag = a.kAuftrag
             WHERE a.kAuftrag >= ?1 AND a.nType = 1 ORDER BY a.kAuftrag",
            from,
            |row| {
                let gross: Option<String> = row.get(3)?;
                Ok(JtlOrder {
                    key: row.get(0)?,
                    number: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                    is_cancelled: row.get(2)?,
                    positions: Vec::new(),
                    parcels: Vec::new(),
                    gross_cents: gross.and_then(|text| text.parse::<f64>().ok()).map(cents),
                    is_paid: row.get(4)?,
                })
            },
        );
        let places: HashMap<i64, usize> =
            orders.iter().enumerate().map(|(index, order)| (order.key, index)).collect();
        let noted: Vec<Noted> = self.rows(
            "SELECT l.kLieferscheinPos, l.kLieferschein, l.kBestellPos, l.fAnzahl FROM tLieferscheinPos l
             JOIN tLieferschein n ON n.kLieferschein = l.kLieferschein WHERE n.kBestellung >= ?1 ORDER BY 1",
            from,
            |row| {
                Ok(Noted {
                    key: row.get(0)?,
                    note: row.get(1)?,
                    position: row.get(2)?,
                    pieces: whole(row.get(3)?),
                })
            },
        );
        let mut by_position: HashMap<i64, i64> = HashMap::new();
        noted.iter().for_each(|noted| *by_position.entry(noted.position).or_default() += noted.pieces);
        let positions = self.rows(
            "SELECT kAuftrag, kAuftragPosition, cArtNr, fAnzahl, nType, cName, fVkNetto, fMwSt
             FROM Verkauf_tAuftragPosition WHERE kAuftrag >= ?1 ORDER BY kAuftragPosition",
            from,
            |row| {
                let (net, rate): (String, String) = (row.get(6)?, row.get(7)?);
                let (net, rate): (f64, f64) = (net.parse().unwrap_or(0.0), rate.parse().unwrap_or(0.0));
                let pieces = whole(row.get(3)?);
                let key: i64 = row.get(1)?;
                Ok((
                    row.get::<_, i64>(0)?,
                    Position {
                        key,
                        sku: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                        pieces,
                        noted: by_position.get(&key).copied().unwrap_or(0),
                        kind: row.get(4)?,
                        is_gift: row.get::<_, Option<String>>(5)?.as_deref() == Some("Geschenk"),
                        gross_cents: cents(net * pieces as f64 * (1.0 + rate / 100.0)),
                    },
                ))
            },
        );
        for (order, position) in positions {
            if let Some(index) = places.get(&order) {
                orders[*index].positions.push(position);
            }
        }
        let parcels = self.rows(
            "SELECT n.kBestellung, v.kLieferschein, v.cIdentCode, v.dVersendet IS NOT NULL FROM tVersand v
             JOIN tLieferschein n ON n.kLieferschein = v.kLieferschein WHERE n.kBestellung >= ?1 ORDER BY v.kVersand",
            from,
            |row| {
                let tracking: Option<String> = row.get(2)?;
                let parcel = Parcel { note: row.get(1)?, tracking: tracking.unwrap_or_default(), has_left: row.get(3)? };
                Ok((row.get::<_, i64>(0)?, parcel))
            },
        );
        for (order, parcel) in parcels {
            if let Some(index) = places.get(&order) {
                orders[*index].parcels.push(parcel);
            }
        }
        let mut waiting: HashMap<String, u32> = HashMap::new();
        for text in
            self.rows("SELECT cText FROM tXMLBestellImport WHERE ?1 = ?1", 0, |row| row.get::<_, String>(0))
        {
            let number = text.split("<cExterneBestellNr>").nth(1).and_then(|rest| rest.split('<').next());
            *waiting.entry(number.unwrap_or_default().to_owned()).or_default() += 1;
        }
        Snapshot { orders, waiting, noted, articles: self.articles() }
    }

    fn articles(&self) -> Vec<Article> {
        let components: Vec<(i64, i64, i64)> =
            self.rows("SELECT kStueckliste, kArtikel, fAnzahl FROM tStueckliste WHERE ?1 = ?1", 0, |row| {
                Ok((row.get(0)?, row.get(1)?, whole(row.get(2)?)))
            });
        self.rows(
            "SELECT a.kArtikel, a.cArtNr, a.nPuffer, a.cAktiv = 'Y' AND a.nDelete = 0 AND a.nIstVater = 0,
                    a.cLagerAktiv = 'Y', (SELECT TOTAL(fBestand) FROM tlagerbestandProLagerLagerartikel w
                    WHERE w.kArtikel = a.kArtikel), COALESCE(l.fInAuftraegen, 0), a.kStueckliste
             FROM tArtikel a LEFT JOIN tlagerbestand l ON l.kArtikel = a.kArtikel WHERE ?1 = ?1",
            0,
            |row| {
                let list: i64 = row.get(7)?;
                let of_list = components.iter().filter(|(owner, ..)| list > 0 && *owner == list);
                Ok(Article {
                    key: row.get(0)?,
                    sku: row.get(1)?,
                    buffer: row.get(2)?,
                    is_sold: row.get(3)?,
                    is_counted: row.get(4)?,
                    pieces: whole(row.get(5)?),
                    reserved: whole(row.get(6)?),
                    components: of_list.map(|(_, component, pieces)| (*component, *pieces)).collect(),
                })
            },
        )
    }
}

/// Counts of pieces are whole.
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// Half away from zero, as invoices round.
fn cents(value: f64) -> i64 {
    (value * 100.0 + value.signum() * 1e-6).round() as i64
}
