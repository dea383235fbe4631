//! `@sentry/browser` and `@sentry/react` in a headless browser: a shop of two pages, minified, its source maps
//! uploaded as a build does, visited as a person does.

mod page;
mod traces;
mod voices;

use std::process::Command;

use serde_json::Value;
use xtask::repo;
use xtask::setup::browser_path;

use crate::client::{Client, ENVIRONMENT, RELEASE};
use crate::terminal::Terminal;

const FOLDER: &str = "tests/compat/browser";

/// What the pages sent, as the browser saw it, and the server that it was sent to.
struct Visit {
    terminal: Terminal,
    report: Value,
}

/// Builds the shop, visits it, and looks up everything that it reported.
pub(crate) fn shop() {
    let cli = repo::path("tests/compat/sentry-cli/node_modules/sentry-cli-3/bin/sentry-cli");
    let terminal = Terminal::open("sdk-browser", &cli);
    build(&terminal);
    let visit = Visit { report: drive(&terminal.client), terminal };
    visit.everything_was_taken();
    page::errors(&visit);
    page::react_errors(&visit);
    page::a_release(&visit);
    traces::streamed_spans(&visit);
    traces::transactions(&visit);
    voices::replay(&visit);
    voices::feedback(&visit);
    voices::logs_and_metrics(&visit);
}

/// Bundles, injects and uploads; the release has its commits.
fn build(terminal: &Terminal) {
    let folder = repo::path(FOLDER);
    let bundler = folder.join("node_modules/esbuild/bin/esbuild");
    assert!(bundler.is_file(), "{} is not installed: cargo xtask test compat", bundler.display());
    let mut node = Command::new("node");
    node.arg(bundler)
        .args(["src/shop.ts", "src/catalogue.tsx", "--bundle", "--minify", "--sourcemap", "--target=es2022"])
        .args(["--jsx=automatic", "--define:process.env.NODE_ENV=\"production\""])
        .arg(format!("--outdir={}", terminal.client.folder.join("dist").display()))
        .current_dir(folder);
    terminal.client.run(node);
    terminal.commit("a discount for the tea");
    terminal.build(&["releases", "new", RELEASE]);
    terminal.build(&["releases", "set-commits", RELEASE, "--local", "--ignore-missing"]);
    terminal.build(&["sourcemaps", "inject", "dist"]);
    terminal.build(&["sourcemaps", "upload", "dist", "--release", RELEASE, "--wait"]);
    terminal.build(&["releases", "finalize", RELEASE]);
}

fn drive(client: &Client) -> Value {
    let report = client.folder.join("report.json");
    let browser = browser_path().expect("no Chromium: cargo xtask setup chromium");
    let mut node = Command::new("node");
    node.arg("visit.mjs")
        .arg("--dist")
        .arg(client.folder.join("dist"))
        .args(["--dsn", &client.project.dsn, "--release", RELEASE, "--environment", ENVIRONMENT])
        .arg("--browser")
        .arg(browser)
        .arg("--report")
        .arg(&report)
        .current_dir(repo::path(FOLDER));
    client.run(node);
    serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap()
}

impl Visit {
    fn client(&self) -> &Client {
        &self.terminal.client
    }

    fn pages(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.report["visits"].as_object().unwrap().iter()
    }

    /// The payloads of one kind that a page sent, in their order.
    fn sent(&self, page: &str, kind: &str) -> Vec<&Value> {
        let items = self.report["visits"][page]["items"].as_array().unwrap();
        items.iter().filter(|item| item["type"] == kind).map(|item| &item["payload"]).collect()
    }

    /// The id of the event whose last exception says `message`.
    fn event_id(&self, page: &str, message: &str) -> &str {
        let found = self.sent(page, "event").into_iter().find(|event| {
            let exceptions = event["exception"]["values"].as_array().unwrap();
            exceptions.last().unwrap()["value"].as_str().unwrap().contains(message)
        });
        let event = found.unwrap_or_else(|| panic!("{page} sent no event that says {message:?}"));
        event["event_id"].as_str().unwrap()
    }

    /// The browser let every report through and saw a 200 for it; the server has as many as were sent, and refused none.
    fn everything_was_taken(&self) {
        for (page, visit) in self.pages() {
            let statuses = visit["statuses"].as_array().unwrap();
            let good = !statuses.is_empty() && statuses.iter().all(|status| status == 200);
            assert!(good, "{page}: {statuses:?}");
        }
        // One page's reports went through its own site; another's were asked for first.
        let visits = &self.report["visits"];
        let tunnelled = visits["catalogue"]["statuses"].as_array().unwrap().len();
        assert_eq!(self.report["tunnelled"], tunnelled);
        let preflights = |page: &str| visits[page]["preflights"].as_u64().unwrap();
        assert!(preflights("proxied") > 0 && preflights("cart") == 0, "{visits:#}");

        let items = || self.pages().flat_map(|(_, visit)| visit["items"].as_array().unwrap());
        let count = |kinds: &[&str]| -> u64 {
            let of_kinds = items().filter(|item| kinds.iter().any(|kind| item["type"] == *kind));
            of_kinds.map(|item| item["count"].as_u64().unwrap()).sum()
        };
        let of_transactions: u64 = items()
            .filter(|item| item["type"] == "transaction")
            .map(|item| item["payload"]["spans"].as_array().unwrap().len() as u64 + 1)
            .sum();
        let wanted = [
            ("error", count(&["event"])),
            ("transaction", count(&["transaction"])),
            ("span", count(&["span"]) + of_transactions),
            ("session", count(&["session"])),
            ("feedback", count(&["feedback"])),
            ("replay", count(&["replay_event", "replay_recording"])),
            ("log_item", count(&["log"])),
            ("trace_metric", count(&["trace_metric"])),
        ];
        assert!(wanted.iter().all(|(_, sent)| *sent > 0), "{wanted:?}");
        self.client().took(&wanted);
    }
}
