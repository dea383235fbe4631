//! The ledger: what was accepted, what was not, and why.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::answers::{self, Shape};
use super::guard::Guard;
use super::parameter::PERIOD;
use super::query::Query;
use super::routes::Routes;
use super::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, HOUR, rfc3339};

pub(super) fn routes(routes: &mut Routes) {
    let at = "/api/0/organizations/{org}/outcomes/";
    routes
        .get_by(at, Guard::Org, "Lists what was accepted and what was not", list, &[PERIOD])
        .answers(Shape::List(&answers::telemetry::OUTCOME));
}

/// Rows by project, hour, category, outcome and reason; `statsPeriod` (default 24h) says how far back.
async fn list(State(app): State<App>, found: InOrg, query: Query) -> Result<Json<Vec<Value>>, ApiError> {
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
