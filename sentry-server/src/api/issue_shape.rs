//! An issue as JSON.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::caller::Caller;
use super::scope::OrgScope;
use super::short_id;
use crate::app::App;
use crate::error::ApiError;
use crate::instant::{self, HOUR, Micros, SECOND, rfc3339};
use crate::store::{Issue, IssueId, Marks, Project};

/// Which sparkline a list carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    TwoWeeks,
}

impl Period {
    pub(super) fn parse(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("" | "24h" | "auto") => Some(Self::Day),
            Some("14d") => Some(Self::TwoWeeks),
            Some(_) => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::TwoWeeks => "14d",
        }
    }

    /// The first hour shown.
    pub(super) fn since_hour(self, now: Micros) -> i64 {
        let hour = instant::hour(now);
        match self {
            Self::Day => hour - 23,
            Self::TwoWeeks => (instant::day(now) - 13) * 24,
        }
    }

    /// `[unix seconds, events]` for every hour or day, empty ones included.
    pub(super) fn series(self, hours: &[(i64, i64)], now: Micros) -> Vec<(i64, i64)> {
        let (count, step) = match self {
            Self::Day => (24, 1),
            Self::TwoWeeks => (14, 24),
        };
        let start = self.since_hour(now);
        let mut series: Vec<(i64, i64)> =
            (0..count).map(|slot| ((start + slot * step) * (HOUR / SECOND), 0)).collect();
        for (hour, events) in hours {
            let slot = (hour - start).div_euclid(step);
            if let Some(slot) = usize::try_from(slot).ok().and_then(|slot| series.get_mut(slot)) {
                slot.1 += events;
            }
        }
        series
    }
}

/// Who owns what, and what the caller has marked.
#[derive(Debug, Default)]
pub(super) struct People {
    names: HashMap<String, Value>,
    marks: HashMap<IssueId, Marks>,
    notes: HashMap<IssueId, i64>,
}

impl People {
    pub(super) async fn read(
        app: &App,
        found: &OrgScope,
        caller: &Caller,
        ids: Vec<IssueId>,
    ) -> Result<Self, ApiError> {
        let (org, user) = (found.org.id, caller.holder.as_ref().map(|holder| holder.id));
        app.with_store(move |store| {
            let mut names = HashMap::new();
            for member in store.members(org)? {
                let value = json!({
                    "type": "user", "id": member.user.to_string(), "name": member.username, "email": member.username,
                });
                names.insert(format!("user:{}", member.user), value);
            }
            for team in store.teams(org)? {
                let value = json!({ "type": "team", "id": team.id.to_string(), "name": team.slug });
                names.insert(format!("team:{}", team.id), value);
            }
            let marks = match user {
                Some(user) => ids.iter().copied().zip(store.marks(user, &ids)?).collect(),
                None => HashMap::new(),
            };
            let notes = ids.iter().copied().zip(store.note_counts(&ids)?).collect();
            Ok(Self { names, marks, notes })
        })
        .await
    }
}

pub(super) fn shape(app: &App, org: &str, project: &Project, issue: &Issue, people: &People) -> Value {
    let marks = people.marks.get(&issue.id).copied().unwrap_or_default();
    let base = &app.public_url;
    json!({
        "id": issue.id.to_string(),
        "shareId": null,
        "shortId": short_id::format(&project.slug, issue.number),
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": format!("{base}/organizations/{org}/issues/{}/", issue.id),
        "logger": issue.logger,
        "level": issue.level,
        "status": issue.status.as_str(),
        "statusDetails": issue.details,
        "substatus": issue.substatus,
        "isPublic": false,
        "platform": issue.platform,
        "priority": issue.priority.as_deref().unwrap_or_else(|| priority(&issue.level)),
        "project": {
            "id": project.id.to_string(),
            "slug": project.slug,
            "name": project.name,
            "platform": project.platform,
        },
        "type": issue.kind,
        "issueType": "error",
        "issueCategory": "error",
        "metadata": issue.metadata,
        "numComments": people.notes.get(&issue.id).copied().unwrap_or_default(),
        "assignedTo": issue.assignee.as_ref().and_then(|name| people.names.get(name)),
        "isBookmarked": marks.bookmarked,
        "isSubscribed": marks.subscribed,
        "subscriptionDetails": null,
        "hasSeen": marks.seen,
        "annotations": [],
        "isUnhandled": issue.unhandled,
        "count": issue.count.to_string(),
        "userCount": issue.users,
        "firstSeen": rfc3339(issue.first_seen),
        "lastSeen": rfc3339(issue.last_seen),
        "firstRelease": release(issue.first_release.as_deref()),
        "lastRelease": release(issue.last_release.as_deref()),
    })
}

fn release(version: Option<&str>) -> Value {
    version.map_or(Value::Null, |version| json!({ "version": version, "shortVersion": version }))
}

fn priority(level: &str) -> &'static str {
    match level {
        "fatal" | "error" => "high",
        "warning" => "medium",
        _ => "low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_every_slot_and_counts_nothing_twice() {
        let now = 1_000 * HOUR + 5;
        let hours = [(900, 9), (977, 1), (1_000, 2)];
        let day = Period::Day.series(&hours, now);
        assert_eq!((day.len(), day[0], day[23]), (24, (977 * 3_600, 1), (1_000 * 3_600, 2)));
        let weeks = Period::TwoWeeks.series(&hours, now);
        assert_eq!(weeks.len(), 14);
        assert_eq!(weeks.iter().map(|slot| slot.1).sum::<i64>(), 12);
        assert_eq!(Period::parse(Some("7d")), None);
    }
}
