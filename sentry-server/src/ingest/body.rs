//! Reading a request's body: inflated while it arrives, and refused the moment it exceeds a cap.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use memchr::memmem;

use super::refusal::Refusal;

/// What a body may be, at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) wire_bytes: usize,
    pub(crate) inflated_bytes: usize,
}

/// `Content-Encoding` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Memory that all bodies being read may take together.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    max: usize,
}

/// A body's part of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Self {
        Self { used: AtomicUsize::new(0), max }
    }
}

impl Share {
    /// Takes what is missing; refuses when the server as a whole reads too much at once.
    fn grow_to(&mut self, bytes: usize) -> Result<(), Refusal> {
        let more = bytes.saturating_sub(self.bytes);
        let before = self.budget.used.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if before + more > self.budget.max { Err(Refusal::Busy) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A body as it came and as it reads; the same bytes when it was not encoded.
#[derive(Debug)]
pub(crate) struct ReadBody {
    /// Held until the bytes are in the digest's own, bounded queue.
    pub(crate) share: Share,
    pub(crate) encoding: Encoding,
    pub(crate) wire: Bytes,
    pub(crate) inflated: Bytes,
}

impl ReadBody {
    /// The same request with other bytes: what was made of the body.
    pub(crate) fn replaced(self, bytes: Bytes) -> Self {
        Self { encoding: Encoding::Identity, wire: bytes.clone(), inflated: bytes, share: self.share }
    }
}

impl Encoding {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Self::Identity) };
        let name = value.to_str().unwrap_or("?").trim().to_ascii_lowercase();
        match name.as_str() {
            "" | "identity" | "utf-8" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            other => Err(Refusal::malformed(format!(
                "Content-Encoding is {other:?}; use gzip, deflate, br, zstd or identity"
            ))),
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Identity => 0,
            Self::Gzip => 1,
            Self::Deflate => 2,
            Self::Brotli => 3,
            Self::Zstd => 4,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Identity, Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd].get(usize::from(code)).copied()
    }
}

/// Reads to the end. The inflated size is checked as it grows, so a decompression bomb costs one cap and no more.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: BodyLimits,
    budget: &Arc<Budget>,
) -> Result<ReadBody, Refusal> {
    let mut share = Share { budget: Arc::clone(budget), bytes: 0 };
    let encoding = Encoding::of(headers)?;
    let promised = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if promised > limits.wire_bytes {
        return Err(Refusal::exceeds("the body as it is sent", limits.wire_bytes));
    }
    let mut wire = Vec::with_capacity(promised.min(RESERVE_BYTES));
    // A small body is inflated at once when it is there as a whole.
    let at_once = encoding == Encoding::Gzip && (1..=WHOLE_BYTES).contains(&promised);
    let while_it_comes = if at_once { Encoding::Identity } else { encoding };
    let mut inflater = Inflater::new(while_it_comes, limits.inflated_bytes)?;
    let mut body = body;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::malformed("the body ended before it was complete"))?;
        let Ok(chunk) = frame.into_data() else { continue };
        if wire.len() + chunk.len() > limits.wire_bytes {
            return Err(Refusal::exceeds("the body as it is sent", limits.wire_bytes));
        }
        inflater.push(&chunk)?;
        wire.extend_from_slice(&chunk);
        share.grow_to(wire.len() + inflater.len())?;
    }
    let wire = Bytes::from(wire);
    let inflated = if at_once {
        let inflated = inflate(encoding, &wire, limits.inflated_bytes)?;
        share.grow_to(wire.len() + inflated.as_ref().map_or(0, Vec::len))?;
        inflated
    } else {
        inflater.finish()?
    };
    let inflated = match inflated {
        Some(inflated) => Bytes::from(inflated),
        None if wire.len() > limits.inflated_bytes => {
            return Err(Refusal::exceeds("the body", limits.inflated_bytes));
        }
        None => wire.clone(),
    };
    Ok(ReadBody { share, encoding, wire, inflated })
}

