//! Logs and metrics: many small items that are held back for a while and sent together, at most once.

mod buffer;
mod container;
mod surroundings;

pub(crate) use self::buffer::{Buffer, Pushed};
pub(crate) use self::container::{Added, Batch, Signal};
pub(crate) use self::surroundings::{Common, Merged, Surroundings, defaults};

use crate::protocol::{Attributes, Log, Metric};

/// Texts are searched for secrets up to here, in bytes; where one is found, the rest goes with it.
const MAX_TEXT: usize = 256 * 1024;

/// What a client holds of both, and what all items have in common.
#[derive(Debug)]
pub(crate) struct Telemetry {
    pub(crate) logs: Buffer<Waiting<Log>>,
    pub(crate) metrics: Buffer<Waiting<Metric>>,
    pub(crate) defaults: Attributes,
}

/// An item with what it is still to be merged with; nothing if a hook has seen the whole.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    pub(crate) item: T,
    pub(crate) surroundings: Option<Surroundings>,
}

impl Telemetry {
    pub(crate) fn new(defaults: Attributes) -> Self {
        Self { logs: Buffer::default(), metrics: Buffer::default(), defaults }
    }
}
