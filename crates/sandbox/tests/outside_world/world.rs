//! A quiet world for tests: a clock that stands still until it is moved, and a caller that signs by its own
//! code. Nothing moves by itself; `Control::work_now` lets happen what is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use marktwerk_sandbox::{Control, Sandbox, SandboxOptions, SandboxTime, WorldOptions};
use serde_json::{Map, Value, json};

/// 1 July 2026, 12:00 UTC.
pub(crate) const NOON: i64 = 1_782_907_200;

#[derive(Clone)]
pub(crate) struct StillClock(Arc<AtomicI64>);

impl StillClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOON * 1000)))
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst) / 1000
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn time(&self) -> SandboxTime {
        let now = Arc::clone(&self.0);
        SandboxTime {
            now_ms: Arc::new(move || now.load(Ordering::SeqCst)),
            sleep: Arc::new(|_| Box::pin(std::future::pending())),
        }
    }
}

pub(crate) struct World {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) clock: StillClock,
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    client: reqwest::Client,
}

impl World {
    pub(crate) async fn quiet() -> Self {
        Self::with(WorldOptions::quiet()).await
    }

    pub(crate) async fn with(world: WorldOptions) -> Self {
        let (directory, clock) = (tempfile::tempdir().expect("directory"), StillClock::new());
        let options = SandboxOptions { world, ..SandboxOptions::new(directory.path(), clock.time()) };
        let sandbox = Sandbox::start(options).await.expect("sandbox");
        let control = sandbox.control();
        Self { directory, clock, sandbox, control, client: reqwest::Client::new() }
    }

    /// Common members of every call.
    pub(crate) fn common(&self, operation: &str) -> Map<String, Value> {
        let credentials = Sandbox::credentials();
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(operation));
        body.insert("app_key".to_owned(), json!(credentials.app_key));
        body.insert("access_token".to_owned(), json!(credentials.access_token));
        body.insert("timestamp".to_owned(), json!(self.clock.seconds().to_string()));
        body.insert("data_type".to_owned(), json!("JSON"));
        body
    }

    pub(crate) async fn send(&self, body: String) -> reqwest::Result<reqwest::Response> {
        self.client.post(self.sandbox.temu_endpoint()).body(body).send().await
    }

    /// A signed call; the whole envelope.
    pub(crate) async fn call(&self, operation: &str, parameters: Value) -> Value {
        let mut body = self.common(operation);
        body.extend(parameters.as_object().cloned().unwrap_or_default());
        self.send_signed(body).await
    }

    pub(crate) async fn send_signed(&self, mut body: Map<String, Value>) -> Value {
        let sign = sign(&body, Sandbox::credentials().app_secret);
        body.insert("sign".to_owned(), json!(sign));
        let answer = self.send(Value::Object(body).to_string()).await.expect("answer");
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.expect("text")).expect("json")
    }

    /// `result` of a call that succeeds.
    pub(crate) async fn result(&self, operation: &str, parameters: Value) -> Value {
        let mut envelope = self.call(operation, parameters).await;
        assert_eq!(envelope["success"], true, "{envelope}");
        assert_eq!(envelope["errorCode"], 1_000_000);
        envelope["result"].take()
    }

    /// Error code of a call that fails.
    pub(crate) async fn code(&self, operation: &str, parameters: Value) -> i64 {
        let envelope = self.call(operation, parameters).await;
        assert_eq!(envelope["success"], false, "{envelope}");
        envelope["errorCode"].as_i64().expect("code")
    }

    pub(crate) fn jtl(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.sandbox.jtl_database()).expect("jtl")
    }

    pub(crate) fn hand_over(&self, xml: &str) -> i64 {
        let connection = self.jtl();
        connection
            .execute("INSERT INTO tXMLBestellImport(cText, nPlattform, nRechnung) VALUES (?1, 5, 0)", [xml])
            .expect("insert");
        connection.last_insert_rowid()
    }
}

pub(crate) fn sign(body: &Map<String, Value>, secret: &str) -> String {
    let mut keys: Vec<&String> = body.keys().collect();
    keys.sort();
    let mut text = secret.to_owned();
    for key in keys {
        text.push_str(key);
        match &body[key] {
            Value::String(value) => text.push_str(value),
            other => text.push_str(&other.to_string()),
        }
    }
    text.push_str(secret);
    md5_hex(&text)
}

pub(crate) fn md5_hex(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A good order document: two pieces of a SKU at 4.90 and shipping 3.99.
pub(crate) fn order_xml(external: &str, sku: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<tBestellungen><tBestellung kFirma=\"1\" kBenutzer=\"1\">\
         <cSprache>ger</cSprache><cWaehrung>EUR</cWaehrung><cBestellNr></cBestellNr>\
         <cExterneBestellNr>{external}</cExterneBestellNr><cVersandartName>TEMU</cVersandartName><cVersandInfo/>\
         <dVersandDatum/><cTracking/><dLieferDatum>2026-07-04</dLieferDatum><cKommentar/><cBemerkung/>\
         <dErstellt>2026-07-01</dErstellt><cZahlungsartName>TEMU</cZahlungsartName>\
         <dBezahltDatum>01.07.2026</dBezahltDatum>\
         <twarenkorbpos><cName>B\u{fc}rste &#8364; &#x1F600;</cName><cArtNr>{sku}</cArtNr><cBarcode/><cEinheit/>\
         <fPreisEinzelNetto>4.11765</fPreisEinzelNetto><fPreis>4.90</fPreis><fMwSt>19.00</fMwSt><fAnzahl>2.00</fAnzahl>\
         <cPosTyp>standard</cPosTyp><fRabatt>0.00</fRabatt></twarenkorbpos>\
         <twarenkorbpos><cName>Versand</cName><cArtNr/><cBarcode/><cEinheit/>\
         <fPreisEinzelNetto>3.35294</fPreisEinzelNetto><fPreis>3.99</fPreis><fMwSt>19.00</fMwSt><fAnzahl>1.00</fAnzahl>\
         <cPosTyp>versandkosten</cPosTyp><fRabatt>0.00</fRabatt></twarenkorbpos>\
         <tkunde><cKundenNr/><cAnrede/><cTitel/><cVorname>&#321;ucja</cVorname><cNachname>M\u{fc}hlfeld</cNachname>\
         <cFirma/><cStrasse>Lindenweg 12</cStrasse><cAdressZusatz/><cPLZ>35390</cPLZ><cOrt>Gie\u{df}en</cOrt>\
         <cBundesland/><cLand>DE</cLand><cTel/><cMobil/><cFax/><cMail>a@relay.sandbox.invalid</cMail><cUSTID/><cWWW/>\
         <cHerkunft>TEMU</cHerkunft></tkunde>\
         <tlieferadresse><cAnrede/><cVorname>&#321;ucja</cVorname><cNachname>M\u{fc}hlfeld</cNachname><cTitel/>\
         <cFirma/><cStrasse>Lindenweg 12</cStrasse><cAdressZusatz/><cPLZ>35390</cPLZ><cOrt>Gie\u{df}en</cOrt>\
         <cBundesland/><cLand>DE</cLand><cTel/><cMobil/><cFax/><cMail/></tlieferadresse>\
         </tBestellung></tBestellungen>"
    )
}
