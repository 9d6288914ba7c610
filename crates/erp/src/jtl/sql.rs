//! Every reading statement, in the names of JTL's schema. `{Verkauf.tAuftrag}` stands for the table, `{list}` for the one
//! parameter as rows of `value`, `{carrier_codes}` for the two codes of a shipping method `m` and `{packed_at}` for the time of packing of a parcel `v` where JTL has them, `{number}` for the article number as JTL's collation compares it (neither case nor blanks at the
//! end count), and `{same}` for its comparison with the list; the database's dialect writes all of them out.
//! Columns are named one by one, never `*`: the schema grows with each JTL version.

/// Orders with these external numbers. `nType` 1 is an order (0 an offer).
pub(super) const ORDERS: &str = "\
    SELECT n.value, a.kAuftrag, a.cAuftragsNr, a.nStorno, a.nKomplettAusgeliefert \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    ORDER BY a.kAuftrag";

/// What was ordered. Only goods count: `nType` 1 is an article and 0 a free position; shipping (2), packaging (15), discounts and texts have
/// other numbers.
pub(super) const ORDERED: &str = "\
    SELECT p.kAuftrag, p.cArtNr, p.fAnzahl \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {Verkauf.tAuftragPosition} p ON p.kAuftrag = a.kAuftrag \
    WHERE p.nType IN (0, 1) AND p.cArtNr <> '' \
    ORDER BY p.kAuftragPosition";

/// All parcels: an order has any number of delivery notes, each of them any number of parcels.
pub(super) const PARCELS: &str = "\
    SELECT l.kBestellung, l.kLieferschein, v.kVersand, v.cIdentCode, v.dVersendet, v.cLogistiker, m.cName, \
    {carrier_codes}, {packed_at} \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tVersand} v ON v.kLieferschein = l.kLieferschein \
    LEFT JOIN {dbo.tversandart} m ON m.kVersandArt = v.kVersandArt \
    ORDER BY v.kVersand";

/// What is in each parcel, as far as it was recorded.
pub(super) const PARCEL_CONTENTS: &str = "\
    SELECT c.kVersand, p.cArtNr, c.fAnzahl \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tVersand} v ON v.kLieferschein = l.kLieferschein \
    JOIN {dbo.tVersandPos} c ON c.kVersand = v.kVersand \
    JOIN {dbo.tLieferscheinPos} d ON d.kLieferscheinPos = c.kLieferscheinPos \
    JOIN {Verkauf.tAuftragPosition} p ON p.kAuftragPosition = d.kBestellPos \
    WHERE p.nType IN (0, 1) AND p.cArtNr <> '' \
    ORDER BY c.kVersand, p.kAuftragPosition";

/// What each delivery note holds, over all its parcels.
pub(super) const NOTE_CONTENTS: &str = "\
    SELECT d.kLieferschein, p.cArtNr, d.fAnzahl \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tLieferscheinPos} d ON d.kLieferschein = l.kLieferschein \
    JOIN {Verkauf.tAuftragPosition} p ON p.kAuftragPosition = d.kBestellPos \
    WHERE p.nType IN (0, 1) AND p.cArtNr <> '' \
    ORDER BY d.kLieferschein, p.kAuftragPosition";

/// How many orders have each number, cancelled ones included: what was cancelled in JTL is not inserted again.
pub(super) const ORDER_COUNTS: &str = "\
    SELECT n.value, COUNT(*) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    GROUP BY n.value";

/// Orders with these numbers of JTL's own.
pub(super) const ORDERS_BY_OWN_NUMBER: &str = "\
    SELECT n.value, a.kAuftrag, a.cAuftragsNr, a.cExterneAuftragsnummer \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cAuftragsNr = n.value AND a.nType = 1 \
    ORDER BY a.kAuftrag";

