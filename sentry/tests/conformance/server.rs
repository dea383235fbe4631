//! Vectors with a server: the real transport, whose requests are answered from a list.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use watchpost::ClientOptions;
use watchpost_core::testing::{RecordingTransport, TestClient, explicit_sessions};
use watchpost_core::{
    Client, ClientReports, Envelope, ManualClock, SeededRng, Timestamp, UploadRequest, UploadResponse,
    UploadResult, Uploader,
};
use watchpost_transport::HttpTransport;

/// Answers from the list, then 200, and keeps what it was sent.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Value>>,
    requests: Mutex<Vec<UploadRequest>>,
}

impl Uploader for Script {
    fn upload(&self, request: UploadRequest) -> UploadResult {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(json!({"status": 200}));
        match answer.as_str() {
            Some("unreachable") => UploadResult::Unreachable("scripted".into()),
            Some("interrupted") => UploadResult::Interrupted("scripted".into()),
            Some(other) => panic!("the runner does not know the answer {other}"),
            None => UploadResult::Response(UploadResponse {
                status: answer["status"].as_u64().unwrap().try_into().unwrap(),
                rate_limits: answer["rate_limits"].as_str().map(str::to_owned),
                retry_after: answer["retry_after"].as_str().map(str::to_owned),
                error: None,
            }),
        }
    }
}

impl Script {
    /// The requests so far: address, headers, and the envelope of each.
    pub(crate) fn shapes(&self, shape: impl Fn(&Envelope) -> Value) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        let one = |request: &UploadRequest| {
            let mut whole = shape(&Envelope::decode(&request.body).unwrap());
            whole["url"] = json!(request.url);
            whole["http"] =
                request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            whole
        };
        requests.iter().map(one).collect()
    }
}

/// A client whose requests the vector answers.
pub(crate) fn client(
    options: ClientOptions,
    answers: &Value,
    now: Timestamp,
    seed: u64,
) -> (watchpost::Guard, TestClient, Arc<Script>) {
    let options = explicit_sessions(options);
    let answers: VecDeque<Value> = answers.as_array().unwrap().iter().cloned().collect();
    let network = |answer: &Value| {
        answer.is_string() || [408, 502, 503, 504].map(Value::from).contains(&answer["status"])
    };
    let fails = answers.iter().any(network);
    FAILS.set(fails);
    let script = Arc::new(Script { answers: Mutex::new(answers), ..Script::default() });
    let clock = Arc::new(ManualClock::new(now));
    let reports = Arc::new(ClientReports::default());
    let rng = Arc::new(SeededRng::new(seed));
    let travel = options.transport().clone();
    let transport = HttpTransport::builder(options.dsn().unwrap().clone())
        .sdk("watchpost.test", "0.0.0")
        .options(travel)
        .memory_only()
        .client_reports(reports.clone())
        .send_client_reports(options.send_client_reports())
        .clock(clock.clone())
        .rng(rng.clone())
        .uploader(script.clone())
        .build();
    let builder = Client::builder(options).transport(Arc::new(transport)).reports(reports);
    let client = builder.clock(clock.clone()).rng(rng).build();
    let guard = watchpost::testing::install_client(client.clone());
    (guard, TestClient { client, transport: Arc::new(RecordingTransport::default()), clock }, script)
}

thread_local! {
    /// Some answer of the present vector means that the network failed.
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

/// Flushes. Where the vector lets the network fail, time passes until everything is out.
pub(crate) fn flush(test: &TestClient) {
    if !FAILS.get() {
        watchpost::flush(PATIENCE);
        return;
    }
    for _ in 0..600 {
        if watchpost::flush(Duration::from_millis(50)) {
            FAILS.set(false);
            return;
        }
        test.clock.advance(Duration::from_secs(400));
    }
}

/// Long enough for a loaded machine; a flush that has something to do is answered much sooner.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
