//! What the sampling draw dropped, for a developer who wants to see everything.

use std::sync::Arc;
use std::time::Duration;

use super::{ActiveTrace, Client};
use crate::attachment::Attachment;
use crate::envelope::{Envelope, ItemType};
use crate::protocol::Event;
use crate::transport::Transport;

impl Client {
    /// Hands a copy of a sampled-out event to the transport, if it wants one.
    pub(super) fn copy_unsampled(
        &self,
        mut event: Box<Event>,
        trace: Option<&ActiveTrace<'_>>,
        files: &[Attachment],
        transport: &Arc<dyn Transport>,
    ) {
        if transport.copies_unsampled() {
            self.options.scrubber().event(&mut event);
            let copies: Arc<dyn Transport> = Arc::new(Unsampled(Arc::clone(transport)));
            self.send_as(ItemType::Event, event, trace, files, &copies);
        }
    }
}

/// Leads what is sent through it to those who want copies of unsampled items, and nowhere else.
#[derive(Debug)]
struct Unsampled(Arc<dyn Transport>);

impl Transport for Unsampled {
    fn send(&self, envelope: Envelope) {
        self.0.copy_unsampled(envelope);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.0.flush(timeout)
    }

    fn close(&self, timeout: Duration) -> bool {
        self.0.close(timeout)
    }
}
