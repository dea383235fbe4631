//! SIGKILL: what was captured is delivered by the next start. Runs itself as the program that is killed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it panics when it cannot go on and says what it did"
)]

mod support;

use std::collections::BTreeMap;
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::server::Server;
use support::{NOBODY, PATIENCE, audible, dsn, envelope, number};
use watchpost_core::{ItemType, Transport};
use watchpost_transport::HttpTransport;

fn main() {
    match (env::var("DSN"), env::var("FOLDER"), env::var("COUNT")) {
        (Ok(dsn), Ok(folder), Ok(count)) => capture_and_die(&dsn, Path::new(&folder), count.parse().unwrap()),
        _ => {
            with_the_server_down();
            // Errors are acknowledged one by one; what is not urgent, up to sixteen with one write.
            with_the_server_up(&ItemType::Event, 1);
            with_the_server_up(&ItemType::Transaction, 17);
        }
    }
}

fn transport(address: &str, folder: &Path) -> HttpTransport {
    audible(HttpTransport::builder(dsn(address)).storage_dir(folder)).build()
}

/// The program: captures, and is gone in the middle of whatever its worker does.
fn capture_and_die(address: &str, folder: &Path, count: u32) {
    let transport = transport(address, folder);
    let item_type = ItemType::parse(&env::var("ITEM").unwrap());
    for number in 1..=count {
        transport.send(envelope(item_type.clone(), number));
    }
    #[expect(unsafe_code, reason = "a process that kills itself")]
    // SAFETY: sends a signal to this very process.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
    }
}

fn run_program(address: &str, folder: &Path, item_type: &ItemType, count: u32) {
    let mut program = Command::new(env::current_exe().unwrap());
    program.envs([("DSN", address), ("FOLDER", folder.to_str().unwrap()), ("COUNT", &count.to_string())]);
    program.env("ITEM", item_type.as_str());
    let status = program.stdin(Stdio::null()).status().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGKILL), "{status}");
}

/// How often each event arrived.
fn arrivals(server: &Server) -> BTreeMap<u32, usize> {
    let mut arrivals = BTreeMap::new();
    while let Ok(request) = server.requests.try_recv() {
        *arrivals.entry(number(&request.envelope)).or_default() += 1;
    }
    arrivals
}

fn with_the_server_down() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://key@{NOBODY}/1");
    run_program(&nobody, folder.path(), &ItemType::Event, 1);
    run_program(&nobody, folder.path(), &ItemType::Event, 20);
    let server = Server::start("200 OK");
    // The next start captures nothing itself.
    let next = transport(&server.dsn, folder.path());
    assert!(next.flush(PATIENCE));
    let arrivals = arrivals(&server);
    assert_eq!(arrivals.keys().copied().collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    assert_eq!(arrivals.values().sum::<usize>(), 21, "{arrivals:?}");
    assert!(next.close(PATIENCE));
    drop(next);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the spool is empty");
    println!("kill: everything captured with the server down arrived once");
}

fn with_the_server_up(item_type: &ItemType, in_doubt: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("200 OK");
    run_program(&server.dsn, folder.path(), item_type, 500);
    let next = transport(&server.dsn, folder.path());
    assert!(next.flush(PATIENCE));
    // The server's threads hand over what they have read before they answer, so nothing is still under way but
    // the killed program's last request.
    std::thread::sleep(Duration::from_millis(200));
    let arrivals = arrivals(&server);
    assert_eq!(arrivals.keys().copied().collect::<Vec<_>>(), (1..=500).collect::<Vec<_>>());
    let repeated = arrivals.values().sum::<usize>() - arrivals.len();
    assert!(repeated <= in_doubt, "{item_type}: of at most {in_doubt} the spool did not know: {repeated}");
    println!("kill: every {item_type} captured with the server up arrived, {repeated} twice");
}
