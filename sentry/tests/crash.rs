//! Programs that crash for real, each by one signal, and what the next start reports. Runs itself as those programs.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unsafe_code,
    reason = "a test program: it crashes on purpose, panics when it cannot go on and says what it did"
)]

#[path = "crash/aborting.rs"]
mod aborting;
#[path = "crash/programs.rs"]
mod programs;

use std::env;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use minidump::{Minidump, MinidumpException, MinidumpMemoryList, MinidumpModuleList, Module as _};
use serde_json::Value;
use watchpost::{ClientOptions, Timestamp};
use watchpost_core::{Envelope, UploadRequest, UploadResponse, UploadResult, Uploader};

const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    match (env::var("CRASH"), env::var("FOLDER")) {
        (Ok(how), Ok(folder)) => programs::crash(&how, Path::new(&folder)),
        _ => tests(),
    }
}

fn tests() {
    each_signal_is_reported_and_kills_as_before();
    a_thread_s_crash_names_the_thread();
    a_stack_overflow_is_reported_and_still_said();
    a_call_of_a_bad_address_shows_its_caller();
    the_handler_from_before_still_runs();
    the_hooks_of_the_next_start_decide();
    a_child_s_crash_is_not_its_parent_s();
    nothing_is_reported_of_those_that_live_or_ended_well();
    the_session_crashed_with_its_process();
    who_crashed_was_not_killed();
    a_record_without_a_mark_and_a_mark_without_a_record();
    a_minidump_goes_along_where_memory_may();
    aborting::a_panic_that_aborts_is_reported_once();
}

fn each_signal_is_reported_and_kills_as_before() {
    for (how, number, name) in [
        ("segv", libc::SIGSEGV, "SIGSEGV"),
        ("bus", libc::SIGBUS, "SIGBUS"),
        ("abort", libc::SIGABRT, "SIGABRT"),
        ("fpe", libc::SIGFPE, "SIGFPE"),
        ("ill", libc::SIGILL, "SIGILL"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let status = run(how, folder.path());
        assert_eq!(status.signal(), Some(number), "{how}: {status}");
        let event = only(next_start(folder.path(), options()), how);
        let exception = &event["exception"]["values"][0];
        assert_eq!(exception["type"], name);
        assert_eq!(exception["mechanism"]["handled"], false);
        assert_eq!(exception["mechanism"]["synthetic"], true);
        assert_eq!(exception["mechanism"]["meta"]["signal"]["number"], number);
        assert_eq!(event["level"], "fatal");
        assert_eq!(event["platform"], "native");
        assert_eq!(event["release"], "shop@1", "the release that crashed, not the one that reports");
        assert_eq!(event["tags"], Value::Null, "what the next start sets is not about this crash");
        let names = functions(&event);
        // Line tables alone give no paths.
        let at = |wanted: &str| names.iter().position(|name| name.rsplit("::").next() == Some(wanted));
        let (outer, inner) = (at("crash"), at("in_a_function"));
        assert!(outer.is_some() && outer < inner, "{how}: outermost first: {names:?}");
        let frames = exception["stacktrace"]["frames"].as_array().unwrap();
        assert!(frames.iter().all(|frame| frame["instruction_addr"].as_str().unwrap().starts_with("0x")));
        assert!(exception["stacktrace"]["registers"].as_object().unwrap().len() > 16);
        let images = event["debug_meta"]["images"].as_array().unwrap();
        assert!(
            images.iter().any(|image| image["code_file"] == env::current_exe().unwrap().to_str().unwrap())
        );
        assert_eq!(event["threads"]["values"][0]["crashed"], true);
        assert!(next_start(folder.path(), options()).is_empty(), "{how} is reported once");
        println!("crash: {name} is reported, {} frames", frames.len());
    }
}

fn a_thread_s_crash_names_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run("thread", folder.path()).signal(), Some(libc::SIGSEGV));
    let event = only(next_start(folder.path(), options()), "thread");
    let thread = &event["threads"]["values"][0];
    assert_eq!(thread["name"], "importer");
    assert_eq!(thread["id"], event["exception"]["values"][0]["thread_id"]);
    let value = event["exception"]["values"][0]["value"].as_str().unwrap();
    assert_eq!(value, "invalid memory reference at 0x10 (SEGV_MAPERR)");
    println!("crash: a thread is named");
}

fn a_stack_overflow_is_reported_and_still_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = program("overflow", folder.path()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "as without us");
    assert!(String::from_utf8_lossy(&output.stderr).contains("overflowed its stack"), "as without us");
    let event = only(next_start(folder.path(), options()), "overflow");
    assert_eq!(event["exception"]["values"][0]["type"], "SIGSEGV");
    let names = functions(&event);
    assert!(names.iter().filter(|name| name.contains("deeper")).count() > 10, "{names:?}");
    println!("crash: a stack overflow is reported");
}

