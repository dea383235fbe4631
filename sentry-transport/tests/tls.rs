//! Real TLS handshakes with a server of a private authority. Runs itself as the application, because the roots come
//! from the environment (`SSL_CERT_FILE`) and the provider is a process-wide setting.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it panics when it cannot go on and says what it did"
)]

mod support;

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use support::server::Server;
use support::{PATIENCE, dsn, event, number};
use tempfile::TempDir;
use watchpost_core::Transport;
use watchpost_transport::HttpTransport;

const OUR_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

fn main() {
    match (env::var("DSN"), env::var("FOLDER"), env::var("COUNT")) {
        (Ok(dsn), Ok(folder), Ok(count)) => application(&dsn, Path::new(&folder), count.parse().unwrap()),
        _ if cfg!(not(any(feature = "rustls-aws-lc", feature = "rustls-ring"))) => {
            println!("tls: no provider is compiled in, so there is no uploader to test");
        }
        _ => {
            trusted_by_name_and_by_address();
            untrusted_is_kept_for_the_next_start();
            a_certificate_for_another_name_is_refused();
            unreadable_roots_are_said();
        }
    }
}

/// The program: captures, and says what became of it.
fn application(address: &str, folder: &Path, count: u32) {
    let transport = HttpTransport::builder(dsn(address))
        .storage_dir(folder)
        .diagnostic(Arc::new(|text: &str| println!("{text}")))
        .build();
    for number in 1..=count {
        transport.send(event(number));
    }
    let delivered = transport.close(PATIENCE);
    assert!(CryptoProvider::get_default().is_none(), "nothing is installed for the whole process");
    println!("delivered: {delivered}");
}

/// Runs the program with these roots alone, and returns what it said.
fn run(address: &str, roots: &Path, folder: &Path, count: u32) -> String {
    let mut program = Command::new(env::current_exe().unwrap());
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program.env_remove(proxy);
    }
    program.env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", roots).env("DSN", address);
    program.env("FOLDER", folder).env("COUNT", count.to_string());
    let output = program.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}: {said}", output.status);
    said
}

type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority with a key of its own.
fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A folder with `roots.pem` in it, which trusts this authority alone.
fn roots(authority: &Authority) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roots.pem"), authority.pem()).unwrap();
    folder
}

/// A server with a certificate by this authority for these names; and why handshakes failed.
fn server(
    authority: &Authority,
    names: &[&str],
    version: &'static SupportedProtocolVersion,
) -> (Server, Receiver<String>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let (sender, refusals) = channel();
    let server = Server::start_over("200 OK", move |mut stream| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        // A client that refuses says so in a message of its own, which in TLS 1.3 follows the server's last one.
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut stream) {
                let _ = sender.send(error.to_string());
                return None;
            }
        }
        Some(StreamOwned::new(connection, stream))
    });
    (server, refusals)
}

fn provider() -> CryptoProvider {
    #[cfg(feature = "rustls-aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(all(feature = "rustls-ring", not(feature = "rustls-aws-lc")))]
    return rustls::crypto::ring::default_provider();
    #[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
    unreachable!("no provider, no test");
}

/// The server's address by this name of the machine.
fn address(server: &Server, host: &str) -> String {
    server.dsn.replace("http:", "https:").replace("127.0.0.1", host)
}

fn files(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

fn trusted_by_name_and_by_address() {
    let authority = authority("Ours");
    let trusted = roots(&authority);
    for (host, version) in [("localhost", &TLS13), ("127.0.0.1", &TLS12)] {
        let folder = tempfile::tempdir().unwrap();
        let (server, refusals) = server(&authority, &OUR_NAMES, version);
        let said = run(&address(&server, host), &trusted.path().join("roots.pem"), folder.path(), 2);
        assert!(said.ends_with("delivered: true\n"), "{said}");
        let arrived: Vec<_> = server.requests.try_iter().collect();
        let arrived: Vec<_> = arrived.iter().map(|r| (number(&r.envelope), r.connection)).collect();
        assert_eq!(arrived, [(1, 0), (2, 0)], "each once, on one connection");
        assert!(refusals.try_recv().is_err());
        assert_eq!(files(&folder), 0, "the spool is empty");
        println!("tls: delivered to {host} over {:?}", version.version);
    }
}

fn untrusted_is_kept_for_the_next_start() {
    let real = authority("Ours");
    let right = roots(&real);
    // Of the same name, only the signature tells them apart.
    for (version, name, why) in [
        (&TLS13, "Ours", "invalid peer certificate: "),
        (&TLS12, "Theirs", "UnknownIssuer (add its authority"),
    ] {
        let wrong = roots(&authority(name));
        let folder = tempfile::tempdir().unwrap();
        let (server, refusals) = server(&real, &OUR_NAMES, version);
        let address = address(&server, "localhost");
        let said = run(&address, &wrong.path().join("roots.pem"), folder.path(), 2);
        assert!(said.contains("cannot be reached: ") && said.contains(why), "{said}");
        assert!(said.ends_with("delivered: false\n"), "{said}");
        let why = refusals.recv_timeout(PATIENCE).unwrap();
        assert!(server.requests.try_recv().is_err(), "no byte of an envelope goes to somebody untrusted");
        assert!(files(&folder) > 0, "it waits on disk");

        let said = run(&address, &right.path().join("roots.pem"), folder.path(), 0);
        assert!(said.ends_with("delivered: true\n"), "{said}");
        let arrived: Vec<_> = server.requests.try_iter().map(|request| number(&request.envelope)).collect();
        assert_eq!(arrived, [1, 2], "nothing lost, nothing twice");
        assert_eq!(files(&folder), 0, "the spool is empty");
        println!("tls: over {:?} refused by the client ({why}), then delivered", version.version);
    }
}

fn a_certificate_for_another_name_is_refused() {
    let authority = authority("Ours");
    let trusted = roots(&authority);
    let folder = tempfile::tempdir().unwrap();
    let (server, refusals) = server(&authority, &["errors.example.com"], &TLS13);
    let said = run(&address(&server, "localhost"), &trusted.path().join("roots.pem"), folder.path(), 1);
    assert!(said.contains("not valid for name"), "{said}");
    assert!(said.ends_with("delivered: false\n"), "{said}");
    assert!(refusals.recv_timeout(PATIENCE).is_ok());
    assert!(server.requests.try_recv().is_err());
    assert!(files(&folder) > 0, "it waits on disk");
    println!("tls: a trusted certificate for another name is refused");
}

fn unreadable_roots_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _refusals) = server(&authority("Ours"), &OUR_NAMES, &TLS13);
    let missing = folder.path().join("missing.pem");
    let said = run(&address(&server, "localhost"), &missing, &folder.path().join("spool"), 1);
    assert!(said.contains("missing.pem") && said.contains("Mozilla's"), "{said}");
    assert!(said.ends_with("delivered: false\n"), "{said}");
    assert!(server.requests.try_recv().is_err());
    println!("tls: roots that cannot be read are said");
}
