//! Limits of how much is taken: per key, project and organisation, and against spikes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use watchpost_core::Category;

use super::Admitted;
use super::settings::QuotaSettings;
use crate::instant::{Micros, SECOND};

/// What a request brought: quantities by category.
pub(crate) type Contents = Vec<(Category, u64)>;

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Key,
    Project,
    Organization,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Project => "project",
            Self::Organization => "organization",
        }
    }
}

/// Some limits of one thing.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Vec<Quota>);

#[derive(Debug)]
struct Quota {
    /// Names its counter, which outlives a change of the settings.
    name: Name,
    reason: &'static str,
    /// Bits of categories.
    mask: u32,
    limit: u64,
    window: Micros,
}

type Name = (Scope, i64, u32, Micros, &'static str);

impl Quotas {
    pub(super) fn add(&mut self, scope: Scope, id: i64, settings: &[QuotaSettings]) {
        let reason = match scope {
            Scope::Key => "key_limit",
            Scope::Project => "project_quota",
            Scope::Organization => "organization_quota",
        };
        for quota in settings {
            let named = quota.categories.iter().filter_map(|name| Category::parse(name)).map(bit);
            let mask = if quota.categories.is_empty() { ALL } else { named.fold(0, |mask, bit| mask | bit) };
            let window = (quota.window_seconds.clamp(1, MAX_WINDOW_SECONDS) as Micros) * SECOND;
            let name = (scope, id, mask, window, reason);
            self.0.push(Quota { name, reason, mask, limit: quota.limit, window });
        }
    }

    /// Errors and transactions far above what an hour usually brings.
    pub(super) fn add_spike(&mut self, project: i64, hourly: u64) {
        let mask = bit(Category::Error) | bit(Category::Transaction);
        let window = 3_600 * SECOND;
        let limit = hourly.saturating_mul(SPIKE_FACTOR).max(SPIKE_FLOOR);
        let name = (Scope::Project, project, mask, window, "spike_protection");
        self.0.push(Quota { name, reason: "spike_protection", mask, limit, window });
    }
}

/// A limit that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) category: Category,
    pub(crate) scope: Scope,
    pub(crate) reason: &'static str,
    pub(crate) seconds: u64,
}

/// What of a request is within the limits.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) limits: Vec<Limit>,
    /// Bits of the categories that are not taken.
    pub(crate) mask: u32,
}

impl Taken {
    /// Files and profiles are not taken without the event that they came with.
    pub(crate) fn add_companions(&mut self, contents: &[(Category, u64)]) {
        let is_event = |category: Category| matches!(category, Category::Error | Category::Transaction);
        let Some(limit) = self.limits.iter().find(|limit| is_event(limit.category)).copied() else { return };
        // With another event beside it, they may be that one's.
        let is_taken = |category: Category| self.mask & bit(category) == 0;
        if contents.iter().any(|(category, _)| is_event(*category) && is_taken(*category)) {
            return;
        }
        for (category, _) in contents {
            if matches!(category, Category::Attachment | Category::Profile) && self.mask & bit(*category) == 0
            {
                self.mask |= bit(*category);
                self.limits.push(Limit { category: *category, ..limit });
            }
        }
    }
}

/// How much of each limit is used up.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<HashMap<Name, Window>>);

#[derive(Debug, Default, Clone, Copy)]
struct Window {
    start: Micros,
    used: u64,
}

impl Counters {
    /// Books what is within all limits, and says what is not. What is refused by one limit does not use up another.
    pub(crate) fn take(&self, admitted: &Admitted, contents: &[(Category, u64)], now: Micros) -> Taken {
        let project = &admitted.project;
        let key = project.keys.get(admitted.key).map(|key| &key.quotas);
        let quotas = || key.into_iter().chain([&project.quotas]).flat_map(|quotas| &quotas.0);
        let mut taken = Taken::default();
        if quotas().next().is_none() {
            return taken;
        }
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > MAX_WINDOWS {
            windows.retain(|name, window| now - window.start < name.3);
        }
        for (category, quantity) in contents {
            let own = bit(*category);
            // Client reports are how users learn of losses.
            if *category == Category::Internal {
                continue;
            }
            let mut met = None;
            for quota in quotas().filter(|quota| quota.mask & own != 0) {
                let window = windows.entry(quota.name).or_default();
                if now - window.start >= quota.window || now < window.start {
                    *window = Window { start: now - now.rem_euclid(quota.window), used: 0 };
                }
                if window.used.saturating_add(*quantity) > quota.limit {
                    let left = (window.start + quota.window - now).max(0) / SECOND + 1;
                    let seconds = (left as u64).min(MAX_HEADER_SECONDS);
                    met = Some(Limit {
                        category: *category,
                        scope: quota.name.0,
                        reason: quota.reason,
                        seconds,
                    });
                    break;
                }
            }
            match met {
                Some(limit) => {
                    taken.mask |= own;
                    taken.limits.push(limit);
                }
                None => {
                    for quota in quotas().filter(|quota| quota.mask & own != 0) {
                        windows.entry(quota.name).or_default().used += quantity;
                    }
                }
            }
        }
        taken
    }
}

