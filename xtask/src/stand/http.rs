//! As much HTTP as it takes to talk to a server on this machine: one request per connection, no TLS.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::failure::{Context as _, Failure, Result};

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, without any transfer coding.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request to `address` (`127.0.0.1:8000`) and reads the whole answer.
///
/// # Errors
/// When nobody listens, the answer takes more than 30 s, or it is not HTTP.
pub fn request(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer> {
    let what = format!("{method} http://{address}{target}");
    let mut stream = TcpStream::connect(address).context(&what)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A server may answer (413, say) before it has read everything; what it says matters more than the broken pipe.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    if bytes.is_empty() {
        sent.context(&what)?;
        read.context(&what)?;
    }
    parse(&bytes).context(what)
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").ok_or("the answer has no end of head")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| Failure::new(format!("not an HTTP answer: {head}")))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let raw = &bytes[end + 4..];
    let has =
        |name: &str, value: &str| headers.iter().any(|(n, v)| n == name && v.eq_ignore_ascii_case(value));
    let body = if has("transfer-encoding", "chunked") { dechunk(raw)? } else { raw.to_vec() };
    Ok(Answer { status, headers, body })
}

fn dechunk(mut raw: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = raw.windows(2).position(|part| part == b"\r\n").ok_or("a chunk has no size line")?;
        let line = String::from_utf8_lossy(&raw[..end]).into_owned();
        let size = line.split(';').next().map(str::trim).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).context("chunk size")?;
        if size == 0 {
            return Ok(body);
        }
        let start = end + 2;
        body.extend_from_slice(raw.get(start..start + size).ok_or("a chunk is cut short")?);
        raw = raw.get(start + size + 2..).ok_or("a chunk has no end")?;
    }
}

const LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parse(b"HTTP/1.1 429 Too Many\r\nRetry-After: 5\r\n\r\n{}").unwrap();
        assert_eq!(
            (answer.status, answer.header("retry-after"), answer.text().as_str()),
            (429, Some("5"), "{}")
        );
    }

    #[test]
    fn chunks_are_joined_and_a_cut_one_is_an_error() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let whole = parse(format!("{head}3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(whole.text(), "abcde");
        assert!(parse(format!("{head}9\r\nabc\r\n").as_bytes()).is_err());
    }
}
