//! Query strings.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::page;
use super::parameter::Parameter;
use crate::error::ApiError;
use crate::store::PageRequest;

/// A query string whose names may repeat.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    /// What the route says that its handler reads.
    reads: Reads,
}

impl Query {
    fn parse(text: Option<&str>, reads: Reads) -> Self {
        let pairs = form_urlencoded::parse(text.unwrap_or_default().as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Self { pairs, reads }
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.check(name);
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.check(name);
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn check(&self, name: &str) {
        debug_assert!(self.reads.has(name), "the route does not say that {name} is read");
    }

    /// The size and place of a page.
    pub(super) fn page(&self, default: usize) -> Result<PageRequest, ApiError> {
        page::request(self.one("cursor"), self.one("limit").or(self.one("per_page")), default)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let reads = parts.extensions.get::<Reads>().copied().unwrap_or_default();
        Ok(Self::parse(parts.uri.query(), reads))
    }
}

/// The parameters of a route, in groups.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reads(pub(super) &'static [&'static [Parameter]]);

impl Reads {
    pub(super) fn all(self) -> impl Iterator<Item = &'static Parameter> {
        self.0.iter().copied().flatten()
    }

    fn has(self, name: &str) -> bool {
        self.all().any(|parameter| parameter.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::parameter::{PAGE, PROJECTS};

    #[test]
    fn names_may_repeat() {
        let query = Query::parse(Some("project=1&project=shop&limit=5"), Reads(&[PAGE, PROJECTS]));
        assert_eq!(query.all("project").collect::<Vec<_>>(), ["1", "shop"]);
        assert_eq!(query.one("project"), Some("1"));
        assert_eq!(query.page(100).unwrap().limit, 5);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "does not say that statsPeriod is read")]
    fn a_handler_may_not_read_what_its_route_does_not_say() {
        let _ = Query::parse(None, Reads(&[PAGE])).one("statsPeriod");
    }
}
