//! Which trace the work belongs to.

use std::sync::Arc;

use crate::protocol::{Context, Map};
use crate::rng::Rng;

/// The trace and span ids that every event of a scope carries, with tracing on or off (trace propagation, published
/// spec 1.9.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropagationContext {
    /// Sixteen bytes, 32 hex digits on the wire.
    pub trace_id: [u8; 16],
    /// Eight bytes, 16 hex digits on the wire.
    pub span_id: [u8; 8],
}

impl PropagationContext {
    /// A trace that starts here.
    pub fn random(rng: &dyn Rng) -> Self {
        Self { trace_id: rng.id(), span_id: rng.next_u64().to_be_bytes() }
    }

    /// The trace id as hex digits.
    pub fn trace_hex(&self) -> String {
        hex(&self.trace_id)
    }

    /// The object under `contexts.trace`.
    pub(crate) fn context(&self) -> Context {
        let mut map = Map::new();
        map.insert("trace_id".into(), self.trace_hex().into());
        map.insert("span_id".into(), hex(&self.span_id).into());
        Arc::new(map)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