fn a_call_of_a_bad_address_shows_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run("jump", folder.path()).signal(), Some(libc::SIGSEGV));
    let names = functions(&only(next_start(folder.path(), options()), "jump"));
    assert!(names.iter().any(|name| name.contains("in_a_function")), "{names:?}");
    println!("crash: a jump to nowhere shows where from");
}

fn the_handler_from_before_still_runs() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run("handler", folder.path()).code(), Some(7), "it ended the process its own way");
    only(next_start(folder.path(), options()), "handler");
    println!("crash: the previous handler runs");
}

fn the_hooks_of_the_next_start_decide() {
    let folder = tempfile::tempdir().unwrap();
    run("segv", folder.path());
    let tagging = options().with_before_send(|mut event, _| {
        event.tags.insert("hook".into(), "ran".into());
        Some(event)
    });
    assert_eq!(only(next_start(folder.path(), tagging), "hook")["tags"]["hook"], "ran");
    run("segv", folder.path());
    assert!(next_start(folder.path(), options().with_before_send(|_, _| None)).is_empty(), "dropped");
    assert!(next_start(folder.path(), options()).is_empty(), "and gone");
    println!("crash: hooks see it, and may drop it");
}

fn a_child_s_crash_is_not_its_parent_s() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run("child", folder.path()).code(), Some(0));
    assert!(next_start(folder.path(), options()).is_empty());
    println!("crash: a forked child dies without a record");
}

fn nothing_is_reported_of_those_that_live_or_ended_well() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run("none", folder.path()).code(), Some(0));
    let records = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("crash-"))
            .count()
    };
    assert_eq!(records(), 0, "the guard left nothing");
    assert_eq!(run("exit", folder.path()).code(), Some(3));
    let guard = watchpost::init(options().with_storage_dir(Some(folder.path().into()))).unwrap();
    assert_eq!(records(), 1, "the one of this process; what ended without a crash is gone");
    drop(guard);
    assert_eq!(records(), 0);
    println!("crash: nothing is reported of an ordinary end");
}

fn the_session_crashed_with_its_process() {
    // `exit` in a handler from before runs what marks ordinary ends.
    for (how, errors) in
        [("segv", 1), ("abort", 1), ("thread", 1), ("handler-exit", 1), ("after-an-error", 2)]
    {
        let folder = tempfile::tempdir().unwrap();
        run(how, folder.path());
        let found = envelopes(folder.path(), options());
        let crash = found.iter().find(|envelope| is_about_the_crash(envelope)).unwrap();
        let session = payload(crash, "session").unwrap_or_else(|| panic!("{how}: no session"));
        assert_eq!((&session["status"], &session["errors"]), (&"crashed".into(), &errors.into()), "{how}");
        assert_eq!(session["attrs"]["release"], "shop@1", "{how}");
        let event = payload(crash, "event").unwrap();
        let time = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).unwrap();
        assert_eq!(time(&session["timestamp"]), time(&event["timestamp"]), "{how}");
        assert_eq!(ends_of(&found, &session["sid"]), 1, "{how}: it ends once");
        let later = envelopes(folder.path(), options());
        assert_eq!(ends_of(&later, &session["sid"]), 0, "{how}: and is never heard of again");
    }
    println!("crash: the session crashed too, in the same envelope");
}

fn who_crashed_was_not_killed() {
    let folder = tempfile::tempdir().unwrap();
    let status = program("segv", folder.path()).env("REPORT_KILLED", "1").status().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGSEGV));
    let event = only(next_start(folder.path(), options().with_report_killed(true)), "killed");
    assert_eq!(event["exception"]["values"][0]["type"], "SIGSEGV");
    assert_eq!(event["breadcrumbs"]["values"][0]["message"], "about to crash");
    assert!(next_start(folder.path(), options().with_report_killed(true)).is_empty());
    println!("crash: who crashed was not killed");
}

/// Two processes may start at once, and one finds the record, the other the state: what each says must hold by itself.
fn a_record_without_a_mark_and_a_mark_without_a_record() {
    let file = |folder: &Path, prefix: &str| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut found =
            entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
        found.next().unwrap_or_else(|| panic!("no {prefix} file"))
    };
    let folder = tempfile::tempdir().unwrap();
    run("segv", folder.path());
    std::fs::remove_file(file(folder.path(), "crash-")).unwrap();
    let found = envelopes(folder.path(), options().with_report_killed(true));
    let statuses: Vec<Value> = found.iter().filter_map(|envelope| payload(envelope, "session")).collect();
    assert_eq!(statuses[0]["status"], "crashed");
    assert!(found.iter().all(|envelope| payload(envelope, "event").is_none()), "not killed either");

    let folder = tempfile::tempdir().unwrap();
    run("segv", folder.path());
    let state = file(folder.path(), "s-");
    let mut bytes = std::fs::read(&state).unwrap();
    bytes[0] = 0;
    std::fs::write(&state, bytes).unwrap();
    let found = envelopes(folder.path(), options());
    let crash = found.iter().find(|envelope| is_about_the_crash(envelope)).unwrap();
    assert_eq!(payload(crash, "session").unwrap()["status"], "crashed");
    println!("crash: the record and the mark each suffice");
}

