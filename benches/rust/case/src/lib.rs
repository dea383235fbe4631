//! The case that both sides are measured with: an error ten frames deep, a hundred breadcrumbs that differ between
//! captures, a user, ten tags and three contexts. A program runs one task and prints one line of JSON.

mod allocations;
mod clock;
mod delivery;
mod measure;
mod memory;
mod signals;
mod sites;
mod spans;
mod start;
mod threads;
mod work;

pub use allocations::Counting;
pub use start::Start;
pub use work::{BookingError, Side, contexts, tags};

/// What a program is started with: `DSN COUNT STORAGE_DIR [TASK]`.
#[derive(Debug)]
pub struct Task {
    /// Where to deliver to.
    pub dsn: String,
    /// Where to spool; `-` stands for nowhere.
    pub storage: Option<String>,
    name: String,
    count: u64,
}

impl Task {
    /// Reads the command line.
    pub fn from_args() -> Self {
        let mut words = std::env::args().skip(1);
        let mut next = || words.next();
        let dsn = next().expect("DSN");
        let count = next().and_then(|number| number.parse().ok()).expect("COUNT");
        let storage = next().filter(|folder| folder != "-");
        Self { dsn, storage, name: next().unwrap_or_else(|| "measure".to_owned()), count }
    }

    /// The share of traces that is sent; nothing where traces have no part in the task.
    pub fn traces_sample_rate(&self) -> Option<f32> {
        match self.name.as_str() {
            "spans" | "spans_in_a_row" | "instructions_spans" => Some(1.0),
            "unsampled" => Some(0.0),
            _ => None,
        }
    }

    /// The figures of the set-up, where the task is that alone; called when it is done.
    pub fn started(&self, start: &Start) {
        if self.name == "start" {
            start.report();
            std::process::exit(0);
        }
    }

    /// Does it with a side that is set up, and prints the figures. Dropping the side ends the program as applications
    /// end.
    pub fn run<S: Side>(&self, side: S) {
        let count = self.count;
        let (name, number) = self.name.split_once(':').unwrap_or((&self.name, "1"));
        let number: u64 = number.parse().expect("a number behind the colon");
        match name {
            "measure" => measure::run(&side, count),
            "instructions" => measure::without_clock(&side, count),
            "instructions_spans" => spans::without_clock(&side, count),
            "instructions_signals" => signals::without_clock(&side, count),
            "logs" => signals::run(&side, count, signals::log, "log"),
            "metrics" => signals::run(&side, count, signals::metric, "metric"),
            "sites" => sites::run(&side, count),
            "spans" => spans::sampled(&side, count),
            "spans_in_a_row" => spans::in_a_row(&side, count),
            "unsampled" => spans::unsampled(&side, count),
            "threads" => threads::contend(&side, number, count),
            "deliver" => threads::deliver(&side, number, count),
            "memory" => memory::run(&side, count),
            "kill" => delivery::kill(&side, count),
            "resume" => delivery::resume(&side),
            "exit" => delivery::exit(&side, count),
            "outage" => delivery::outage(&side, count),
            other => panic!("there is no task {other:?}"),
        }
        drop(side);
    }
}
