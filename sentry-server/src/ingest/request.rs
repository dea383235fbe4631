//! One request to ingest: whose it is, and making what it brought durable.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use watchpost_core::{Category, EventId};

use super::auth::{self, ShownKey};
use super::body::{self, ReadBody};
use super::committer::CommitError;
use super::payload;
use super::record::{Endpoint, RecordHead};
use super::refusal::Refusal;
use crate::app::App;
use crate::instant;
use crate::project::{Admitted, Contents, Limit, bit};
use crate::proxy;
use crate::store::{OutcomeKey, ProjectId};

/// A request without its body.
pub(super) struct Request {
    pub(super) app: App,
    path: Vec<(String, String)>,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    extensions: Extensions,
    /// What mostly comes by this way.
    usual: Category,
    known: Mutex<Known>,
}

/// What is known of a request so far, for counting it if it is refused.
#[derive(Default)]
struct Known {
    /// Whose it is, once its key was checked.
    project: Option<ProjectId>,
    contents: Contents,
}

/// What a request brought, ready for the spool.
pub(super) struct Brought {
    pub(super) endpoint: Endpoint,
    pub(super) id: EventId,
    pub(super) body: ReadBody,
    /// What is inside, by category.
    pub(super) contents: Contents,
}

/// Which categories of a request that was taken were left out, because of limits.
pub(super) type Left = Vec<Limit>;

impl FromRequestParts<App> for Request {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let path = RawPathParams::from_request_parts(parts, app).await;
        let path = path.map_err(|error| Refusal::malformed(error.to_string()))?;
        Ok(Self {
            app: app.clone(),
            path: path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            query: parts.uri.query().map(str::to_owned),
            headers: std::mem::take(&mut parts.headers),
            extensions: std::mem::take(&mut parts.extensions),
            usual: usual(parts.uri.path()),
            known: Mutex::default(),
        })
    }
}

