//! A server that takes everything, answers 200 and keeps count: both sides deliver to it.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::failure::Result;

/// The sink, at work for the rest of the process.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    count: Arc<Mutex<Arrived>>,
}

/// What arrived since somebody last asked.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Events, each counted once however often it came.
    pub events: u64,
    /// How often an event came again.
    pub repeated: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Their bytes before compression.
    pub bytes: u64,
    /// Lines of the log and measurements.
    pub entries: u64,
    ids: HashSet<String>,
    /// The first events: their bytes on the wire, and what was in them.
    sample: Vec<(u64, Vec<u8>)>,
}

impl Sink {
    /// Opens it on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> Result<Self> {
        Self::open_at(([127, 0, 0, 1], 0).into())
    }

    /// A sink where nobody listened so far.
    pub(super) fn open_at(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)?;
        let sink = Self { address: listener.local_addr()?, count: Arc::default() };
        let count = Arc::clone(&sink.count);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // A connection that breaks off is the client's affair.
                std::thread::spawn(move || serve(stream, &count).ok());
            }
        });
        Ok(sink)
    }

    /// Where to report to.
    #[must_use]
    pub fn dsn(&self) -> String {
        dsn(self.address)
    }

    /// What arrived since the last call.
    pub fn take(&self) -> Arrived {
        std::mem::take(&mut *self.count.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The DSN of whoever listens there.
pub(super) fn dsn(address: SocketAddr) -> String {
    format!("http://0123456789abcdef0123456789abcdef@{address}/1")
}

fn serve(stream: TcpStream, count: &Mutex<Arrived>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(body) = body(&mut reader)? {
        out.write_all(ANSWER)?;
        count.lock().unwrap_or_else(PoisonError::into_inner).note(&body);
    }
    Ok(())
}

impl Arrived {
    /// Bytes on the wire per event, and what gzip makes of the same envelopes at its usual level, 6; of a sample, and when
    /// asked, so that nothing is compressed while a side is measured.
    pub(super) fn beside_gzip(&self) -> (u64, u64) {
        let count = self.sample.len().max(1) as u64;
        let wire: u64 = self.sample.iter().map(|(wire, _)| wire).sum();
        let gzip: u64 = self.sample.iter().map(|(_, envelope)| gzip(envelope)).sum();
        (wire / count, gzip / count)
    }

    fn note(&mut self, body: &[u8]) {
        let mut plain = Vec::new();
        let envelope = match flate2::read::GzDecoder::new(body).read_to_end(&mut plain) {
            Ok(_) => &plain[..],
            Err(_) => body,
        };
        let mut lines = envelope.split(|byte| *byte == b'\n');
        let mut next =
            || serde_json::from_slice::<Value>(lines.next().unwrap_or_default()).unwrap_or_default();
        let (header, item) = (next(), next());
        if matches!(item["type"].as_str(), Some("log" | "trace_metric")) {
            self.entries += item["item_count"].as_u64().unwrap_or(0);
        }
        // Sessions and client reports have none.
        let Some(id) = header["event_id"].as_str() else { return };
        if self.ids.insert(id.to_owned()) {
            self.events += 1;
            self.wire_bytes += body.len() as u64;
            if self.sample.len() < SAMPLE {
                self.sample.push((body.len() as u64, envelope.to_vec()));
            }
            self.bytes += envelope.len() as u64;
        } else {
            self.repeated += 1;
        }
    }
}

/// How many bytes gzip makes of it.
fn gzip(bytes: &[u8]) -> u64 {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_or(0, |bytes| bytes.len() as u64)
}

/// Reads one request; answers its body, or nothing at the end of the connection.
fn body(reader: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>> {
    let (mut length, mut chunked) = (0, false);
    let mut first = true;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Ok(None);
        }
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() && !first {
            break;
        }
        first = false;
        match header.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
            Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
            _ => {}
        }
    }
    if !chunked {
        return Ok(Some(take(reader, length)?));
    }
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim().split(';').next().unwrap_or("0"), 16).unwrap_or(0);
        // Every chunk, the last and empty one too, ends in a line break.
        let mut chunk = take(reader, size + 2)?;
        if size == 0 {
            return Ok(Some(body));
        }
        chunk.truncate(chunk.len() - 2);
        body.append(&mut chunk);
    }
}

fn take(reader: &mut BufReader<TcpStream>, bytes: u64) -> Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(bytes).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

const SAMPLE: usize = 20;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_plain_and_chunked_events_and_nothing_else() {
        let sink = Sink::open().unwrap();
        let mut stream = TcpStream::connect(sink.address).unwrap();
        let event = |id: u32| format!("{:<1500}", format!("{{\"event_id\":\"{id}\"}}\n"));
        let plain = format!("POST / HTTP/1.1\r\nContent-Length: 1500\r\n\r\n{}", event(1));
        let chunked = format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n{}\r\n3\r\nabc\r\n0\r\n\r\n",
            event(2)
        );
        let session = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        let log = "{}\n{\"type\":\"log\",\"item_count\":7}\n{}";
        let log = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{log}", log.len());
        // The last one is answered after all before it are counted.
        stream.write_all(format!("{plain}{chunked}{plain}{log}{session}").as_bytes()).unwrap();
        let mut answers = [0; 5 * ANSWER.len()];
        stream.read_exact(&mut answers).unwrap();
        let arrived = sink.take();
        assert_eq!((arrived.events, arrived.repeated, arrived.entries), (2, 1, 7));
        assert_eq!((arrived.wire_bytes, arrived.bytes), (3_003, 3_003));
    }
}
