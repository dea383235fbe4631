//! Certificates of a private authority, and a server's side of TLS.

use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority with a key of its own.
pub fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for these names, and its key, as PEM.
pub fn certificate(authority: &Authority, names: &[&str]) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// Makes a TLS connection of a TCP connection, as a server with a certificate for these names. With `clients`, only
/// clients with a certificate by that authority are let in.
pub fn acceptor(
    authority: &Authority,
    names: &[&str],
    clients: Option<&Authority>,
    protocols: &[&str],
) -> impl Fn(TcpStream) -> Option<StreamOwned<ServerConnection, TcpStream>> + Clone + Send + use<> {
    let (certificate, key) = certificate(authority, names);
    let provider = Arc::new(provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.unwrap();
    let builder = match clients {
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let config = Arc::new(config);
    move |mut stream| {
        stream.set_nodelay(true).unwrap();
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).ok()?;
        }
        Some(StreamOwned::new(connection, stream))
    }
}

pub fn provider() -> CryptoProvider {
    #[cfg(feature = "rustls-aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(all(feature = "rustls-ring", not(feature = "rustls-aws-lc")))]
    return rustls::crypto::ring::default_provider();
    #[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
    unreachable!("no provider, no test");
}
