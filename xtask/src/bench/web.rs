//! A Flask application behind gunicorn, asked over the loopback: what a request costs the server, without an SDK, with
//! ours and with the official one.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::sink::Sink;
use super::table::{median, verdict};
use crate::console::line;
use crate::failure::{Context as _, Failure, Result};
use crate::repo;

/// Which SDK the application has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Plain,
    Ours,
    Peer,
}

/// What is asked of the server, and how much more ours may cost than none.
#[derive(Debug, Clone, Copy)]
struct Row {
    title: &'static str,
    path: &'static str,
    traces: &'static str,
    budget: f64,
}

const ROWS: [Row; 3] = [
    Row { title: "Flask request, nothing captured", path: "/orders", traces: "0", budget: 1.05 },
    Row { title: "Flask request, tracing at 100 %", path: "/orders", traces: "1", budget: 1.5 },
    Row { title: "Flask request that fails, each captured", path: "/broken", traces: "0", budget: 1.5 },
];

/// Measures all rows and prints them. All servers are up at once, and take turns in small batches.
///
/// # Errors
/// When a server cannot be started, or answers with something else than it should.
pub(super) fn measure(sink: &Sink) -> Result<()> {
    let mut servers = Vec::new();
    for row in ROWS {
        for side in [Side::Plain, Side::Ours, Side::Peer] {
            servers.push(Server::start(row, side, &sink.dsn())?);
        }
    }
    for server in &servers {
        server.batch(WARM_UP)?;
    }
    let mut costs = vec![Vec::new(); servers.len()];
    for _ in 0..ROUNDS {
        for (server, costs) in servers.iter().zip(&mut costs) {
            costs.push(server.batch(BATCH)?);
        }
    }
    line("");
    line(format_args!(
        "{:<42} {:>10} {:>10} {:>10} {:>7} {:>7} {:>10}",
        "server CPU per request, us", "no SDK", "watchpost", "official", "ratio", "budget", "official's"
    ));
    for (row, costs) in ROWS.iter().zip(costs.chunks(3)) {
        let [plain, ours, peer] = [median(&costs[0]), median(&costs[1]), median(&costs[2])];
        let verdict = verdict(ours, plain, row.budget);
        line(format_args!(
            "{:<42} {plain:>10.0} {ours:>10.0} {peer:>10.0} {:>7.2} {:>7.2} {:>10.2} {verdict}",
            row.title,
            ours / plain,
            row.budget,
            peer / plain
        ));
    }
    line(format_args!(
        "medians of {ROUNDS} batches of {BATCH} requests, delivery included; gunicorn, one worker"
    ));
    Ok(())
}

/// A gunicorn at work; killed if it is dropped.
#[derive(Debug)]
struct Server {
    child: Child,
    address: SocketAddr,
    row: Row,
}

impl Server {
    fn start(row: Row, side: Side, dsn: &str) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let (name, python) = match side {
            Side::Plain => ("plain", "venv/bin/python"),
            Side::Ours => ("ours", "venv/bin/python"),
            Side::Peer => ("peer", "bench/venv/bin/python"),
        };
        let spool = repo::cache("bench/spool/web").join(format!("{name}{}", row.path)).join(row.traces);
        let _ = std::fs::remove_dir_all(&spool);
        let mut command = Command::new(repo::cache(python));
        command
            .args(["-m", "gunicorn", "--workers", "1", "--log-level", "critical", "--bind"])
            .arg(address.to_string())
            .arg("web:app")
            .current_dir(repo::path("benches/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SIDE", name)
            .env("TRACES", row.traces)
            .env("DSN", dsn)
            .env("SPOOL", spool)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().context("start gunicorn")?;
        let server = Self { child, address, row };
        let begin = Instant::now();
        while server.ask("/cpu").is_err() {
            if begin.elapsed() > PATIENCE {
                return Err(Failure::new(format!("gunicorn with {name} does not answer")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// What each of so many requests cost, in microseconds.
    fn batch(&self, requests: u32) -> Result<f64> {
        let before = self.cpu()?;
        let status = if self.row.path == "/broken" { "500" } else { "200" };
        for number in 0..requests {
            let (found, _) = self.ask(&format!("{}/{number}", self.row.path))?;
            if found != status {
                return Err(Failure::new(format!("{} was answered with {found:?}", self.row.path)));
            }
        }
        Ok((self.cpu()? - before) * 1e6 / f64::from(requests))
    }

    fn cpu(&self) -> Result<f64> {
        // Where nothing is captured there is nothing to wait for but the counts of the minute.
        let captures = self.row.path == "/broken" || self.row.traces != "0";
        let (_, body) = self.ask(if captures { "/delivered" } else { "/cpu" })?;
        body.trim().parse().context(format_args!("the CPU time {body:?}"))
    }

    /// The status and the body.
    fn ask(&self, path: &str) -> Result<(String, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\
             Accept-Encoding: gzip, deflate\r\nAccept-Language: en\r\n\r\n",
            self.address
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        Ok((status.to_owned(), body.to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By a signal that it can catch: its worker ends with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

const WARM_UP: u32 = 100;
const BATCH: u32 = 150;
const ROUNDS: usize = 11;
const PATIENCE: Duration = Duration::from_secs(60);
