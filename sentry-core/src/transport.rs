//! The seam between the pure core and the world.

use std::fmt::Debug;
use std::time::Duration;

use crate::envelope::Envelope;

/// Takes finished envelopes off the application's hands.
///
/// `send` is called on the capturing thread, so it must neither block nor wait for the network; where the transport
/// can, the envelope is durable when it returns. Nothing in here may call back into a scope, a hook or the host.
pub trait Transport: Send + Sync + Debug {
    /// Accepts an envelope, or drops and counts it.
    fn send(&self, envelope: Envelope);

    /// Waits until all accepted envelopes have left, for at most `timeout`; true if they have.
    /// Idempotent, and safe to call from several threads at once.
    fn flush(&self, timeout: Duration) -> bool;

    /// Flushes and stops. Later envelopes may be dropped; they are counted.
    fn close(&self, timeout: Duration) -> bool;
}
