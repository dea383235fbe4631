//! Copies for a Spotlight sidecar.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::server::{Reserved, Server};
use support::{NOBODY, PATIENCE, SECOND, event, number};
use watchpost_core::{Client, ClientOptions, Level, Scopes, SharedScope, Transport};
use watchpost_transport::client_builder;

/// The address of a server as a sidecar has it.
fn stream(server: &Server) -> String {
    server.dsn.replace("key@", "").trim_end_matches("/1").to_owned() + "/stream"
}

fn capture(client: &Client, text: &str) -> bool {
    let scope = SharedScope::default();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    client.capture_message(text.to_owned(), Some(Level::Error), scopes).is_some()
}

#[test]
fn without_a_dsn_everything_goes_to_the_sidecar() {
    let sidecar = Server::start("200 OK");
    let options = ClientOptions::new().with_sample_rate(0.0).unwrap();
    let options = options.with_spotlight_url(&stream(&sidecar)).unwrap();
    let client = Arc::new(client_builder(options).build());
    assert!(client.is_enabled() && client.options().send_default_pii());
    assert!(capture(&client, "hello"));
    let request = sidecar.requests.recv_timeout(PATIENCE).unwrap();
    assert_eq!(request.line, "POST /stream HTTP/1.1");
    assert_eq!(request.header("x-sentry-auth"), None);
    assert!(request.envelope.header.sent_at.is_some());
    assert!(String::from_utf8_lossy(&request.envelope.items[0].payload).contains("hello"));
    assert!(client.close(Some(PATIENCE)));
}

#[test]
fn beside_a_dsn_it_is_a_copy_and_sees_what_sampling_drops() {
    let (sidecar, server) = (Server::start("500 Oops"), Server::start("200 OK"));
    let folder = tempfile::tempdir().unwrap();
    for (rate, arrives) in [(1.0, true), (0.0, false)] {
        let options = ClientOptions::new()
            .with_dsn(&server.dsn)
            .and_then(|options| options.with_sample_rate(rate))
            .and_then(|options| options.with_spotlight_url(&stream(&sidecar)))
            .unwrap()
            .with_send_client_reports(false)
            .with_storage_dir(Some(folder.path().to_owned()));
        let client = Arc::new(client_builder(options).build());
        assert_eq!(capture(&client, "hello"), arrives);
        assert!(sidecar.requests.recv_timeout(PATIENCE).is_ok(), "{rate}");
        assert!(client.close(Some(PATIENCE)));
        assert_eq!(server.requests.try_recv().is_ok(), arrives);
    }
}

#[test]
fn a_missing_sidecar_costs_nothing_and_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = ClientOptions::new().with_spotlight_url(&format!("http://{NOBODY}/stream")).unwrap();
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = said.clone();
    let server = Server::start("200 OK");
    let transport = watchpost_transport::HttpTransport::builder(support::dsn(&server.dsn))
        .storage_dir(folder.path())
        .diagnostic(Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned())))
        .options(options.transport().clone())
        .build();
    for number in 1..=50 {
        transport.send(event(number));
    }
    assert!(transport.close(PATIENCE), "the server has everything");
    let arrived: Vec<_> = server.requests.try_iter().map(|request| number(&request.envelope)).collect();
    assert_eq!(arrived.len(), 50);
    let complaints = said.lock().unwrap().iter().filter(|line| line.contains("Spotlight")).count();
    assert!(complaints <= 1, "{complaints}");
}

#[test]
fn limits_of_the_server_do_not_hold_for_copies() {
    let sidecar = Server::start("200 OK");
    let folder = tempfile::tempdir().unwrap();
    let options = ClientOptions::new().with_spotlight_url(&stream(&sidecar)).unwrap();
    let server = Server::start("429 Too Many Requests\r\nretry-after: 60");
    let transport = watchpost_transport::HttpTransport::builder(support::dsn(&server.dsn))
        .storage_dir(folder.path())
        .options(options.transport().clone())
        .build();
    for number in 1..=3 {
        transport.send(event(number));
        transport.flush(Duration::from_secs(5));
    }
    for expected in 1..=3 {
        assert_eq!(number(&sidecar.requests.recv_timeout(PATIENCE).unwrap().envelope), expected);
    }
    assert_eq!(server.requests.try_iter().count(), 1);
}

#[test]
fn a_sidecar_that_comes_back_gets_what_waited() {
    let folder = tempfile::tempdir().unwrap();
    let place = Reserved::new();
    let options =
        ClientOptions::new().with_spotlight_url(&format!("http://{}/stream", place.address())).unwrap();
    let server = Server::start("200 OK");
    let transport = watchpost_transport::HttpTransport::builder(support::dsn(&server.dsn))
        .storage_dir(folder.path())
        .options(options.transport().clone())
        .build();
    transport.send(event(1));
    std::thread::sleep(SECOND / 10);
    let sidecar = place.serve("200 OK");
    let request = sidecar.requests.recv_timeout(PATIENCE).unwrap();
    assert_eq!(number(&request.envelope), 1);
    assert!(transport.close(PATIENCE));
}
