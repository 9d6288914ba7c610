//! The server that runs with these settings, if one does: what its health answer says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use marktwerk_domain::finding::Finding;
use serde_json::Value;

use crate::config::Settings;

const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn health(settings: &Settings) -> Vec<Finding> {
    let address = reachable(settings.server.listen);
    let Ok(client) = reqwest::Client::builder().timeout(LIMIT).no_proxy().build() else { return Vec::new() };
    let ask = |path: &str| client.get(format!("http://{address}{path}"));
    let general = match ask("/api/health").send().await {
        Ok(answer) => answer.json::<Value>().await.ok().filter(|health| health["modules"].is_object()),
        Err(error) if error.is_connect() => {
            return vec![Finding::Well(format!("none answers at {address}"))];
        }
        Err(_) => {
            let text = format!("whatever listens at {address} did not answer within {} s", LIMIT.as_secs());
            return vec![Finding::Wrong(text)];
        }
    };
    let Some(general) = general else {
        return vec![Finding::Odd(format!("what listens at {address} is not Marktwerk"))];
    };
    // With the names of accounts and jobs, where the token is known.
    let mut detailed = ask("/api/v1/health");
    if let Some(token) = &settings.server.token {
        detailed = detailed.bearer_auth(token.expose());
    }
    let detailed = match detailed.send().await {
        Ok(answer) if answer.status().is_success() => answer.json::<Value>().await.ok(),
        _ => None,
    };
    let health = detailed.unwrap_or(general);
    let reasons = health["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if reasons.is_empty() {
        return vec![Finding::Well(format!("it is well ({address})"))];
    }
    let finding = |reason: &Value| {
        let text = format!(
            "{}: {}",
            reason["code"].as_str().unwrap_or_default(),
            reason["message"].as_str().unwrap_or_default()
        );
        match reason["stops_work"].as_bool() {
            Some(true) => Finding::Wrong(text),
            _ => Finding::Odd(text),
        }
    };
    reasons.iter().map(finding).collect()
}

/// An address to call where the server listens on all of them.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
