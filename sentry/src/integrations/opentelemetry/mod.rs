//! A bridge from OpenTelemetry: its spans become spans and transactions of ours.
//!
//! Nothing global is taken over: the application makes its provider and sets its propagators, and these are two more
//! parts of them.
//!
//! ```
//! use opentelemetry::trace::{Tracer as _, TracerProvider as _};
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//! use watchpost::integrations::opentelemetry::WatchpostSpanProcessor;
//!
//! let processor = WatchpostSpanProcessor::new();
//! // Events that are captured inside of a span of OpenTelemetry belong to it.
//! watchpost::global_scope().update(|scope| scope.add_event_processor(processor.event_processor()));
//! let propagator = processor.propagator();
//! let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
//! // opentelemetry::global::set_text_map_propagator(propagator);
//! # drop(propagator);
//!
//! provider.tracer("shop").in_span("book an order", |_context| {
//!     watchpost::capture_message("inside of the span", None);
//! });
//! ```
//!
//! The sampler of OpenTelemetry comes first, then `traces_sample_rate` or `traces_sampler`: with neither, no transaction
//! is sent. A span without a parent in this process is a transaction, or a child of the active span of ours.

mod attributes;
mod processor;
mod propagator;

pub use self::processor::WatchpostSpanProcessor;
pub use self::propagator::WatchpostPropagator;

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry::SpanId;
use watchpost_core::{ForkLock, Span};

/// More open spans than these are not followed.
const MAX_OPEN: usize = 10_000;

/// The spans of ours by the ids of those of OpenTelemetry, from start to end.
#[derive(Debug, Clone, Default)]
struct Open(Arc<ForkLock<HashMap<[u8; 8], Span>>>);

impl Open {
    fn insert(&self, id: SpanId, span: Span) {
        let refused = self
            .0
            .with(|open| if open.len() < MAX_OPEN { open.insert(id.to_bytes(), span) } else { Some(span) });
        // Freed outside of the lock.
        drop(refused);
    }

    fn get(&self, id: SpanId) -> Option<Span> {
        self.0.with(|open| open.get(&id.to_bytes()).cloned())
    }

    fn remove(&self, id: SpanId) -> Option<Span> {
        self.0.with(|open| open.remove(&id.to_bytes()))
    }
}
