//! The server's API as a user with a token sees it.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::{Answer, request};
use crate::failure::{Failure, Result};

/// A signed-in caller of `/api/0/`.
#[derive(Debug, Clone)]
pub struct Api {
    address: String,
    token: String,
    organization: String,
}

/// An issue in a list.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How many events it holds.
    pub count: u64,
}

impl Api {
    /// A caller with `token`; asks the server which organisation it is in.
    ///
    /// # Errors
    /// When the server refuses the token or knows no organisation.
    pub fn new(address: &str, token: &str) -> Result<Self> {
        let mut api = Self { address: address.into(), token: token.into(), organization: String::new() };
        let list = api.json("/api/0/organizations/")?;
        let slug = list.get(0).and_then(|first| first["slug"].as_str());
        api.organization = slug.ok_or_else(|| Failure::new(format!("no organisation in {list}")))?.to_owned();
        Ok(api)
    }

    /// The JSON at `target`.
    ///
    /// # Errors
    /// For any status but 200, with what the server said.
    pub fn json(&self, target: &str) -> Result<Value> {
        let answer = self.get(target)?;
        if answer.status != 200 {
            return Err(Failure::new(format!("GET {target}: {} {}", answer.status, answer.text())));
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The issues of a project, newest first.
    ///
    /// # Errors
    /// As [`Api::json`].
    pub fn issues(&self, project: &str) -> Result<Vec<Issue>> {
        let list = self.all(&format!("/api/0/projects/{}/{project}/issues/?query=", self.organization))?;
        list.iter().map(issue).collect()
    }

    /// The events of a project, newest first.
    ///
    /// # Errors
    /// As [`Api::json`].
    pub fn events(&self, project: &str) -> Result<Vec<Value>> {
        self.all(&format!("/api/0/projects/{}/{project}/events/", self.organization))
    }

    /// One event in full, or nothing if the server does not have it (yet).
    ///
    /// # Errors
    /// As [`Api::json`], except for 404.
    pub fn event(&self, project: &str, id: &str) -> Result<Option<Value>> {
        let target = format!("/api/0/projects/{}/{project}/events/{id}/", self.organization);
        let answer = self.get(&target)?;
        match answer.status {
            200 => Ok(Some(serde_json::from_slice(&answer.body)?)),
            404 => Ok(None),
            status => Err(Failure::new(format!("GET {target}: {status} {}", answer.text()))),
        }
    }

    /// What a data set (`spans`, `errors`) has of a trace, by these fields.
    ///
    /// # Errors
    /// As [`Api::json`].
    pub fn of_trace(&self, dataset: &str, trace: &str, fields: &[&str]) -> Result<Vec<Value>> {
        let fields: String = fields.iter().map(|field| format!("&field={field}")).collect();
        let target = format!(
            "/api/0/organizations/{}/events/?dataset={dataset}&query=trace:{trace}&per_page=100{fields}",
            self.organization
        );
        match self.json(&target)?["data"].take() {
            Value::Array(rows) => Ok(rows),
            other => Err(Failure::new(format!("GET {target}: no rows: {other}"))),
        }
    }

    /// Waits until the server has the event.
    ///
    /// # Errors
    /// When it does not have it after `limit`.
    pub fn await_event(&self, project: &str, id: &str, limit: Duration) -> Result<Value> {
        let start = Instant::now();
        loop {
            if let Some(event) = self.event(project, id)? {
                return Ok(event);
            }
            if start.elapsed() > limit {
                return Err(Failure::new(format!("event {id} of {project} did not arrive within {limit:?}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn all(&self, target: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        // More pages than any run makes; a server that always promises another must not hang us.
        for _ in 0..1_000 {
            let join = if target.contains('?') { '&' } else { '?' };
            let page =
                if cursor.is_empty() { target.to_owned() } else { format!("{target}{join}cursor={cursor}") };
            let answer = self.get(&page)?;
            if answer.status != 200 {
                return Err(Failure::new(format!("GET {page}: {} {}", answer.status, answer.text())));
            }
            match serde_json::from_slice(&answer.body)? {
                Value::Array(list) => items.extend(list),
                other => return Err(Failure::new(format!("GET {page}: not a list: {other}"))),
            }
            match answer.header("link").and_then(next_cursor) {
                Some(next) => cursor = next,
                None => return Ok(items),
            }
        }
        Err(Failure::new(format!("GET {target}: the pages never end")))
    }

    fn get(&self, target: &str) -> Result<Answer> {
        let bearer = format!("Bearer {}", self.token);
        request(
            &self.address,
            "GET",
            target,
            &[("Authorization", &bearer), ("Accept", "application/json")],
            &[],
        )
    }
}

fn issue(value: &Value) -> Result<Issue> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let count = text("count").and_then(|count| count.parse().ok());
    match (text("id"), text("title"), count) {
        (Some(id), Some(title), Some(count)) => Ok(Issue { id, title, count }),
        _ => Err(Failure::new(format!("an issue without id, title or count: {value}"))),
    }
}

/// The cursor of the next page, if the `Link` header says that it holds anything.
fn next_cursor(link: &str) -> Option<String> {
    let next = link.split(", ").find(|part| part.contains("rel=\"next\""))?;
    if !next.contains("results=\"true\"") {
        return None;
    }
    let (_, rest) = next.split_once("cursor=\"")?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_followed_only_if_it_holds_something() {
        let link = |results: &str| {
            format!(
                "<u?cursor=0:0:1>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", <u?cursor=0:100:0>; rel=\"next\"; results=\"{results}\"; cursor=\"0:100:0\""
            )
        };
        assert_eq!(next_cursor(&link("true")).as_deref(), Some("0:100:0"));
        assert_eq!(next_cursor(&link("false")), None);
    }

    #[test]
    fn an_issue_s_count_is_text() {
        let good = serde_json::json!({"id": "7", "title": "ValueError: x", "count": "2"});
        assert_eq!(issue(&good).unwrap().count, 2);
        assert!(issue(&serde_json::json!({"id": "7", "title": "x"})).is_err());
    }
}
