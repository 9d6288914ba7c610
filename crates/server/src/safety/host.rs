//! Host, Origin and Sec-Fetch-Site. A page of a stranger can make a browser on this machine send requests here (DNS rebinding, forms);
//! it cannot make it lie about the Host that it believes to talk to, nor about where the request comes from.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::{ApiError, ApiResult};
use crate::options::ServerError;
use crate::state::AppState;

/// Under which names this server is asked.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    public: Option<PublicUrl>,
}

#[derive(Debug, Clone)]
struct PublicUrl {
    host: String,
    /// `https://marktwerk.example`, as browsers send it.
    origin: String,
}

impl Hosts {
    pub(crate) fn new(public_url: Option<&str>) -> Result<Self, ServerError> {
        public_url.map(parse_public_url).transpose().map(|public| Self { public })
    }

    /// Whether people reach this server by https alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(|public| public.origin.starts_with("https:"))
    }

    fn knows(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host().to_ascii_lowercase();
        let is_loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        let has_user = authority.as_str().contains('@');
        !has_user && (is_loopback || self.public.as_ref().is_some_and(|public| public.host == host))
    }

    /// Whether a page of this origin is one of ours: of the public url, or of the host that the request names.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        if self.public.as_ref().is_some_and(|public| public.origin == origin) {
            return true;
        }
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| authority == host.to_ascii_lowercase())
    }
}

/// Refuses requests under a foreign host name, and writes and sockets that come from a foreign page. A program sends no
/// Origin and is let through.
pub(crate) async fn refuse_foreign(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let host = host_of(&request).filter(|host| state.hosts.knows(host)).ok_or_else(|| {
        let text =
            "this host name is not one of this server's: ask for localhost, or set [server] public_url";
        ApiError::Refused(StatusCode::MISDIRECTED_REQUEST, text.to_owned())
    })?;
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_socket = request.headers().contains_key(header::UPGRADE) || request.method() == Method::CONNECT;
    if is_write || is_socket {
        let refused = |text: String| Err(ApiError::Refused(StatusCode::FORBIDDEN, text));
        if !origin_is_own(&state.hosts, request.headers(), &host) {
            return refused("the request comes from a page of another origin".to_owned());
        }
        if let Some(site) = foreign_site(request.headers()) {
            return refused(format!(
                "the request comes from a page of another origin: the browser says Sec-Fetch-Site: {site}"
            ));
        }
    }
    Ok(next.run(request).await)
}

fn host_of(request: &Request) -> Option<String> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?.to_owned(),
        (None, None) => request.uri().authority()?.to_string(),
        _ => return None,
    };
    // An absolute target must not name another host than the header does.
    let is_one =
        request.uri().authority().is_none_or(|authority| authority.as_str().eq_ignore_ascii_case(&host));
    is_one.then_some(host)
}

fn origin_is_own(hosts: &Hosts, headers: &HeaderMap, host: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    origins.all(|origin| origin.to_str().is_ok_and(|origin| hosts.is_own(origin, host)))
}

/// What a browser says of a request that a page of another origin has caused; also one of the same machine with another port. Words
/// that are not known here are passed over, as the standard asks for.
fn foreign_site(headers: &HeaderMap) -> Option<&'static str> {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.find_map(|site| {
        ["cross-site", "same-site"].into_iter().find(|foreign| site.as_bytes() == foreign.as_bytes())
    })
}

fn parse_public_url(text: &str) -> Result<PublicUrl, ServerError> {
    let refused = || ServerError::BadSetting {
        setting: "[server] public_url",
        reason: format!("`{text}` is not an address such as https://marktwerk.example"),
    };
    let uri: Uri = text.trim().parse().map_err(|_| refused())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(refused)?;
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(refused)?;
    let host = authority.host().to_ascii_lowercase();
    let own_port = if scheme == "https" { 443 } else { 80 };
    let origin = match authority.port_u16().filter(|port| *port != own_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    Ok(PublicUrl { host, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_the_public_host_are_known_and_nobody_else() {
        let hosts = Hosts::new(Some("https://Marktwerk.example/")).unwrap();
        for own in [
            "localhost:8000",
            "127.0.0.1",
            "[::1]:1",
            "LOCALHOST",
            "marktwerk.example",
            "marktwerk.example:443",
        ] {
            assert!(hosts.knows(own), "{own}");
        }
        for foreign in
            ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "10.0.0.1", "", "a b"]
        {
            assert!(!hosts.knows(foreign), "{foreign}");
        }
        assert!(!Hosts::new(None).unwrap().knows("marktwerk.example"));
    }

    #[test]
    fn an_origin_is_own_where_it_is_the_host_or_the_public_url() {
        let hosts = Hosts::new(Some("https://marktwerk.example")).unwrap();
        assert!(hosts.is_own("http://localhost:8000", "localhost:8000"));
        assert!(hosts.is_own("https://marktwerk.example", "127.0.0.1:8000"));
        for foreign in
            ["http://localhost:3000", "null", "https://evil.example", "http://marktwerk.example.evil"]
        {
            assert!(!hosts.is_own(foreign, "localhost:8000"), "{foreign}");
        }
    }

    #[test]
    fn a_public_url_is_an_address() {
        for wrong in ["marktwerk.example", "ftp://a", "https://user@a", ""] {
            assert!(Hosts::new(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
