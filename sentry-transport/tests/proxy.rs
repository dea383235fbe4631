//! Small proxies on this machine, and envelopes that come through them.
#![cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use support::server::Server;
use support::tls::{Authority, acceptor, authority};
use support::{NOBODY, PATIENCE, dsn, event, number};
use watchpost_core::{ClientOptions, Transport};
use watchpost_transport::HttpTransport;

/// A proxy, and the first lines that it was asked with.
struct Proxy {
    port: u16,
    asked: Receiver<String>,
}

impl Proxy {
    /// Serves each connection with `serve`, after TLS if there is an authority.
    fn start(authority: Option<&Authority>, serve: fn(Box<dyn Stream>, &Sender<String>)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = channel();
        let wrap = authority.map(|authority| acceptor(authority, &["localhost"], None, &[]));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (sender, wrap) = (sender.clone(), wrap.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    stream.set_nodelay(true).unwrap();
                    match wrap {
                        Some(wrap) => {
                            if let Some(stream) = wrap(stream) {
                                serve(Box::new(stream), &sender);
                            }
                        }
                        None => serve(Box::new(stream), &sender),
                    }
                });
            }
        });
        Self { port, asked }
    }
}

trait Stream: Read + Write + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }
}

/// Reads up to the empty line, one byte at a time: nothing behind it may be taken.
fn head(stream: &mut dyn Stream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// An HTTP proxy: CONNECT opens a tunnel, a whole address is passed on.
fn http(mut stream: Box<dyn Stream>, asked: &Sender<String>) {
    let head = head(&mut *stream);
    let _ = asked.send(head.clone());
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap_or_default());
    if method == "CONNECT" {
        let upstream = TcpStream::connect(target).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        stream.flush().unwrap();
        return pump(stream, upstream);
    }
    let address = target.trim_start_matches("http://");
    let (host, path) = address.split_once('/').unwrap();
    let mut upstream = TcpStream::connect(host).unwrap();
    upstream.write_all(head.replacen(target, &format!("/{path}"), 1).as_bytes()).unwrap();
    pump(stream, upstream);
}

/// A SOCKS5 proxy that wants `user` and `secret`.
fn socks(mut stream: Box<dyn Stream>, asked: &Sender<String>) {
    let take = |stream: &mut Box<dyn Stream>, count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).unwrap();
        bytes
    };
    let methods = take(&mut stream, 2)[1];
    take(&mut stream, methods.into());
    stream.write_all(&[5, 2]).unwrap();
    let length = take(&mut stream, 2)[1];
    let user = String::from_utf8(take(&mut stream, length.into())).unwrap();
    let length = take(&mut stream, 1)[0];
    let password = String::from_utf8(take(&mut stream, length.into())).unwrap();
    stream.write_all(&[1, 0]).unwrap();
    let kind = take(&mut stream, 4)[3];
    let host = match kind {
        1 => {
            let four = take(&mut stream, 4);
            format!("{}.{}.{}.{}", four[0], four[1], four[2], four[3])
        }
        _ => {
            let length = take(&mut stream, 1)[0];
            String::from_utf8(take(&mut stream, length.into())).unwrap()
        }
    };
    let port = take(&mut stream, 2);
    let port = u16::from_be_bytes([port[0], port[1]]);
    let _ = asked.send(format!("{user}:{password}@{host}:{port} kind {kind}"));
    let upstream = TcpStream::connect((host.as_str(), port)).unwrap();
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    pump(stream, upstream);
}

/// Passes bytes on in both directions until one side ends.
fn pump(mut stream: Box<dyn Stream>, mut upstream: TcpStream) {
    for tcp in [stream.tcp(), &upstream] {
        tcp.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    }
    while pass(&mut *stream, &mut upstream) && pass(&mut upstream, &mut *stream) {}
}

/// Passes on what is there; false at the end.
fn pass(from: &mut dyn Stream, to: &mut dyn Stream) -> bool {
    let mut buffer = vec![0; 64 * 1024];
    match from.read(&mut buffer) {
        Ok(0) => false,
        Ok(read) => to.write_all(&buffer[..read]).and_then(|()| to.flush()).is_ok(),
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn deliver(address: &str, options: &ClientOptions) -> (bool, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = said.clone();
    let transport = HttpTransport::builder(dsn(address))
        .storage_dir(folder.path())
        .options(options.transport().clone())
        .diagnostic(Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned())))
        .build();
    transport.send(event(1));
    let mut large = event(2);
    large.items[0].payload = vec![b'x'; 100_000];
    transport.send(large);
    let delivered = transport.close(PATIENCE);
    let said = said.lock().unwrap().clone();
    (delivered, said)
}

