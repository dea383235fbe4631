//! TLS of our own: an explicit provider, and nothing installed for the whole process.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

/// A client configuration; root certificates are read only if `secure`, as that takes some milliseconds.
///
/// Roots are the system's, or Mozilla's when the system has none (a bare container).
pub(crate) fn client_config(secure: bool) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if secure {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// aws-lc-rs wins when both features are on: it is reqwest's own choice, so an application that uses reqwest beside
/// us carries one provider, not two.
fn provider() -> CryptoProvider {
    #[cfg(feature = "rustls-aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "rustls-aws-lc"))]
    return rustls::crypto::ring::default_provider();
}
