//! Tables as JTL-Wawi 1.10.11 has them, cut down to what we read and write, with its types, and what stands in a new installation.

use marktwerk_sqlserver::{Connection, SqlError};

/// Which JTL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// `Verkauf.tAuftrag` (1.6 and later).
    Newer,
    /// `dbo.tBestellung` as a table, and few row versions (2018 to 2021).
    Older,
}

/// Both models' tables, children first.
const DROP: &[&str] = &[
    "dbo.tVersandPos",
    "dbo.tVersand",
    "dbo.tLieferscheinPos",
    "dbo.tLieferschein",
    "Verkauf.tAuftragPosition",
    "Verkauf.tAuftrag",
    "dbo.tbestellpos",
    "dbo.tBestellung",
    "dbo.tXMLBestellImport",
    "dbo.tlagerbestandProLagerLagerartikel",
    "dbo.tlagerbestand",
    "dbo.tStueckliste",
    "dbo.tArtikel",
    "dbo.tversandart",
    "dbo.tZahlungsart",
    "dbo.tPlattform",
    "dbo.tWarenLager",
    "dbo.tBenutzer",
    "dbo.tfirma",
    "dbo.tversion",
    "Kunde.lvKunde",
];

/// What is the same in both models; `{version}` is the row version, which the older one lacks.
const COMMON: &[&str] = &[
    "CREATE TABLE dbo.tversion (cVersion nvarchar(255) NULL)",
    "CREATE TABLE dbo.tfirma (kFirma int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL)",
    "CREATE TABLE dbo.tBenutzer (kBenutzer int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL, nAktiv tinyint NULL,
        cPasswort nvarchar(255) NULL)",
    "CREATE TABLE dbo.tWarenLager (kWarenLager int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL, nAktiv tinyint NOT NULL)",
    "CREATE TABLE dbo.tPlattform (nPlattform int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL, nTyp tinyint NOT NULL)",
    "CREATE TABLE dbo.tversandart (kVersandArt int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL, cAktiv char(1) NULL)",
    "CREATE TABLE dbo.tZahlungsart (kZahlungsart int NOT NULL PRIMARY KEY, cName nvarchar(255) NULL, nAktiv bit NOT NULL)",
    "CREATE TABLE dbo.tXMLBestellImport (kXMLBestellImport int IDENTITY(1,1) NOT NULL PRIMARY KEY, cText {text} NULL,
        nPlattform tinyint NULL, nRechnung tinyint NULL{version})",
    "CREATE TABLE dbo.tLieferschein (kLieferschein int NOT NULL PRIMARY KEY, kBestellung int NOT NULL{version})",
    "CREATE TABLE dbo.tLieferscheinPos (kLieferscheinPos int NOT NULL PRIMARY KEY, kLieferschein int NOT NULL,
        kBestellPos int NOT NULL, fAnzahl decimal(25,13) NOT NULL)",
    "CREATE TABLE dbo.tVersand (kVersand int NOT NULL PRIMARY KEY, kLieferschein int NOT NULL, cIdentCode nvarchar(255) NULL,
        dErstellt datetime NULL, dVersendet datetime NULL, kVersandArt int NULL, cLogistiker nvarchar(50) NULL{version})",
    "CREATE TABLE dbo.tVersandPos (kVersand int NOT NULL, kLieferscheinPos int NOT NULL, fAnzahl decimal(25,13) NOT NULL)",
    "CREATE TABLE dbo.tArtikel (kArtikel int NOT NULL PRIMARY KEY, cArtNr nvarchar(100) NOT NULL, nPuffer int NOT NULL,
        kStueckliste int NOT NULL, cAktiv char(1) NULL, nDelete tinyint NOT NULL, nIstVater tinyint NOT NULL)",
    "CREATE TABLE dbo.tStueckliste (kStueckliste int NOT NULL, kArtikel int NOT NULL, fAnzahl decimal(25,13) NOT NULL)",
    "CREATE TABLE dbo.tlagerbestand (kArtikel int NOT NULL PRIMARY KEY, fVerfuegbar decimal(25,13) NULL,
        fInAuftraegen decimal(25,13) NULL, nLagerAktiv tinyint NULL{version})",
    "CREATE TABLE dbo.tlagerbestandProLagerLagerartikel (kArtikel int NOT NULL, kWarenlager int NOT NULL,
        fBestand decimal(25,13) NOT NULL CHECK (fBestand >= 0),
        fVerfuegbarGesperrt decimal(25,13) NOT NULL CHECK (fVerfuegbarGesperrt >= 0){version})",
    // A view in JTL, over more tables than we know.
    "CREATE TABLE Kunde.lvKunde (kKunde int NOT NULL PRIMARY KEY, cKundenNr nvarchar(30) NULL, cVorname nvarchar(255) NULL,
        cName nvarchar(255) NULL, cPLZ nvarchar(24) NULL, cEMail nvarchar(255) NULL)",
    "CREATE INDEX IX_tArtikel_cArtNr ON dbo.tArtikel (cArtNr)",
    "CREATE INDEX IX_tLieferschein_kBestellung ON dbo.tLieferschein (kBestellung)",
    "CREATE INDEX IX_tLieferscheinPos_kLieferschein ON dbo.tLieferscheinPos (kLieferschein)",
    "CREATE INDEX IX_tVersand_kLieferschein ON dbo.tVersand (kLieferschein)",
];