fn arrived(server: &Server) -> Vec<u32> {
    server.requests.try_iter().map(|request| number(&request.envelope)).collect()
}

#[test]
fn http_through_an_http_proxy_with_a_password() {
    let (server, proxy) = (Server::start("200 OK"), Proxy::start(None, http));
    let url = format!("http://user:secret@localhost:{}", proxy.port);
    let options = ClientOptions::new().with_http_proxy(&url).unwrap();
    let (delivered, said) = deliver(&server.dsn, &options);
    assert!(delivered, "{said:?}");
    assert_eq!(arrived(&server), [1, 2]);
    let asked = proxy.asked.recv().unwrap();
    assert!(asked.starts_with("POST http://127.0.0.1:"), "{asked}");
    // user:secret
    assert!(asked.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpzzwnyzxq="), "{asked}");
}

#[test]
fn https_goes_through_a_tunnel_of_an_http_or_an_https_proxy() {
    let authority = authority("Ours");
    let home = tempfile::tempdir().unwrap();
    let roots = home.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    for scheme in ["http", "https"] {
        let server = Server::start_over("200 OK", acceptor(&authority, &["localhost"], None, &[]));
        let proxy = Proxy::start((scheme == "https").then_some(&authority), http);
        let url = format!("{scheme}://localhost:{}", proxy.port);
        let options = ClientOptions::new().with_https_proxy(&url).unwrap().with_ca_certs(&roots);
        let address = server.dsn.replace("http:", "https:").replace("127.0.0.1", "localhost");
        let (delivered, said) = deliver(&address, &options);
        assert!(delivered, "{scheme}: {said:?}");
        assert_eq!(arrived(&server), [1, 2], "{scheme}");
        assert!(proxy.asked.recv().unwrap().starts_with("CONNECT localhost:"), "{scheme}");
    }
}

#[test]
fn socks5_with_a_password_and_names_looked_up_by_the_proxy() {
    for (scheme, kind) in [("socks5", 1), ("socks5h", 3)] {
        let (server, proxy) = (Server::start("200 OK"), Proxy::start(None, socks));
        let url = format!("{scheme}://user:secret@127.0.0.1:{}", proxy.port);
        let options = ClientOptions::new().with_http_proxy(&url).unwrap();
        let address =
            if kind == 3 { server.dsn.replace("127.0.0.1", "localhost") } else { server.dsn.clone() };
        let (delivered, said) = deliver(&address, &options);
        assert!(delivered, "{scheme}: {said:?}");
        assert_eq!(arrived(&server), [1, 2]);
        let asked = proxy.asked.recv().unwrap();
        assert!(asked.starts_with("user:secret@") && asked.ends_with(&format!("kind {kind}")), "{asked}");
    }
}

#[test]
fn exceptions_are_reached_without_the_proxy() {
    for exception in ["127.0.0.1", "127.0.0.0/8", "x.example, *"] {
        let (server, proxy) = (Server::start("200 OK"), Proxy::start(None, http));
        let url = format!("http://localhost:{}", proxy.port);
        let options = ClientOptions::new().with_http_proxy(&url).unwrap().with_no_proxy(exception);
        assert!(deliver(&server.dsn, &options).0);
        assert_eq!(arrived(&server), [1, 2]);
        assert!(proxy.asked.try_recv().is_err(), "{exception}");
    }
}

#[test]
fn a_dead_proxy_is_a_dead_server_and_no_way_around_it_is_taken() {
    let server = Server::start("200 OK");
    let options = ClientOptions::new().with_http_proxy(&format!("http://user:secret@{NOBODY}")).unwrap();
    let (delivered, said) = deliver(&server.dsn, &options);
    assert!(!delivered && arrived(&server).is_empty());
    assert!(said.iter().any(|line| line.contains("cannot be reached")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("secret")), "{said:?}");
}
