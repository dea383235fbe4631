//! How a process ends, and what the next start makes of it. Runs itself as the program that ends.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it panics when it cannot go on and says what it did"
)]

mod support;

use std::env;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::PATIENCE;
use support::server::Server;
use watchpost_core::{
    Breadcrumb, Client, ClientOptions, Event, Exception, Hint, ItemType, Mechanism, Scopes, SharedScope,
};
use watchpost_transport::client_builder;

fn main() {
    match (env::var("HOW"), env::var("FOLDER")) {
        (Ok(how), Ok(folder)) => program(&how, Path::new(&folder)),
        _ => {
            ends();
            errors_before_the_end();
            a_crash_is_reported_once();
            sigterm_is_passed_on();
            the_living_are_left_alone();
            killed_with_breadcrumbs();
            nothing_is_left_after_a_clean_end();
        }
    }
}

fn options(dsn: &str, folder: &Path) -> ClientOptions {
    let options = ClientOptions::new().with_dsn(dsn).unwrap().with_storage_dir(Some(folder.to_owned()));
    options.with_release("shop@1").with_environment("test")
}

fn capture(client: &Client, handled: bool) {
    let mechanism = Mechanism { ty: "test".into(), handled: Some(handled), ..Mechanism::default() };
    let exception = Exception { ty: Some("E".into()), mechanism: Some(mechanism), ..Exception::default() };
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    client.capture_event(Event::exception(vec![exception]), &Hint::default(), scopes).unwrap();
}

/// The program. Nobody listens where it reports to, so that all it says goes through the folder.
fn program(how: &str, folder: &Path) {
    match how {
        "handled" => set_handler(libc::SIGTERM, exit_in_order as extern "C" fn(libc::c_int) as usize),
        "ignored" => set_handler(libc::SIGTERM, libc::SIG_IGN),
        _ => {}
    }
    let mut options = options("http://key@127.0.0.1:9/1", folder);
    options = options.with_mark_sigterm(how != "unmarked").with_report_killed(how == "trail");
    let client = client_builder(options).build();
    match how {
        "kill" => die(libc::SIGKILL),
        "error" => capture(&client, true),
        "crash" => capture(&client, false),
        "exit" => exit(3),
        "abort" => std::process::abort(),
        "close" => drop(client.close(Some(Duration::ZERO))),
        "exec" => {
            let error = Command::new(env::current_exe().unwrap()).env("HOW", "after exec").exec();
            panic!("{error}");
        }
        "after exec" => return,
        "chained" => chain(),
        "children" => {
            // One that ends without a word and one that ends through exit: neither is the parent.
            assert_eq!(wait(fork(|| true)), 0);
            assert_eq!(wait(fork(|| exit(0))), 0);
        }
        "daemon" => {
            fork(|| {
                capture(&client, true);
                true
            });
            // The child may come before or after the end of its parent, but not after its own captures.
            while has_no_heir(folder) {
                thread::sleep(Duration::from_millis(5));
            }
            end_at_once();
        }
        "trail" => {
            let scope = SharedScope::new();
            let data: watchpost_core::Data = [("password", "hunter2".into())].into_iter().collect();
            let crumb = Breadcrumb { message: Some("the last thing".into()), data, ..Breadcrumb::default() };
            client.add_breadcrumb(crumb, &Hint::default(), &scope);
        }
        _ => {}
    }
    if matches!(how, "error" | "crash" | "children" | "trail" | "close") {
        die(libc::SIGKILL);
    }
    println!("ready");
    std::io::stdout().flush().unwrap();
    let started = Instant::now();
    while started.elapsed() < PATIENCE * 2 {
        if CHAINED.load(Ordering::Relaxed) {
            exit(4);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// True until the child has said in its parent's state that it goes on.
fn has_no_heir(folder: &Path) -> bool {
    let states = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut states = states.filter(|path| path.extension().is_some_and(|extension| extension == "state"));
    states.all(|path| std::fs::read(path).unwrap().get(1) != Some(&1))
}

static CHAINED: AtomicBool = AtomicBool::new(false);
static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// Sets a handler the way that libraries for signals do: it calls the one before it.
fn chain() {
    let mut before = action(libc::SIG_DFL);
    #[expect(unsafe_code, reason = "signals have no safe interface in std")]
    // SAFETY: a valid place to write to.
    unsafe {
        libc::sigaction(libc::SIGTERM, std::ptr::null(), &raw mut before);
    }
    BEFORE.store(before.sa_sigaction, Ordering::SeqCst);
    set_handler(libc::SIGTERM, chained as extern "C" fn(libc::c_int) as usize);
}

extern "C" fn chained(signal: libc::c_int) {
    let before = BEFORE.load(Ordering::SeqCst);
    if before != libc::SIG_DFL && before != libc::SIG_IGN {
        #[expect(unsafe_code, reason = "calling the handler before")]
        // SAFETY: what `sigaction` gave out as the handler.
        let before: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(before) };
        before(signal);
    }
    CHAINED.store(true, Ordering::SeqCst);
}

extern "C" fn exit_in_order(_: libc::c_int) {
    end_at_once();
}

fn action(handler: usize) -> libc::sigaction {
    #[expect(unsafe_code, reason = "signals have no safe interface in std")]
    // SAFETY: all-zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action
}

fn set_handler(signal: i32, handler: usize) {
    let action = action(handler);
    #[expect(unsafe_code, reason = "signals have no safe interface in std")]
    // SAFETY: a valid action.
    unsafe {
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

#[expect(unsafe_code, reason = "a process that kills itself")]
fn die(signal: i32) {
    // SAFETY: sends a signal to this very process.
    unsafe {
        libc::kill(libc::getpid(), signal);
    }
    thread::sleep(PATIENCE);
}

#[expect(clippy::disallowed_methods, reason = "the very thing under test")]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}

#[expect(unsafe_code, reason = "an end that runs no handler")]
fn end_at_once() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(7) }
}

#[expect(unsafe_code, reason = "the very thing under test")]
fn fork(body: impl FnOnce() -> bool) -> libc::pid_t {
    // SAFETY: the child runs only `body` and ends.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(!body())),
            pid => pid,
        }
    }
}

