//! The account at Amazon: what it takes to call, and whether it is good.
//!
//! Operation: `getMarketplaceParticipations`, which changes nothing.

use std::num::NonZeroU32;
use std::time::Duration;

use marktwerk_domain::account::{AccountHealth, AccountSummary};
use secrecy::SecretString;
use serde::Deserialize;

use super::client::{Client, Operation};
use crate::error::ConnectorError;
use crate::kind;
use crate::limiter::Rate;

/// As settings and database have it.
pub(super) const NAME: &str = "amazon";

const PARTICIPATIONS: Operation = Operation {
    name: "getMarketplaceParticipations",
    // 0.016 in a second.
    rate: Rate::one_in(Duration::from_millis(62_500), NonZeroU32::new(15).expect("15 is not 0")),
    is_about_order: false,
};

/// What is needed to work for a seller at Amazon. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct AmazonAccount {
    /// The merchant's own name for it.
    pub name: String,
    /// Where calls go, such as `https://sellingpartnerapi-eu.amazon.com`.
    pub endpoint: String,
    /// Where the sign-in is, such as `https://api.amazon.com/auth/o2/token`.
    pub sign_in: String,
    /// The application's public key.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: SecretString,
    /// What the seller has given the application: it is exchanged for tokens that last an hour.
    pub refresh_token: SecretString,
    /// The seller's own number at Amazon.
    pub seller_id: String,
    /// The marketplaces that are worked for, such as `A1PA6795UKMFR9` for Germany. At least one.
    pub marketplace_ids: Vec<String>,
}

impl AmazonAccount {
    pub(super) fn summary(&self) -> AccountSummary {
        kind::summary(NAME, &self.name, &self.endpoint)
    }
}

#[derive(Deserialize)]
struct Participations {
    payload: Vec<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    marketplace: Marketplace,
    participation: Participation,
}

#[derive(Deserialize)]
struct Marketplace {
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participation {
    is_participating: bool,
    has_suspended_listings: bool,
}

/// Asks Amazon where the seller sells.
pub(super) async fn check(client: &Client) -> Result<AccountHealth, ConnectorError> {
    let Participations { payload } =
        client.get(&PARTICIPATIONS, "/sellers/v1/marketplaceParticipations", &[]).await?;
    let wanted = client.marketplace_ids();
    let place = |id: &String| payload.iter().find(|place| place.marketplace.id == *id);
    let sells = |place: &&Place| place.participation.is_participating;
    let names: Vec<&str> = wanted
        .iter()
        .filter_map(|id| place(id).filter(sells))
        .map(|place| place.marketplace.name.as_str())
        .collect();
    let missing: Vec<&str> =
        wanted.iter().filter(|id| !place(id).as_ref().is_some_and(sells)).map(String::as_str).collect();
    if !payload.iter().any(|place| sells(&place)) {
        return Err(ConnectorError::Setup(format!(
            "account {}: this seller sells nowhere by what {} says: check the endpoint's region, and for whom the application was authorised",
            client.account(),
            client.endpoint(),
        )));
    }
    if !missing.is_empty() {
        return Err(ConnectorError::Setup(format!(
            "account {}: Amazon does not let this seller sell at {}; it does at {}: correct marketplace_ids",
            client.account(),
            missing.join(", "),
            payload.iter().filter(sells).map(described).collect::<Vec<_>>().join(", "),
        )));
    }
    let mut message = format!("Amazon accepts the credentials, for {}", names.join(", "));
    let suspended: Vec<&str> = wanted
        .iter()
        .filter_map(place)
        .filter(|place| place.participation.has_suspended_listings)
        .map(|place| place.marketplace.name.as_str())
        .collect();
    if !suspended.is_empty() {
        message.push_str("; offers are suspended at ");
        message.push_str(&suspended.join(", "));
        message.push_str(": see Seller Central");
    }
    Ok(AccountHealth { message, expires_at: None })
}

fn described(place: &Place) -> String {
    format!("{} ({})", place.marketplace.id, place.marketplace.name)
}
