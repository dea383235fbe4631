//! The seam between the pure core and the world.

use std::fmt::Debug;
use std::sync::Weak;
use std::time::Duration;

use crate::envelope::Envelope;
use crate::protocol::Timestamp;
use crate::session::{LastWords, Vanished};

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

    /// As [`flush`](Self::flush) without waiting: `flushed` gets the answer, perhaps on the transport's own thread. Nothing
    /// ends it early; whoever asks stops waiting by themselves. Gives it back where this cannot be done.
    ///
    /// # Errors
    /// None but `flushed` itself.
    fn flush_later(&self, flushed: Flushed) -> Result<(), Flushed> {
        Err(flushed)
    }

    /// Flushes and stops. Later envelopes may be dropped; they are counted.
    fn close(&self, timeout: Duration) -> bool;

    /// True if it fills in the frames of stacks that were stored as addresses, by a [`Resolver`].
    fn resolves(&self) -> bool {
        false
    }

    /// True if copies of what the sampling draw dropped are wanted, by [`copy_unsampled`](Self::copy_unsampled).
    fn copies_unsampled(&self) -> bool {
        false
    }

    /// Takes an envelope that was sampled out, for a developer's eyes only. It is already counted as dropped.
    fn copy_unsampled(&self, _envelope: Envelope) {}

    /// Tells the transport, once, who is to be called back for [`remind`](Self::remind).
    fn attach(&self, _buffers: Weak<dyn Buffers>) {}

    /// Asks for one call of [`Buffers::send_due`] at `at` or soon after, on the transport's own thread. An earlier
    /// time that was asked for before still holds. A transport without a thread does nothing: then only `flush` and
    /// `close` of the client empty its buffers.
    fn remind(&self, _at: Timestamp) {}

    /// While held, nothing leaves and nothing is taken in: the user has not agreed. What was taken in before stays
    /// where it is. What comes meanwhile is dropped without being counted.
    fn hold(&self, _held: bool) {}

    /// Keeps what this process would leave behind if it vanished, in the place of what it kept before. It must be
    /// where the next start finds it when this returns. A transport without storage does nothing.
    fn keep_last_words(&self, _words: &LastWords) {}

    /// The process ends as it should, or has nothing to leave: nobody is to be told.
    fn forget_last_words(&self) {}

    /// Hands over what processes that are gone have left, each to one caller once; it is forgotten when `report`
    /// returns.
    fn take_vanished(&self, _report: &mut dyn FnMut(Vanished)) {}
}

/// Who is told whether a flush got everything out: called once, or never if the process forks or the transport goes. It
/// must not block.
pub type Flushed = Box<dyn FnOnce(bool) + Send>;

/// Fills in what is too slow for the capturing thread: frames of native stacks. Called on the transport's own thread,
/// just before a stored event is sent; may block it.
pub trait Resolver: Send + Sync + Debug {
    /// The payload of an event item with the frames of its raw stacks filled in, or `None` to send it as it is.
    ///
    /// `origin` says whose addresses they are, in the words of [`Walked::raw`](crate::Walked::raw). The event may come
    /// from another process, or from this program before it was restarted or changed.
    fn resolve(&self, payload: &[u8], origin: &str) -> Option<Vec<u8>>;

    /// Called every half minute, on the same thread: what is large, kept for speed alone, and was not used since the
    /// last call is better given back.
    fn tidy(&self) {}
}

/// What a client holds back for a while, to send many small things together: logs, metrics, streamed spans, counted
/// sessions.
pub trait Buffers: Send + Sync + Debug {
    /// Hands what is due to the transport. When more will be due, if anything is left: the transport calls again then.
    fn send_due(&self) -> Option<Timestamp>;
}
