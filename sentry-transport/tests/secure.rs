//! TLS by options: whom to trust, what to show, and HTTP/2 where it is offered.
#![cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::channel;

use support::server::Server;
use support::tls::{acceptor, authority, certificate};
use support::{PATIENCE, dsn, event, number};
use tempfile::TempDir;
use watchpost_core::{ClientOptions, Transport};
use watchpost_transport::HttpTransport;

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn deliver(address: &str, options: &ClientOptions, events: u32) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let options = options.clone().with_no_proxy("*");
    let transport =
        HttpTransport::builder(dsn(&address.replace("http:", "https:").replace("127.0.0.1", "localhost")))
            .storage_dir(folder.path())
            .options(options.transport().clone())
            .build();
    for number in 1..=events {
        transport.send(event(number));
    }
    transport.close(PATIENCE)
}

fn arrived(server: &Server) -> Vec<u32> {
    server.requests.try_iter().map(|request| number(&request.envelope)).collect()
}

#[test]
fn an_authority_of_ones_own_is_trusted_and_the_systems_then_are_not() {
    let (ours, theirs) = (authority("Ours"), authority("Theirs"));
    let home = tempfile::tempdir().unwrap();
    let server = Server::start_over("200 OK", acceptor(&ours, &["localhost"], None, &[]));
    let options = |pem: String| ClientOptions::new().with_ca_certs(file(&home, "roots.pem", &pem));
    assert!(deliver(&server.dsn, &options(ours.pem()), 2));
    assert_eq!(arrived(&server), [1, 2]);
    for pem in [theirs.pem(), String::new(), "no certificate".to_owned()] {
        assert!(!deliver(&server.dsn, &options(pem), 1));
    }
    let missing = ClientOptions::new().with_ca_certs(home.path().join("missing.pem"));
    assert!(!deliver(&server.dsn, &missing, 1), "no silent return to the system's");
    assert!(arrived(&server).is_empty());
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_it() {
    let (ours, clients) = (authority("Ours"), authority("Clients"));
    let home = tempfile::tempdir().unwrap();
    let roots = file(&home, "roots.pem", &ours.pem());
    let server = Server::start_over("200 OK", acceptor(&ours, &["localhost"], Some(&clients), &[]));
    let base = ClientOptions::new().with_ca_certs(&roots);
    assert!(!deliver(&server.dsn, &base, 1), "without one the door is shut");
    let (certificate, key) = certificate(&clients, &["shop"]);
    let cert_file = file(&home, "cert.pem", &certificate.pem());
    let key_file = file(&home, "key.pem", &key.serialize_pem());
    let both = base.clone().with_cert_file(&cert_file).with_key_file(&key_file);
    assert!(deliver(&server.dsn, &both, 2));
    let together = file(&home, "both.pem", &format!("{}{}", key.serialize_pem(), certificate.pem()));
    assert!(deliver(&server.dsn, &base.clone().with_cert_file(&together), 1));
    assert_eq!(arrived(&server), [1, 2, 1]);
    assert!(!deliver(&server.dsn, &base.with_cert_file(&cert_file), 1), "a certificate without its key");
}

/// What an HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A server that speaks just enough HTTP/2 to answer 200 to every request on one connection.
#[test]
fn http_2_is_spoken_where_it_is_offered() {
    let ours = authority("Ours");
    let home = tempfile::tempdir().unwrap();
    let roots = file(&home, "roots.pem", &ours.pem());
    let accept = acceptor(&ours, &["localhost"], None, &["h2", "http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://key@{}/1", listener.local_addr().unwrap());
    let (sender, seen) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Some(mut stream) = accept(stream.unwrap()) else { continue };
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
            let mut preface = vec![0; PREFACE.len()];
            stream.read_exact(&mut preface).unwrap();
            assert_eq!(preface, PREFACE);
            // Our settings: none.
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
            let mut body = Vec::new();
            let mut head = [0; 9];
            while stream.read_exact(&mut head).is_ok() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                let (kind, flags) = (head[3], head[4]);
                let mut payload = vec![0; length];
                stream.read_exact(&mut payload).unwrap();
                match (kind, flags) {
                    // Settings are acknowledged.
                    (4, 0) => stream.write_all(&[0, 0, 0, 4, 1, 0, 0, 0, 0]).unwrap(),
                    // Data; the last of a stream is answered with `:status 200` (entry 8 of the static table).
                    (0, flags) => {
                        body.extend_from_slice(&payload);
                        if flags & 1 == 1 {
                            sender.send(std::mem::take(&mut body)).unwrap();
                            let id = &head[5..9];
                            let mut answer = vec![0, 0, 1, 1, 5];
                            answer.extend_from_slice(id);
                            answer.push(0x88);
                            stream.write_all(&answer).unwrap();
                        }
                    }
                    _ => {}
                }
                stream.flush().unwrap();
            }
        }
    });
    assert!(deliver(&address, &ClientOptions::new().with_ca_certs(&roots), 3));
    let bodies: Vec<_> = seen.try_iter().collect();
    let numbers: Vec<_> =
        bodies.iter().map(|body| number(&watchpost_core::Envelope::decode(body).unwrap())).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn a_tunnel_gets_the_dsn_in_the_envelope_and_no_authentication() {
    let server = Server::start("200 OK");
    let folder = tempfile::tempdir().unwrap();
    let tunnel = server.dsn.replace("key@", "").trim_end_matches("/1").to_owned() + "/errors?team=a";
    let options = ClientOptions::new().with_tunnel(&tunnel).unwrap().with_no_proxy("*");
    let transport = HttpTransport::builder(dsn("https://key@errors.example.com/42"))
        .storage_dir(folder.path())
        .options(options.transport().clone())
        .build();
    transport.send(event(1));
    assert!(transport.close(PATIENCE));
    let request = server.requests.recv().unwrap();
    assert_eq!(request.line, "POST /errors?team=a HTTP/1.1");
    assert_eq!(request.header("x-sentry-auth"), None);
    let header = serde_json::to_value(&request.envelope.header).unwrap();
    assert_eq!(header["dsn"], "https://key@errors.example.com/42");
}

#[test]
fn bodies_are_packed_as_the_option_says_and_connections_kept_or_not() {
    let large = |number| {
        let mut large = event(number);
        large.items[0].payload = vec![b'x'; 20_000];
        large
    };
    for (name, encoding, keep_alive) in
        [("gzip", Some("gzip"), true), ("zstd", Some("zstd"), false), ("none", None, true)]
    {
        if name == "zstd" && cfg!(not(feature = "zstd")) {
            continue;
        }
        let server = Server::start("200 OK");
        let folder = tempfile::tempdir().unwrap();
        let options = ClientOptions::new()
            .with_compression(name)
            .unwrap()
            .with_keep_alive(keep_alive)
            .with_no_proxy("*");
        let transport = HttpTransport::builder(dsn(&server.dsn))
            .storage_dir(folder.path())
            .options(options.transport().clone())
            .build();
        transport.send(large(1));
        transport.send(large(2));
        assert!(transport.close(PATIENCE));
        let requests: Vec<_> = server.requests.try_iter().collect();
        for request in &requests {
            assert_eq!(request.header("content-encoding"), encoding);
            assert_eq!(request.envelope.items[0].payload.len(), 20_000);
        }
        let connections: Vec<_> = requests.iter().map(|request| request.connection).collect();
        assert_eq!(connections, if keep_alive { [0, 0] } else { [0, 1] }, "{name}");
    }
}