/// Orders with an address in these postal codes. Only before a person has an order handed over again.
pub(super) const ORDERS_BY_POSTAL_CODE: &str = "\
    SELECT n.value, a.kAuftrag, a.cAuftragsNr, a.cExterneAuftragsnummer, d.cVorname, d.cName, a.dErstellt \
    FROM {list} n \
    JOIN {Verkauf.tAuftragAdresse} d ON d.cPLZ = n.value \
    JOIN {Verkauf.tAuftrag} a ON a.kAuftrag = d.kAuftrag AND a.nType = 1 \
    ORDER BY a.kAuftrag";

/// What was ordered with these orders, by key.
pub(super) const ORDERED_BY_KEY: &str = "\
    SELECT p.kAuftrag, p.cArtNr, p.fAnzahl \
    FROM {list} n \
    JOIN {Verkauf.tAuftragPosition} p ON p.kAuftrag = n.value \
    WHERE p.nType IN (0, 1) AND p.cArtNr <> '' \
    ORDER BY p.kAuftragPosition";

/// Article numbers that JTL can sell; a parent of variations (`nIstVater`) is never sold itself.
pub(super) const SELLABLE_ARTICLES: &str = "\
    SELECT n.value, r.kArtikel \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON {same} \
    WHERE r.cAktiv = 'Y' AND r.nDelete = 0 AND r.nIstVater = 0";

/// Customers with these e-mail addresses, the newest last. A view with few columns: the tables behind it hold much more.
pub(super) const CUSTOMERS: &str = "\
    SELECT n.value, k.cKundenNr, k.cVorname, k.cName, k.cPLZ \
    FROM {list} n \
    JOIN {Kunde.lvKunde} k ON k.cEMail = n.value \
    WHERE k.cKundenNr <> '' \
    ORDER BY k.kKunde";

/// Customers with these numbers.
pub(super) const CUSTOMER_NUMBERS: &str =
    "SELECT n.value FROM {list} n JOIN {Kunde.lvKunde} k ON k.cKundenNr = n.value";

/// How many article numbers are not unique, as the database compares them.
pub(super) const AMBIGUOUS_ARTICLES: &str = "\
    SELECT COUNT(*) \
    FROM (SELECT {number} AS number FROM {dbo.tArtikel} r WHERE r.nDelete = 0 AND r.cArtNr <> '' \
    GROUP BY {number} HAVING COUNT(*) > 1) d";

/// Keys of article numbers, 1 where the article may be sold.
pub(super) const ARTICLE_KEYS: &str = "\
    SELECT n.value, r.kArtikel, CASE WHEN r.cAktiv = 'Y' THEN 1 ELSE 0 END \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON {same} \
    WHERE r.nDelete = 0 AND r.nIstVater = 0";

/// How many of the article numbers may be sold, and a sum of their keys.
pub(super) const ARTICLE_KEY_SUMS: &str = "\
    SELECT COUNT(*), SUM(CAST(r.kArtikel AS bigint)) \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON {same} \
    WHERE r.cAktiv = 'Y' AND r.nDelete = 0 AND r.nIstVater = 0";

/// How articles stand.
pub(super) const ARTICLE_STATES: &str = "\
    SELECT r.kArtikel, r.cArtNr, r.nDelete, r.nIstVater, CASE WHEN r.cAktiv = 'Y' THEN 1 ELSE 0 END \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value";

/// Bundles that hold one of the articles.
pub(super) const BUNDLES: &str = "\
    SELECT r.kArtikel \
    FROM {list} n \
    JOIN {dbo.tStueckliste} c ON c.kArtikel = n.value \
    JOIN {dbo.tArtikel} r ON r.kStueckliste = c.kStueckliste \
    WHERE r.kStueckliste > 0 AND r.nDelete = 0";

/// Article-wide stock. `fVerfuegbar` is what is not reserved by open orders.
pub(super) const STOCK: &str = "\
    SELECT r.kArtikel, r.nPuffer, r.kStueckliste, s.fVerfuegbar, s.nLagerAktiv \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    LEFT JOIN {dbo.tlagerbestand} s ON s.kArtikel = r.kArtikel";

