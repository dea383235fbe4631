//! `cargo xtask test`: every check there is, cheapest first, each thing built once.

mod bindings;
mod compat;
mod crates;
mod page;
mod rust;

use std::time::Instant;

use crate::console::{line, span};
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::repo;
use crate::setup::{Need, Readiness};
use crate::step::{Outcome, Runner};

pub use bindings::{build_examples, install, install_python, npm, python_of};
pub use compat::{Clients, compat};
pub use crates::{documentation, features, oldest_compiler};
pub use page::build as build_page;
pub use rust::{build_server, clippy, deny, docs, fmt};

/// What a step did not find in the steps before it would make its own failure meaningless; so each part says what
/// it needs, and is reported as blocked when that failed.
#[derive(Debug)]
struct Suite {
    runner: Runner,
    built: bool,
    examples: Option<Vec<Language>>,
}

type Part = (&'static str, fn(&mut Suite));

const PARTS: [Part; 14] = [
    ("fmt", |suite| {
        suite.runner.step("fmt", rust::fmt);
    }),
    ("ui", Suite::ui),
    ("clippy", |suite| {
        suite.runner.step("clippy", rust::clippy);
    }),
    ("deny", |suite| {
        suite.runner.step("deny", rust::deny);
    }),
    ("crates", |suite| {
        suite.runner.step("features", crates::few_features);
        suite.runner.step("oldest compiler", crates::oldest_compiler);
        suite.runner.step("crate docs", crates::documentation);
    }),
    ("rust", Suite::rust),
    ("python", |suite| suite.language(Language::Python)),
    ("node", |suite| suite.language(Language::Node)),
    ("kotlin", |suite| suite.language(Language::Kotlin)),
    ("swift", |suite| suite.language(Language::Swift)),
    ("generated", |suite| {
        suite.runner.step("generated files", |_| crate::gen_files::check());
    }),
    ("e2e", Suite::e2e),
    ("compat", Suite::compat),
    ("pages", Suite::pages),
];

/// `cargo xtask test [part]`.
///
/// # Errors
/// When a step failed; the closing line is then already printed.
pub fn run(words: &[String]) -> Result<()> {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    let wanted = words.first().map(String::as_str);
    if wanted == Some("--list") {
        line(names.join("\n"));
        return Ok(());
    }
    if let Some(part) = wanted.filter(|part| !names.contains(part)) {
        return Err(Failure::new(format!("there is no part {part:?}; there are {}", names.join(", "))));
    }
    let start = Instant::now();
    let mut suite = Suite { runner: Runner::new(repo::in_ci()), built: false, examples: None };
    for (name, part) in PARTS {
        if wanted.is_none_or(|wanted| wanted == name) {
            part(&mut suite);
        }
    }
    line(format_args!("in all {}", span(start.elapsed())));
    if suite.runner.finish() { Ok(()) } else { Err(Failure::silent()) }
}

impl Suite {
    fn ui(&mut self) {
        if !self.ready(Need::Language(Language::Node), "ui") {
            return;
        }
        self.runner.step("ui unit", page::unit);
        self.runner.step("ui build", |log| page::build(log).map(|()| Outcome::one()));
    }

    fn rust(&mut self) {
        if !self.build() {
            self.runner.blocked("rust", "the build");
            return;
        }
        self.runner.step("rust", rust::tests);
        self.runner.step("rust doc", rust::doc_tests);
    }

    fn language(&mut self, language: Language) {
        if !self.ready(Need::Language(language), language.name()) {
            return;
        }
        let name = language.name();
        if !self.runner.step(&format!("{name} build"), |log| install(language, log).map(|()| Outcome::one()))
        {
            self.runner.blocked(name, "its build");
            return;
        }
        for (part, work) in bindings::tests(language) {
            self.runner.step(&format!("{name} {part}"), work);
        }
    }

    fn e2e(&mut self) {
        let ready = self.stand("e2e");
        if ready.is_empty() {
            return;
        }
        self.runner.step("corpus replay", rust::replay);
        self.runner.step("e2e", |log| rust::end_to_end(log, &ready));
    }

    fn compat(&mut self) {
        if !self.build() {
            self.runner.blocked("compat", "the build");
            return;
        }
        compat(&mut self.runner, Clients::OneOfEach);
    }

    fn pages(&mut self) {
        if !self.ready(Need::Browser, "pages") {
            return;
        }
        let ready = self.stand("pages");
        if ready.is_empty() {
            return;
        }
        self.runner.step("pages", |log| page::end_to_end(log, &ready));
    }

    /// Builds the workspace once; whatever needs its programs asks here.
    fn build(&mut self) -> bool {
        if !self.built {
            let page = repo::path("sentry-server/ui/dist/index.html");
            if !page.exists()
                && !self.runner.step("ui build", |log| page::build(log).map(|()| Outcome::one()))
            {
                return false;
            }
            self.built = self.runner.step("build", rust::build);
        }
        self.built
    }

    /// Builds the programs and all bindings that can be built here, once; answers their languages.
    fn stand(&mut self, name: &str) -> Vec<Language> {
        if !self.build() {
            self.runner.blocked(name, "the build");
            return Vec::new();
        }
        if let Some(ready) = &self.examples {
            return ready.clone();
        }
        let mut ready = Vec::new();
        for language in Language::ALL {
            let step = format!("{language} examples");
            if self.ready(Need::Language(language), &step)
                && self.runner.step(&step, |log| build_examples(language, log).map(|()| Outcome::one()))
            {
                ready.push(language);
            }
        }
        self.examples = Some(ready.clone());
        ready
    }

    fn ready(&mut self, need: Need, step: &str) -> bool {
        match need.ensure() {
            Readiness::Ready => true,
            Readiness::Missing(what) => {
                self.runner.step(step, |_| Ok(Outcome::Skipped(what)));
                false
            }
        }
    }
}
