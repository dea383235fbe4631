//! The default uploader against a real socket.

mod support;

use std::sync::Arc;

use support::server::Server;
use support::{NOBODY, PATIENCE, dsn, event, number};
use watchpost_core::{ClientReports, Transport};
use watchpost_transport::HttpTransport;

fn transport(server: &Server, folder: &tempfile::TempDir) -> HttpTransport {
    HttpTransport::builder(dsn(&server.dsn)).storage_dir(folder.path()).sdk("watchpost.test", "9.8.7").build()
}

#[test]
fn requests_are_as_the_protocol_wants_them_on_one_connection() {
    let server = Server::start("200 OK");
    let folder = tempfile::tempdir().unwrap();
    let transport = transport(&server, &folder);
    let mut large = event(2);
    large.items[0].payload = vec![b'x'; 20_000];
    transport.send(event(1));
    transport.send(large);
    assert!(transport.flush(PATIENCE));
    let (small, large) = (server.requests.recv().unwrap(), server.requests.recv().unwrap());
    for request in [&small, &large] {
        assert_eq!(request.line, "POST /api/1/envelope/ HTTP/1.1");
        assert_eq!(request.header("content-type"), Some("application/x-sentry-envelope"));
        assert_eq!(request.header("user-agent"), Some("watchpost.test/9.8.7"));
        let auth = "Sentry sentry_version=7, sentry_client=watchpost.test/9.8.7, sentry_key=key";
        assert_eq!(request.header("x-sentry-auth"), Some(auth));
        assert!(request.envelope.header.sent_at.is_some());
        assert_eq!(request.connection, 0);
    }
    assert_eq!(small.header("content-encoding"), None);
    assert_eq!(large.header("content-encoding"), Some("gzip"));
    assert_eq!(large.envelope.items[0].payload.len(), 20_000);
    assert_eq!([number(&small.envelope), number(&large.envelope)], [1, 2]);
}

#[test]
fn everything_arrives_without_a_folder_and_when_it_vanishes() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("spool");
    let server = Server::start("200 OK");
    let builder = || HttpTransport::builder(dsn(&server.dsn));
    for (in_memory, transport) in
        [(true, builder().memory_only().build()), (false, builder().storage_dir(&folder).build())]
    {
        transport.send(event(1));
        assert_eq!(folder.exists(), !in_memory);
        if !in_memory {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        transport.send(event(2));
        assert!(transport.close(PATIENCE));
        let arrived: Vec<_> = server.requests.try_iter().map(|request| number(&request.envelope)).collect();
        assert_eq!(arrived, [1, 2], "in memory: {in_memory}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = Server::start("200 OK");
    let location = format!("307 Temporary Redirect\r\nlocation: {}", elsewhere.dsn.replace("key@", ""));
    let server = Server::start(location.leak());
    let folder = tempfile::tempdir().unwrap();
    let transport = transport(&server, &folder);
    transport.send(event(1));
    assert!(transport.flush(PATIENCE));
    assert!(server.requests.recv_timeout(PATIENCE).is_ok());
    assert!(elsewhere.requests.try_recv().is_err());
}

#[test]
fn answers_are_understood() {
    let server = Server::start(
        "429 Too Many Requests\r\nx-sentry-rate-limits: 60:session\r\nx-sentry-rate-limits: 60:error",
    );
    let folder = tempfile::tempdir().unwrap();
    let reports = Arc::new(ClientReports::default());
    let transport = HttpTransport::builder(dsn(&server.dsn))
        .storage_dir(folder.path())
        .client_reports(reports.clone())
        .send_client_reports(false)
        .build();
    transport.send(event(1));
    assert!(transport.flush(PATIENCE));
    transport.send(event(2));
    assert!(transport.flush(PATIENCE));
    assert_eq!(server.requests.iter().take(1).count(), 1);
    let report = reports.take(watchpost_core::Timestamp::from_micros(0)).unwrap();
    assert_eq!(report.discarded_events[0].reason, watchpost_core::DiscardReason::RatelimitBackoff);
}

#[test]
fn a_dead_server_is_a_quick_no_and_the_worker_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let transport =
        HttpTransport::builder(dsn(&format!("http://key@{NOBODY}/1"))).storage_dir(folder.path()).build();
    transport.send(event(1));
    assert!(!transport.close(PATIENCE));
    drop(transport);
    let server = Server::start("200 OK");
    let next = self::transport(&server, &folder);
    assert_eq!(number(&server.requests.recv_timeout(PATIENCE).unwrap().envelope), 1);
    assert!(next.close(PATIENCE));
    assert!(!watchpost_transport::is_worker_thread());
}
