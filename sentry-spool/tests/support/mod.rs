//! Child processes that play a role, and the roles.
#![expect(unsafe_code, reason = "fork, limits and signals are what is tested")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use watchpost_spool::{Lane, Log, LogConfig, Outbox, OutboxConfig, StateFile};

/// Of a record that [`append`] writes, header included.
pub(crate) const RECORD_BYTES: usize = 16 + 40;

/// Of an acknowledgement, header included.
pub(crate) const ACK_BYTES: usize = 16 + 4;

const ROLE: &str = "SPOOL_TEST_ROLE";
const DIR: &str = "SPOOL_TEST_DIR";
const COUNT: &str = "SPOOL_TEST_COUNT";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running child; killed when dropped.
pub(crate) struct Child {
    process: std::process::Child,
    lines: BufReader<ChildStdout>,
    seen: Vec<String>,
}

impl Child {
    pub(crate) fn start(role: &str, dir: &Path, count: u32) -> Child {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(DIR, dir)
            .env(COUNT, count.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Child { process, lines, seen: Vec::new() }
    }

    /// Waits for a line with this in it, and returns the number at its end. A forked child's lines may come before
    /// its parent's, so none is thrown away.
    pub(crate) fn wait_for(&mut self, begin: &str) -> u32 {
        loop {
            // The harness writes "test child ... " in front of the first line.
            if let Some(line) = self.seen.iter().find(|line| line.contains(begin)) {
                return line.rsplit(' ').next().unwrap().parse().unwrap();
            }
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the child ended without saying {begin:?}");
            self.seen.push(line.trim_end().to_owned());
        }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Kills it and returns the number in the last whole line that begins so.
    pub(crate) fn kill_and_last(&mut self, begin: &str) -> u32 {
        self.kill();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let last = whole.lines().rev().find_map(|line| line.strip_prefix(begin));
        last.map_or(1, |number| number.parse().unwrap())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A process that is nobody's child here; killed when dropped.
pub(crate) struct Pid(pub(crate) u32);

impl Pid {
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: signal 0 only asks.
        unsafe { libc::kill(self.0 as libc::pid_t, 0) == 0 }
    }
}

impl Drop for Pid {
    fn drop(&mut self) {
        // SAFETY: the number of a process that a test's child forked.
        unsafe { libc::kill(self.0 as libc::pid_t, libc::SIGKILL) };
    }
}

/// Tries until it is so.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Records that the role `deliver-forever` leaves waiting.
pub(crate) const LAG: usize = 3;

pub(crate) fn append(outbox: &Outbox, range: std::ops::Range<u32>) {
    for n in range {
        outbox.append(Lane::Urgent, &[&n.to_le_bytes(), &[0xF5; 36]]).unwrap();
    }
}

pub(crate) fn number_of(record: &[u8]) -> u32 {
    u32::from_le_bytes(record[..4].try_into().unwrap())
}

/// Runs the role that the environment names. Never returns, except to fail.
pub(crate) fn play() {
    let role = std::env::var(ROLE).expect("run by the other tests only");
    let dir = PathBuf::from(std::env::var_os(DIR).unwrap());
    let count: u32 = std::env::var(COUNT).unwrap().parse().unwrap();
    // Whatever happens to the test, no child stays.
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(60) };
    if role == "log" {
        let log = Log::open(LogConfig { segment_bytes: 2000, ..LogConfig::new(dir) }).unwrap();
        for n in 0..count {
            log.append(&[&n.to_le_bytes(), &[0xF5; 36]]).unwrap();
        }
        say(&format!("appended {count}"));
        sleep_forever();
    }
    if role == "fork-with-states" {
        fork_with_states(&dir);
        sleep_forever();
    }
    if role == "small-files" {
        limit_files(4000);
    }
    let outbox = Outbox::open(OutboxConfig::new(dir.clone())).unwrap();
    match role.as_str() {
        "append" | "small-files" => {
            append(&outbox, 0..count);
            say(&format!("appended {count}"));
        }
        "append-forever" => {
            for n in 0.. {
                append(&outbox, n..n + 1);
                say(&format!("appended {}", n + 1));
            }
        }
        "deliver-forever" => {
            // Small, so that files are written over all the time.
            let config = OutboxConfig { segment_bytes: 1000, max_bytes: 64_000, ..OutboxConfig::new(&dir) };
            let outbox = Outbox::open(config).unwrap();
            for n in 0.. {
                append(&outbox, n..n + 1);
                say(&format!("appended {}", n + 1));
                if outbox.pending() > LAG {
                    outbox.ack(outbox.peek().unwrap().unwrap().id).unwrap();
                }
            }
        }
        "ack-half" => {
            append(&outbox, 0..count);
            for _ in 0..count / 2 {
                outbox.ack(outbox.peek().unwrap().unwrap().id).unwrap();
            }
            say(&format!("acknowledged {}", count / 2));
        }
        "full-disk" => full_disk(&outbox),
        _ => fork(&role, outbox, &dir, count),
    }
    sleep_forever();
}

/// The limit comes after the outbox was opened, so it is met as a short write, and then as EFBIG.
fn full_disk(outbox: &Outbox) {
    limit_files(10_000);
    // SAFETY: no handler is involved.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let mut stored = 0u32;
    let record = |n: u32| [n.to_le_bytes().as_slice(), &[1; 900]].concat();
    let error = loop {
        match outbox.append(Lane::Urgent, &[&record(stored)]) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_full() && !error.is_unavailable(), "{error}");
    assert!(outbox.append(Lane::Urgent, &[&record(0)]).unwrap_err().is_full());
    assert_eq!(outbox.pending(), stored as usize);
    say(&format!("full after {stored}"));
}

fn fork(role: &str, outbox: Outbox, dir: &Path, count: u32) {
    append(&outbox, 0..count);
    // Only for "fork-and-keep": never dropped in the child.
    let outbox = std::mem::ManuallyDrop::new(outbox);
    if !is_child() {
        return;
    }
    if role != "fork-and-keep" {
        outbox.close_in_child();
    }
    if role == "fork-and-append" {
        let own = std::mem::ManuallyDrop::new(Outbox::open(OutboxConfig::new(dir)).unwrap());
        append(&own, 0..count);
        say(&format!("child appended {count}"));
    } else {
        say("closed 1");
    }
    sleep_forever();
}

/// Forks. True in the child, which does not outlive a minute; the parent says who it is.
fn is_child() -> bool {
    // SAFETY: the child goes on as an application's would; this process's other thread only waits.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid > 0 {
        say(&format!("forked {pid}"));
        return false;
    }
    // SAFETY: ends a child that hangs.
    unsafe { libc::alarm(60) };
    true
}

/// A state that was given up, one that lasts, and a child that makes one of its own and lets go of what it inherited.
fn fork_with_states(dir: &Path) {
    let given_up = StateFile::create(dir).unwrap();
    let lasting = StateFile::create(dir).unwrap();
    given_up.remove().unwrap();
    lasting.write(b"parent").unwrap();
    let mut lasting = Some(std::mem::ManuallyDrop::new(lasting));
    if !is_child() {
        return;
    }
    StateFile::close_in_child();
    let own = std::mem::ManuallyDrop::new(StateFile::create(dir).unwrap());
    let more = std::mem::ManuallyDrop::new(StateFile::create(dir).unwrap());
    let inherited = lasting.take().unwrap();
    assert!(inherited.write(b"not mine").is_err());
    drop(std::mem::ManuallyDrop::into_inner(inherited));
    own.write(b"child").unwrap();
    more.write(b"child").unwrap();
    say("child wrote 2");
    sleep_forever();
}

fn limit_files(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the struct is initialised.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
}

/// One write, past the harness's own buffer.
fn say(line: &str) {
    let line = format!("{line}\n");
    let mut out = std::mem::ManuallyDrop::new(
        // SAFETY: descriptor 1 is open and stays so.
        unsafe { <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(1) },
    );
    out.write_all(line.as_bytes()).unwrap();
}

fn sleep_forever() -> ! {
    loop {
        // SAFETY: pause has no preconditions.
        unsafe { libc::pause() };
    }
}
