//! What a PUT on issues may say.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::caller::Caller;
use super::scope::InOrg;
use super::{members, teams};
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{SECOND, rfc3339};
use crate::store::{IssueChange, Resolution, Status, Wake};

/// What a PUT on issues may say, for the API's description.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "fields are read by their names, each with its own refusal")]
pub(super) struct Form {
    /// `resolved`, `unresolved`, `ignored`, `resolvedInNextRelease` or `muted`.
    status: Option<String>,
    #[schema(inline)]
    status_details: Option<Details>,
    substatus: Option<String>,
    /// A user or a team: `7`, `user:7`, a name, `team:3`, `#slug`; empty or null for nobody.
    assigned_to: Option<String>,
    priority: Option<String>,
    is_bookmarked: Option<bool>,
    has_seen: Option<bool>,
    is_subscribed: Option<bool>,
    is_public: Option<bool>,
    inbox: Option<bool>,
    /// Of many: the others go into the first.
    merge: Option<bool>,
    /// Deletes, and turns away what comes later.
    discard: Option<bool>,
}

/// When an issue counts as resolved, or until when it is ignored.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "as above")]
struct Details {
    in_next_release: Option<bool>,
    /// A version, or `latest`.
    in_release: Option<String>,
    /// A commit, or `{"commit": .., "repository": ..}`.
    in_commit: Option<Value>,
    /// Minutes.
    ignore_duration: Option<i64>,
    ignore_count: Option<i64>,
    ignore_window: Option<i64>,
    ignore_user_count: Option<i64>,
    ignore_user_window: Option<i64>,
}

/// `status` with `statusDetails` and `substatus`, `assignedTo`, `priority`, `isBookmarked`, `isSubscribed`, `hasSeen`.
/// `isPublic` and `inbox` are taken and change nothing: no issue is shared with strangers, and there is no inbox.
pub(super) async fn read(
    app: &App,
    found: &InOrg,
    caller: &Caller,
    body: &Value,
) -> Result<IssueChange, ApiError> {
    let Value::Object(body) = body else {
        return Err(ApiError::BadRequest("Send a JSON object, like {\"status\": \"resolved\"}.".to_owned()));
    };
    let mut change = IssueChange {
        by: caller.holder.as_ref().map(|holder| holder.id),
        at: app.now(),
        bookmarked: flag(body, "isBookmarked")?,
        seen: flag(body, "hasSeen")?,
        subscribed: flag(body, "isSubscribed")?,
        ..IssueChange::default()
    };
    read_status(body, &mut change)?;
    if let Some(priority) = body.get("priority") {
        let known = priority.as_str().filter(|name| matches!(*name, "low" | "medium" | "high"));
        let known =
            known.ok_or_else(|| ApiError::BadRequest("priority must be low, medium or high.".to_owned()))?;
        change.priority = Some(known.to_owned());
    }
    if let Some(assignee) = body.get("assignedTo") {
        change.assignee = Some(read_assignee(app, found, assignee).await?);
    }
    let says_something = change.status.is_some()
        || change.substatus.is_some()
        || change.assignee.is_some()
        || change.priority.is_some()
        || change.bookmarked.is_some()
        || change.seen.is_some()
        || change.subscribed.is_some()
        || flag(body, "isPublic")?.is_some()
        || flag(body, "inbox")?.is_some();
    if !says_something {
        return Err(ApiError::BadRequest(
            "Nothing to change; send status, substatus, assignedTo, priority, isBookmarked, isSubscribed, hasSeen, merge or \
             discard."
                .to_owned(),
        ));
    }
    Ok(change)
}

/// The changed fields, as they are answered.
pub(super) fn shape(change: &IssueChange) -> Value {
    let details = change.details.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut answer = json!({
        "status": change.status.map(Status::as_str),
        "statusDetails": details.unwrap_or_else(|| json!({})),
        "substatus": change.substatus,
    });
    let flags =
        [("isBookmarked", change.bookmarked), ("hasSeen", change.seen), ("isSubscribed", change.subscribed)];
    for (name, value) in flags {
        if let Some(value) = value {
            answer[name] = value.into();
        }
    }
    if let Some(priority) = &change.priority {
        answer["priority"] = priority.clone().into();
    }
    answer
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, ApiError> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(ApiError::BadRequest(format!("{name} must be true or false."))),
    }
}

