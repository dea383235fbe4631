//! Panics under `panic = "abort"`: reported once, by the next start.

use std::env;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{envelopes, functions, options, payload};

pub(crate) fn a_panic_that_aborts_is_reported_once() {
    let built = tempfile::tempdir().unwrap();
    let program = build(built.path());
    for how in ["main", "thread"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(&program);
        command.envs([("HOW", how), ("FOLDER", folder.path().to_str().unwrap())]).stderr(Stdio::null());
        // SAFETY: only makes a system call: no core files.
        unsafe {
            command.pre_exec(|| {
                libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
                Ok(())
            });
        }
        let status = command.status().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGABRT), "{how}: {status}");
        let found = envelopes(folder.path(), options());
        let events: Vec<Value> = found.iter().filter_map(|envelope| payload(envelope, "event")).collect();
        assert_eq!(events.len(), 1, "{how}: the abort is this panic, and no crash of its own: {events:#?}");
        let (event, exception) = (&events[0], &events[0]["exception"]["values"][0]);
        assert_eq!(
            (&exception["type"], &exception["value"]),
            (&"panic".into(), &"the day cannot be closed".into())
        );
        assert_eq!((&event["level"], &event["release"]), (&"fatal".into(), &"shop@1".into()));
        assert_eq!(exception["mechanism"]["handled"], false);
        // Nobody is left to look names up later.
        let functions = functions(event);
        assert!(functions.last().is_some_and(|name| name.ends_with("close_the_day")), "{functions:?}");
        let ended = found.iter().filter_map(|envelope| payload(envelope, "session"));
        let ended: Vec<Value> = ended.filter(|session| session["attrs"]["release"] == "shop@1").collect();
        let statuses: Vec<&Value> =
            ended.iter().map(|session| &session["status"]).filter(|it| **it != "ok").collect();
        assert_eq!(statuses, ["crashed"], "{how}");
        let later = envelopes(folder.path(), options());
        assert!(later.iter().all(|envelope| payload(envelope, "event").is_none()), "{how}: it is said once");
    }
    println!("crash: a panic that aborts is reported once");
}

/// The library is compiled anew, as what it does depends on it; what it stands on need not be.
fn build(folder: &Path) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["rustc", "--quiet", "--package", "watchpost", "--lib", "--features", "crash"]);
    command.args(["--message-format", "json-render-diagnostics", "--", "-C", "panic=abort"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the library does not build for panics that abort");
    let messages = str::from_utf8(&output.stdout).unwrap().lines();
    let messages = messages.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let built = messages.filter(|message| message["target"]["name"] == "watchpost");
    let files = built.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
    let library = files.find(|file| file.extension().is_some_and(|kind| kind == "rlib")).unwrap();

    let program = folder.join("panics");
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition", "2024", "-C", "panic=abort", "-C", "debuginfo=1", "-o"]).arg(&program);
    command.arg("--extern").arg(format!("watchpost={}", library.display()));
    let folder = library.parent().unwrap();
    command.arg("-L").arg(format!("dependency={}", folder.join("deps").display()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/panics.rs");
    assert!(command.arg(source).status().unwrap().success(), "the program does not build");
    program
}
