//! A project's rules of grouping: versions, settings, trying rules out, and what is turned away.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answers::{self, NOTHING, Shape};
use super::body::Body;
use super::events::parse_id;
use super::grouping_info::{group_json, regroup, shape, tree_of};
use super::guard::Guard;
use super::routes::Routes;
use super::scope::{InOrg, InProject};
use crate::app::App;
use crate::auth::hex;
use crate::error::ApiError;
use crate::files::debug_key;
use crate::group::{CONFIGS, Config, Grouper, Grouping};
use crate::instant::{SECOND, rfc3339};
use crate::project::GroupingSettings;
use crate::search::Expr;
use crate::store::{
    Issue, IssueContext, IssueFilter, IssueId, IssueSort, PageRequest, ProjectScope, StoredEvent,
};

pub(super) fn routes(routes: &mut Routes) {
    let project = "/api/0/projects/{org}/{project}";
    routes
        .get(
            "/api/0/organizations/{org}/grouping-configs/",
            Guard::Project,
            "Lists the versions of grouping",
            configs_of_org,
        )
        .answers(Shape::List(&answers::accounts::GROUPING_CONFIG))
        .get(
            &format!("{project}/grouping-configs/"),
            Guard::Project,
            "Lists the versions of grouping",
            configs,
        )
        .answers(Shape::List(&answers::accounts::GROUPING_CONFIG))
        .post(
            &format!("{project}/grouping/dry-run/"),
            Guard::Project,
            "Tries rules of grouping out; nothing is stored",
            dry_run,
        )
        .answers(answers::accounts::DRY_RUN)
        .get(&format!("{project}/tombstones/"), Guard::Event, "Lists what is turned away", tombstones)
        .answers(Shape::List(&answers::accounts::TOMBSTONE))
        .delete(
            &format!("{project}/tombstones/{{tombstone}}/"),
            Guard::Event,
            "Lets what was turned away in again",
            delete_tombstone,
        )
        .answers(NOTHING);
}

/// What a PUT on a project may say about grouping.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) fingerprinting_rules: Option<String>,
    pub(super) grouping_enhancements: Option<String>,
    pub(super) grouping_config: Option<String>,
    pub(super) grouping_auto_update: Option<bool>,
}

impl Form {
    pub(super) fn is_empty(&self) -> bool {
        matches!(
            self,
            Self {
                fingerprinting_rules: None,
                grouping_enhancements: None,
                grouping_config: None,
                grouping_auto_update: None
            }
        )
    }

    /// The settings with what the form says.
    ///
    /// # Errors
    /// 400 with field, line and column when rules cannot be read.
    pub(super) fn change(&self, old: &GroupingSettings, now: i64) -> Result<GroupingSettings, ApiError> {
        let mut new = old.clone();
        new.fingerprint_rules = self.fingerprinting_rules.clone().unwrap_or(new.fingerprint_rules);
        new.stack_rules = self.grouping_enhancements.clone().unwrap_or(new.stack_rules);
        new.config = self.grouping_config.clone().or(new.config);
        new.auto_update = self.grouping_auto_update.unwrap_or(new.auto_update);
        new.compile().map_err(|error| ApiError::BadRequest(error.to_string()))?;
        new.keep_old(old, now);
        Ok(new)
    }
}

/// What a project shows of its grouping.
pub(super) fn settings_shape(settings: &GroupingSettings, now: i64) -> Map<String, Value> {
    let previous = settings.previous.as_ref().filter(|previous| now < previous.until);
    let shape = json!({
        "fingerprintingRules": settings.fingerprint_rules,
        "groupingEnhancements": settings.stack_rules,
        "groupingConfig": settings.config(),
        "groupingAutoUpdate": settings.auto_update,
        "secondaryGroupingConfig": previous.map(|previous| previous.config.as_deref().unwrap_or(settings.config())),
        "secondaryGroupingExpiry": previous.map(|previous| previous.until / SECOND),
    });
    match shape {
        Value::Object(shape) => shape,
        _ => Map::new(),
    }
}

async fn configs(_: InProject) -> Json<Vec<Value>> {
    Json(all_configs())
}

async fn configs_of_org(_: InOrg) -> Json<Vec<Value>> {
    Json(all_configs())
}

fn all_configs() -> Vec<Value> {
    let shape = |config: &Config| {
        json!({
            "id": config.id,
            "changelog": config.note,
            "latest": config.id == Config::newest().id,
            "hidden": false,
        })
    };
    CONFIGS.iter().rev().map(shape).collect()
}

/// Rules to try; what is left out is as the project has it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Trial {
    fingerprinting_rules: Option<String>,
    grouping_enhancements: Option<String>,
    grouping_config: Option<String>,
    /// A payload, as a client sends it.
    event: Option<Value>,
    /// Or an event that is stored.
    event_id: Option<String>,
    /// How many of the newest issues are looked at: 100, unless an event is named.
    issues: Option<usize>,
}