/// Components of those articles that are bundles, with the components' own stock.
pub(super) const COMPONENTS: &str = "\
    SELECT r.kArtikel, c.kArtikel, c.fAnzahl, a.nPuffer, s.fVerfuegbar, s.nLagerAktiv \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    JOIN {dbo.tStueckliste} c ON c.kStueckliste = r.kStueckliste \
    LEFT JOIN {dbo.tArtikel} a ON a.kArtikel = c.kArtikel \
    LEFT JOIN {dbo.tlagerbestand} s ON s.kArtikel = c.kArtikel \
    WHERE r.kStueckliste > 0";

/// Physical stock by warehouse, of the articles and of the components of bundles among them.
pub(super) const STOCK_BY_WAREHOUSE: &str = "\
    SELECT w.kArtikel, w.kWarenlager, w.fBestand, w.fVerfuegbarGesperrt \
    FROM {dbo.tlagerbestandProLagerLagerartikel} w \
    JOIN (SELECT n.value AS kArtikel FROM {list} n \
    UNION SELECT c.kArtikel FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    JOIN {dbo.tStueckliste} c ON c.kStueckliste = r.kStueckliste \
    WHERE r.kStueckliste > 0) x ON x.kArtikel = w.kArtikel";

/// How many orders with these numbers there are, and the sum of their row versions. A version only rises, so the sum of the same
/// rows does: unlike the highest one it also shows a change that was begun early and committed late.
pub(super) const ORDER_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(a.bRowversion AS bigint)) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1";

/// The same of their positions.
pub(super) const POSITION_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(p.bRowversion AS bigint)) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {Verkauf.tAuftragPosition} p ON p.kAuftrag = a.kAuftrag";

/// The same of their delivery notes.
pub(super) const NOTE_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(l.bRowversion AS bigint)) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag";

/// What those hold; these rows are not known to have versions.
pub(super) const NOTE_SUMS: &str = "\
    SELECT COUNT(*), SUM(d.fAnzahl) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tLieferscheinPos} d ON d.kLieferschein = l.kLieferschein";

/// Their parcels, where tracking numbers and dates of dispatch stand.
pub(super) const PARCEL_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(v.bRowversion AS bigint)) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tVersand} v ON v.kLieferschein = l.kLieferschein";

/// What those hold.
pub(super) const PARCEL_SUMS: &str = "\
    SELECT COUNT(*), SUM(c.fAnzahl) \
    FROM {list} n \
    JOIN {Verkauf.tAuftrag} a ON a.cExterneAuftragsnummer = n.value AND a.nType = 1 \
    JOIN {dbo.tLieferschein} l ON l.kBestellung = a.kAuftrag \
    JOIN {dbo.tVersand} v ON v.kLieferschein = l.kLieferschein \
    JOIN {dbo.tVersandPos} c ON c.kVersand = v.kVersand";

/// What of an article decides how much is published. Its row version would rise with each new price or text.
pub(super) const ARTICLE_SUMS: &str = "\
    SELECT COUNT(*), SUM(CAST(r.kArtikel AS bigint) * r.nPuffer), SUM(CAST(r.kStueckliste AS bigint)) \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value";

/// Article-wide stock, of the articles and of the components of bundles among them; bundles have rows of their own.
pub(super) const STOCK_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(s.bRowversion AS bigint)) \
    FROM {dbo.tlagerbestand} s \
    JOIN (SELECT n.value AS kArtikel FROM {list} n \
    UNION SELECT c.kArtikel FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    JOIN {dbo.tStueckliste} c ON c.kStueckliste = r.kStueckliste \
    WHERE r.kStueckliste > 0) x ON x.kArtikel = s.kArtikel";

