//! A server that takes everything, answers 200 and keeps count: both sides deliver to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::Result;

/// The sink, at work for the rest of the process.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    events: AtomicU64,
    bytes: AtomicU64,
}

impl Sink {
    /// Opens it on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
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
        format!("http://0123456789abcdef0123456789abcdef@{}/1", self.address)
    }

    /// Events and their bytes on the wire since the last call.
    pub fn take(&self) -> (u64, u64) {
        (self.count.events.swap(0, Ordering::Relaxed), self.count.bytes.swap(0, Ordering::Relaxed))
    }
}

fn serve(stream: TcpStream, count: &Count) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(bytes) = body(&mut reader)? {
        if bytes >= SMALLEST_EVENT {
            count.events.fetch_add(1, Ordering::Relaxed);
            count.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        out.write_all(ANSWER)?;
    }
    Ok(())
}

/// Reads one request; answers the size of its body, or nothing at the end of the connection.
fn body(reader: &mut BufReader<TcpStream>) -> Result<Option<u64>> {
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
        discard(reader, length)?;
        return Ok(Some(length));
    }
    let mut total = 0;
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim().split(';').next().unwrap_or("0"), 16).unwrap_or(0);
        // Every chunk, the last and empty one too, ends in a line break.
        discard(reader, size + 2)?;
        if size == 0 {
            return Ok(Some(total));
        }
        total += size;
    }
}

fn discard(reader: &mut BufReader<TcpStream>, bytes: u64) -> Result<()> {
    std::io::copy(&mut reader.take(bytes), &mut std::io::sink())?;
    Ok(())
}

/// What is smaller is a session or a client report: the case's event takes over 2 kB, however well compressed.
const SMALLEST_EVENT: u64 = 1_000;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_plain_and_chunked_events_and_nothing_smaller() {
        let sink = Sink::open().unwrap();
        let mut stream = TcpStream::connect(sink.address).unwrap();
        let event = "e".repeat(1_500);
        let plain = format!("POST / HTTP/1.1\r\nContent-Length: 1500\r\n\r\n{event}");
        let chunked = format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5dc\r\n{event}\r\n0\r\n\r\n"
        );
        let session = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        stream.write_all(format!("{plain}{chunked}{session}").as_bytes()).unwrap();
        let mut answers = [0; 3 * ANSWER.len()];
        stream.read_exact(&mut answers).unwrap();
        assert_eq!(sink.take(), (2, 3_003));
    }
}
