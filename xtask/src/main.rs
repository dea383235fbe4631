//! `cargo xtask COMMAND`: see `cargo xtask help`.

use std::process::ExitCode;

use xtask::console::line;
use xtask::{Failure, Result, bench, demo, gen_files, lint, package, setup, soak, suite};

const HELP: &str = "\
cargo xtask COMMAND

  setup [WHAT]      install what is missing: python, node, kotlin, swift, chromium; without a word, all of it
  demo [--check] [--keep] [--port N]
                    build everything, start a server, run the eight examples against it, stay up until Ctrl-C;
                    --check ends instead, with 1 unless every example's events arrived, grouped as expected
  test [PART]       everything, or one part; `cargo xtask test --list` names the parts
  soak [PART]       the second tier: kills, storm, fuzz, fork, memory, compat, requests, loom, frameworks; `--rounds N`,
                    `--minutes N` and `--requests N` say how much of it
  bench [WHAT] [--quick]
                    rust, python, node: captures measured beside the official SDK, in one run
  bench server [--quick|--full] [--binary PATH]
                    the server beside Bugsink: speed, processor time, memory, disk, answers of lists
  bench delivery [WHAT]
                    what of it arrives after a kill, a burst, a quick exit and an outage
  bench instructions [--write]
                    instructions per call, compared with the table that is kept in benches/rust
  gen [--check]     write the generated files that are committed; --check says whether they are as committed
  lint              formatting, clippy, documentation, licences
  package           the installable files of all languages and the server's binary, into .cache/dist";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                line(format_args!("xtask: {failure}"));
            }
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let (command, rest) = words.split_first().ok_or_else(|| Failure::new(HELP))?;
    match command.as_str() {
        "setup" => setup::run(rest),
        "demo" => demo::run(rest),
        "test" => suite::run(rest),
        "soak" => soak::run(rest),
        "bench" => bench::run(rest),
        "gen" => gen_files::run(rest),
        "lint" => lint::run(rest),
        "package" => package::run(rest),
        "help" | "--help" | "-h" => {
            line(HELP);
            Ok(())
        }
        other => Err(Failure::new(format!("there is no command {other:?}\n\n{HELP}"))),
    }
}
