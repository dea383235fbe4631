//! A network that moves one request at a time, when the test says so.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Condvar, Mutex};

use watchpost_core::Envelope;
use watchpost_transport::{UploadRequest, UploadResponse, UploadResult, Uploader};

use super::PATIENCE;

/// Holds each request until the test answers it, or answers all the same way.
#[derive(Debug, Default)]
pub struct Stepper {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<UploadRequest>,
    answers: VecDeque<Option<UploadResult>>,
    always: Option<UploadResult>,
    seen: usize,
}

impl Stepper {
    /// Waits for the next request, which stays open until `answer`.
    pub fn request(&self) -> Envelope {
        self.try_request().expect("a request within the time of patience")
    }

    fn try_request(&self) -> Option<Envelope> {
        let state = self.state.lock().unwrap();
        let (mut state, _) =
            self.changed.wait_timeout_while(state, PATIENCE, |state| state.requests.is_empty()).unwrap();
        state.requests.pop_front().map(|request| decode(&request))
    }

    /// Answers the oldest unanswered request.
    pub fn answer(&self, result: UploadResult) {
        self.state.lock().unwrap().answers.push_back(Some(result));
        self.changed.notify_all();
    }

    /// Answers with a status.
    pub fn status(&self, status: u16) {
        self.answer(response(status));
    }

    /// Makes the uploader panic instead of answering.
    pub fn panic(&self) {
        self.state.lock().unwrap().answers.push_back(None);
        self.changed.notify_all();
    }

    /// From now on, answers every request at once; `requests` tells them afterwards.
    pub fn always(&self, result: UploadResult) {
        self.state.lock().unwrap().always = Some(result);
        self.changed.notify_all();
    }

    /// The requests that nobody has looked at yet.
    pub fn requests(&self) -> Vec<Envelope> {
        self.state.lock().unwrap().requests.drain(..).map(|request| decode(&request)).collect()
    }

    /// How many requests were made.
    pub fn seen(&self) -> usize {
        self.state.lock().unwrap().seen
    }
}

impl Uploader for Stepper {
    fn upload(&self, request: UploadRequest) -> UploadResult {
        let mut state = self.state.lock().unwrap();
        state.requests.push_back(request);
        state.seen += 1;
        self.changed.notify_all();
        let mut state = self
            .changed
            .wait_while(state, |state| state.answers.is_empty() && state.always.is_none())
            .unwrap();
        let answer = state.answers.pop_front().unwrap_or_else(|| state.always.clone());
        drop(state);
        answer.expect("the test asked for a panic")
    }
}

/// An answer without headers.
pub fn response(status: u16) -> UploadResult {
    UploadResult::Response(UploadResponse { status, ..Default::default() })
}

/// An answer with rate limits.
pub fn limits(status: u16, limits: &str) -> UploadResult {
    UploadResult::Response(UploadResponse {
        status,
        rate_limits: Some(limits.to_owned()),
        ..Default::default()
    })
}

pub fn unreachable() -> UploadResult {
    UploadResult::Unreachable("no route".to_owned())
}

fn decode(request: &UploadRequest) -> Envelope {
    let gzip = request.headers.iter().any(|(name, value)| name == "content-encoding" && value == "gzip");
    let mut body = Vec::new();
    if gzip {
        flate2::read::GzDecoder::new(&request.body[..]).read_to_end(&mut body).unwrap();
    } else {
        body.clone_from(&request.body);
    }
    Envelope::decode(&body).unwrap()
}
