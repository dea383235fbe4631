//! TLS of our own: an explicit provider, and nothing installed for the whole process.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::config::Diagnostic;

/// A client configuration; root certificates are read only if `secure`, as that takes some milliseconds.
///
/// Roots are the system's, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead; Mozilla's when there are none (a
/// bare container), and then it says so.
pub(crate) fn client_config(secure: bool, diagnostic: &Diagnostic) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if secure {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            diagnostic.say(|| match found.errors.first() {
                Some(error) => {
                    format!("no root certificate of the system's can be read ({error}): using Mozilla's")
                }
                None => "the system has no root certificates: using Mozilla's".to_owned(),
            });
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
