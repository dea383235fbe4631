//! Sends one recorded envelope many times, each with an id of its own, over a few kept-alive connections.
//!
//! ```text
//! cargo run --release -p watchpost-server --example load -- DSN ENVELOPE COUNT CONNECTIONS
//! ```

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use watchpost_core::Dsn;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dsn, file, count, connections] = &arguments[..] else {
        return Err("usage: load DSN ENVELOPE COUNT CONNECTIONS".into());
    };
    let (dsn, body): (Dsn, Vec<u8>) = (dsn.parse()?, std::fs::read(file)?);
    let (count, connections): (usize, usize) = (count.parse()?, connections.parse()?);
    let began = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let share = count / connections;
        let threads: Vec<_> = (0..connections)
            .map(|n| {
                let (dsn, body) = (&dsn, &body);
                scope.spawn(move || send(dsn, body, (n * share) as u64, share))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a sender died".into())))
            .collect::<Result<Vec<_>>>()
    })?
    .concat();
    let took = began.elapsed();
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let rate = times.len() as f64 / took.as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} sent in {took:.2?}: {rate:.0}/s, p50 {:.2?}, p99 {:.2?}",
        times.len(),
        at(0.5),
        at(0.99)
    )?;
    Ok(())
}

/// Posts `share` envelopes one after the other and returns how long each took.
fn send(dsn: &Dsn, template: &[u8], first: u64, share: usize) -> Result<Vec<Duration>> {
    let authority = dsn.envelope_url();
    let authority = authority.split('/').nth(2).ok_or("the DSN has no host")?;
    let mut stream = TcpStream::connect(authority)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let items = template.iter().position(|byte| *byte == b'\n').ok_or("not an envelope")?;
    let seed = u64::from(std::process::id()) << 32;
    let mut times = Vec::with_capacity(share);
    for n in 0..share as u64 {
        let header = format!("{{\"event_id\":\"{seed:016x}{:016x}\"}}", first + n);
        let length = header.len() + template.len() - items;
        let mut request = format!(
            "POST /api/{}/envelope/ HTTP/1.1\r\nhost: {authority}\r\nx-sentry-auth: {}\r\ncontent-length: {length}\r\n\r\n{header}",
            dsn.project_id(),
            dsn.auth_header("load/1"),
        )
        .into_bytes();
        request.extend_from_slice(&template[items..]);
        let began = Instant::now();
        stream.write_all(&request)?;
        read_answer(&mut answers)?;
        times.push(began.elapsed());
    }
    Ok(times)
}

fn read_answer(answers: &mut BufReader<TcpStream>) -> Result<()> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    if !line.contains(" 200 ") {
        return Err(format!("answered {line:?}").into());
    }
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
            Some(_) => {}
            None => break,
        }
    }
    std::io::copy(&mut answers.take(length), &mut std::io::sink())?;
    Ok(())
}
