//! How the runs of a monitor went, by pieces of time.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::Params;
use super::monitors::named;
use super::query::Query;
use super::scope::InOrg;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, DAY, HOUR, Micros, SECOND};
use crate::store::CheckInCount;

/// The runs of every piece of time between `since` and `until`, empty pieces included.
pub(super) async fn list(
    State(app): State<App>,
    found: InOrg,
    Path(path): Path<Params>,
    query: Query,
) -> Result<Json<Vec<Value>>, ApiError> {
    let monitor = named(&app, &found, &path).await?;
    let second = |name: &str| -> Result<Option<Micros>, ApiError> {
        let Some(text) = query.one(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..1e11).contains(seconds));
        let wrong = || ApiError::BadRequest(format!("{name} must be seconds since 1970."));
        Ok(Some(seconds.ok_or_else(wrong)? as Micros * SECOND))
    };
    // A run that begins at this moment counts.
    let until = second("until")?.unwrap_or_else(|| app.now() + 1);
    let since = second("since")?.unwrap_or(until - DAY);
    let piece = match query.one("resolution").filter(|text| !text.is_empty()) {
        None => HOUR,
        Some(text) => instant::period(text).filter(|piece| *piece >= 60 * SECOND).ok_or_else(|| {
            ApiError::BadRequest("resolution must be like 5m, 1h or 1d, 1m at least.".to_owned())
        })?,
    };
    let first = since.div_euclid(piece) * piece;
    let pieces = usize::try_from((until - first + piece - 1) / piece).unwrap_or_default();
    if pieces > MAX_PIECES {
        return Err(ApiError::BadRequest(format!(
            "resolution makes {pieces} pieces; at most {MAX_PIECES} are answered."
        )));
    }
    let environments: Vec<String> =
        query.all("environment").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let span = (first, first + pieces as Micros * piece);
    let counts =
        app.with_store(move |store| store.count_check_ins(monitor.id, span, piece, &environments)).await?;
    let mut by_piece: HashMap<i64, Vec<CheckInCount>> = HashMap::new();
    for count in counts {
        by_piece.entry(count.piece).or_default().push(count);
    }
    let rows = (0..pieces as i64).map(|at| {
        let own = by_piece.remove(&at).unwrap_or_default();
        let mut row = Map::new();
        row.insert("ts".to_owned(), ((first + at * piece) / SECOND).into());
        for status in STATUSES {
            let runs: i64 = own.iter().filter(|count| count.status == status).map(|count| count.runs).sum();
            row.insert(status.to_owned(), runs.into());
        }
        let (timed, sum) =
            own.iter().fold((0, 0), |(timed, sum), count| (timed + count.timed, sum + count.duration));
        // In milliseconds, as those of single runs.
        row.insert(
            "duration".to_owned(),
            json!(if timed > 0 { sum as f64 / timed as f64 / 1_000.0 } else { 0.0 }),
        );
        Value::Object(row)
    });
    Ok(Json(rows.collect()))
}

const STATUSES: [&str; 5] = ["ok", "error", "missed", "timeout", "in_progress"];
const MAX_PIECES: usize = 5_000;
