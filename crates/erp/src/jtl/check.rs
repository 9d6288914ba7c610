//! The self-test: whether what the settings name exists in JTL, and whether the schema is the one that the
//! statements know. A finding is one sentence for people; a check that cannot run is a finding too.

use super::customers::CustomerPolicy;
use super::database::{Database, List, Needs};
use super::row::Row;
use super::settings::{JtlSettings, ShippingMethod};
use super::sql;
use crate::ErpError;

/// `tPlattform.nTyp` of the XML import.
const XML_IMPORT: i64 = 3;

/// All findings; none means that nothing is wrong.
pub(super) async fn findings(
    database: &dyn Database,
    settings: &JtlSettings,
) -> Result<Vec<String>, ErpError> {
    let mut checks = Checks { database, findings: Vec::new() };
    checks.schema(settings).await?;
    checks.version().await?;
    checks.settings(settings).await?;
    Ok(checks.findings)
}

/// What works, and may be meant otherwise. A table that cannot be read is [`findings`]' business.
pub(super) async fn advice(
    database: &dyn Database,
    settings: &JtlSettings,
) -> Result<Option<String>, ErpError> {
    if !settings.warehouses.is_empty() {
        return Ok(None);
    }
    let mut checks = Checks { database, findings: Vec::new() };
    let Some(rows) = checks.rows(&[sql::ACTIVE_WAREHOUSES], List::Integers(&[])).await? else {
        return Ok(None);
    };
    let keys: Result<Vec<String>, ErpError> =
        rows.iter().map(|row| Ok(row.integer(0, "tWarenLager.kWarenLager")?.to_string())).collect();
    let keys = keys?;
    Ok((keys.len() > 1).then(|| {
        format!(
            "the stock of all {} warehouses in use is published (tWarenLager.kWarenLager {}): name those that orders are sent from in \
             [erp.jtl] warehouses; the system in use before published warehouse 2 alone",
            keys.len(),
            keys.join(", ")
        )
    }))
}

struct Checks<'check> {
    database: &'check dyn Database,
    findings: Vec<String>,
}

