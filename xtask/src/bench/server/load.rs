//! Sends ready requests over kept connections, as fast as they are answered or at a given pace.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Failure, Result};

/// How sending went.
#[derive(Debug)]
pub(super) struct Sent {
    /// How long each request waited for its answer, shortest first.
    pub(super) waits: Vec<Duration>,
}

impl Sent {
    /// The wait that this share of all requests did not exceed.
    pub(super) fn at(&self, share: f64) -> Duration {
        let last = self.waits.len().saturating_sub(1);
        self.waits.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }
}

/// Sends all, each connection its next one when the one before is answered.
///
/// # Errors
/// When one is answered with anything but 200.
pub(super) fn all(address: &str, requests: &[Vec<u8>], connections: usize) -> Result<Sent> {
    let next = AtomicUsize::new(0);
    spread(connections, |_, waits| {
        let mut line = Line::new(address);
        while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let began = Instant::now();
            line.send(request)?;
            waits.push(began.elapsed());
        }
        Ok(())
    })
}

/// Sends so many a second, whether or not the ones before are answered: a wait begins when a request was due.
///
/// # Errors
/// As [`all`].
pub(super) fn paced(
    address: &str,
    requests: &[Vec<u8>],
    connections: usize,
    per_second: f64,
) -> Result<Sent> {
    let began = Instant::now() + Duration::from_millis(50);
    spread(connections, |connection, waits| {
        let mut line = Line::new(address);
        for (at, request) in requests.iter().enumerate().skip(connection).step_by(connections) {
            let due = began + Duration::from_secs_f64(at as f64 / per_second);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            line.send(request)?;
            waits.push(due.elapsed());
        }
        Ok(())
    })
}

fn spread(connections: usize, work: impl Fn(usize, &mut Vec<Duration>) -> Result<()> + Sync) -> Result<Sent> {
    let parts: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..connections)
            .map(|connection| {
                scope.spawn(move || {
                    let mut waits = Vec::new();
                    work(connection, &mut waits).map(|()| waits)
                })
            })
            .collect();
        let died = || Err(Failure::new("a sender died"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| died())).collect()
    });
    let mut waits = parts.into_iter().collect::<Result<Vec<_>>>()?.concat();
    waits.sort_unstable();
    Ok(Sent { waits })
}

/// One connection, made anew when the server closes it.
struct Line<'a> {
    address: &'a str,
    stream: Option<BufReader<TcpStream>>,
}

impl<'a> Line<'a> {
    fn new(address: &'a str) -> Self {
        Self { address, stream: None }
    }

    fn send(&mut self, request: &[u8]) -> Result<()> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).context(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::with_capacity(1_024, stream)
            }
        };
        stream.get_mut().write_all(request)?;
        if answer(&mut stream)? {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// Reads one answer, which must be a 200; whether the connection stays.
fn answer(stream: &mut BufReader<TcpStream>) -> Result<bool> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let is_ok = line.split(' ').nth(1) == Some("200");
    let mut said = line.trim_end().to_owned();
    let (mut length, mut stays) = (None, true);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(Failure::new(format!("the connection ended within the answer {said:?}")));
        }
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<u64>().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            stays = !value.trim().eq_ignore_ascii_case("close");
        }
    }
    let mut body = String::new();
    match length {
        Some(length) => stream.by_ref().take(length).read_to_string(&mut body)?,
        None => stream.read_to_string(&mut body)?,
    };
    if !is_ok {
        said.push(' ');
        said.push_str(&body);
        return Err(Failure::new(format!("an event was answered with {said}")));
    }
    Ok(stays && length.is_some())
}

const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::super::payload::{Payloads, Size, Target};
    use super::*;
    use crate::bench::Sink;

    #[test]
    fn everything_arrives_at_full_speed_and_at_a_pace() {
        let sink = Sink::open().unwrap();
        let target = Target::of(&sink.dsn()).unwrap();
        let mut payloads = Payloads::new(Size::Small, 1).unwrap();
        let requests = payloads.requests(&target, 40, 4, 0).unwrap();
        let sent = all(&target.address, &requests, 4).unwrap();
        assert_eq!((sent.waits.len(), sent.at(1.0)), (40, sent.waits[39]));
        let requests = payloads.requests(&target, 20, 4, 0).unwrap();
        let began = Instant::now();
        let sent = paced(&target.address, &requests, 4, 200.0).unwrap();
        assert_eq!(sent.waits.len(), 20);
        assert!(began.elapsed() >= Duration::from_millis(95), "{:?}", began.elapsed());
    }
}