/// Inflates a body that lies in memory as a whole, as the spool has it.
pub(crate) fn inflate(encoding: Encoding, wire: &[u8], max_bytes: usize) -> Result<Option<Vec<u8>>, Refusal> {
    if encoding == Encoding::Gzip
        && let Some(inflated) = whole(wire, max_bytes)
    {
        return Ok(Some(inflated));
    }
    let mut inflater = Inflater::new(encoding, max_bytes)?;
    inflater.push(wire)?;
    inflater.finish()
}

/// A small gzip body of one member, in a third of the time that a stream takes. `None` for anything else, whatever is wrong
/// with it: the stream says.
fn whole(wire: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
    thread_local! {
        static OWN: RefCell<libdeflater::Decompressor> = RefCell::default();
    }
    let (head, rest) = wire.split_at_checked(MEMBER.len())?;
    let bytes = u32::from_le_bytes(*wire.last_chunk()?) as usize;
    let is_plausible = bytes <= max_bytes.min(wire.len() * MAX_GROWTH);
    if head != MEMBER || wire.len() > WHOLE_BYTES || !is_plausible || memmem::find(rest, MEMBER).is_some() {
        return None;
    }
    let mut inflated = vec![0; bytes];
    let written = OWN.with_borrow_mut(|own| own.gzip_decompress(wire, &mut inflated)).ok()?;
    (written == bytes).then_some(inflated)
}

/// Grows up to a cap, then fails.
struct Capped {
    bytes: Vec<u8>,
    max: usize,
    exceeded: bool,
}