impl Checks<'_> {
    async fn schema(&mut self, settings: &JtlSettings) -> Result<(), ErpError> {
        let needs = Needs { warehouses: !settings.warehouses.is_empty() };
        self.findings = self.database.shortcomings(needs).await?;
        let Some(rows) = self.rows(&[sql::AMBIGUOUS_ARTICLES], List::Integers(&[])).await? else {
            return Ok(());
        };
        let ambiguous = rows.first().map(|row| row.integer(0, "a count")).transpose()?.unwrap_or_default();
        self.expect(ambiguous == 0, || {
            format!(
                "{ambiguous} article numbers occur more than once in JTL, as its database compares them (tArtikel.cArtNr): \
                 such articles are neither sold nor counted until each has a number of its own"
            )
        });
        Ok(())
    }

    async fn version(&mut self) -> Result<(), ErpError> {
        let Some(rows) = self.rows(&[sql::VERSION], List::Integers(&[])).await? else { return Ok(()) };
        let version =
            rows.first().map(|row| row.text(0, "tversion.cVersion")).transpose()?.unwrap_or_default();
        let is_known = version.trim().starts_with("1.");
        self.expect(is_known, || {
            format!(
                "JTL-Wawi says that it is version `{}`: Marktwerk was made for 1.6 to 1.10",
                version.trim()
            )
        });
        Ok(())
    }

    async fn settings(&mut self, settings: &JtlSettings) -> Result<(), ErpError> {
        if let Some(rows) = self.rows(&[sql::COMPANY], List::Integers(&[settings.company])).await? {
            self.expect(!rows.is_empty(), || {
                format!("[erp.jtl] company: JTL has no company {} (tfirma.kFirma)", settings.company)
            });
        }
        if let Some(rows) = self.rows(&[sql::USER], List::Integers(&[settings.user])).await? {
            self.expect(is_active(&rows)?, || {
                format!("[erp.jtl] user: JTL has no active user {} (tBenutzer.kBenutzer)", settings.user)
            });
        }
        self.methods("shipping_method", &settings.shipping_method, "").await?;
        self.methods("payment_method", &settings.payment_method, "").await?;
        for (account, own) in &settings.accounts {
            let place = format!(" of the account {account}");
            for name in own.shipping_method.iter().flat_map(ShippingMethod::names) {
                self.methods("shipping_method", name, &place).await?;
            }
            if let Some(name) = &own.payment_method {
                self.methods("payment_method", name, &place).await?;
            }
            if let Some(platform) = own.platform {
                self.platform(platform, &place).await?;
            }
        }
        self.customers(&settings.customer).await?;
        self.warehouses(settings).await?;
        self.platform(settings.platform, "").await
    }

    /// Whether JTL has the method of shipping or paying that a setting names.
    async fn methods(&mut self, setting: &str, name: &str, place: &str) -> Result<(), ErpError> {
        let (statement, kind) = match setting {
            "shipping_method" => (&[sql::SHIPPING_METHOD], "shipping method"),
            _ => (&[sql::PAYMENT_METHOD], "payment method"),
        };
        let Some(rows) = self.rows(statement, List::Texts(&[name.to_owned()])).await? else { return Ok(()) };
        let section = section(place);
        self.expect(is_active(&rows)?, || {
            format!(
                "{section} {setting}{place}: JTL has no active {kind} `{name}`: it would reject every order; create it in JTL or name \
                 another"
            )
        });
        Ok(())
    }

    async fn customers(&mut self, policy: &CustomerPolicy) -> Result<(), ErpError> {
        match policy {
            CustomerPolicy::New => {}
            CustomerPolicy::EmailAndName => drop(self.rows(&[sql::CUSTOMERS], List::Texts(&[])).await?),
            CustomerPolicy::Collective(numbers) => {
                for (account, number) in numbers {
                    let asked = [number.trim().to_owned()];
                    let rows = self.rows(&[sql::CUSTOMER_NUMBERS], List::Texts(&asked)).await?;
                    let Some(rows) = rows else { return Ok(()) };
                    self.expect(!rows.is_empty(), || {
                        format!(
                            "[erp.jtl] customer: JTL has no customer {number} (cKundenNr), the collective one of the account \
                             {account}: create it in JTL or name another"
                        )
                    });
                }
            }
        }
        Ok(())
    }

    async fn warehouses(&mut self, settings: &JtlSettings) -> Result<(), ErpError> {
        for warehouse in &settings.warehouses {
            let Some(rows) = self.rows(&[sql::WAREHOUSES], List::Integers(&[*warehouse])).await? else {
                return Ok(());
            };
            self.expect(is_active(&rows)?, || {
                format!(
                    "[erp.jtl] warehouses: JTL has no active warehouse {warehouse} (tWarenLager.kWarenLager)"
                )
            });
        }
        Ok(())
    }

    async fn platform(&mut self, platform: i64, place: &str) -> Result<(), ErpError> {
        let list = [platform];
        let list = List::Integers(&list);
        let Some(rows) = self.rows(&[sql::PLATFORM], list).await? else { return Ok(()) };
        let kind = rows.first().map(|row| row.integer(1, "tPlattform.nTyp")).transpose()?;
        self.expect(kind == Some(XML_IMPORT), || {
            format!(
                "{} platform{place}: {platform} is not a platform for XML imports in JTL (tPlattform.nTyp 3)",
                section(place)
            )
        });
        Ok(())
    }

    /// Rows of one statement; none where the schema does not have what it names, which is noted.
    async fn rows(
        &mut self,
        statement: &'static [&'static str; 1],
        list: List<'_>,
    ) -> Result<Option<Vec<Row>>, ErpError> {
        let answer = self.database.read("check the settings", statement, list).await;
        if matches!(answer, Err(ErpError::Schema { .. })) && self.names_a_table_of(statement[0]) {
            return Ok(None);
        }
        Ok(self.note(answer)?.and_then(|mut answers| answers.pop()))
    }

    /// Whether a finding begins with one of the tables already.
    fn names_a_table_of(&self, statement: &str) -> bool {
        let tables = statement.split('{').skip(1).filter_map(|part| part.split_once('}'));
        let mut tables = tables.map(|(table, _)| format!("{table} "));
        tables.any(|table| self.findings.iter().any(|finding| finding.starts_with(&table)))
    }

    fn note<T>(&mut self, answer: Result<T, ErpError>) -> Result<Option<T>, ErpError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error @ (ErpError::Schema { .. } | ErpError::Permission { .. })) => {
                let finding = error.to_string();
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn expect(&mut self, is_right: bool, finding: impl FnOnce() -> String) {
        if !is_right {
            self.findings.push(finding());
        }
    }
}

/// Whether there is a row whose second column is not 0.
fn is_active(rows: &[Row]) -> Result<bool, ErpError> {
    for row in rows {
        if row.optional_integer(1, "a column that tells whether it is active")? != Some(0) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a setting stands.
fn section(place: &str) -> &'static str {
    if place.is_empty() { "[erp.jtl]" } else { "[accounts.jtl]" }
}
