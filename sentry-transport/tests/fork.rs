//! fork(2) in a process with many threads: no hang, nothing twice, nothing lost.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it panics when it cannot go on and says what it did"
)]

mod support;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::server::Server;
use support::{NOBODY, PATIENCE, dsn, event, number};
use watchpost_core::Transport;
use watchpost_transport::HttpTransport;

const FORKS: u32 = 40;
const PER_CHILD: u32 = 5;
const CHILD_NUMBERS: u32 = 1_000_000;

fn main() {
    under_load();
    a_child_does_not_keep_its_dead_parents_events();
    memory_mode();
}

fn transport(address: &str, folder: &Path) -> HttpTransport {
    HttpTransport::builder(dsn(address)).storage_dir(folder).build()
}

#[expect(unsafe_code, reason = "the very thing under test")]
/// Runs `body` in a forked child, which ends with 0 if it is true.
fn fork(body: impl FnOnce() -> bool) -> libc::pid_t {
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

fn arrivals(server: &Server) -> BTreeMap<u32, usize> {
    let mut arrivals = BTreeMap::new();
    while let Ok(request) = server.requests.try_recv() {
        *arrivals.entry(number(&request.envelope)).or_default() += 1;
    }
    arrivals
}

fn under_load() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start("200 OK"));
    let transport = transport(&server.dsn, folder.path());
    let (next, done) = (AtomicU32::new(1), AtomicBool::new(false));
    let children: Vec<u32> = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    transport.send(event(number));
                    thread::sleep(Duration::from_millis(1));
                    // On a loaded machine the children take long, and no more may wait at the end than can be delivered.
                    assert!(number % 100 > 0 || transport.flush(PATIENCE));
                }
            });
        }
        let children = (1..=FORKS).map(|child| {
            let first = child * CHILD_NUMBERS;
            let pid = fork(|| {
                for number in first..first + PER_CHILD {
                    transport.send(event(number));
                }
                transport.close(PATIENCE)
            });
            assert_eq!(wait(pid), Some(0), "child {child} delivered its own");
            first
        });
        let children = children.collect();
        done.store(true, Ordering::Relaxed);
        children
    });
    assert!(transport.close(PATIENCE));
    let arrivals = arrivals(&server);
    let of_parent = 1..next.load(Ordering::Relaxed);
    let of_children = children.into_iter().flat_map(|first| first..first + PER_CHILD);
    let expected: Vec<u32> = of_parent.chain(of_children).collect();
    assert_eq!(arrivals.keys().copied().collect::<Vec<_>>(), expected);
    assert!(arrivals.values().all(|times| *times == 1), "nothing twice");
    println!("fork: {} events of a parent and {FORKS} children arrived once each", expected.len());
}

/// A parent captures, forks and is killed; its child lives on without capturing; a third process delivers.
fn a_child_does_not_keep_its_dead_parents_events() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://key@{NOBODY}/1");
    let alive = folder.path().join("grandchild");
    let spool = folder.path().join("spool");
    let parent = fork(|| {
        let transport = transport(&nobody, &spool);
        transport.send(event(7));
        let (mut here, mut there) = std::io::pipe().unwrap();
        let grandchild = fork(|| {
            there.write_all(b"!").unwrap();
            thread::sleep(PATIENCE);
            true
        });
        // Until it has run for the first time it holds what it inherited; that may take long on a loaded machine, and
        // the third process looks again only after half a minute.
        here.read_exact(&mut [0]).unwrap();
        std::fs::write(&alive, grandchild.to_string()).unwrap();
        kill(0);
        false
    });
    assert_eq!(wait(parent), Some(libc::SIGKILL));
    let grandchild: libc::pid_t = std::fs::read_to_string(&alive).unwrap().parse().unwrap();
    let server = Server::start("200 OK");
    let third = transport(&server.dsn, &spool);
    let got = server.requests.recv_timeout(PATIENCE).map(|request| number(&request.envelope));
    kill(grandchild);
    assert_eq!(got, Ok(7));
    assert!(third.close(PATIENCE));
    println!("fork: a living child does not lock its dead parent's events away");
}

/// In memory mode, too, the parent's events are the parent's.
fn memory_mode() {
    let server = Server::start("200 OK");
    let transport = HttpTransport::builder(dsn(&server.dsn)).memory_only().build();
    transport.send(event(1));
    let pid = fork(|| {
        transport.send(event(2));
        transport.close(PATIENCE)
    });
    assert_eq!(wait(pid), Some(0));
    assert!(transport.close(PATIENCE));
    assert_eq!(arrivals(&server), BTreeMap::from([(1, 1), (2, 1)]));
    println!("fork: memory mode keeps parent and child apart");
}

#[expect(unsafe_code, reason = "a process that is killed")]
/// Kills a process; 0 is this one.
fn kill(pid: libc::pid_t) {
    // SAFETY: sends a signal to this process or to one that it started.
    unsafe {
        libc::kill(if pid == 0 { libc::getpid() } else { pid }, libc::SIGKILL);
    }
}
