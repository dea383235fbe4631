//! Bodies made smaller, with one compressor kept between requests.

use libdeflater::{CompressionError, CompressionLvl};
use watchpost_core::Compression;

use crate::config::Config;

/// Bodies below this many bytes are sent as they are: compressed or not, they fit one network packet.
const MIN_BYTES: usize = 1024;

/// gzip level of libdeflate. Measured on an event of 26,928 bytes: level 1 takes 37 us and makes 4,047 bytes of it, level 6
/// takes 75 us for 3,680 (`gzip -6` makes 3,869; at most 1.15 times as many are wanted). zlib-rs needs 48 us for 4,144.
/// On a transaction with ten spans of 5,109 bytes: 12 us for 1,258 bytes (`gzip -6`: 1,249).
const GZIP_LEVEL: i32 = 1;

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
                Self::Gzip(Gzip::default())
            }
            Compression::Gzip => Self::Gzip(Gzip::default()),
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

/// A gzip compressor that keeps its tables (about 300 kB) between bodies. Allocates nothing before the first body.
#[derive(Default)]
pub(crate) struct Gzip(Option<libdeflater::Compressor>);

impl Gzip {
    /// The body as one gzip member (RFC 1952).
    fn compress(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_none() {
            self.0 = CompressionLvl::new(GZIP_LEVEL).ok().map(libdeflater::Compressor::new);
        }
        let gzip = self.0.as_mut()?;
        // What is text takes a sixth; only noise needs all the room that there could be need for.
        for room in [body.len() / 2 + 64, gzip.gzip_compress_bound(body.len())] {
            let mut out = vec![0; room];
            match gzip.gzip_compress(body, &mut out) {
                Ok(length) => {
                    out.truncate(length);
                    return Some(out);
                }
                Err(CompressionError::InsufficientSpace) => {}
            }
        }
        None
    }
}

impl std::fmt::Debug for Gzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gzip").field(&self.0.is_some()).finish()
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
        let mut gzip = Gzip::default();
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
        let mut gzip = Compressor::Gzip(Gzip::default());
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
