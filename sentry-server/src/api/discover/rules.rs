//! What lists of single rows are searched by: a search, environments, a span of time.

use serde_json::Value;

use super::fields::{self, Row};
use super::{errors, span};
use crate::api::query::Query;
use crate::api::scope::OrgScope;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::Micros;
use crate::search::{self, Expr};
use crate::store::StoredEvent;

/// What is let through.
#[derive(Debug, Clone)]
pub(in crate::api) struct Rules {
    pub(in crate::api) expr: Expr,
    /// All, if none is named.
    environments: Vec<String>,
    pub(in crate::api) since: Option<Micros>,
    until: Option<Micros>,
    names: Vec<(i64, String)>,
}

impl Rules {
    /// Of `query`, `environment`, `statsPeriod`, `start` and `end`.
    pub(in crate::api) fn read(app: &App, found: &OrgScope, query: &Query) -> Result<Self, ApiError> {
        let (since, until) = span(app, query)?;
        let expr = search::parse(query.one("query").unwrap_or_default());
        Ok(Self {
            expr: expr.map_err(|error| ApiError::BadRequest(error.to_string()))?,
            environments: query
                .all("environment")
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            since,
            until,
            names: found.projects.iter().map(|project| (project.id, project.slug.clone())).collect(),
        })
    }

    /// Everything is let through.
    #[cfg(test)]
    pub(in crate::api) fn none() -> Self {
        let (expr, environments, names) = (Expr::All(Vec::new()), Vec::new(), Vec::new());
        Self { expr, environments, since: None, until: None, names }
    }

    pub(in crate::api) fn is_none(&self) -> bool {
        self.expr == Expr::All(Vec::new())
            && self.environments.is_empty()
            && (self.since, self.until) == (None, None)
    }

    /// Whether an event is let through.
    pub(in crate::api) fn let_event(&self, event: &StoredEvent) -> bool {
        if !self.covers(event.timestamp) {
            return false;
        }
        let project = self.names.iter().find(|(id, _)| *id == event.project);
        self.let_row(&errors::row(project.map_or("", |(_, slug)| slug), event))
    }

    /// Whether a row of fields is let through, at whatever time.
    pub(in crate::api) fn let_row(&self, row: &Row) -> bool {
        let environment = || row.get("environment").and_then(Value::as_str).unwrap_or_default();
        fields::matches(&self.expr, row)
            && (self.environments.is_empty() || self.environments.iter().any(|name| name == environment()))
    }

    pub(in crate::api) fn covers(&self, at: Micros) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}