fn a_minidump_goes_along_where_memory_may() {
    for allowed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        run("segv", folder.path());
        let found = envelopes(folder.path(), options().with_send_default_pii(allowed));
        let crash = found.iter().find(|envelope| is_about_the_crash(envelope)).unwrap();
        let dump = crash.items.iter().find(|item| item.header.item_type.as_str() == "attachment");
        let Some(dump) = dump.filter(|_| allowed) else {
            assert!(dump.is_none() && !allowed, "memory cannot be masked");
            continue;
        };
        assert_eq!(dump.header.attachment_type.as_deref(), Some("event.minidump"));
        let event = payload(crash, "event").unwrap();
        let dump = Minidump::read(dump.payload.as_slice()).unwrap();
        let (system, exception) =
            (dump.get_stream().unwrap(), dump.get_stream::<MinidumpException<'_>>().unwrap());
        let context = exception.context(&system, None).unwrap();
        let frames = event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
        let inner = frames.last().unwrap()["instruction_addr"].as_str().unwrap();
        assert_eq!(format!("{:#x}", context.get_instruction_pointer()), inner);
        let memory = dump.get_stream::<MinidumpMemoryList<'_>>().unwrap();
        assert!(memory.memory_at_address(context.get_stack_pointer()).is_some(), "the stack is there");
        let modules: MinidumpModuleList = dump.get_stream().unwrap();
        let module = modules.module_at_address(context.get_instruction_pointer()).unwrap();
        assert_eq!(&*module.code_file(), env::current_exe().unwrap().to_str().unwrap());
    }
    println!("crash: a minidump goes along where memory may");
}

fn is_about_the_crash(envelope: &Envelope) -> bool {
    payload(envelope, "event").is_some_and(|event| event["platform"] == "native")
}

fn payload(envelope: &Envelope, kind: &str) -> Option<Value> {
    let item = envelope.items.iter().find(|item| item.header.item_type.as_str() == kind)?;
    Some(serde_json::from_slice(&item.payload).unwrap())
}

fn ends_of(envelopes: &[Envelope], session: &Value) -> usize {
    let updates = envelopes.iter().filter_map(|envelope| payload(envelope, "session"));
    updates.filter(|update| update["sid"] == *session && update["status"] != "ok").count()
}

fn options() -> ClientOptions {
    ClientOptions::new().with_dsn("http://key@127.0.0.1:9/1").unwrap()
}

fn program(how: &str, folder: &Path) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program
        .envs([("CRASH", how), ("FOLDER", folder.to_str().unwrap())])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    program
}

fn run(how: &str, folder: &Path) -> ExitStatus {
    program(how, folder).status().unwrap()
}

/// Starts as the next process would, and answers the events that it sends.
fn next_start(folder: &Path, options: ClientOptions) -> Vec<Value> {
    let envelopes = envelopes(folder, options);
    let items = envelopes.into_iter().flat_map(|envelope| envelope.items);
    let events = items.filter(|item| item.header.item_type.as_str() == "event");
    events.map(|item| serde_json::from_slice(&item.payload).unwrap()).collect()
}

/// The same: all that it sends.
fn envelopes(folder: &Path, options: ClientOptions) -> Vec<Envelope> {
    let uploads = Arc::new(Uploads::default());
    let options =
        options.with_storage_dir(Some(folder.into())).with_release("shop@2").with_uploader(uploads.clone());
    watchpost::set_tag("of", "the next start");
    let guard = watchpost::init(options).unwrap();
    assert!(watchpost::flush(PATIENCE));
    drop(guard);
    std::mem::take(&mut *uploads.0.lock().unwrap())
}

fn only(mut events: Vec<Value>, what: &str) -> Value {
    assert_eq!(events.len(), 1, "{what}: {events:?}");
    events.remove(0)
}

fn functions(event: &Value) -> Vec<String> {
    let frames = event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
    frames.iter().filter_map(|frame| frame["function"].as_str().map(str::to_owned)).collect()
}

#[derive(Debug, Default)]
struct Uploads(Mutex<Vec<Envelope>>);

impl Uploader for Uploads {
    fn upload(&self, request: UploadRequest) -> UploadResult {
        let packed =
            request.headers.iter().any(|(name, value)| name == "content-encoding" && value == "gzip");
        let mut body = Vec::new();
        if packed {
            flate2::read::GzDecoder::new(request.body.as_slice()).read_to_end(&mut body).unwrap();
        } else {
            body = request.body;
        }
        self.0.lock().unwrap().push(Envelope::decode(&body).unwrap());
        UploadResult::Response(UploadResponse { status: 200, ..UploadResponse::default() })
    }
}