impl Request {
    /// A part of the path by its name in the route.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without parameters, in lower case; empty if none is given.
    pub(super) fn content_type(&self) -> String {
        let full = self.header("content-type").unwrap_or_default();
        full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A parameter of the query, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = form_urlencoded::parse(self.query.as_deref()?.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn project_id(&self) -> Result<ProjectId, Refusal> {
        let project = self.path("project");
        project
            .parse()
            .map_err(|_| Refusal::malformed(format!("project id {project:?} in the path is not a number")))
    }

    pub(super) fn shown_key(&self) -> Result<Option<ShownKey>, Refusal> {
        auth::shown(&self.headers, self.query.as_deref())
    }

    /// The project, after its key was checked: the one shown, or the one in the path.
    pub(super) async fn admitted(&self) -> Result<Admitted, Refusal> {
        let project = self.project_id()?;
        let in_path = Some(self.path("key")).filter(|key| !key.is_empty());
        let key = match (self.shown_key()?, in_path) {
            (Some(shown), _) => shown,
            (None, Some(key)) => ShownKey(key.to_owned()),
            (None, None) => return Err(Refusal::NoKey),
        };
        self.check(project, &key).await
    }

    /// The project that a key opens by itself.
    pub(super) async fn project_of(&self, key: &ShownKey) -> Result<Admitted, Refusal> {
        self.opened(|| self.app.keys.project_of(&key.0)).await
    }

    pub(super) async fn check(&self, project: ProjectId, key: &ShownKey) -> Result<Admitted, Refusal> {
        self.opened(|| self.app.keys.opens(project, &key.0)).await
    }

    async fn opened(&self, look: impl Fn() -> Option<Admitted>) -> Result<Admitted, Refusal> {
        let admitted = match look() {
            Some(admitted) => admitted,
            None => {
                self.refresh_keys().await;
                look().ok_or(Refusal::WrongKey)?
            }
        };
        self.known().project = Some(admitted.id());
        Ok(admitted)
    }

    /// Says what is in the request.
    pub(super) fn holds(&self, contents: &Contents) {
        self.known().contents.clone_from(contents);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process may have made the project a moment ago.
    async fn refresh_keys(&self) {
        if self.app.keys.is_stale(self.app.now())
            && let Err(error) = self.app.reload_keys().await
        {
            crate::log::error(format_args!("client keys: {error:?}"));
        }
    }

    pub(super) async fn read(&self, body: Body) -> Result<ReadBody, Refusal> {
        body::read(&self.headers, body, self.app.limits.body, &self.app.budget).await
    }

    pub(super) fn new_id(&self) -> EventId {
        EventId::random(self.app.rng.as_ref())
    }

    pub(super) async fn commit(&self, admitted: &Admitted, brought: Brought) -> Result<Left, Refusal> {
        let Brought { endpoint, id, body, contents } = brought;
        let (project, now) = (admitted.id(), self.app.now());
        let mut taken = self.app.counters.take(admitted, &contents, now);
        taken.add_companions(&contents);
        for limit in &taken.limits {
            let quantity = contents.iter().find(|(category, _)| *category == limit.category);
            let quantity = quantity.map_or(1, |(_, quantity)| *quantity as i64);
            self.app.ledger.add(rate_limited(project, now, limit.category, limit.reason), quantity);
        }
        if !taken.limits.is_empty() && taken.limits.len() == contents.len() {
            return Err(Refusal::Limited(taken.limits));
        }
        let head = RecordHead {
            endpoint,
            encoding: body.encoding,
            project,
            received: now,
            id: *id.as_bytes(),
            address: proxy::client_address(&self.app.trust_proxy, &self.extensions, &self.headers),
            user_agent: self.header("user-agent").map(str::to_owned),
            limited: taken.mask,
        };
        let bytes = body.wire.len();
        let _share = body.share;
        match self.app.committer.commit(head, body.wire, body.inflated).await {
            Ok(()) => {
                crate::metrics::add(&self.app.metrics.accepted_requests, 1);
                crate::metrics::add(&self.app.metrics.accepted_wire_bytes, bytes);
                Ok(taken.limits)
            }
            Err(CommitError::Stopped) => Err(Refusal::Stopping),
            Err(CommitError::Full) => {
                let left = contents.iter().filter(|(category, _)| taken.mask & bit(*category) == 0);
                for (category, quantity) in left {
                    self.app
                        .ledger
                        .add(rate_limited(project, now, *category, "queue_full"), *quantity as i64);
                }
                let categories = contents.into_iter().map(|(category, _)| category).collect();
                Err(full(categories, self.app.rng.unit()))
            }
        }
    }

    /// Stores an envelope that the server made of what came in another form.
    pub(super) async fn commit_envelope(
        &self,
        admitted: &Admitted,
        id: EventId,
        body: ReadBody,
        envelope: Vec<u8>,
    ) -> Result<Left, Refusal> {
        let body = body.replaced(Bytes::from(envelope));
        let framing = payload::framing(&body.inflated)?;
        self.holds(&framing.contents);
        framing.check()?;
        let contents = framing.contents;
        self.commit(admitted, Brought { endpoint: Endpoint::Envelope, id, body, contents }).await
    }

    /// Counts a refusal and turns it into its answer.
    pub(super) fn refuse(&self, refusal: Refusal) -> axum::response::Response {
        self.app.metrics.rejected.add(refusal.reason());
        let mut known = self.known();
        if let (Some(project), Some((outcome, reason))) = (known.project, refusal.outcome()) {
            if known.contents.is_empty() {
                known.contents.push((self.usual, 1));
            }
            for (category, quantity) in &known.contents {
                let key = OutcomeKey { outcome, ..rate_limited(project, self.app.now(), *category, reason) };
                self.app.ledger.add(key, *quantity as i64);
            }
        }
        drop(known);
        axum::response::IntoResponse::into_response(refusal)
    }
}

/// By the name of the endpoint, which stands after the project's number.
fn usual(path: &str) -> Category {
    let of = |name: &str| {
        Some(match name {
            "store" | "minidump" | "unreal" => Category::Error,
            "security" | "csp-report" | "nel" => Category::Security,
            "attachments" => Category::Attachment,
            "cron" => Category::Monitor,
            "traces" => Category::Span,
            "logs" => Category::LogItem,
            "metrics" => Category::TraceMetric,
            _ => return None,
        })
    };
    path.split('/').find_map(of).unwrap_or(Category::Default)
}

fn full(mut categories: Vec<Category>, spread: f64) -> Refusal {
    if categories.contains(&Category::Error) || categories.is_empty() {
        categories.push(Category::Default);
    }
    // 5 to 30 s, spread so that clients do not all come back at once.
    Refusal::Full { categories, seconds: 5 + (spread * 26.0) as u64 }
}

fn rate_limited(project: ProjectId, now: i64, category: Category, reason: &str) -> OutcomeKey {
    OutcomeKey {
        project,
        hour: instant::hour(now),
        category: category.as_str().to_owned(),
        outcome: "rate_limited",
        reason: reason.to_owned(),
    }
}
