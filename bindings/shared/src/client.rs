//! A client as a host sees it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use watchpost_core::testing::{RecordingTransport, TestClient};
use watchpost_core::{
    Breadcrumb, Client, Event, EventId, Hint, LastWords, ManualClock, Result, Scopes, SharedScope, Timestamp,
    Value, Vanished,
};
use watchpost_transport::{client_builder, with_debug_output};

use crate::identity::HostIdentity;
use crate::options::HostOptions;
use crate::payload::parse;
use crate::scope::level_of;
use crate::testing::TestSetup;

/// The core's client together with its transport, or with the recorder of the vectors.
#[derive(Debug)]
pub struct HostClient {
    client: Arc<Client>,
    options: HostOptions,
    recorder: Option<(Arc<RecordingTransport>, Arc<ManualClock>)>,
}

impl HostClient {
    /// A client that reports to the DSN of the options. Without a DSN it does nothing.
    pub fn start(mut options: HostOptions, identity: HostIdentity) -> Self {
        // What a binding says itself goes where the core says it.
        options.client = with_debug_output(identity.apply(options.client));
        let client = client_builder(options.client.clone()).build();
        Self { client, options, recorder: None }
    }

    /// A client that repeats and records, for the conformance vectors.
    pub fn start_testing(options: HostOptions, setup: TestSetup) -> Self {
        Self::start_testing_after(options, setup, Vec::new())
    }

    /// The same, started after processes that vanished.
    pub(crate) fn start_testing_after(
        mut options: HostOptions,
        setup: TestSetup,
        vanished: Vec<Vanished>,
    ) -> Self {
        options.client = with_debug_output(TestSetup::identity().apply(options.client));
        let test = TestClient::after(options.client.clone(), setup.now, setup.seed, vanished);
        Self { client: test.client, options, recorder: Some((test.transport, test.clock)) }
    }

    /// The core's client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The options it was started with.
    pub fn options(&self) -> &HostOptions {
        &self.options
    }

    /// Captures an event.
    pub fn capture_event(&self, event: Event, hint: &Hint, scopes: Scopes<'_>) -> Option<EventId> {
        self.client.capture_event(event, hint, scopes)
    }

    /// Captures an event from JSON.
    ///
    /// # Errors
    /// When the text is no event; the error gives the path of what is wrong.
    pub fn capture_event_json(&self, json: &str, hint: &Hint, scopes: Scopes<'_>) -> Result<Option<EventId>> {
        Ok(self.client.capture_event(parse("event", json)?, hint, scopes))
    }

    /// Captures a message; `level` by name.
    ///
    /// # Errors
    /// When the level is none.
    pub fn capture_message(
        &self,
        text: &str,
        level: Option<&str>,
        scopes: Scopes<'_>,
    ) -> Result<Option<EventId>> {
        let level = level.map(level_of).transpose()?;
        Ok(self.client.capture_message(text, level, scopes))
    }

    /// Adds a breadcrumb to `scope`.
    pub fn add_breadcrumb(&self, crumb: Breadcrumb, hint: &Hint, scope: &SharedScope) {
        self.client.add_breadcrumb(crumb, hint, scope);
    }

    /// Adds a breadcrumb from JSON to `scope`.
    ///
    /// # Errors
    /// When the text is no breadcrumb; the error gives the path of what is wrong.
    pub fn add_breadcrumb_json(&self, json: &str, hint: &Hint, scope: &SharedScope) -> Result<()> {
        self.client.add_breadcrumb(parse("breadcrumb", json)?, hint, scope);
        Ok(())
    }

    /// Waits until everything has left, for at most `timeout`, else for the option `shutdown_timeout`.
    pub fn flush(&self, timeout: Option<Duration>) -> bool {
        self.client.flush(timeout.unwrap_or(self.options.client.shutdown_timeout()))
    }

    /// Flushes and stops.
    pub fn close(&self, timeout: Option<Duration>) -> bool {
        self.client.close(timeout)
    }

    /// Vectors only: takes the recorded envelopes as a JSON list of
    /// `{"header": {...}, "items": [{"header": {...}, "payload": ...}], "bytes": "..."}`.
    pub fn take_recorded_json(&self) -> String {
        let envelopes = self.recorder.as_ref().map(|(recorder, _)| recorder.take()).unwrap_or_default();
        let list: Vec<Value> = envelopes.iter().map(recorded).collect();
        Value::Array(list).to_string()
    }

    /// Vectors only: takes the counts of dropped items as a JSON list of `{"reason", "category", "quantity"}`.
    pub fn take_discarded_json(&self) -> String {
        let report = self.client.reports().take(self.client.now());
        json!(report.map(|report| report.discarded_events).unwrap_or_default()).to_string()
    }

    /// Vectors only: what is derived from the DSN, as a JSON object.
    pub fn dsn_json(&self) -> String {
        let client = "watchpost.test/0.0.0";
        let facts = match self.options.client.dsn() {
            None => json!({"enabled": false}),
            Some(dsn) => json!({
                "enabled": true,
                "envelope_url": dsn.envelope_url(),
                "auth_header": dsn.auth_header(client),
                "public_key": dsn.public_key(),
                "project_id": dsn.project_id(),
                "org_id": dsn.org_id(),
            }),
        };
        facts.to_string()
    }

    /// Vectors only: what the process would leave behind if it vanished now, and when that is.
    pub(crate) fn last_words(&self) -> (Option<LastWords>, Timestamp) {
        let words = self.recorder.as_ref().and_then(|(recorder, _)| recorder.last_words());
        (words, self.client.now())
    }

    /// Vectors only: moves the clock.
    pub fn advance_clock(&self, by: Duration) {
        if let Some((recorder, clock)) = &self.recorder {
            clock.advance(by);
            recorder.wake();
        }
    }
}

fn recorded(envelope: &watchpost_core::Envelope) -> Value {
    let mut bytes = Vec::new();
    envelope.encode(&mut bytes);
    let items: Vec<Value> = envelope
        .items
        .iter()
        .map(|item| {
            let text = || String::from_utf8_lossy(&item.payload).into_owned().into();
            let payload: Value = serde_json::from_slice(&item.payload).unwrap_or_else(|_| text());
            let mut header = json!(item.header);
            header["length"] = item.payload.len().into();
            json!({"header": header, "payload": payload})
        })
        .collect();
    json!({"header": envelope.header, "items": items, "bytes": String::from_utf8_lossy(&bytes)})
}