fn read_status(body: &Map<String, Value>, change: &mut IssueChange) -> Result<(), ApiError> {
    let name = body.get("status").and_then(Value::as_str);
    change.status = match name {
        None => None,
        Some(name) => Some(Status::parse(name).ok_or_else(|| {
            ApiError::BadRequest(format!(
                "status {name:?} is not known; use resolved, unresolved or ignored."
            ))
        })?),
    };
    change.substatus = match (body.get("substatus").and_then(Value::as_str), change.status) {
        (Some(known), _) if SUBSTATUSES.contains(&known) => Some(known.to_owned()),
        (Some(other), _) => {
            return Err(ApiError::BadRequest(format!("substatus {other:?} is not known.")));
        }
        (None, Some(Status::Unresolved)) => Some("ongoing".to_owned()),
        (None, Some(Status::Ignored)) => Some("archived_forever".to_owned()),
        (None, _) => None,
    };
    let empty = Map::new();
    let given = body.get("statusDetails").and_then(Value::as_object).unwrap_or(&empty);
    let mut details = Map::new();
    let number = |value: &Value, field: &str| {
        let number = value.as_i64().filter(|number| (1..=MAX_NUMBER).contains(number));
        number.ok_or_else(|| ApiError::BadRequest(format!("{field} must be a number above 0.")))
    };
    for (field, value) in given {
        match (field.as_str(), change.status) {
            (_, _) if value.is_null() => {}
            ("inNextRelease" | "inRelease" | "inCommit", Some(Status::Resolved)) => {
                change.resolution = resolution(field, value)?;
                details.insert(field.clone(), value.clone());
            }
            ("ignoreDuration", Some(Status::Ignored)) => {
                let until = change.at + number(value, field)? * 60 * SECOND;
                change.wake.at = Some(until);
                details.insert("ignoreUntil".to_owned(), rfc3339(until).into());
            }
            ("ignoreCount", Some(Status::Ignored)) => {
                change.wake.events = Some(number(value, field)?);
                details.insert(field.clone(), value.clone());
            }
            // The number counts from now on, in whatever time: it is reached no later than within the window.
            ("ignoreWindow" | "ignoreUserWindow", Some(Status::Ignored)) => {
                number(value, field)?;
                details.insert(field.clone(), value.clone());
            }
            ("ignoreUserCount", Some(Status::Ignored)) => {
                change.wake.users = Some(number(value, field)?);
                details.insert(field.clone(), value.clone());
            }
            _ => {
                return Err(ApiError::BadRequest(format!(
                    "statusDetails.{field} does not go with this status; there are inNextRelease, inRelease and inCommit \
                     for resolved, ignoreDuration, ignoreCount, ignoreWindow, ignoreUserCount and ignoreUserWindow for ignored."
                )));
            }
        }
    }
    for (window, number) in [("ignoreWindow", "ignoreCount"), ("ignoreUserWindow", "ignoreUserCount")] {
        if details.contains_key(window) && !details.contains_key(number) {
            return Err(ApiError::BadRequest(format!("statusDetails.{window} goes with {number} only.")));
        }
    }
    // The short form that command lines send.
    if let Some(value) = body.get("snoozeDuration").filter(|value| !value.is_null()) {
        let until = change.at + number(value, "snoozeDuration")? * 60 * SECOND;
        change.wake.at = Some(until);
        details.insert("ignoreUntil".to_owned(), rfc3339(until).into());
    }
    if name == Some("resolvedInNextRelease") {
        change.resolution = Resolution::InNext;
        details.insert("inNextRelease".to_owned(), true.into());
    }
    if change.wake != Wake::default() && body.get("substatus").is_none() {
        change.substatus = Some("archived_until_condition_met".to_owned());
    }
    change.details = (!details.is_empty()).then(|| Value::Object(details).to_string());
    Ok(())
}

/// From which release on the issue should be gone.
fn resolution(field: &str, value: &Value) -> Result<Resolution, ApiError> {
    let text =
        |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match (field, value) {
        ("inNextRelease", Value::Bool(true)) => Ok(Resolution::InNext),
        ("inNextRelease", Value::Bool(false)) => Ok(Resolution::AtOnce),
        ("inRelease", value) => match text(value) {
            Some(version) if version == "latest" => Ok(Resolution::InLatest),
            Some(version) => Ok(Resolution::InRelease(version)),
            None => Err(ApiError::BadRequest(
                "statusDetails.inRelease must be a version or \"latest\".".to_owned(),
            )),
        },
        ("inCommit", value) => {
            let sha = text(value).or_else(|| text(value.get("commit")?));
            sha.map(Resolution::InCommit).ok_or_else(|| {
                ApiError::BadRequest(
                    "statusDetails.inCommit must be {\"commit\": ..., \"repository\": ...}.".to_owned(),
                )
            })
        }
        _ => Err(ApiError::BadRequest("statusDetails.inNextRelease must be true.".to_owned())),
    }
}

/// A user by number, name or `user:<number>`, a team as `team:<number>` or `#slug`; empty takes it from whoever has it.
async fn read_assignee(app: &App, found: &InOrg, value: &Value) -> Result<Option<String>, ApiError> {
    let name = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    if name.is_empty() {
        return Ok(None);
    }
    if let Some(team) = name.strip_prefix("team:").or(name.strip_prefix('#')) {
        let all = teams::all(app, found).await?;
        return Ok(Some(format!("team:{}", teams::named(&all, team)?.id)));
    }
    let name = name.strip_prefix("user:").unwrap_or(&name);
    let all = members::all(app, found).await?;
    let member = all
        .iter()
        .find(|member| member.username.eq_ignore_ascii_case(name) || member.user.to_string() == name);
    let member =
        member.ok_or_else(|| ApiError::BadRequest(format!("assignedTo: there is no member {name:?}.")))?;
    Ok(Some(format!("user:{}", member.user)))
}

const SUBSTATUSES: [&str; 7] = [
    "archived_until_escalating",
    "archived_until_condition_met",
    "archived_forever",
    "ongoing",
    "new",
    "regressed",
    "escalating",
];
const MAX_NUMBER: i64 = 1_000_000_000;
