//! An Express application, asked over the loopback: what a request costs the server, without an SDK, with ours and
//! with the official one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::sink::Sink;
use super::table::{median, verdict};
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::stand::http;
use crate::{process, repo};

/// A way to use the application, and how much more than without an SDK it may cost.
struct Scene {
    title: &'static str,
    path: &'static str,
    traces: &'static str,
    status: u16,
    budget: f64,
    /// What each group captures is delivered before the next: the official SDK drops what comes too fast.
    groups: u32,
}

const SCENES: [Scene; 3] = [
    Scene {
        title: "Express request, nothing captured",
        path: "/orders/",
        traces: "0",
        status: 200,
        budget: 1.10,
        groups: 1,
    },
    Scene {
        title: "Express request, tracing at 100 %",
        path: "/orders/",
        traces: "1",
        status: 200,
        budget: 2.0,
        groups: 10,
    },
    Scene {
        title: "Express request that fails, each captured",
        path: "/broken/",
        traces: "0",
        status: 500,
        budget: 2.0,
        groups: 10,
    },
];

/// A running application.
#[derive(Debug)]
pub struct Application {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
}

/// What an application has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Processor time of all its threads, in microseconds.
    pub cpu_us: f64,
    /// Its resident memory.
    pub resident_kb: u64,
}

impl Application {
    /// Starts `web.js` with `none`, `ours` or `peer`, and a share of traces.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(side: &str, dsn: &str, spool: &Path, traces: &str) -> Result<Self> {
        let mut node = Command::new("node");
        node.arg("--expose-gc")
            .arg(repo::path("benches/node/web.js"))
            .args([side, dsn])
            .arg(spool)
            .arg(traces);
        node.env("NODE_ENV", "production").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = node.spawn().context("node")?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut said)?;
        }
        match said.trim().parse::<u16>() {
            Ok(port) => Ok(Self { child, address: ([127, 0, 0, 1], port).into() }),
            Err(_) => {
                process::stop(&mut child, LIMIT);
                Err(Failure::new(format!("the application of {side} did not start: {said:?}")))
            }
        }
    }

    /// Sends `count` requests over one connection, one after the other, to `path` and a number; every answer must have
    /// `status`. The number differs, as the official SDK drops an error that is the same as the one before.
    ///
    /// # Errors
    /// When an answer is another one, or none.
    pub fn load(&self, path: &str, status: u16, count: u32) -> Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let rest =
            format!("HTTP/1.1\r\nHost: {}\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n", self.address);
        let wanted = format!("HTTP/1.1 {status} ");
        for number in 0..count {
            stream.write_all(format!("GET {path}{number} {rest}").as_bytes())?;
            let first = answer(&mut reader)?;
            if !first.starts_with(&wanted) {
                return Err(Failure::new(format!("{path} was answered with {first:?}")));
            }
        }
        Ok(())
    }

    /// What it has used so far, once everything it captured has left.
    ///
    /// # Errors
    /// When it does not say so.
    pub fn cost(&self) -> Result<Cost> {
        self.ask("/cost")
    }

    /// The same with its garbage collected.
    ///
    /// # Errors
    /// As [`cost`](Self::cost).
    pub fn at_rest(&self) -> Result<Cost> {
        self.ask("/cost?rest=1")
    }

    fn ask(&self, path: &str) -> Result<Cost> {
        let said = http::request(&self.address.to_string(), "GET", path, &[], b"")?.text();
        let said: Value = serde_json::from_str(&said).context(format_args!("the cost {said:?}"))?;
        if said["flushed"] != true {
            return Err(Failure::new("the application could not flush"));
        }
        let (cpu, resident) = (said["cpu"].as_f64(), said["resident"].as_u64());
        cpu.zip(resident)
            .map(|(cpu_us, resident_kb)| Cost { cpu_us, resident_kb })
            .ok_or_else(|| Failure::new(format!("no cost in {said}")))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        process::stop(&mut self.child, LIMIT);
    }
}

/// Reads one answer to its end; its first line.
fn answer(reader: &mut BufReader<TcpStream>) -> Result<String> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Err(Failure::new("the application closed the connection"));
        }
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().context("a length")?;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(first)
}

/// Measures all scenes and prints them, the three applications of each taking turns.
///
/// # Errors
/// When an application cannot be started, answers with something else than it should, or loses an event of ours.
pub(super) fn measure() -> Result<()> {
    // One each: what one delivers late is not another's.
    let sinks = [Sink::open()?, Sink::open()?, Sink::open()?];
    line("");
    line(format_args!(
        "{:<42} {:>10} {:>10} {:>10} {:>7} {:>7} {:>10}",
        "server CPU per request, us", "no SDK", "watchpost", "official", "ratio", "budget", "official's"
    ));
    for scene in &SCENES {
        let spool = repo::cache("bench/spool/express");
        let _ = std::fs::remove_dir_all(&spool);
        let sides = ["none", "ours", "peer"];
        let start =
            |(side, sink): (&&str, &Sink)| Application::start(side, &sink.dsn(), &spool, scene.traces);
        let applications = sides.iter().zip(&sinks).map(start).collect::<Result<Vec<_>>>()?;
        let mut costs = [const { Vec::new() }; 3];
        let mut arrived = [0; 3];
        for round in 0..=ROUNDS {
            for turn in 0..sides.len() {
                let at = (round + turn) % sides.len();
                sinks[at].take();
                let before = applications[at].cost()?.cpu_us;
                let mut after = before;
                for _ in 0..scene.groups {
                    applications[at].load(scene.path, scene.status, REQUESTS / scene.groups)?;
                    after = applications[at].cost()?.cpu_us;
                }
                // The first round warms up.
                if round > 0 {
                    costs[at].push((after - before) / f64::from(REQUESTS));
                    arrived[at] += sinks[at].take().events;
                }
            }
        }
        print(scene, &costs, &arrived)?;
    }
    line(format_args!(
        "medians of {ROUNDS} batches of {REQUESTS} requests, delivery included; one process each"
    ));
    Ok(())
}

fn print(scene: &Scene, costs: &[Vec<f64>; 3], arrived: &[u64; 3]) -> Result<()> {
    let [none, ours, peer] = [0, 1, 2].map(|at| median(&costs[at]));
    let verdict = verdict(ours, none, scene.budget);
    line(format_args!(
        "{:<42} {none:>10.0} {ours:>10.0} {peer:>10.0} {:>7.2} {:>7.2} {:>10.2} {verdict}",
        scene.title,
        ours / none,
        scene.budget,
        peer / none
    ));
    let requests = u64::from(REQUESTS) * ROUNDS as u64;
    // What it costs to ask for the cost is a request, too, and traced.
    let asked = u64::from(scene.groups) * ROUNDS as u64;
    let (least, most) = match (scene.status, scene.traces) {
        (200, "0") => (0, 0),
        (_, "0") => (requests, requests),
        _ => (requests, requests + 2 * asked + ROUNDS as u64),
    };
    if arrived[0] != 0 || !(least..=most).contains(&arrived[1]) {
        return Err(Failure::new(format!("{requests} requests, but {} events arrived", arrived[1])));
    }
    if arrived[2] < least {
        line(format_args!("  of its {least} events the official SDK delivered {}", arrived[2]));
    }
    Ok(())
}

const ROUNDS: usize = 11;
const REQUESTS: u32 = 200;
const LIMIT: Duration = Duration::from_secs(20);
