//! 32 threads capture while the process forks, with and without exec, beside another process on the same folder. Runs
//! itself as that process.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it panics when it cannot go on and says what it did"
)]

mod support;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::PATIENCE;
use support::server::Server;
use watchpost_core::{Client, ClientOptions, Event, Hint, ItemType, Level, Scopes, SharedScope};
use watchpost_transport::client_builder;

const THREADS: u32 = 32;
const EACH: u32 = 20;
const FORKS: u32 = 6;

fn main() {
    match (env::var("DSN"), env::var("FOLDER")) {
        (Ok(dsn), Ok(folder)) => sibling(&dsn, Path::new(&folder)),
        _ => nothing_is_lost_or_sent_twice(),
    }
}

fn client(dsn: &str, folder: &Path) -> Arc<Client> {
    let options = ClientOptions::new().with_dsn(dsn).unwrap().with_storage_dir(Some(folder.to_owned()));
    client_builder(options.with_release("shop@1")).build()
}

fn capture(client: &Client, text: String) {
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    client.capture_event(Event::message(text, Level::Error), &Hint::default(), scopes).unwrap();
}

/// Captures from all threads while `meanwhile` runs.
fn load(client: &Client, name: &str, meanwhile: impl FnOnce()) {
    thread::scope(|threads| {
        for thread in 0..THREADS {
            threads.spawn(move || {
                for n in 0..EACH {
                    capture(client, format!("{name} {thread} {n}"));
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        meanwhile();
    });
}

fn sibling(dsn: &str, folder: &Path) {
    let client = client(dsn, folder);
    load(&client, "sibling", || {});
    assert!(client.close(Some(PATIENCE)));
}

fn program(dsn: &str, folder: &Path) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program.env("DSN", dsn).env("FOLDER", folder).stdin(Stdio::null());
    program
}

fn nothing_is_lost_or_sent_twice() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start("200 OK"));
    let client = client(&server.dsn, folder.path());
    let mut sibling = program(&server.dsn, folder.path()).spawn().unwrap();
    let mut expected = Vec::new();
    load(&client, "parent", || {
        for fork in 0..FORKS {
            let pid = forked(|| {
                (0..3).for_each(|n| capture(&client, format!("child {fork} {n}")));
                client.close(Some(PATIENCE))
            });
            expected.extend((0..3).map(|n| format!("child {fork} {n}")));
            // The one that the standard library makes with exec.
            assert!(Command::new("true").status().unwrap().success());
            assert_eq!(wait(pid), Some(0), "child {fork} delivered its own");
        }
    });
    assert!(sibling.wait().unwrap().success());
    assert!(client.close(Some(PATIENCE)));
    for name in ["parent", "sibling"] {
        let of_thread = |thread| (0..EACH).map(move |n| format!("{name} {thread} {n}"));
        expected.extend((0..THREADS).flat_map(of_thread));
    }
    expected.sort();
    let mut arrived: BTreeMap<String, u32> = BTreeMap::new();
    let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Ok(request) = server.requests.try_recv() {
        for item in request.envelope.items {
            let payload: Value = serde_json::from_slice(&item.payload).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            match item.header.item_type {
                ItemType::Event => {
                    *arrived.entry(text(&payload["logentry"]["formatted"])).or_default() += 1;
                }
                ItemType::Session => {
                    sessions.entry(text(&payload["sid"])).or_default().push(text(&payload["status"]));
                }
                _ => {}
            }
        }
    }
    assert_eq!(arrived.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(arrived.values().all(|times| *times == 1), "nothing twice");
    // Two runs, each with its first error and its end; none of the children is one, and nobody accuses anybody.
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert!(sessions.values().all(|updates| *updates == ["ok", "exited"]), "{sessions:?}");
    println!("load: {} events of two processes and {FORKS} children arrived once each", arrived.len());
}

#[expect(unsafe_code, reason = "the very thing under test")]
fn forked(body: impl FnOnce() -> bool) -> libc::pid_t {
    // SAFETY: the child runs only `body` and ends; that it may allocate and start threads there is what the C
    // library promises and what is tested.
    unsafe {
        match libc::fork() {
            0 => {
                let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
                libc::_exit(i32::from(!done))
            }
            pid => pid,
        }
    }
}

#[expect(unsafe_code, reason = "waiting for a forked child")]
/// The exit code of a child, or `None` if it hangs.
fn wait(pid: libc::pid_t) -> Option<i32> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let mut status = 0;
        // SAFETY: `status` is a valid place to write to.
        if unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == pid {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
    None
}
