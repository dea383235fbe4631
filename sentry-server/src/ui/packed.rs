//! The page's files in the form a browser takes: packed once, kept in memory.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// How a file's bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Brotli,
}

impl Packing {
    /// The best that `Accept-Encoding` allows.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let names = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        let mut best = Self::Plain;
        for name in names {
            let (name, weight) = name.split_once(';').unwrap_or((name, ""));
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1").trim().parse().unwrap_or(0.0);
            if weight <= 0.0 {
                continue;
            }
            match name.trim().to_ascii_lowercase().as_str() {
                "br" => best = Self::Brotli,
                "gzip" | "x-gzip" if best == Self::Plain => best = Self::Gzip,
                _ => {}
            }
        }
        best
    }

    /// The value of `Content-Encoding`.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// Packed files by content.
#[derive(Debug, Default)]
pub(super) struct Packed(Mutex<HashMap<([u8; 32], Packing), Bytes>>);

impl Packed {
    /// The packed bytes, made at the first request for them; `None` when packing fails or does not pay.
    pub(super) fn get(&self, hash: [u8; 32], packing: Packing, data: &[u8]) -> Option<Bytes> {
        if packing == Packing::Plain || data.len() < MIN_BYTES {
            return None;
        }
        // Held while packing, so that a file is packed once however many ask at a time.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = known.get(&(hash, packing)) {
            return Some(bytes.clone());
        }
        let bytes = Bytes::from(pack(packing, data)?);
        if bytes.len() >= data.len() {
            return None;
        }
        // A page being worked on changes its files; what is not asked for any more goes.
        if known.len() >= MAX_FILES {
            known.clear();
        }
        known.insert((hash, packing), bytes.clone());
        Some(bytes)
    }
}

fn pack(packing: Packing, data: &[u8]) -> Option<Vec<u8>> {
    match packing {
        Packing::Plain => None,
        Packing::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(data).ok()?;
            writer.finish().ok()
        }
        Packing::Brotli => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 16_384, BROTLI_QUALITY, 22);
            writer.write_all(data).ok()?;
            writer.flush().ok()?;
            Some(writer.into_inner())
        }
    }
}

const MIN_BYTES: usize = 1_024;
const MAX_FILES: usize = 128;
const BROTLI_QUALITY: u32 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_form_the_browser_takes_is_chosen() {
        for (accepted, wanted) in [
            ("", Packing::Plain),
            ("gzip, deflate, br, zstd", Packing::Brotli),
            ("br;q=0.5, gzip", Packing::Brotli),
            ("gzip;q=1.0", Packing::Gzip),
            ("GZIP", Packing::Gzip),
            ("br;q=0, gzip", Packing::Gzip),
            ("br; q=0.000", Packing::Plain),
            ("br;q=x", Packing::Plain),
            ("identity, deflate", Packing::Plain),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(Packing::of(&headers), wanted, "{accepted}");
        }
        assert_eq!(Packing::of(&HeaderMap::new()), Packing::Plain);
    }
}
