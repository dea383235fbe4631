//! What a span says about itself. One that is not recorded knows its ids and its transaction's name only.

use std::time::Duration;

use super::{Recorded, Repr, Span, State};
use crate::protocol::{Map, SpanStatus, Timestamp, TransactionSource};
use crate::text::Text;

/// Getters, while it is open; its times stay.
impl Span {
    /// The transaction that it belongs to, itself perhaps; `None` if nobody holds that any more.
    pub fn transaction(&self) -> Option<Self> {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => {
                recorded.segment.top.get()?.upgrade().map(|root| Self(Repr::Recorded(root)))
            }
            Repr::Passive(_) => Some(self.clone()),
        }
    }

    /// The name of the transaction that it belongs to.
    pub fn transaction_name(&self) -> Text {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => recorded.segment.name(),
            Repr::Passive(passive) => passive.name.clone(),
        }
    }

    /// What that name was made of.
    pub fn source(&self) -> TransactionSource {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => {
                recorded.segment.name_and_source().1.unwrap_or(TransactionSource::Custom)
            }
            Repr::Passive(passive) => passive.source,
        }
    }

    /// True if its end hands something to the transport: hooks run then, and the disk may be asked.
    pub fn sends_at_its_end(&self) -> bool {
        let stream = |recorded: &Recorded| recorded.segment.client.options().tracing().is_stream();
        self.recorded().is_some_and(|recorded| recorded.is_root() || stream(recorded))
    }

    /// What an event that is captured inside of it says under `contexts.trace`.
    pub fn trace_context(&self) -> Map {
        std::sync::Arc::unwrap_or_clone(self.context())
    }

    /// Its operation.
    pub fn op(&self) -> Option<Text> {
        self.look(|state| state.op.clone())
    }

    /// Its description.
    pub fn description(&self) -> Option<Text> {
        self.look(|state| state.description.clone())
    }

    /// What makes it.
    pub fn origin(&self) -> Option<Text> {
        self.look(|state| state.origin.clone())
    }

    /// How the work ended, as far as somebody said so.
    pub fn status(&self) -> Option<SpanStatus> {
        self.look(|state| state.status)
    }

    /// When it began.
    pub fn start_timestamp(&self) -> Option<Timestamp> {
        self.recorded().map(|recorded| recorded.start)
    }

    /// When a span began that was started inside of this one, `ago`, and is only told of now: not before this one. `None` if
    /// this one is not sent.
    pub fn moment_inside(&self, ago: Duration) -> Option<Timestamp> {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => {
                Some(recorded.segment.client.now().before(ago).max(recorded.start))
            }
            Repr::Passive(_) => None,
        }
    }

    /// When it ended.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.look(|state| state.end)
    }

    fn look<R>(&self, look: impl FnOnce(&State) -> Option<R>) -> Option<R> {
        self.recorded().and_then(|recorded| recorded.state.with(|state| look(state)))
    }

    fn recorded(&self) -> Option<&Recorded> {
        if let Repr::Recorded(recorded) = &self.0 { Some(recorded) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::ClientOptions;
    use crate::scope::{Scopes, SharedScope};
    use crate::testing::TestClient;
    use crate::tracing::{SpanOptions, TransactionOptions};

    fn start(rate: f64) -> (TestClient, Span) {
        let options = ClientOptions::new().with_dsn("https://key@h.example/1").unwrap();
        let test =
            TestClient::new(options.with_traces_sample_rate(rate).unwrap(), Timestamp::from_micros(7), 1);
        let scope = SharedScope::new();
        let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
        let root = test.client.start_transaction(TransactionOptions::new("GET /", "http.server"), scopes);
        (test, root)
    }

    #[test]
    fn a_recorded_span_tells_what_was_said() {
        let (_test, root) = start(1.0);
        let child = root.start_child_with(SpanOptions::new("db", "SELECT 1").origin("auto.db"));
        child.set_status(SpanStatus::Ok);
        assert!(child.transaction().unwrap().is_same(&root) && !child.sends_at_its_end());
        assert_eq!((child.op().unwrap(), child.description().unwrap()), ("db".into(), "SELECT 1".into()));
        assert_eq!((child.origin().unwrap(), child.status()), ("auto.db".into(), Some(SpanStatus::Ok)));
        assert_eq!(child.trace_context()["parent_span_id"], root.span_id().to_string());
        assert_eq!((child.start_timestamp(), child.timestamp()), (Some(Timestamp::from_micros(7)), None));
        assert_eq!(child.moment_inside(Duration::from_secs(1)), child.start_timestamp());
        child.finish_at(Timestamp::from_micros(9));
        assert_eq!((child.timestamp(), child.status()), (Some(Timestamp::from_micros(9)), None));
        assert_eq!((root.transaction_name(), root.source()), ("GET /".into(), TransactionSource::Custom));
        assert!(root.sends_at_its_end());
        drop(root);
        assert!(child.transaction().is_none());
    }

    #[test]
    fn what_is_not_sampled_knows_its_transaction() {
        let (_test, root) = start(0.0);
        let child = root.start_child("db", "SELECT 1");
        assert_eq!((child.op(), child.start_timestamp(), child.timestamp()), (None, None, None));
        assert_eq!(child.moment_inside(Duration::ZERO), None);
        assert_eq!(child.transaction().unwrap().transaction_name(), "GET /");
        assert!(!child.sends_at_its_end());
    }
}
