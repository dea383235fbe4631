//! What delivering costs. By hand:
//! `cargo test --release -p watchpost-transport --test speed -- --ignored --nocapture --test-threads 1`
#![expect(clippy::print_stdout, reason = "it prints what it measures")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watchpost_core::{
    ClientOptions, Envelope, Item, ItemType, Transport, UploadRequest, UploadResponse, UploadResult, Uploader,
};
use watchpost_transport::HttpTransport;

const EVENTS: u32 = 3000;

/// Takes everything at no cost.
#[derive(Debug)]
struct Nowhere;

impl Uploader for Nowhere {
    fn upload(&self, _: UploadRequest) -> UploadResult {
        UploadResult::Response(UploadResponse { status: 200, ..UploadResponse::default() })
    }
}

/// Answers 200 as soon as a request is whole.
fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || {
                let (mut buffer, mut have) = (vec![0; 1 << 20], 0);
                while let Ok(read) = stream.read(&mut buffer[have..]) {
                    if read == 0 {
                        return;
                    }
                    have += read;
                    while let Some(total) = whole(&buffer[..have]) {
                        buffer.copy_within(total..have, 0);
                        have -= total;
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
                    }
                }
            });
        }
    });
    dsn
}

fn whole(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let total = end + length.parse::<usize>().unwrap();
    (bytes.len() >= total).then_some(total)
}

/// An error with a hundred breadcrumbs that differ, as applications send them.
fn event(number: u32) -> Envelope {
    let crumbs: Vec<_> = (0..100)
        .map(|n| {
            serde_json::json!({
                "timestamp": f64::from(number) + 1_767_323_045.25 + f64::from(n),
                "category": "import",
                "message": format!("row {n} of import {number} read from the ledger"),
                "data": { "row": number + n },
            })
        })
        .collect();
    let frames: Vec<_> = (0..10)
        .map(|n| {
            serde_json::json!({
                "function": format!("shop::import::step_{n}"), "filename": format!("src/import/step_{n}.rs"),
                "lineno": 40 + n, "instruction_addr": format!("0x55d0c0de{n:04x}"), "in_app": true,
            })
        })
        .collect();
    let payload = serde_json::json!({
        "event_id": format!("{number:032x}"), "level": "error", "platform": "rust",
        "exception": { "values": [{ "type": "BookingError", "value": format!("invoice {number} could not be booked"),
            "stacktrace": { "frames": frames } }] },
        "breadcrumbs": { "values": crumbs },
    });
    let mut envelope = Envelope::default();
    envelope.header.event_id = Some(serde_json::from_str(&format!("\"{number:032x}\"")).unwrap());
    envelope.items.push(Item::new(ItemType::Event, payload.to_string().into_bytes()));
    envelope
}

/// CPU time of the calling thread and of the worker, in microseconds.
fn cpu() -> (f64, f64) {
    let of = |task: &str| {
        let text = std::fs::read_to_string(format!("{task}/schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0
    };
    let mut worker = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path().display().to_string();
        if std::fs::read_to_string(format!("{path}/comm")).unwrap_or_default().starts_with("watchpost") {
            worker += of(&path);
        }
    }
    (of("/proc/thread-self"), worker)
}

fn measure(what: &str, options: ClientOptions, threads: u32, flush_each: bool) {
    let folder = tempfile::tempdir().unwrap();
    let dsn = sink();
    let transport = HttpTransport::builder(dsn.parse().unwrap())
        .storage_dir(folder.path())
        .options(options.transport().clone())
        .build();
    transport.send(event(0));
    assert!(transport.flush(Duration::from_secs(30)));
    let mut events: Vec<_> = (1..=EVENTS).map(event).collect();
    let bytes = events[0].items[0].payload.len();
    let (calling, worker) = cpu();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let share = events.len() / threads as usize;
        for _ in 1..threads {
            let part: Vec<_> = events.drain(..share).collect();
            scope.spawn(|| part.into_iter().for_each(|event| transport.send(event)));
        }
        for event in events {
            transport.send(event);
            if flush_each {
                assert!(transport.flush(Duration::from_secs(30)));
            }
        }
    });
    assert!(transport.flush(Duration::from_secs(60)));
    let took = started.elapsed();
    let (calling_after, worker_after) = cpu();
    let per = |after: f64, before: f64| (after - before) / f64::from(EVENTS);
    println!(
        "{what:34} {bytes} B  {:7.0} events/s  worker {:6.1} us  calling thread {:6.1} us",
        f64::from(EVENTS) / took.as_secs_f64(),
        per(worker_after, worker),
        per(calling_after, calling),
    );
    transport.close(Duration::from_secs(5));
}

#[test]
#[ignore = "measures"]
fn delivery() {
    let options = ClientOptions::new;
    let nowhere = || options().with_uploader(Arc::new(Nowhere));
    for _ in 0..2 {
        measure("gzip, no network", nowhere(), 1, false);
        measure("none, no network", nowhere().with_compression("none").unwrap(), 1, false);
        measure("gzip, burst", options(), 1, false);
        measure("gzip, burst from 4 threads", options(), 4, false);
        measure("none, burst", options().with_compression("none").unwrap(), 1, false);
        measure("gzip, flushed one by one", options(), 1, true);
    }
}