#[expect(unsafe_code, reason = "waiting for a forked child")]
fn wait(pid: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: `status` is a valid place to write to.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    status
}

fn start(how: &str, folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env("HOW", how).env("FOLDER", folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Lets the program end by itself, or by SIGTERM once it is ready.
fn run(how: &str, folder: &Path, terminate: bool) -> ExitStatus {
    let mut child = start(how, folder);
    if terminate {
        await_ready(&mut child);
        send(&child, libc::SIGTERM);
    }
    finish(child)
}

fn await_ready(child: &mut Child) {
    let mut byte = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
}

fn finish(mut child: Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the program does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[expect(unsafe_code, reason = "a signal for the program under test")]
fn send(child: &Child, signal: i32) {
    // SAFETY: the child was not waited for yet, so the id is its own.
    unsafe {
        libc::kill(i32::try_from(child.id()).unwrap(), signal);
    }
}

/// What the next start sends: the payloads of its session updates, and of its events.
fn next_start(folder: &Path, report_killed: bool) -> (Vec<Value>, Vec<Value>) {
    let server = Server::start("200 OK");
    let options = options(&server.dsn, folder).with_auto_session_tracking(false).with_release("shop@2");
    let client: Arc<Client> = client_builder(options.with_report_killed(report_killed)).build();
    assert!(client.flush(PATIENCE));
    client.close(Some(PATIENCE));
    let (mut sessions, mut events) = (Vec::new(), Vec::new());
    while let Ok(request) = server.requests.try_recv() {
        for item in request.envelope.items {
            let payload: Value = serde_json::from_slice(&item.payload).unwrap();
            match item.header.item_type {
                ItemType::Session => sessions.push(payload),
                ItemType::Event => events.push(payload),
                _ => {}
            }
        }
    }
    (sessions, events)
}

fn ends() {
    for (how, terminate, status) in [
        ("kill", false, "abnormal"),
        ("abort", false, "abnormal"),
        ("children", false, "abnormal"),
        ("unmarked", true, "abnormal"),
        ("exit", false, "exited"),
        ("terminated", true, "exited"),
        ("daemon", false, "exited"),
        ("exec", false, "exited"),
        ("chained", true, "exited"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ended = run(how, folder.path(), terminate);
        let (sessions, _) = next_start(folder.path(), false);
        let session = sessions.iter().find(|session| session["status"] != "ok");
        let session = session.unwrap_or_else(|| panic!("{how} ({ended}): nothing is said"));
        assert_eq!(session["status"], status, "{how} ({ended})");
        assert_eq!(session["attrs"]["release"], "shop@1");
        // The daemon's child may still be writing its event.
        let (again, _) = next_start(folder.path(), false);
        assert_eq!(again, Vec::<Value>::new(), "{how}: it is said once");
        println!("ends: {how} is {status}");
    }
}

fn errors_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    run("error", folder.path(), false);
    let (sessions, events) = next_start(folder.path(), false);
    assert_eq!(events.len(), 1);
    let facts: Vec<_> =
        sessions.iter().map(|s| (s["status"].clone(), s["errors"].clone(), s["init"].clone())).collect();
    assert_eq!(facts.len(), 2);
    assert!(facts.contains(&("ok".into(), 1.into(), true.into())), "{facts:?}");
    assert!(facts.contains(&("abnormal".into(), 1.into(), Value::Null)), "{facts:?}");
    assert_eq!(sessions[0]["sid"], sessions[1]["sid"]);
}

fn a_crash_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    run("crash", folder.path(), false);
    let (sessions, events) = next_start(folder.path(), true);
    assert_eq!((sessions.len(), events.len()), (1, 1));
    assert_eq!(sessions[0]["status"], "crashed");
}

fn sigterm_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let status = |how| run(how, folder.path(), true);
    assert_eq!(status("terminated").signal(), Some(libc::SIGTERM), "it dies of the signal, as without us");
    assert_eq!(status("unmarked").signal(), Some(libc::SIGTERM));
    assert_eq!(status("handled").code(), Some(7), "the handler that was there before is still there");
    assert_eq!(status("chained").code(), Some(4), "a handler that calls ours decides what happens");
    let mut child = start("ignored", folder.path());
    await_ready(&mut child);
    send(&child, libc::SIGTERM);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(child.try_wait().unwrap(), None, "who ignored the signal still does");
    child.kill().unwrap();
    child.wait().unwrap();
    println!("ends: SIGTERM does what it did");
}

/// Two processes share the folder; one lives.
fn the_living_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut living = start("wait", folder.path());
    await_ready(&mut living);
    run("kill", folder.path(), false);
    let (sessions, _) = next_start(folder.path(), false);
    assert_eq!(sessions.len(), 1, "only the dead one is reported: {sessions:?}");
    let dead = sessions[0]["sid"].clone();
    living.kill().unwrap();
    living.wait().unwrap();
    let (sessions, _) = next_start(folder.path(), false);
    assert_eq!(sessions.len(), 1);
    assert_ne!(sessions[0]["sid"], dead);
    println!("ends: the living are left alone");
}

fn killed_with_breadcrumbs() {
    let folder = tempfile::tempdir().unwrap();
    run("trail", folder.path(), false);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "a secret is on disk");
    }
    let (sessions, events) = next_start(folder.path(), true);
    assert_eq!((sessions.len(), events.len()), (1, 1));
    let event = &events[0];
    assert_eq!(event["exception"]["values"][0]["type"], "ProcessKilled");
    assert_eq!((&event["release"], &event["environment"]), (&"shop@1".into(), &"test".into()));
    let crumb = &event["breadcrumbs"]["values"][0];
    assert_eq!(
        (&crumb["message"], &crumb["data"]["password"]),
        (&"the last thing".into(), &"[Filtered]".into())
    );
    assert_eq!(next_start(folder.path(), true), (Vec::new(), Vec::new()));
    println!("ends: who was killed left a trail");
}

fn nothing_is_left_after_a_clean_end() {
    let folder = tempfile::tempdir().unwrap();
    run("close", folder.path(), false);
    let (sessions, events) = next_start(folder.path(), true);
    assert_eq!((sessions.len(), events.len()), (1, 0));
    assert_eq!(sessions[0]["status"], "exited");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the folder is empty");
}
