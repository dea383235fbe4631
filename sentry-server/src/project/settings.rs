//! Settings as they are stored: JSON, with a default for everything that is missing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchpost_core::Category;

use super::grouping::GroupingSettings;
use crate::proxy::TrustedProxy;
use crate::store::{OrgId, ProjectId};

/// Settings of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ProjectSettings {
    #[schema(inline)]
    pub(crate) quotas: Vec<QuotaSettings>,
    /// Refuses what is far more than the project usually gets: six times its hourly mean of a week, at least 10,000.
    pub(crate) spike_protection: bool,
    #[schema(inline)]
    pub(crate) filters: FilterSettings,
    #[schema(inline)]
    pub(crate) scrub: ScrubSettings,
    #[schema(inline)]
    pub(crate) grouping: GroupingSettings,
    /// Of an issue that gets more events than this in an hour, only some keep their bodies; all are counted and listed.
    /// 0 keeps every body.
    pub(crate) bodies_per_hour: u32,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            quotas: Vec::new(),
            spike_protection: false,
            filters: FilterSettings::default(),
            scrub: ScrubSettings::default(),
            grouping: GroupingSettings::default(),
            bodies_per_hour: 1_000,
        }
    }
}

/// Settings of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct OrganizationSettings {
    /// Over all projects together.
    #[schema(inline)]
    pub(crate) quotas: Vec<QuotaSettings>,
}

/// Settings of a client key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct KeySettings {
    #[schema(inline)]
    pub(crate) quotas: Vec<QuotaSettings>,
}

/// At most so much of some categories in each span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QuotaSettings {
    /// Names of categories, like `error`; none means all.
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    pub(crate) limit: u64,
    pub(crate) window_seconds: u64,
}

/// What is not wanted although it was sent. Nothing is filtered unless somebody asks for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct FilterSettings {
    pub(crate) legacy_browsers: bool,
    pub(crate) browser_extensions: bool,
    pub(crate) localhost: bool,
    pub(crate) web_crawlers: bool,
    /// Transactions of health checks.
    pub(crate) health_checks: bool,
    /// Patterns with `*` and `?` of `Type: value` or the message.
    pub(crate) error_messages: Vec<String>,
    pub(crate) releases: Vec<String>,
    /// Addresses and networks, like `10.0.0.0/8`.
    pub(crate) ip_addresses: Vec<String>,
}

/// What is masked before anything is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ScrubSettings {
    pub(crate) enabled: bool,
    /// More keys whose values are masked, by substring.
    pub(crate) sensitive_fields: Vec<String>,
    /// Keys that are never masked.
    pub(crate) safe_fields: Vec<String>,
    /// Addresses of people are masked, and the connection's is not stored.
    pub(crate) addresses: bool,
    pub(crate) cards: bool,
    pub(crate) tokens: bool,
    pub(crate) emails: bool,
}

impl Default for ScrubSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            sensitive_fields: Vec::new(),
            safe_fields: Vec::new(),
            addresses: false,
            cards: false,
            tokens: false,
            emails: false,
        }
    }
}

impl ProjectSettings {
    /// Whether all of it can be.
    ///
    /// # Errors
    /// Names what cannot, and shows a right value.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_quotas(&self.quotas)?;
        for address in &self.filters.ip_addresses {
            address.parse::<TrustedProxy>()?;
        }
        self.grouping.compile().map(drop).map_err(|error| error.to_string())
    }
}

impl OrganizationSettings {
    /// # Errors
    /// As [`ProjectSettings::check`].
    pub(crate) fn check(&self) -> Result<(), String> {
        check_quotas(&self.quotas)
    }
}

impl KeySettings {
    /// # Errors
    /// As [`ProjectSettings::check`].
    pub(crate) fn check(&self) -> Result<(), String> {
        check_quotas(&self.quotas)
    }
}

fn check_quotas(quotas: &[QuotaSettings]) -> Result<(), String> {
    for quota in quotas {
        if let Some(name) = quota.categories.iter().find(|name| Category::parse(name).is_none()) {
            return Err(format!("{name:?} is no category; one is \"error\""));
        }
        if quota.window_seconds == 0 {
            return Err("window_seconds is 0; an hour is 3600".to_owned());
        }
    }
    Ok(())
}

/// All settings there are, by what they belong to.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllSettings {
    pub(crate) organizations: HashMap<OrgId, OrganizationSettings>,
    pub(crate) projects: HashMap<ProjectId, ProjectSettings>,
    /// By the number of the key.
    pub(crate) keys: HashMap<i64, KeySettings>,
}
