//! What a server is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::proxy::TrustedProxy;
use crate::store::Retention;

/// Options of `serve`, parsed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder; made (0700) when missing.
    pub data: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address under which people and SDKs reach the server, without a slash at the end.
    /// Default: `http://` and the listening address.
    pub public_url: Option<String>,
    /// Proxies in front of the server: a request from one of them has its client's address in `X-Forwarded-For`.
    /// Default: none, and the header is not looked at.
    pub trust_proxy: Vec<TrustedProxy>,
    /// Sizes and counts.
    pub limits: Limits,
    /// How long and how much is kept.
    pub retention: Retention,
}

/// How much the server takes on, in bytes where not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A request body as it comes over the wire.
    pub wire_body_bytes: usize,
    /// A request body after inflation (200 MiB: envelope size limits, published spec).
    pub inflated_body_bytes: usize,
    /// All request bodies being read at a time, together.
    pub in_flight_bytes: usize,
    /// Inflated bodies kept in memory for the digest; more is read back from the spool.
    pub queue_bytes: usize,
    /// Accepted and not yet digested, on disk. Beyond it clients are told to come back.
    pub spool_bytes: u64,
    /// One uploaded file of a build: a bundle of source maps, a debug file.
    pub upload_bytes: u64,
    /// Pieces of uploads that are under way, together.
    pub chunks_bytes: u64,
    /// All uploaded files together. Beyond it uploads are refused.
    pub files_bytes: u64,
    /// Tables made from debug files, on disk; what was used longest ago is made again when it is needed.
    pub tables_bytes: u64,
    /// Threads that parse and group.
    pub digest_workers: usize,
}

impl Config {
    /// The defaults for a data folder, on a free port of the loopback interface.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            trust_proxy: Vec::new(),
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1_024 * 1_024;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            wire_body_bytes: 100 * MIB,
            inflated_body_bytes: 200 * MIB,
            in_flight_bytes: 512 * MIB,
            queue_bytes: 64 * MIB,
            spool_bytes: 4_096 * MIB as u64,
            upload_bytes: 2_048 * MIB as u64,
            chunks_bytes: 8_192 * MIB as u64,
            files_bytes: 65_536 * MIB as u64,
            tables_bytes: 4_096 * MIB as u64,
            digest_workers: cores.clamp(1, 8),
        }
    }
}
