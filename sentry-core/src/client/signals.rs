//! Logs and metrics: from a call to the buffer, and from the buffer to the transport.

use std::sync::Arc;

use super::{Client, Due};
use crate::envelope::{Envelope, EnvelopeHeader};
use crate::hook::{self, HookOutcome, Verdict};
use crate::protocol::{Attributes, Category, DiscardReason, Log, LogLevel, Map, Metric, Timestamp};
use crate::scope::Scopes;
use crate::telemetry::{Added, Batch, Buffer, Common, Pushed, Signal, Surroundings, Waiting};
use crate::text::Text;

impl Client {
    /// Writes a line of the structured log, if `enable_logs` is on. Held back for up to five seconds, and lost if the
    /// process is killed meanwhile.
    pub fn log(&self, level: LogLevel, body: impl Into<Text>, attributes: Attributes, scopes: Scopes<'_>) {
        if self.logs_enabled() {
            self.capture_log(Log { attributes, ..Log::new(level, body) }, scopes);
        }
    }

    /// The same for a line that the caller made, perhaps with a time and a trace of its own.
    pub fn capture_log(&self, mut log: Log, scopes: Scopes<'_>) {
        if !self.logs_enabled() {
            return;
        }
        let now = *log.timestamp.get_or_insert_with(|| self.clock.now());
        self.place(&mut log.trace_id, &mut log.span_id, scopes);
        let around = self.surroundings(scopes);
        let Some(before) = self.options.before_send_log() else {
            let waiting = Waiting { item: log, surroundings: Some(around) };
            return self.hold(&self.telemetry.logs, waiting, now);
        };
        around.merge(&mut log.attributes, &self.telemetry.defaults);
        let (log, size) = self.measure(log);
        if let Some(item) = self.judge("before_send_log", size, || before(log)) {
            self.hold(&self.telemetry.logs, Waiting { item, surroundings: None }, now);
        }
    }

    /// True if log lines can lead anywhere: ask before building an expensive one.
    pub fn logs_enabled(&self) -> bool {
        self.options.enable_logs() && self.is_enabled() && !hook::in_hook()
    }

    /// Notes a measurement, unless `enable_metrics` is off. Held back for up to five seconds, and lost if the process
    /// is killed meanwhile. A value that is not finite is dropped and counted.
    pub fn capture_metric(&self, mut metric: Metric, scopes: Scopes<'_>) {
        if !self.options.enable_metrics() || !self.is_enabled() || hook::in_hook() {
            return;
        }
        let now = *metric.timestamp.get_or_insert_with(|| self.clock.now());
        self.place(&mut metric.trace_id, &mut metric.span_id, scopes);
        let around = self.surroundings(scopes);
        if !metric.value.is_finite() || metric.name.is_empty() {
            let say = || format!("the metric `{}` has no finite value, or no name", metric.name);
            self.options.diagnostics().say(say);
            let size = self.written(&Waiting { item: metric, surroundings: Some(around) });
            return self.lose(DiscardReason::Invalid, Metric::CATEGORIES, size);
        }
        let Some(before) = self.options.before_send_metric() else {
            let waiting = Waiting { item: metric, surroundings: Some(around) };
            return self.hold(&self.telemetry.metrics, waiting, now);
        };
        around.merge(&mut metric.attributes, &self.telemetry.defaults);
        let (metric, size) = self.measure(metric);
        if let Some(item) = self.judge("before_send_metric", size, || before(metric)) {
            self.hold(&self.telemetry.metrics, Waiting { item, surroundings: None }, now);
        }
    }

    /// Sends the logs that are due.
    pub(super) fn send_logs(&self, due: Due, now: Timestamp) -> Option<Timestamp> {
        self.telemetry.logs.send(due, now, |batch| self.send_batch(batch))
    }

    /// Sends the metrics that are due.
    pub(super) fn send_metrics(&self, due: Due, now: Timestamp) -> Option<Timestamp> {
        self.telemetry.metrics.send(due, now, |batch| self.send_batch(batch))
    }

