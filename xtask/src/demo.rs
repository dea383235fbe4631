//! `cargo xtask demo`: the whole product on this machine, from a clean clone to a page full of errors.

use std::time::Instant;

use crate::console::{line, span};
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::repo;
use crate::setup::{Need, Readiness};
use crate::stand::Stage;
use crate::step::Log;
use crate::suite;

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    check: bool,
    keep: bool,
    port: u16,
}

/// Builds, starts, runs the examples, and stays up until Ctrl-C unless `--check` was given.
///
/// # Errors
/// When something cannot be built, or with `--check` when an example's events are not as expected.
pub fn run(words: &[String]) -> Result<()> {
    let options = parse(words)?;
    let start = Instant::now();
    let languages = build()?;
    let stage = Stage::open(&repo::cache("demo"), options.port, options.keep, &languages)?;
    line(format_args!("demo: the server is up at {} after {}", stage.url(), span(start.elapsed())));
    let wrong = show(&stage, options.keep);
    if options.check {
        let missing: Vec<&str> = absent(&languages).map(Language::name).collect();
        if repo::in_ci() && !missing.is_empty() {
            return Err(Failure::new(format!("nothing may be skipped in CI: {}", missing.join(", "))));
        }
        return if wrong == 0 {
            Ok(())
        } else {
            Err(Failure::new(format!("{wrong} examples are not as expected")))
        };
    }
    let login = stage.login()?;
    line("");
    line(format_args!("Open {}", stage.url()));
    line(format_args!("  user     {}", login.username));
    line(format_args!("  password {}", login.password));
    line("Ctrl-C ends it.");
    stage.wait()
}

/// Builds the server with its page, and every language that can be built here.
fn build() -> Result<Vec<Language>> {
    let mut languages = Vec::new();
    for language in Language::ALL {
        match Need::Language(language).ensure() {
            Readiness::Ready => languages.push(language),
            Readiness::Missing(what) => line(format_args!("demo: going on without {language}: {what}")),
        }
    }
    if languages.contains(&Language::Node) {
        timed("the page", suite::build_page)?;
    } else {
        line("demo: without Node there is no page; the API and the list below work all the same");
    }
    timed("the server", suite::build_server)?;
    for language in &languages {
        timed(&format!("the {language} SDK and examples"), |log| suite::build_examples(*language, log))?;
    }
    Ok(languages)
}

fn timed(what: &str, work: impl FnOnce(&Log) -> Result<()>) -> Result<()> {
    line(format_args!("demo: building {what}"));
    let start = Instant::now();
    work(&Log::new(&format!("demo {what}")))?;
    line(format_args!("demo: built {what} in {}", span(start.elapsed())));
    Ok(())
}

/// Runs the examples; answers how many were not as expected.
fn show(stage: &Stage, keep: bool) -> usize {
    let mut wrong = 0;
    for example in stage.examples() {
        line(format_args!("\n{} ({})", example.name, example.language));
        // A store that was kept counts the events of earlier runs too.
        let checked = stage.run(example).and_then(|report| {
            report.events.iter().for_each(|arrival| line(format_args!("  {arrival}")));
            if keep { Ok(()) } else { stage.verdict(&report) }
        });
        if let Err(failure) = checked {
            line(format_args!("  not as expected: {failure}"));
            wrong += 1;
        }
    }
    wrong
}

fn absent(languages: &[Language]) -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|language| !languages.contains(language))
}

fn parse(words: &[String]) -> Result<Options> {
    let mut options = Options { port: PORT, ..Options::default() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--check" => (options.check, options.port) = (true, 0),
            "--keep" => options.keep = true,
            "--port" => {
                let port = words.next().and_then(|port| port.parse().ok());
                options.port =
                    port.ok_or("--port wants a number from 0 to 65535, for example --port 8000")?;
            }
            other => {
                return Err(Failure::new(format!(
                    "demo knows no {other:?}; it takes --check, --keep, --port N"
                )));
            }
        }
    }
    Ok(options)
}

const PORT: u16 = 8000;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options() {
        assert_eq!(parse(&words("")).unwrap(), Options { port: PORT, ..Options::default() });
        assert_eq!(
            parse(&words("--check --port 4711")).unwrap(),
            Options { check: true, keep: false, port: 4711 }
        );
        assert!(parse(&words("--port many")).unwrap_err().to_string().contains("--port 8000"));
        assert!(parse(&words("--chek")).is_err());
    }
}
