//! TLS of our own: an explicit provider, and nothing installed for the whole process.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use watchpost_core::TransportOptions;

use crate::config::Diagnostic;

/// A client configuration; certificates are read only if `secure`, as that takes some milliseconds.
///
/// Roots are those of the option `ca_certs`; without it the system's, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name
/// instead; Mozilla's when there are none (a bare container), and then it says so.
pub(crate) fn client_config(
    secure: bool,
    options: &TransportOptions,
    diagnostic: &Diagnostic,
) -> Result<ClientConfig, String> {
    let roots = match &options.ca_certs {
        _ if !secure => RootCertStore::empty(),
        Some(file) => roots_of(file)?,
        None => system_roots(diagnostic),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?
        .with_root_certificates(roots);
    let mut config = match &options.cert_file {
        Some(file) if secure => {
            let key_file = options.key_file.as_ref().unwrap_or(file);
            let key = PrivateKeyDer::from_pem_file(key_file)
                .map_err(|error| format!("`key_file` {}: {error}", key_file.display()))?;
            builder
                .with_client_auth_cert(certificates("cert_file", file)?, key)
                .map_err(|error| format!("`cert_file` and `key_file` do not go together: {error}"))?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots_of(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates("ca_certs", file)?);
    if added == 0 {
        return Err(format!("`ca_certs` {}: no certificate of an authority in it", file.display()));
    }
    Ok(roots)
}

fn certificates(option: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = all.map_err(|error| format!("`{option}` {}: {error}", file.display()))?;
    if all.is_empty() {
        return Err(format!("`{option}` {}: no certificate in it", file.display()));
    }
    Ok(all)
}

fn system_roots(diagnostic: &Diagnostic) -> RootCertStore {
    let mut roots = RootCertStore::empty();
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
    roots
}

/// aws-lc-rs wins when both features are on: it is reqwest's own choice, so an application that uses reqwest beside
/// us carries one provider, not two.
fn provider() -> CryptoProvider {
    #[cfg(feature = "rustls-aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "rustls-aws-lc"))]
    return rustls::crypto::ring::default_provider();
}