impl Write for Capped {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.max {
            self.exceeded = true;
            return Err(io::Error::other("over the cap"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Inflater {
    Identity,
    Gzip(Box<flate2::write::MultiGzDecoder<Capped>>),
    /// Not started: the first byte tells a zlib stream from a raw one.
    DeflateUnknown(Capped),
    Zlib(Box<flate2::write::ZlibDecoder<Capped>>),
    Raw(Box<flate2::write::DeflateDecoder<Capped>>),
    Brotli(Box<brotli::DecompressorWriter<Capped>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Capped>>),
}

impl Inflater {
    fn new(encoding: Encoding, max: usize) -> Result<Self, Refusal> {
        let out = Capped { bytes: Vec::new(), max, exceeded: false };
        Ok(match encoding {
            Encoding::Identity => Self::Identity,
            Encoding::Gzip => Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(out))),
            Encoding::Deflate => Self::DeflateUnknown(out),
            Encoding::Brotli => Self::Brotli(Box::new(brotli::DecompressorWriter::new(out, 16_384))),
            Encoding::Zstd => {
                let mut decoder =
                    zstd::stream::write::Decoder::new(out).map_err(|_| undecodable(encoding))?;
                // A frame may ask for a window of gigabytes; 128 MiB is what the format's own tools allow.
                decoder.window_log_max(27).map_err(|_| undecodable(encoding))?;
                Self::Zstd(Box::new(decoder))
            }
        })
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        if let Self::DeflateUnknown(out) = self {
            let Some(first) = chunk.first() else { return Ok(()) };
            let out = std::mem::replace(out, Capped { bytes: Vec::new(), max: 0, exceeded: false });
            *self = if first & 0x0F == 8 {
                Self::Zlib(Box::new(flate2::write::ZlibDecoder::new(out)))
            } else {
                Self::Raw(Box::new(flate2::write::DeflateDecoder::new(out)))
            };
        }
        let (result, out, encoding) = match self {
            Self::Identity | Self::DeflateUnknown(_) => return Ok(()),
            Self::Gzip(writer) => (writer.write_all(chunk), writer.get_ref(), Encoding::Gzip),
            Self::Zlib(writer) => (writer.write_all(chunk), writer.get_ref(), Encoding::Deflate),
            Self::Raw(writer) => (writer.write_all(chunk), writer.get_ref(), Encoding::Deflate),
            Self::Brotli(writer) => (writer.write_all(chunk), writer.get_ref(), Encoding::Brotli),
            Self::Zstd(writer) => (writer.write_all(chunk), writer.get_ref(), Encoding::Zstd),
        };
        match result {
            Ok(()) => Ok(()),
            Err(_) if out.exceeded => Err(Refusal::exceeds("the inflated body", out.max)),
            Err(_) => Err(undecodable(encoding)),
        }
    }

    /// Inflated bytes so far.
    fn len(&self) -> usize {
        match self {
            Self::Identity => 0,
            Self::DeflateUnknown(out) => out.bytes.len(),
            Self::Gzip(writer) => writer.get_ref().bytes.len(),
            Self::Zlib(writer) => writer.get_ref().bytes.len(),
            Self::Raw(writer) => writer.get_ref().bytes.len(),
            Self::Brotli(writer) => writer.get_ref().bytes.len(),
            Self::Zstd(writer) => writer.get_ref().bytes.len(),
        }
    }

    /// The inflated bytes, `None` for a body that was not encoded.
    fn finish(self) -> Result<Option<Vec<u8>>, Refusal> {
        let (out, encoding) = match self {
            Self::Identity => return Ok(None),
            Self::DeflateUnknown(out) => (Ok(out), Encoding::Deflate),
            Self::Gzip(writer) => (writer.finish(), Encoding::Gzip),
            Self::Zlib(writer) => (writer.finish(), Encoding::Deflate),
            Self::Raw(writer) => (writer.finish(), Encoding::Deflate),
            Self::Brotli(mut writer) => {
                let closed = writer.close();
                let out = writer.into_inner().unwrap_or_else(|out| out);
                (closed.map(|()| out), Encoding::Brotli)
            }
            Self::Zstd(mut writer) => {
                let flushed = writer.flush();
                (flushed.map(|()| writer.into_inner()), Encoding::Zstd)
            }
        };
        match out {
            Ok(out) if out.exceeded => Err(Refusal::exceeds("the inflated body", out.max)),
            Ok(out) => Ok(Some(out.bytes)),
            Err(_) => Err(undecodable(encoding)),
        }
    }
}

fn undecodable(encoding: Encoding) -> Refusal {
    Refusal::malformed(format!("the body is not valid {encoding:?}; send it as Content-Encoding says"))
}

/// How each member of a gzip stream begins.
const MEMBER: &[u8] = &[0x1F, 0x8B, 8];
/// Bodies up to here are inflated at once, if they say that they grow no more than this.
const WHOLE_BYTES: usize = 64 * 1024;
const MAX_GROWTH: usize = 64;
/// Promised lengths are believed up to here.
const RESERVE_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn streamed(wire: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
        let mut inflater = Inflater::new(Encoding::Gzip, max_bytes).ok()?;
        inflater.push(wire).ok()?;
        inflater.finish().ok()?
    }

    #[test]
    fn at_once_or_as_a_stream_is_the_same() {
        let text: Vec<u8> =
            (0..9_000_u32).map(|n| b'a' + (n.wrapping_mul(0x9E37_79B9) >> 28) as u8).collect();
        let one = member(&text);
        assert!(whole(&one, text.len()) == Some(text.clone()), "else this shows nothing");
        let (mut cut, mut broken, mut trailing) = (one.clone(), one.clone(), one.clone());
        cut.pop();
        broken[one.len() / 2] ^= 1;
        trailing.extend_from_slice(b"abc");
        let bodies = [
            one.clone(),
            [one.clone(), one.clone()].concat(),
            cut,
            broken,
            trailing,
            member(b""),
            Vec::new(),
        ];
        for wire in bodies {
            for max_bytes in [text.len() - 1, text.len(), 3 * text.len()] {
                let got = inflate(Encoding::Gzip, &wire, max_bytes).ok().flatten();
                assert!(got == streamed(&wire, max_bytes), "{} bytes, {max_bytes} at most", wire.len());
            }
        }
        assert_eq!(whole(&member(&vec![b' '; 1_000_000]), 2_000_000), None, "it grows too much for that");
    }
}