const NEWER: &[&str] = &[
    "CREATE TABLE Verkauf.tAuftrag (kAuftrag int NOT NULL PRIMARY KEY, cAuftragsNr nvarchar(50) NOT NULL, nType tinyint NOT NULL,
        cExterneAuftragsnummer nvarchar(50) NULL, nStorno bit NULL, nKomplettAusgeliefert int NULL, bRowversion rowversion NOT NULL)",
    "CREATE TABLE Verkauf.tAuftragPosition (kAuftragPosition int NOT NULL PRIMARY KEY, kAuftrag int NOT NULL,
        cArtNr nvarchar(100) NULL, fAnzahl decimal(25,13) NOT NULL, nType tinyint NOT NULL, bRowversion rowversion NOT NULL)",
    "CREATE INDEX IX_tAuftrag_cExterneAuftragsnummer ON Verkauf.tAuftrag (cExterneAuftragsnummer)",
    "CREATE INDEX IX_tAuftragPosition_kAuftrag ON Verkauf.tAuftragPosition (kAuftrag)",
];

const OLDER: &[&str] = &[
    "CREATE TABLE dbo.tBestellung (kBestellung int NOT NULL PRIMARY KEY, cBestellNr varchar(50) NULL, cType char(1) NULL,
        cInetBestellNr varchar(50) NULL, nStorno tinyint NULL, nKomplettAusgeliefert tinyint NULL)",
    "CREATE TABLE dbo.tbestellpos (kBestellPos int NOT NULL PRIMARY KEY, tBestellung_kBestellung int NULL, cArtNr varchar(255) NULL,
        nAnzahl decimal(18,4) NULL, nType tinyint NULL)",
];

const ROWS: &[&str] = &[
    "INSERT INTO dbo.tfirma VALUES (1, N'Muster GmbH')",
    "INSERT INTO dbo.tBenutzer VALUES (1, N'Import', 1, N'-'), (2, N'Gegangen', 0, N'-')",
    "INSERT INTO dbo.tWarenLager VALUES (1, N'Standardlager', 1), (2, N'Halle', 1), (3, N'Alt', 0)",
    "INSERT INTO dbo.tPlattform VALUES (1, N'Wawi', 1), (5, N'XML', 3)",
    "INSERT INTO dbo.tversandart VALUES (1, N'TEMU', 'Y'), (2, N'DHL Paket', 'Y'), (3, N'Ruhend', 'N')",
    "INSERT INTO dbo.tZahlungsart VALUES (1, N'TEMU', 1)",
];

/// Drops and creates everything.
pub(super) async fn create(connection: &mut Connection, schema: Schema) -> Result<(), SqlError> {
    // Somebody's views and triggers go with their tables.
    let mut statements: Vec<String> = Vec::new();
    for schema in ["Verkauf", "Kunde"] {
        statements.push(format!("IF SCHEMA_ID('{schema}') IS NULL EXEC('CREATE SCHEMA {schema}')"));
    }
    statements.extend(
        DROP.iter().map(|table| format!("IF OBJECT_ID('{table}', 'U') IS NOT NULL DROP TABLE {table}")),
    );
    let (model, version, text, name) = match schema {
        Schema::Newer => (NEWER, ", bRowversion rowversion NOT NULL", "nvarchar(max)", "1.10.11.0"),
        Schema::Older => (OLDER, "", "varchar(max)", "1.5.55.7"),
    };
    let tables = COMMON.iter().chain(model);
    statements.extend(tables.map(|table| table.replace("{version}", version).replace("{text}", text)));
    statements.push(format!("INSERT INTO dbo.tversion VALUES (N'{name}')"));
    statements.extend(ROWS.iter().map(|&row| row.to_owned()));
    // An installation has imported before: the identity value of a table that never had a row is told only by SQL Server itself.
    statements.push("INSERT INTO dbo.tXMLBestellImport (cText) VALUES ('')".to_owned());
    statements.push("DELETE FROM dbo.tXMLBestellImport".to_owned());
    for statement in statements {
        connection.batch("make an eazybusiness", &statement).await?;
    }
    Ok(())
}
