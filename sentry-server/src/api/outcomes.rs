//! The ledger: what was accepted, what was not, and why.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::issues::Query;
use super::scope;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, HOUR, rfc3339};

/// Rows by project, hour, category, outcome and reason; `statsPeriod` (default 24h) says how far back.
pub(super) async fn list(
    State(app): State<App>,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, ApiError> {
    let found = scope::organization(&app, Some(org)).await?;
    let query = Query::parse(query.as_deref());
    let period = instant::period(query.one("statsPeriod").unwrap_or("24h"))
        .ok_or_else(|| ApiError::BadRequest("statsPeriod must be like 24h or 14d.".to_owned()))?;
    let (all, since) = (found.all(), instant::hour(app.now() - period));
    let rows = app.with_store(move |store| store.outcomes(&all, since)).await?;
    let rows = rows.iter().map(|row| {
        json!({
            "project": row.project.to_string(),
            "hour": rfc3339(row.hour * HOUR),
            "category": row.category,
            "outcome": row.outcome,
            "reason": row.reason,
            "quantity": row.quantity,
        })
    });
    Ok(Json(rows.collect()))
}
