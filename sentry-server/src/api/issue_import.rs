//! Issues of a Sentry server: kept with the hashes by which it knew them, so that their next events find them.

use axum::Json;
use axum::extract::{Extension, State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers;
use super::body::Body;
use super::caller::Caller;
use super::guard::Guard;
use super::routes::Routes;
use super::scope::InProject;
use super::{releases, settings, short_id};
use crate::app::App;
use crate::error::ApiError;
use crate::files::debug_key;
use crate::instant::Micros;
use crate::store::{ImportedIssue, IssueChange, ProjectId, Status};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/projects/{org}/{project}/issues/import/";
    routes
        .post(at, Guard::Event, "Takes over issues of a Sentry server, with their hashes", import)
        .answers(answers::issues::IMPORTED);
}

#[derive(Deserialize, ToSchema)]
struct Form {
    #[schema(inline)]
    issues: Vec<Told>,
}

/// An issue as a list of Sentry has it, with the hashes that its own list has. What else it says is not taken over.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Told {
    title: String,
    culprit: Option<String>,
    level: Option<String>,
    platform: Option<String>,
    logger: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    metadata: Option<Value>,
    status: Option<String>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    /// Events: a number, or one as a text.
    count: Option<Value>,
    user_count: Option<i64>,
    /// MD5 in 32 hexadecimal digits, or `{"id": "..."}`.
    hashes: Vec<Value>,
}

/// All of them, or none if one cannot be read. One that is here already is found again, by any of its hashes.
async fn import(
    State(app): State<App>,
    at: InProject,
    Extension(caller): Extension<Caller>,
    Body(form): Body<Form>,
) -> Result<Json<Value>, ApiError> {
    if form.issues.is_empty() || form.issues.len() > MAX_AT_ONCE {
        return Err(ApiError::BadRequest(format!("issues must be 1 to {MAX_AT_ONCE}.")));
    }
    let (project, scope, now) = (at.project.id, at.scope(), app.now());
    let by = caller.holder.as_ref().map(|holder| holder.id);
    let told = form.issues.into_iter().map(|told| told.read(project, now));
    let told = told.collect::<Result<Vec<_>, _>>()?;
    let done = app
        .with_store(move |store| {
            let mut done = Vec::new();
            for (issue, status) in &told {
                let (id, is_new) = store.import_issue(issue)?;
                if is_new && *status != Status::Unresolved {
                    let substatus = (*status == Status::Ignored).then(|| "archived_forever".to_owned());
                    let change = IssueChange {
                        by,
                        at: now,
                        status: Some(*status),
                        substatus,
                        ..IssueChange::default()
                    };
                    store.change_issues(&scope, &[id], &change)?;
                }
                let number = store.issue(&scope, id)?.map_or(0, |issue| issue.number);
                done.push((id, number, is_new));
            }
            Ok(done)
        })
        .await?;
    // From now on events are looked up by such hashes, too.
    if !settings::project_settings(&app, project).await?.grouping.sentry_hashes {
        settings::change_project_settings(&app, project, |old| {
            let mut new = old.clone();
            new.grouping.sentry_hashes = true;
            Ok(new)
        })
        .await?;
    }
    let rows = done.iter().map(|(id, number, is_new)| {
        json!({ "id": id.to_string(), "shortId": short_id::format(&at.project.slug, *number), "isNew": is_new })
    });
    Ok(Json(json!({ "issues": rows.collect::<Vec<_>>() })))
}

impl Told {
    fn read(self, project: ProjectId, now: Micros) -> Result<(ImportedIssue, Status), ApiError> {
        let hash = |hash: &Value| {
            let text = hash.as_str().or_else(|| hash.get("id")?.as_str()).unwrap_or_default();
            debug_key(text)
                .ok_or_else(|| ApiError::BadRequest(format!("hashes: {hash} is no hash of 32 hex digits.")))
        };
        let hashes = self.hashes.iter().map(hash).collect::<Result<Vec<_>, _>>()?;
        if hashes.is_empty() || hashes.len() > MAX_HASHES {
            return Err(ApiError::BadRequest(format!("hashes must be 1 to {MAX_HASHES}.")));
        }
        let status = self.status.as_deref().unwrap_or("unresolved");
        let status = Status::parse(status).ok_or_else(|| {
            ApiError::BadRequest(format!(
                "status {status:?} is not known; use resolved, unresolved or ignored."
            ))
        })?;
        let count = match &self.count {
            None | Some(Value::Null) => Some(0),
            Some(Value::String(text)) => text.parse().ok(),
            Some(other) => other.as_i64(),
        };
        let count = count.filter(|count| (0..MAX_COUNT).contains(count));
        let count =
            count.ok_or_else(|| ApiError::BadRequest("count must be a number from 0 on.".to_owned()))?;
        let last = releases::date("lastSeen", self.last_seen.as_deref())?.unwrap_or(now);
        let first = releases::date("firstSeen", self.first_seen.as_deref())?.unwrap_or(last).min(last);
        let short = |text: Option<String>, usual: &str, max: usize| {
            let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| usual.to_owned());
            crate::normalize::shorten(&text, max)
        };
        let level = self.level.filter(|level| LEVELS.contains(&level.as_str()));
        let kind = self.kind.filter(|kind| KINDS.contains(&kind.as_str()));
        let issue = ImportedIssue {
            project,
            title: short(Some(self.title), "<untitled>", 255),
            culprit: short(self.culprit, "", 200),
            kind: short(kind, "error", 16),
            metadata: self.metadata.filter(Value::is_object).unwrap_or_else(|| json!({})).to_string(),
            level: short(level, "error", 16),
            platform: short(self.platform, "other", 64),
            logger: self.logger.map(|logger| crate::normalize::shorten(&logger, 64)),
            first_seen: first,
            last_seen: last,
            events: count,
            users: self.user_count.unwrap_or(0).clamp(0, MAX_COUNT),
            hashes,
            imported: now,
        };
        Ok((issue, status))
    }
}

const LEVELS: [&str; 6] = ["fatal", "error", "warning", "info", "debug", "sample"];
const KINDS: [&str; 3] = ["error", "default", "csp"];
const MAX_AT_ONCE: usize = 100;
const MAX_HASHES: usize = 1_000;
const MAX_COUNT: i64 = 1 << 50;