/// What the bundles among the articles are made of.
pub(super) const COMPONENT_SUMS: &str = "\
    SELECT COUNT(*), SUM(CAST(c.kArtikel AS bigint)), SUM(c.fAnzahl) \
    FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    JOIN {dbo.tStueckliste} c ON c.kStueckliste = r.kStueckliste \
    WHERE r.kStueckliste > 0";

/// Physical stock by warehouse, of the articles and of the components of bundles among them.
pub(super) const SHELF_VERSIONS: &str = "\
    SELECT COUNT(*), SUM(CAST(w.bRowversion AS bigint)) \
    FROM {dbo.tlagerbestandProLagerLagerartikel} w \
    JOIN (SELECT n.value AS kArtikel FROM {list} n \
    UNION SELECT c.kArtikel FROM {list} n \
    JOIN {dbo.tArtikel} r ON r.kArtikel = n.value \
    JOIN {dbo.tStueckliste} c ON c.kStueckliste = r.kStueckliste \
    WHERE r.kStueckliste > 0) x ON x.kArtikel = w.kArtikel";

/// JTL's version.
pub(super) const VERSION: &str = "SELECT t.cVersion FROM {dbo.tversion} t";

/// The company that orders belong to.
pub(super) const COMPANY: &str = "SELECT f.kFirma FROM {list} n JOIN {dbo.tfirma} f ON f.kFirma = n.value";

/// The user who creates orders. Only these columns: the table also holds passwords.
pub(super) const USER: &str =
    "SELECT u.kBenutzer, u.nAktiv FROM {list} n JOIN {dbo.tBenutzer} u ON u.kBenutzer = n.value";

/// The chosen warehouses.
pub(super) const WAREHOUSES: &str =
    "SELECT w.kWarenLager, w.nAktiv FROM {list} n JOIN {dbo.tWarenLager} w ON w.kWarenLager = n.value";

/// All warehouses in use.
pub(super) const ACTIVE_WAREHOUSES: &str =
    "SELECT w.kWarenLager FROM {dbo.tWarenLager} w WHERE w.nAktiv <> 0 ORDER BY w.kWarenLager";

/// The shipping method, 1 where it is active.
pub(super) const SHIPPING_METHOD: &str = "\
    SELECT m.kVersandArt, CASE WHEN m.cAktiv = 'Y' THEN 1 ELSE 0 END \
    FROM {list} n JOIN {dbo.tversandart} m ON m.cName = n.value";

/// The payment method.
pub(super) const PAYMENT_METHOD: &str =
    "SELECT z.kZahlungsart, z.nAktiv FROM {list} n JOIN {dbo.tZahlungsart} z ON z.cName = n.value";

/// The platform of imported orders. `nTyp` 3 is the XML import.
pub(super) const PLATFORM: &str =
    "SELECT p.nPlattform, p.nTyp FROM {list} n JOIN {dbo.tPlattform} p ON p.nPlattform = n.value";

/// What runs on every database, whatever the settings, with a list of texts.
pub(super) const NEEDED_WITH_TEXTS: &[&str] = &[
    ORDERS,
    ORDERED,
    PARCELS,
    PARCEL_CONTENTS,
    NOTE_CONTENTS,
    ORDER_COUNTS,
    SELLABLE_ARTICLES,
    ARTICLE_KEYS,
    ARTICLE_KEY_SUMS,
    ORDER_VERSIONS,
    POSITION_VERSIONS,
    NOTE_VERSIONS,
    NOTE_SUMS,
    PARCEL_VERSIONS,
    PARCEL_SUMS,
];

/// The same with a list of keys.
pub(super) const NEEDED_WITH_KEYS: &[&str] =
    &[STOCK, COMPONENTS, ARTICLE_STATES, BUNDLES, ARTICLE_SUMS, COMPONENT_SUMS, STOCK_VERSIONS];

/// What runs beside those where warehouses are chosen, with a list of keys.
pub(super) const NEEDED_FOR_WAREHOUSES: &[&str] = &[STOCK_BY_WAREHOUSE, SHELF_VERSIONS];
