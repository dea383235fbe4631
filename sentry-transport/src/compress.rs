//! Bodies made smaller, with one compressor kept between requests.

use flate2::{Compress, FlushCompress, Status};
use watchpost_core::Compression;

use crate::config::Config;

/// Bodies below this many bytes are sent as they are: compressed or not, they fit one network packet.
const MIN_BYTES: usize = 1024;

/// The gzip header of RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// gzip level. Measured on an event of 26 kB: level 2 of zlib-rs takes 46 us and makes 4,062 bytes of it, level 5 takes
/// 73 us for 3,698, level 1 takes 23 us for 4,921. (`gzip -6` makes 3,788, of which at most 1.15 times as many are wanted.)
const GZIP_LEVEL: u32 = 2;

/// gzip level below [`SMALL_BYTES`]. Measured on a transaction with ten spans of 5,092 bytes: level 1 takes 9 us and makes
/// 1,621 bytes of it, level 2 takes 20 us and makes 1,294 (`gzip -6`: 1,249).
const GZIP_SMALL_LEVEL: u32 = 1;

/// Bodies below this many bytes are packed with less effort: what more of it saves is a fraction of one network packet,
/// and costs more time than everything else about the request that is not the system's.
const SMALL_BYTES: usize = 8 * 1024;

/// zstd level: its own default.
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;

/// The compressor that the options ask for. Allocates nothing before the first body.
#[derive(Debug)]
pub(crate) enum Compressor {
    Gzip(Gzip),
    #[cfg(feature = "zstd")]
    Zstd(Zstd),
    None,
}

impl Compressor {
    pub(crate) fn new(config: &Config) -> Self {
        match config.options.compression {
            Compression::None => Self::None,
            #[cfg(feature = "zstd")]
            Compression::Zstd => Self::Zstd(Zstd::default()),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => {
                config.diagnostic.say(|| {
                    "`compression` is zstd, but the feature `zstd` is not compiled in: gzip is used"
                        .to_owned()
                });
                Self::Gzip(Gzip::new(GZIP_LEVEL))
            }
            Compression::Gzip => Self::Gzip(Gzip::new(GZIP_LEVEL)),
        }
    }

    /// The body made smaller, with the name of the encoding; `None` if it is to be sent as it is.
    pub(crate) fn compress(&mut self, body: &[u8]) -> Option<(&'static str, Vec<u8>)> {
        if body.len() < MIN_BYTES {
            return None;
        }
        match self {
            Self::Gzip(gzip) => Some(("gzip", gzip.compress(body)?)),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => Some(("zstd", zstd.compress(body)?)),
            Self::None => None,
        }
    }
}

/// A zstd compressor that keeps its tables between bodies.
#[cfg(feature = "zstd")]
#[derive(Default)]
pub(crate) struct Zstd(Option<zstd::bulk::Compressor<'static>>);

#[cfg(feature = "zstd")]
impl Zstd {
    fn compress(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_none() {
            self.0 = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
        }
        self.0.as_mut()?.compress(body).ok()
    }
}

#[cfg(feature = "zstd")]
impl std::fmt::Debug for Zstd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Zstd").field(&self.0.is_some()).finish()
    }
}

/// A gzip compressor that keeps its tables (about 300 kB) between bodies.
#[derive(Debug)]
pub(crate) struct Gzip {
    deflate: Option<(Compress, u32)>,
    large: u32,
}

impl Gzip {
    /// A compressor of a level from 1 (fast) to 9 (small) for bodies that are not small. Allocates nothing before the
    /// first body.
    fn new(large: u32) -> Self {
        Self { deflate: None, large }
    }

    /// The body as one gzip member.
    fn compress(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        let level = if body.len() < SMALL_BYTES { GZIP_SMALL_LEVEL } else { self.large };
        let wanted = flate2::Compression::new(level);
        let (deflate, set) = self.deflate.get_or_insert_with(|| (Compress::new(wanted, false), level));
        deflate.reset();
        if *set != level {
            deflate.set_level(wanted).ok()?;
            *set = level;
        }
        let mut out = Vec::with_capacity(body.len() / 3 + 64);
        out.extend_from_slice(&HEADER);
        loop {
            let read = usize::try_from(deflate.total_in()).ok()?;
            match deflate.compress_vec(&body[read..], &mut out, FlushCompress::Finish).ok()? {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError => out.reserve(out.capacity()),
            }
        }
        // By the processor's own instructions, an eighth of the time that the compressor's table takes.
        out.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
        // The length modulo 2^32, as RFC 1952 says.
        #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32")]
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
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
    fn small_bodies_are_packed_with_less_effort_by_the_same_compressor() {
        let text: Vec<u8> = (0..SMALL_BYTES).map(|n| b"a transaction of ten spans\n"[n * n % 27]).collect();
        let (small, large) = (&text[1..], &text[..]);
        let mut gzip = Gzip::new(9);
        let first = (gzip.compress(large).unwrap(), gzip.compress(small).unwrap());
        let second = (gzip.compress(large).unwrap(), gzip.compress(small).unwrap());
        assert_eq!(first, second, "one level leaves nothing behind for the other");
        assert!(first.0.len() < first.1.len());
        assert_eq!((inflate(&first.0), inflate(&first.1)), (large.to_vec(), small.to_vec()));
    }

    #[test]
    fn small_bodies_stay_as_they_are() {
        let mut gzip = Compressor::Gzip(Gzip::new(6));
        assert!(gzip.compress(&[7; MIN_BYTES - 1]).is_none());
        assert_eq!(gzip.compress(&[7; MIN_BYTES]).unwrap().0, "gzip");
        assert!(Compressor::None.compress(&[7; MIN_BYTES]).is_none());
    }

    #[test]
    #[cfg(feature = "zstd")]
    fn zstd_comes_back_too() {
        let mut compressor = Compressor::Zstd(Zstd::default());
        for body in [vec![7; MIN_BYTES], (0..90_000_u32).map(|n| (n % 251) as u8).collect()] {
            let (name, packed) = compressor.compress(&body).unwrap();
            assert_eq!((name, zstd::decode_all(&packed[..]).unwrap()), ("zstd", body));
        }
    }
}
