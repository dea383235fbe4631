//! The client of the conformance vectors.

use watchpost_core::{Text, Timestamp};

use crate::identity::HostIdentity;

/// What makes a client repeat: where its clock stands and what its draws follow from. Its identity is the same in
/// every language (`watchpost.test`, platform `other`, no contexts of the host), so that envelopes compare.
#[derive(Debug, Clone, Copy)]
pub struct TestSetup {
    /// Where the clock stands.
    pub now: Timestamp,
    /// What ids and draws follow from.
    pub seed: u64,
}

impl TestSetup {
    /// From Unix seconds and a seed.
    pub fn new(now_seconds: f64, seed: u64) -> Self {
        Self { now: Timestamp::from_seconds(now_seconds).unwrap_or_default(), seed }
    }

    pub(crate) fn identity() -> HostIdentity {
        HostIdentity {
            sdk_name: Text::from_static("watchpost.test"),
            sdk_version: Text::from_static("0.0.0"),
            platform: Text::from_static("other"),
            ..HostIdentity::default()
        }
    }
}
