//! A TLS server for the tests of this crate, with a certificate that it made itself.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

pub(crate) struct TlsServer {
    pub(crate) acceptor: TlsAcceptor,
    /// What a client must trust to talk to it, DER.
    pub(crate) certificate: Vec<u8>,
}

/// A server that says it is `name`.
pub(crate) fn server(name: &str) -> TlsServer {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    TlsServer { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: certificate.to_vec() }
}
