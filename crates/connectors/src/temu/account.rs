//! The account at TEMU: what it takes to call, and whether its token is good.
//!
//! Call: `bg.open.accesstoken.info.get`, which changes nothing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::client::{Client, Repeat};
use super::{Temu, codes, wire};
use crate::error::ConnectorError;
use crate::kind::{
    self, AccountSettings, Form, JobType, Jobs, Key, Kind, Setting, StatusParameter, Surroundings,
};

/// From when on the end of a token is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
const TOKEN_INFO: &str = "bg.open.accesstoken.info.get";
/// What the workflows need; a token is given call by call.
const NEEDED: [&str; 8] = [
    "bg.order.list.v2.get",
    "bg.order.shippinginfo.v2.get",
    "bg.order.amount.query",
    "bg.local.goods.sku.list.query",
    "bg.local.goods.stock.edit",
    "bg.logistics.companies.get",
    "bg.logistics.shipment.v2.confirm",
    "bg.logistics.shipment.v2.get",
];

/// What is needed to work for a shop at TEMU. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct TemuAccount {
    /// The merchant's own name for it.
    pub name: String,
    /// Where calls go, such as `https://openapi-b-eu.temu.com/openapi/router`.
    pub endpoint: String,
    /// The app's public key.
    pub app_key: String,
    /// The app's secret: signs each call, never sent.
    pub app_secret: SecretString,
    /// The shop's token for the app.
    pub access_token: SecretString,
    /// Calls per second that TEMU permits the app (20 for new apps); `None` or 0: no limit (simulation).
    pub calls_per_second: Option<u32>,
}

/// The public key of the app.
const APP_KEY: &str = "app_key";
const APP_SECRET: &str = "app_secret";
const ACCESS_TOKEN: &str = "access_token";
const CALLS_PER_SECOND: &str = "calls_per_second";

/// TEMU, as the program knows it. Job types and the status have the names of the system in use today.
pub static KIND: Kind = Kind {
    name: "temu",
    title: "TEMU",
    endpoint: "https://openapi-b-eu.temu.com/openapi/router",
    keys: &[
        Key { name: APP_KEY, form: Form::Text },
        Key { name: APP_SECRET, form: Form::Secret },
        Key { name: ACCESS_TOKEN, form: Form::Secret },
        Key { name: CALLS_PER_SECOND, form: Form::Number(20) },
    ],
    token: ACCESS_TOKEN,
    rules: &super::RULES,
    jobs: Jobs {
        orders: JobType { name: "order_workflow", aliases: &["sync_orders"] },
        orders_every: 5,
        inventory: JobType { name: "inventory_workflow", aliases: &["sync_inventory"] },
        inventory_every: 5,
        status: Some(StatusParameter {
            name: "parent_order_status",
            description: "Only orders of this status at the marketplace (TEMU: 0 all, 1 pending, 2 to be shipped, 3 cancelled, 4 shipped, 5 received).",
            values: &[0, 1, 2, 3, 4, 5, 41, 51],
        }),
    },
    connect: |settings, surroundings| {
        let Surroundings { clock, budgets, http } = surroundings;
        let account = TemuAccount::try_from(settings)?;
        Ok(Arc::new(Temu::new(account, clock.clone(), budgets, http.clone())))
    },
};

impl TryFrom<&AccountSettings> for TemuAccount {
    type Error = ConnectorError;

    fn try_from(settings: &AccountSettings) -> Result<Self, ConnectorError> {
        Ok(Self {
            name: settings.name.clone(),
            endpoint: settings.endpoint.clone(),
            app_key: settings.text(APP_KEY)?,
            app_secret: settings.secret(APP_SECRET)?,
            access_token: settings.secret(ACCESS_TOKEN)?,
            calls_per_second: Some(settings.number(CALLS_PER_SECOND)?),
        })
    }
}

impl From<TemuAccount> for AccountSettings {
    fn from(account: TemuAccount) -> Self {
        let values = [
            (APP_KEY, Setting::Text(account.app_key)),
            (APP_SECRET, Setting::Secret(account.app_secret)),
            (ACCESS_TOKEN, Setting::Secret(account.access_token)),
            (CALLS_PER_SECOND, Setting::Number(account.calls_per_second.unwrap_or(0))),
        ];
        Self::new(&KIND, account.name, account.endpoint, values)
    }
}

impl TemuAccount {
    pub(super) fn summary(&self) -> AccountSummary {
        kind::summary(KIND.name, &self.name, &self.endpoint)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenInfo {
    #[serde(default, deserialize_with = "wire::text")]
    mall_id: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    expired_time: Option<i64>,
    #[serde(default, deserialize_with = "wire::list")]
    api_scope_list: Vec<String>,
}

/// Asks TEMU what it thinks of the token. The end stands in `expires_at` and is shown from there: the message does
/// not repeat the date. The error has no such place, so it names it.
pub(super) async fn check(client: &Client) -> Result<AccountHealth, ConnectorError> {
    let info: TokenInfo = client.call(TOKEN_INFO, json!({}), Repeat::Read).await?;
    // 0 is no time but a missing one.
    let expires_at = info.expired_time.filter(|seconds| *seconds > 0);
    let expires_at = expires_at.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let shop = info.mall_id.as_deref().unwrap_or("without a number");
    let mut message = format!("TEMU accepts the token of shop {shop}");
    match expires_at.map(|at| (at, at.duration_since(client.clock().now()))) {
        // That this call was answered does not make the token good for the others.
        Some((at, left)) if left <= SignedDuration::ZERO => {
            let message = format!("the token of shop {shop} expired on {}", at.strftime("%Y-%m-%d"));
            return Err(ConnectorError::Unauthorised {
                place: client.place(TOKEN_INFO),
                message,
                cure: codes::AUTHORISE,
            });
        }
        Some((_, left)) if left <= SOON => {
            message.push_str(&format!("; it expires in {}: {}", days(left), codes::AUTHORISE));
        }
        Some(_) => {}
        None => message.push_str(", which names no end"),
    }
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|needed| !info.api_scope_list.iter().any(|scope| scope == needed))
        .collect();
    // An empty list tells nothing about permissions.
    if !info.api_scope_list.is_empty() && !missing.is_empty() {
        message.push_str("; it does not permit ");
        message.push_str(&missing.join(", "));
    }
    Ok(AccountHealth { message, expires_at })
}

/// Whole days that are left, rounded down: rather too early than too late.
fn days(left: SignedDuration) -> String {
    match left.as_hours() / 24 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
