//! The dynamic sampling context: what a whole trace is judged by.

use std::sync::Arc;

use crate::protocol::{Map, TraceId};
use crate::text::Text;
use crate::tracing::SampleRand;
use crate::tracing::headers;

/// What every service of a trace tells the server, and the next service, about the trace (dynamic sampling context,
/// published spec 1.3.0): the envelope header `trace`, and the members `sentry-*` of `baggage`. All values are text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dsc(Vec<(Text, Text)>);

impl Dsc {
    /// What another service said. Nothing can be changed in it any more.
    pub(crate) fn from_baggage(header: &str) -> Self {
        let mut dsc = Self::default();
        for (key, value) in headers::own_baggage(header) {
            if dsc.get(key).is_none() && dsc.0.len() < MAX_ENTRIES {
                dsc.0.push((key.into(), value.into()));
            }
        }
        dsc
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn push(&mut self, key: &'static str, value: impl Into<Text>) {
        self.0.push((Text::from_static(key), value.into()));
    }

    /// Replaces a value, or adds it.
    pub(crate) fn set(&mut self, key: &'static str, value: Text) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.push(key, value),
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The envelope header; nothing if there is nothing to say.
    pub(crate) fn header(&self) -> Option<Arc<Map>> {
        let pairs = self.entries().map(|(key, value)| (key.to_owned(), value.into()));
        (!self.is_empty()).then(|| Arc::new(pairs.collect()))
    }

    pub(crate) fn sample_rate(&self) -> Option<f64> {
        self.get("sample_rate")?.trim().parse().ok().filter(|rate| (0.0..=1.0).contains(rate))
    }

    pub(crate) fn sample_rand(&self) -> Option<SampleRand> {
        SampleRand::parse(self.get("sample_rand")?)
    }

    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        TraceId::parse(self.get("trace_id")?)
    }
}

/// The most members that are taken over from another service.
const MAX_ENTRIES: usize = 64;
