//! Where the program listens: whether the start gets the address, or who has it.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use marktwerk_domain::finding::Finding;
use serde_json::Value;

use crate::config::Settings;

/// How long whoever has the address may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn address(settings: &Settings) -> Vec<Finding> {
    let address = settings.server.listen;
    // A free port is a port that is free.
    let reason = match TcpListener::bind(address) {
        Ok(_) => return vec![Finding::Well(format!("{address} is free: the program can listen there"))],
        Err(error) => error,
    };
    let cure = "choose another address with --listen or [server] listen";
    vec![match reason.kind() {
        ErrorKind::AddrInUse => match version_of(address).await {
            Some(version) => Finding::Well(format!("Marktwerk {version} is running on {address}")),
            None => {
                Finding::Wrong(format!("another program listens on {address} already: stop it, or {cure}"))
            }
        },
        ErrorKind::PermissionDenied => Finding::Wrong(format!(
            "this user may not listen on {address}: ports below 1024 need a right of their own; {cure}"
        )),
        ErrorKind::AddrNotAvailable => {
            Finding::Wrong(format!("{address} is not an address of this machine: {cure}"))
        }
        _ => Finding::Wrong(format!("cannot listen on {address} ({reason}): {cure}")),
    }]
}

/// The version of the Marktwerk that has an address, if it is one.
async fn version_of(mut address: SocketAddr) -> Option<String> {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().ok()?;
    let health: Value =
        http.get(format!("http://{address}/api/health")).send().await.ok()?.json().await.ok()?;
    health["modules"].is_object().then(|| health["version"].as_str().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_told_from_a_free_one() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = Settings::default();
        settings.server.listen = holder.local_addr().unwrap();
        // It takes connections and says nothing.
        let told = address(&settings).await;
        assert!(
            matches!(&told[..], [Finding::Wrong(text)] if text.contains("another program listens")),
            "{told:?}"
        );
        drop(holder);
        let told = address(&settings).await;
        assert!(matches!(&told[..], [Finding::Well(text)] if text.contains("is free")), "{told:?}");
        settings.server.listen = "192.0.2.1:8000".parse().unwrap();
        let told = address(&settings).await;
        assert!(matches!(&told[..], [Finding::Wrong(text)] if text.contains("of this machine")), "{told:?}");
    }
}
