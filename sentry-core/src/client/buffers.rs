//! What the client holds back, and when it goes.

use super::Client;
use crate::protocol::Timestamp;
use crate::transport::Buffers;

/// Which of the things that are held back are to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    /// Those whose time has come at this moment.
    At(Timestamp),
    /// All: somebody flushes.
    All,
}

impl Due {
    /// True if what is due at `time` goes now.
    pub(crate) fn includes(self, time: Timestamp) -> bool {
        match self {
            Self::At(now) => time <= now,
            Self::All => true,
        }
    }
}

impl Client {
    /// Hands over what is due of each part. When the next is due, if anything is left.
    pub(super) fn send_buffered(&self, due: Due) -> Option<Timestamp> {
        let now = self.clock.now();
        let parts = [
            self.send_logs(due, now),
            self.send_metrics(due, now),
            self.send_spans(due, now),
            self.sessions.send_due(due),
        ];
        parts.into_iter().flatten().min()
    }

    /// Forgets what is held back, uncounted: the user does not agree.
    pub(super) fn forget_buffered(&self) {
        self.telemetry.logs.clear();
        self.telemetry.metrics.clear();
        self.spans.clear();
        self.sessions.forget();
    }

    /// Asks the transport's thread to come back at `at`.
    pub(crate) fn remind(&self, at: Timestamp) {
        if let Some(transport) = &self.transport {
            transport.remind(at);
        }
    }
}

impl Buffers for Client {
    fn send_due(&self) -> Option<Timestamp> {
        self.send_buffered(Due::At(self.clock.now()))
    }
}