/// What the rules would do to an event, and to the newest issues by their latest events.
async fn dry_run(
    State(app): State<App>,
    at: InProject,
    Body(trial): Body<Trial>,
) -> Result<Json<Value>, ApiError> {
    let (project, scope, now) = (at.project.id, at.scope(), app.now());
    let id = trial.event_id.as_deref().map(parse_id).transpose()?;
    let settings = app.with_store(|store| store.all_settings()).await?.projects.remove(&project);
    let settings = settings.unwrap_or_default().grouping;
    let compile = |settings: &GroupingSettings| {
        settings.compile().map_err(|error| ApiError::BadRequest(error.to_string()))
    };
    let rules = Form {
        fingerprinting_rules: trial.fingerprinting_rules,
        grouping_enhancements: trial.grouping_enhancements,
        grouping_config: trial.grouping_config,
        grouping_auto_update: None,
    };
    let new = compile(&rules.change(&settings, now)?)?;
    let old = app.grouper(project);
    let looked_at = trial.issues.unwrap_or(if trial.event.is_some() || id.is_some() { 0 } else { 100 });
    let (stored, issues) = {
        let scope = scope.clone();
        app.with_store(move |store| {
            let stored = match id {
                Some(id) => store.event(&scope, id.as_bytes())?,
                None => None,
            };
            let mut issues = Vec::new();
            for issue in store.issues(&newest(scope, looked_at.min(MAX_ISSUES)))?.rows {
                // Not every event of a storm keeps its body.
                let request = PageRequest { cursor: None, limit: 10 };
                let mut latest = store.issue_events(issue.id, request)?.rows.into_iter();
                let latest = latest.find(|event| event.body.is_some());
                issues.extend(latest.map(|latest| (issue, latest)));
            }
            Ok((stored, issues))
        })
        .await?
    };
    let body = match (&trial.event, id, stored) {
        (Some(event), ..) => Some((event.to_string().into_bytes(), None)),
        (None, Some(_), None) => return Err(ApiError::NotFound("No such event.")),
        (None, _, stored) => stored.and_then(|event| Some((event.body?, event.issue))),
    };
    let event = match body {
        None => Value::Null,
        Some((body, issue)) => {
            let before = group_json(&old, &body, project, now)?;
            let after = group_json(&new, &body, project, now)?;
            let (was, is) = (hashes(&before), hashes(&after));
            let found = app
                .with_store(move |store| {
                    Ok((store.issue_of_hashes(project, &was)?, store.issue_of_hashes(project, &is)?))
                })
                .await?;
            let name = |id: Option<IssueId>| id.map(|id| id.to_string());
            json!({
                "matchedRule": after.rule,
                "title": after.title,
                "changed": before.hashes != after.hashes,
                "before": grouping_shape(&before)?,
                "after": grouping_shape(&after)?,
                "issueBefore": name(issue.or(found.0)),
                "issueAfter": name(found.1),
            })
        }
    };
    Ok(Json(json!({ "event": event, "issues": effect(&new, &issues) })))
}

fn grouping_shape(grouping: &Grouping) -> Result<Value, ApiError> {
    let mut shape = shape(&tree_of(grouping)?);
    shape["hashes"] = json!(grouping.hashes);
    Ok(shape)
}

fn hashes(grouping: &Grouping) -> Vec<[u8; 16]> {
    grouping.hashes.iter().map(|hash| *hash.as_bytes()).collect()
}

/// Which issues rules match, and which would be one.
fn effect(new: &Grouper, issues: &[(Issue, StoredEvent)]) -> Value {
    let mut matched = Vec::new();
    // Issues by the set that they would fall into; sets that share a hash are one.
    let mut of_hash: BTreeMap<[u8; 16], usize> = BTreeMap::new();
    let mut sets: Vec<Vec<IssueId>> = Vec::new();
    let mut examined = 0;
    for (issue, event) in issues {
        let Ok(grouping) = regroup(new, event) else { continue };
        examined += 1;
        if let Some(rule) = &grouping.rule {
            let title = &grouping.title;
            matched.push(json!({ "issue": issue.id.to_string(), "title": title, "matchedRule": rule }));
        }
        let all = hashes(&grouping);
        let set = all.iter().find_map(|hash| of_hash.get(hash).copied()).unwrap_or_else(|| {
            sets.push(Vec::new());
            sets.len() - 1
        });
        sets[set].push(issue.id);
        for hash in all {
            of_hash.entry(hash).or_insert(set);
        }
    }
    let merged: Vec<Vec<String>> = sets
        .iter()
        .filter(|set| set.len() > 1)
        .map(|set| set.iter().map(ToString::to_string).collect())
        .collect();
    json!({ "examined": examined, "matched": matched, "merged": merged })
}

fn newest(scope: ProjectScope, limit: usize) -> IssueFilter {
    IssueFilter {
        scope: if limit == 0 { ProjectScope::new([]) } else { scope },
        search: Expr::All(Vec::new()),
        context: IssueContext::default(),
        seen_since: None,
        seen_until: None,
        hashes: Vec::new(),
        environments: Vec::new(),
        sort: IssueSort::LastSeen,
        page: PageRequest { cursor: None, limit },
    }
}

async fn tombstones(State(app): State<App>, at: InProject) -> Result<Json<Vec<Value>>, ApiError> {
    let project = at.project.id;
    let all = app.with_store(move |store| store.tombstones(project)).await?;
    let shape = |tombstone: &crate::store::Tombstone| {
        json!({
            "id": hex(&tombstone.id),
            "title": tombstone.title,
            "dateCreated": rfc3339(tombstone.created),
        })
    };
    Ok(Json(all.iter().map(shape).collect()))
}

async fn delete_tombstone(
    State(app): State<App>,
    at: InProject,
    Path((_, _, tombstone)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let missing = ApiError::NotFound("No such tombstone.");
    let Some(id) = debug_key(&tombstone) else { return Err(missing) };
    let project = at.project.id;
    let done = app.with_store(move |store| store.delete_tombstone(project, &id)).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(missing) }
}

const MAX_ISSUES: usize = 500;