/// A category's bit. Bits are written into the spool: the order never changes, new ones go to the end.
pub(crate) fn bit(category: Category) -> u32 {
    let at = CATEGORIES.iter().position(|known| *known == category).unwrap_or(0);
    1 << at
}

/// All there are.
pub(crate) const CATEGORIES: [Category; 19] = [
    Category::Default,
    Category::Error,
    Category::Transaction,
    Category::Span,
    Category::Monitor,
    Category::LogItem,
    Category::LogByte,
    Category::Security,
    Category::Attachment,
    Category::Session,
    Category::Profile,
    Category::ProfileChunk,
    Category::ProfileChunkUi,
    Category::Replay,
    Category::Feedback,
    Category::TraceMetric,
    Category::TraceMetricByte,
    Category::MetricBucket,
    Category::Internal,
];

const ALL: u32 = u32::MAX;
const MAX_WINDOW_SECONDS: u64 = 31 * 24 * 3_600;
/// Clients look again after a minute at the latest.
const MAX_HEADER_SECONDS: u64 = 60;
const SPIKE_FACTOR: u64 = 6;
const SPIKE_FLOOR: u64 = 10_000;
const MAX_WINDOWS: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::project::{AllSettings, KeySettings, LiveProject, OrganizationSettings, ProjectSettings};
    use crate::store::ClientKey;

    fn quota(categories: &[&str], limit: u64, window_seconds: u64) -> QuotaSettings {
        let categories = categories.iter().map(|name| (*name).to_owned()).collect();
        QuotaSettings { categories, limit, window_seconds }
    }

    fn admitted(settings: &AllSettings, project: i64, hourly: Option<u64>) -> Admitted {
        let key = ClientKey {
            id: 7,
            project,
            public: "k".to_owned(),
            label: String::new(),
            active: true,
            created: 0,
        };
        Admitted { project: Arc::new(LiveProject::new(project, 1, &[&key], settings, hourly, None)), key: 0 }
    }

    #[test]
    fn the_narrowest_limit_decides_and_windows_begin_anew() {
        let mut settings = AllSettings::default();
        settings.keys.insert(7, KeySettings { quotas: vec![quota(&["error"], 2, 60)] });
        let own = ProjectSettings { quotas: vec![quota(&["error"], 3, 60)], ..ProjectSettings::default() };
        settings.projects.insert(1, own);
        settings.organizations.insert(1, OrganizationSettings { quotas: vec![quota(&[], 4, 60)] });
        let (counters, one) = (Counters::default(), admitted(&settings, 1, None));
        let now = 1_000 * 60 * SECOND + 20 * SECOND;
        let error = [(Category::Error, 1)];
        let take = |contents: &[(Category, u64)], now| {
            let taken = counters.take(&one, contents, now);
            taken.limits.iter().map(|limit| (limit.reason, limit.seconds)).collect::<Vec<_>>()
        };
        assert_eq!((take(&error, now), take(&error, now)), (vec![], vec![]));
        assert_eq!(take(&error, now), [("key_limit", 41)]);
        // What the key's limit refused did not use up the organisation's: two of four are left.
        assert_eq!(take(&[(Category::Session, 2)], now), []);
        let both = [(Category::Session, 1), (Category::Internal, 1)];
        assert_eq!(take(&both, now), [("organization_quota", 41)], "reports are never limited");
        assert_eq!(take(&error, now + 40 * SECOND), [], "a new minute");
        let two = admitted(&settings, 2, None);
        assert_eq!(
            counters.take(&two, &[(Category::Error, 9)], now + 40 * SECOND).mask,
            bit(Category::Error)
        );
    }

    #[test]
    fn spikes_are_measured_by_the_usual_hour() {
        let mut settings = AllSettings::default();
        settings.projects.insert(1, ProjectSettings { spike_protection: true, ..ProjectSettings::default() });
        let take = |hourly: Option<u64>, quantity: u64| {
            let one = admitted(&settings, 1, hourly);
            let taken = Counters::default().take(&one, &[(Category::Error, quantity)], 0);
            taken.limits.first().map(|limit| limit.reason)
        };
        assert_eq!(take(Some(5_000), 30_000), None);
        assert_eq!(take(Some(5_000), 30_001), Some("spike_protection"));
        assert_eq!(take(Some(1), 10_000), None, "a small project is not stopped by its first bad hour");
        assert_eq!(take(None, 1_000_000), None, "without a history nothing is unusual");
    }

    #[test]
    fn bits_are_all_different() {
        let all = CATEGORIES.into_iter().map(bit).fold(0, |mask, bit| mask | bit);
        assert_eq!(all.count_ones() as usize, CATEGORIES.len());
    }
}
