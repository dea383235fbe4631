//! Spans that travel one by one instead of in transactions: the option `trace_lifecycle: "stream"`.

mod buffer;
mod write;

pub(crate) use self::buffer::{MAX_ITEM_BYTES, SpanBuffer, Written};
pub(crate) use self::write::write;

use std::sync::Arc;

use crate::hook::HookOutcome;
use crate::protocol::SpanV2;

/// A `before_send_span` hook: called on the thread that ends the span, with no lock held. It may change the span and
/// cannot drop it; a failure keeps it as it was.
pub type SpanHook = Arc<dyn Fn(SpanV2) -> HookOutcome<SpanV2> + Send + Sync>;
