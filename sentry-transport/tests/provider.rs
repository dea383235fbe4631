//! TLS beside an application that uses rustls too. A test binary of its own: the provider is a process-wide setting.

mod support;

use std::time::Duration;

use support::server::Server;
use support::{dsn, event};
use watchpost_core::Transport;
use watchpost_transport::HttpTransport;

#[test]
fn no_tls_provider_is_installed_and_a_bare_configuration_works() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody speaks TLS here: the attempt sets everything up and fails at the handshake.
    let server = Server::start("200 OK");
    let secure = dsn(&server.dsn.replace("http:", "https:"));
    let transport = HttpTransport::builder(secure).storage_dir(folder.path()).build();
    transport.send(event(1));
    assert!(!transport.flush(Duration::from_secs(20)));
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());

    // What an application does that knows nothing of providers. With two of them compiled in, rustls makes every
    // application choose; then there is no bare configuration to test.
    if cfg!(not(all(feature = "rustls-aws-lc", feature = "rustls-ring"))) {
        let roots = rustls::RootCertStore::empty();
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    }
}
