//! `init` reads the environment. Variables belong to a whole process, so each case is a process of its own: this binary
//! once more, told by a variable to play the application.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::process::{Command, Output};

use watchpost::{ClientOptions, Level};

/// Set where this binary plays the application: says which options it sets in code.
const PLAY: &str = "WATCHPOST_TEST_PLAY";

#[test]
fn init_reads_the_environment() {
    if let Ok(case) = std::env::var(PLAY) {
        return play(&case);
    }
    let dsn = ("SENTRY_DSN", "http://key@127.0.0.1:9/1");
    for (case, variables, wanted) in [
        ("", vec![], "enabled false, captured false"),
        ("", vec![dsn], "enabled true, captured true"),
        ("", vec![dsn, ("SENTRY_SAMPLE_RATE", "0")], "enabled true, captured false"),
        ("sample_rate", vec![dsn, ("SENTRY_SAMPLE_RATE", "0")], "enabled true, captured true"),
        ("", vec![dsn, ("SENTRY_TRACES_SAMPLE_RATE", "0.5")], "traces Some(0.5)"),
        ("", vec![dsn, ("SENTRY_ENVIRONMENT", "staging"), ("SENTRY_RELEASE", "r")], "staging of Some(\"r\")"),
        ("environment", vec![dsn, ("SENTRY_ENVIRONMENT", "staging")], "production of None"),
        ("", vec![("SENTRY_SPOTLIGHT", "http://127.0.0.1:9/stream")], "enabled true"),
        ("", vec![dsn, ("SENTRY_KEEP_ALIVE", "no")], "keep-alive false"),
        ("", vec![dsn, ("SENTRY_SAMPLE_RATE", "half")], "refused sample_rate: SENTRY_SAMPLE_RATE"),
        ("", vec![("SENTRY_DSN", "127.0.0.1")], "refused dsn: SENTRY_DSN"),
        ("", vec![dsn, ("SENTRY_DEBUG", "perhaps")], "refused debug: SENTRY_DEBUG"),
    ] {
        let said = text(&run(case, &variables).stdout);
        assert!(said.contains(wanted), "{case} {variables:?}: {wanted} is not in {said}");
    }
    for (word, is_heard) in [("1", true), ("off", false)] {
        let said = text(&run("", &[dsn, ("SENTRY_DEBUG", word)]).stderr);
        assert_eq!(said.contains("[watchpost] before_send failed"), is_heard, "{word}: {said}");
    }
}

fn run(case: &str, variables: &[(&str, &str)]) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "init_reads_the_environment", "--nocapture"]).env(PLAY, case);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SENTRY_")) {
        child.env_remove(name);
    }
    child.envs(variables.iter().copied()).output().unwrap()
}

fn play(case: &str) {
    let mut options = ClientOptions::new().with_spool(false).with_shutdown_timeout(std::time::Duration::ZERO);
    options = options.with_before_send(|event, _| {
        assert!(event.level != Some(Level::Fatal), "a fatal one");
        Some(event)
    });
    match case {
        "sample_rate" => options = options.with_sample_rate(1.0).unwrap(),
        "environment" => options = options.with_environment("production"),
        _ => {}
    }
    let said = match watchpost::init(options) {
        Err(error) => {
            let text = error.to_string();
            format!("refused {}: {}", error.field(), text.split("`: ").nth(1).unwrap())
        }
        Ok(guard) => {
            let captured = watchpost::capture_message("x", None).is_some();
            // Its hook panics: said where diagnostic lines go.
            watchpost::capture_message("y", Level::Fatal);
            let client = watchpost::client().unwrap();
            let options = client.options();
            let release = options.release().map(|release| release.as_str());
            format!(
                "enabled {}, captured {captured}\n{} of {release:?}\ntraces {:?}\nkeep-alive {}",
                guard.is_enabled(),
                options.environment(),
                options.traces_sample_rate(),
                options.transport().keep_alive,
            )
        }
    };
    std::io::stdout().write_all(said.as_bytes()).unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
