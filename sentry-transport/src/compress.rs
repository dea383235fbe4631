//! gzip, with one compressor kept between requests.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Bodies below this many bytes are sent as they are: compressed or not, they fit one network packet.
const MIN_BYTES: usize = 1024;

/// The gzip header of RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A gzip compressor that keeps its tables (about 300 kB) between bodies.
#[derive(Debug)]
pub(crate) struct Gzip {
    level: Compression,
    deflate: Option<Compress>,
}

impl Gzip {
    /// A compressor of a level from 1 (fast) to 9 (small). Allocates nothing before the first body.
    pub(crate) fn new(level: u32) -> Self {
        Self { level: Compression::new(level), deflate: None }
    }

    /// The body as one gzip member, or `None` if it is not worth it.
    pub(crate) fn compress(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        if body.len() < MIN_BYTES {
            return None;
        }
        let deflate = self.deflate.get_or_insert_with(|| Compress::new(self.level, false));
        deflate.reset();
        let mut out = Vec::with_capacity(body.len() / 3 + 64);
        out.extend_from_slice(&HEADER);
        loop {
            let read = usize::try_from(deflate.total_in()).ok()?;
            match deflate.compress_vec(&body[read..], &mut out, FlushCompress::Finish).ok()? {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError => out.reserve(out.capacity()),
            }
        }
        let mut crc = Crc::new();
        crc.update(body);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn inflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn bodies_come_back_from_one_compressor() {
        let mut gzip = Gzip::new(6);
        let text: Vec<u8> = (0..40_000_u32).flat_map(|n| format!("{n},").into_bytes()).collect();
        let mut noise = vec![0_u8; 100_000];
        let mut state = 1_u64;
        for byte in &mut noise {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (state >> 56) as u8;
        }
        for body in [&text[..], &noise[..], &text[..2000], &[7; MIN_BYTES]] {
            let packed = gzip.compress(body).unwrap();
            assert_eq!(inflate(&packed), body);
        }
        assert!(gzip.compress(&text).unwrap().len() < text.len() / 2);
    }

    #[test]
    fn small_bodies_stay_as_they_are() {
        assert!(Gzip::new(6).compress(&[7; MIN_BYTES - 1]).is_none());
    }
}
