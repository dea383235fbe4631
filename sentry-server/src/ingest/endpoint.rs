//! The two endpoints: check the key, inflate within caps, check the framing, make it durable, answer.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Extensions, HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use watchpost_core::{Category, EventId};

use super::auth::{self, ShownKey};
use super::body::{self, ReadBody};
use super::committer::CommitError;
use super::payload;
use super::record::{Endpoint, RecordHead};
use super::refusal::Refusal;
use crate::app::App;
use crate::instant;
use crate::normalize::{self, NormalizeContext};
use crate::proxy;
use crate::store::{OutcomeKey, ProjectId};

pub(super) async fn envelope(
    State(app): State<App>,
    Path(project): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Response {
    let request = Request { app: &app, project, query, headers, extensions };
    let answer = request.envelope(body).await;
    request.answer(answer)
}

pub(super) async fn store(
    State(app): State<App>,
    Path(project): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Response {
    let request = Request { app: &app, project, query, headers, extensions };
    let is_envelope = request.header("content-type").is_some_and(|kind| kind.contains("x-sentry-envelope"));
    let answer = if is_envelope { request.envelope(body).await } else { request.store(body).await };
    request.answer(answer)
}

struct Request<'a> {
    app: &'a App,
    project: String,
    query: Option<String>,
    headers: HeaderMap,
    extensions: Extensions,
}

impl Request<'_> {
    async fn envelope(&self, body: Body) -> Result<Option<EventId>, Refusal> {
        let project = self.project_id()?;
        let shown = auth::shown(&self.headers, self.query.as_deref())?;
        // A key that is shown up front is checked before anything is read.
        if let Some(key) = &shown {
            self.check(project, key).await?;
        }
        let body = body::read(&self.headers, body, self.app.limits.body, &self.app.budget).await?;
        let framing = payload::framing(&body.inflated)?;
        if let Some(dsn) = &framing.dsn {
            let inside = auth::in_envelope(dsn, &self.project)?;
            match &shown {
                None => self.check(project, &inside).await?,
                Some(outside) if *outside != inside => {
                    return Err(Refusal::envelope("dsn in the header has another key than the request"));
                }
                Some(_) => {}
            }
        } else if shown.is_none() {
            return Err(Refusal::NoKey);
        }
        if framing.items == 0 {
            return Ok(framing.event_id);
        }
        let id = framing.event_id.unwrap_or_else(|| EventId::random(self.app.rng.as_ref()));
        self.commit(Endpoint::Envelope, project, id, body, framing.categories).await?;
        Ok(framing.event_id.or(framing.needs_id.then_some(id)))
    }

    async fn store(&self, body: Body) -> Result<Option<EventId>, Refusal> {
        let project = self.project_id()?;
        let key = auth::shown(&self.headers, self.query.as_deref())?.ok_or(Refusal::NoKey)?;
        self.check(project, &key).await?;
        let body = body::read(&self.headers, body, self.app.limits.body, &self.app.budget).await?;
        let own = {
            let json = payload::stored_json(&body.inflated, self.app.limits.body.inflated_bytes)?;
            if json.len() > MAX_STORE_BYTES {
                return Err(Refusal::TooLarge("the event"));
            }
            check_json(&json)?;
            payload::own_id(&json)
        };
        let id = own.unwrap_or_else(|| EventId::random(self.app.rng.as_ref()));
        self.commit(Endpoint::Store, project, id, body, vec![Category::Error]).await?;
        Ok(Some(id))
    }

    async fn commit(
        &self,
        endpoint: Endpoint,
        project: ProjectId,
        id: EventId,
        body: ReadBody,
        categories: Vec<Category>,
    ) -> Result<(), Refusal> {
        let head = RecordHead {
            endpoint,
            encoding: body.encoding,
            project,
            received: self.app.now(),
            id: *id.as_bytes(),
            address: proxy::client_address(&self.app.trust_proxy, &self.extensions, &self.headers),
            user_agent: self.header("user-agent").map(str::to_owned),
        };
        let bytes = body.wire.len();
        let _share = body.share;
        match self.app.committer.commit(head, body.wire, body.inflated).await {
            Ok(()) => {
                crate::metrics::add(&self.app.metrics.accepted_requests, 1);
                crate::metrics::add(&self.app.metrics.accepted_wire_bytes, bytes);
                Ok(())
            }
            Err(CommitError::Stopped) => Err(Refusal::Stopping),
            Err(CommitError::Full) => {
                for category in &categories {
                    self.app.ledger.add(rate_limited(project, self.app.now(), *category), 1);
                }
                Err(full(categories, self.app.rng.unit()))
            }
        }
    }

    async fn check(&self, project: ProjectId, key: &ShownKey) -> Result<(), Refusal> {
        if self.app.keys.opens(project, &key.0) {
            return Ok(());
        }
        // Another process may have made the project a moment ago.
        if self.app.keys.is_stale(self.app.now()) {
            if let Err(error) = self.app.reload_keys().await {
                crate::log::error(format_args!("client keys: {error:?}"));
            }
            if self.app.keys.opens(project, &key.0) {
                return Ok(());
            }
        }
        Err(Refusal::WrongKey)
    }

    fn project_id(&self) -> Result<ProjectId, Refusal> {
        self.project.parse().map_err(|_| {
            Refusal::malformed(format!("project id {:?} in the path is not a number", self.project))
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn answer(&self, answer: Result<Option<EventId>, Refusal>) -> Response {
        match answer {
            Ok(id) => {
                let body: Value = id.map_or_else(|| json!({}), |id| json!({ "id": id }));
                ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
            }
            Err(refusal) => {
                self.app.metrics.rejected.add(refusal.reason());
                refusal.into_response()
            }
        }
    }
}

/// Refuses what the digest could not read either; the common case is decided without a second parse.
fn check_json(json: &[u8]) -> Result<(), Refusal> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok() {
        return Ok(());
    }
    let context = NormalizeContext {
        project_id: 0,
        received_us: 0,
        sent_at_us: None,
        remote_addr: None,
        user_agent: None,
        header_event_id: None,
        item_kind: None,
        new_id: &|| [0; 16],
    };
    normalize::normalize(json, &context).map(drop).map_err(|error| Refusal::malformed(error.to_string()))
}

fn full(mut categories: Vec<Category>, spread: f64) -> Refusal {
    if categories.contains(&Category::Error) || categories.is_empty() {
        categories.push(Category::Default);
    }
    // 5 to 30 s, spread so that clients do not all come back at once.
    Refusal::Full { categories, seconds: 5 + (spread * 26.0) as u64 }
}

fn rate_limited(project: ProjectId, now: i64, category: Category) -> OutcomeKey {
    OutcomeKey {
        project,
        hour: instant::hour(now),
        category: category.as_str().to_owned(),
        outcome: "rate_limited",
        reason: "queue_full".to_owned(),
    }
}

const MAX_STORE_BYTES: usize = 1_024 * 1_024;
