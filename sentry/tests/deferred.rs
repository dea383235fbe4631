//! Stacks that are stored as addresses and sent with names. One test, as the client is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use watchpost::ClientOptions;

/// Long enough for a loaded machine, and shorter than a request may take.
const PATIENCE: Duration = Duration::from_secs(25);

#[test]
fn the_worker_fills_in_what_the_caller_did_not_know() {
    let storage = tempfile::tempdir().unwrap();
    let (address, bodies, answer) = server();
    let dsn = format!("http://key@{address}/1");
    let options = ClientOptions::new().with_storage_dir(Some(storage.path().to_owned()));
    let _guard = watchpost::init((dsn.as_str(), options)).unwrap();

    // Both captures come from one place, so that the second one finds the first one's names.
    let mut stored = Vec::new();
    let mut sent = Vec::new();
    for round in 0..2 {
        let before = files(storage.path());
        assert!(capture().is_some());
        sent.push(event(&bodies.recv_timeout(PATIENCE).unwrap()));
        // Not answered yet, so the record is still there.
        stored.push(added(&before, &files(storage.path())));
        answer.send(()).unwrap();
        assert!(watchpost::flush(PATIENCE), "round {round}");
    }

    let holds =
        |stored: &[u8], text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&stored[0], "raw_frames") && !holds(&stored[0], "context_line"));
    assert!(!holds(&stored[1], "raw_frames") && holds(&stored[1], "context_line"));
    for event in &sent {
        let frames = event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
        let last = frames.last().unwrap();
        assert!(
            last["context_line"].as_str().unwrap().contains("watchpost::capture_error(&error)"),
            "{last}"
        );
        assert_eq!(last["in_app"], true);
    }
    let frames = |event: &Value| event["exception"]["values"][0]["stacktrace"].clone();
    assert_eq!(frames(&sent[0]), frames(&sent[1]), "late names are the same names");
    if cfg!(target_os = "linux") {
        assert!(holds(&stored[0], "image_addr"));
        assert_eq!(sent[0]["debug_meta"], sent[1]["debug_meta"]);
    }
}

#[inline(never)]
fn capture() -> Option<watchpost::EventId> {
    let error = "x".parse::<u32>().unwrap_err();
    watchpost::capture_error(&error)
}

/// Everything in the spool, by file.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), std::fs::read(entry.path()).unwrap_or_default())).collect()
}

/// What came to each file, and the files that are new.
fn added(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<u8> {
    let fresh = after.iter().flat_map(|(path, bytes)| {
        let known = before.get(path).map_or(0, Vec::len);
        &bytes[known.min(bytes.len())..]
    });
    fresh.copied().collect()
}

fn event(body: &str) -> Value {
    assert!(!body.lines().next().unwrap().contains("raw_frames"), "a header of ours stays with us");
    serde_json::from_str(body.lines().nth(2).unwrap()).unwrap()
}

/// Hands over the body of each event, and answers when it is told to.
fn server() -> (std::net::SocketAddr, Receiver<String>, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, receive) = channel();
    let (answer, answers) = channel();
    let answers = Arc::new(Mutex::new(answers));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (send, answers) = (send.clone(), Arc::clone(&answers));
            std::thread::spawn(move || {
                while let Some(body) = request(&stream) {
                    if body.lines().nth(1).is_some_and(|item| item.contains("\"event\"")) {
                        send.send(body).unwrap();
                        let _ = answers.lock().unwrap().recv_timeout(PATIENCE);
                    }
                    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
                }
            });
        }
    });
    (address, receive, answer)
}

fn request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut gzip) = (0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        gzip |= line == "content-encoding: gzip";
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut text = String::new();
    match gzip {
        true => flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap(),
        false => (&body[..]).read_to_string(&mut text).unwrap(),
    };
    Some(text)
}
