use std::time::Instant;

use axum::body::Bytes;
use axum::routing::post;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::*;

const SHORT: Duration = Duration::from_millis(300);

async fn start(bounds: Bounds) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route(
        "/",
        post(|ConnectInfo(peer): ConnectInfo<SocketAddr>, body: Bytes| async move {
            format!("{} bytes from {}", body.len(), peer.ip())
        }),
    );
    let (stop, stopped) = oneshot::channel();
    let served = serve(listener, router, bounds, async move {
        let _ = stopped.await;
    });
    (address, stop, tokio::spawn(served))
}

fn bounds() -> Bounds {
    let long = Duration::from_secs(60);
    Bounds { head: long, body_pause: long, age: long, connections: 10 }
}

/// What the server says until it closes, and how long that took.
async fn say(address: SocketAddr, text: &str) -> (String, Duration) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    // Cut off with or without a reset.
    assert!(read.is_ok(), "the server holds on to the connection");
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

/// Reads up to `end` and no further.
async fn hear(stream: &mut TcpStream, end: &str) {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_u8()).await;
        heard.push(read.unwrap().unwrap());
    }
}

const WHOLE: &str = "POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 3\r\n\r\nabc";

#[tokio::test]
async fn slow_heads_and_idle_connections_end() {
    let (address, _stop, _served) = start(Bounds { head: SHORT, ..bounds() }).await;
    for head in ["", "POST / HTTP/1.1\r\nhost:"] {
        let (answer, took) = say(address, head).await;
        assert!(!answer.contains("200 OK") && took >= SHORT, "{head:?} {answer:?} {took:?}");
    }
    let (answer, took) = say(address, WHOLE).await;
    assert!(answer.contains("3 bytes from 127.0.0.1") && took >= SHORT, "{answer:?} {took:?}");
}

#[tokio::test]
async fn a_body_that_stalls_ends() {
    let (address, _stop, _served) = start(Bounds { body_pause: SHORT, ..bounds() }).await;
    let (answer, took) = say(address, &WHOLE.replace(": 3", ": 4")).await;
    assert!(answer.starts_with("HTTP/1.1 4") && took >= SHORT, "{answer:?} {took:?}");
}

#[tokio::test]
async fn nothing_lasts_longer_than_the_age() {
    let (address, _stop, _served) = start(Bounds { age: SHORT, ..bounds() }).await;
    for text in ["", &WHOLE.replace(": 3", ": 4"), WHOLE] {
        let (_, took) = say(address, text).await;
        assert!(took >= SHORT, "{took:?}");
    }
}

#[tokio::test]
async fn beyond_the_bound_connections_wait_for_a_place() {
    let (address, _stop, _served) = start(Bounds { connections: 2, ..bounds() }).await;
    let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let closing = WHOLE.replace("host: t", "host: t\r\nconnection: close");
    let waiting = tokio::spawn(async move { say(address, &closing).await });
    tokio::time::sleep(SHORT).await;
    assert!(!waiting.is_finished(), "the two idle ones have the places");
    drop(idle);
    assert!(waiting.await.unwrap().0.contains("3 bytes"));
}

#[tokio::test]
async fn stopping_ends_idle_connections_and_lets_requests_finish() {
    let (address, stop, served) = start(bounds()).await;
    // Both have heard from the server, so it knows them: one waits for the rest of its body, the other for nothing.
    let mut busy = TcpStream::connect(address).await.unwrap();
    let asking = WHOLE.replace("host: t", "host: t\r\nexpect: 100-continue").replace("abc", "");
    busy.write_all(asking.as_bytes()).await.unwrap();
    hear(&mut busy, "100 Continue").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(WHOLE.as_bytes()).await.unwrap();
    hear(&mut idle, "3 bytes from 127.0.0.1").await;
    stop.send(()).unwrap();
    let mut nothing = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), idle.read_to_end(&mut nothing)).await.unwrap();
    assert!(!served.is_finished());
    busy.write_all(b"abc").await.unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("3 bytes"), "{answer}");
    tokio::time::timeout(Duration::from_secs(20), served).await.unwrap().unwrap();
}