    fn hold<T: Signal>(&self, buffer: &Buffer<Waiting<T>>, waiting: Waiting<T>, now: Timestamp) {
        let weight = waiting.item.weight();
        match buffer.push(waiting, weight, now) {
            Pushed::Held => {}
            Pushed::Remind(at) => self.remind(at),
            // Nothing is lost for want of a thread: whoever fills the buffer empties it.
            Pushed::Full => {
                if let Some(next) = buffer.send(Due::At(now), now, |batch| self.send_batch(batch)) {
                    self.remind(next);
                }
            }
            Pushed::Refused(waiting) => {
                let size = self.written(&waiting);
                self.lose(DiscardReason::BufferOverflow, T::CATEGORIES, size);
            }
        }
    }

    fn send_batch<T: Signal>(&self, items: Vec<Waiting<T>>) {
        let mut batch = Batch::default();
        for waiting in &items {
            let mut added = batch.add(waiting, self.common());
            if added == Added::NoRoom {
                self.send_container::<T>(std::mem::take(&mut batch));
                added = batch.add(waiting, self.common());
            }
            if let Added::TooLarge(size) = added {
                let say =
                    || format!("a {} of {size} bytes is dropped: {} are allowed", T::ITEM, T::MAX_BYTES);
                self.options.diagnostics().say(say);
                self.lose(DiscardReason::Invalid, T::CATEGORIES, size);
            }
        }
        self.send_container::<T>(batch);
    }

    fn send_container<T: Signal>(&self, batch: Batch) {
        let (Some((item, trace)), Some(transport)) = (batch.finish::<T>(), &self.transport) else { return };
        let header = EnvelopeHeader {
            sdk: Some(self.options.sdk_now()),
            trace: trace.map(|trace| Arc::new(self.trace_header(trace))),
            ..EnvelopeHeader::default()
        };
        transport.send(Envelope { header, items: vec![item] });
    }

    pub(super) fn trace_header(&self, trace_id: String) -> Map {
        let mut map = Map::new();
        map.insert("trace_id".to_owned(), trace_id.into());
        if let Some(dsn) = self.options.dsn() {
            map.insert("public_key".to_owned(), dsn.public_key().into());
            map.extend(dsn.org_id().map(|id| ("org_id".to_owned(), id.into())));
        }
        map.extend(self.options.release().map(|release| ("release".to_owned(), release.as_str().into())));
        map.insert("environment".to_owned(), self.options.environment().as_str().into());
        map
    }

    /// Says to which trace and span an item belongs, unless it says so itself.
    fn place(&self, trace_id: &mut Option<[u8; 16]>, span_id: &mut Option<[u8; 8]>, scopes: Scopes<'_>) {
        if trace_id.is_none() {
            let trace = self.active_trace(scopes);
            *trace_id = Some(*trace.trace_id().as_bytes());
            *span_id = span_id.or(trace.span_id().map(|id| *id.as_bytes()));
        }
    }

    fn surroundings(&self, scopes: Scopes<'_>) -> Surroundings {
        Surroundings::of(scopes, self.options.data_collection().user_info)
    }

    fn common(&self) -> Common<'_> {
        Common { defaults: &self.telemetry.defaults, scrubber: self.options.scrubber() }
    }

    /// What a hook says of an item of this size.
    fn judge<T: Signal>(&self, name: &str, size: usize, hook: impl FnOnce() -> HookOutcome<T>) -> Option<T> {
        match hook::filter(name, self.options.diagnostics(), hook) {
            Verdict::Keep(item) => Some(item),
            Verdict::Drop | Verdict::Later => {
                self.lose(DiscardReason::BeforeSend, T::CATEGORIES, size);
                None
            }
        }
    }

    fn lose(&self, reason: DiscardReason, (items, bytes): (Category, Category), size: usize) {
        self.reports.record(reason, items, 1);
        self.reports.record(reason, bytes, size as u64);
    }

    /// The bytes that an item takes on the wire.
    fn written<T: Signal>(&self, waiting: &Waiting<T>) -> usize {
        let mut bytes = Vec::with_capacity(512);
        T::write(waiting, self.common(), &mut bytes).map_or(0, |()| bytes.len())
    }

    fn measure<T: Signal>(&self, item: T) -> (T, usize) {
        let waiting = Waiting { item, surroundings: None };
        let size = self.written(&waiting);
        (waiting.item, size)
    }
}
