//! What holds for one project: its limits, filters and rules of scrubbing, compiled once when its settings are read.

mod agent;
mod filters;
mod glob;
mod grouping;
mod quota;
mod settings;

use std::sync::Arc;

use watchpost_core::{JsonScrubber, ScrubPatterns, Text};

pub(crate) use self::filters::Filters;
pub(crate) use self::grouping::{Groupers, GroupingSettings};
pub(crate) use self::quota::{CATEGORIES, Contents, Counters, Limit, Quotas, Scope, bit};
pub(crate) use self::settings::{
    AllSettings, FilterSettings, KeySettings, OrganizationSettings, ProjectSettings, QuotaSettings,
};
use crate::store::{ClientKey, OrgId, ProjectId};

/// A project as ingest and digest see it.
#[derive(Debug)]
pub(crate) struct LiveProject {
    pub(crate) id: ProjectId,
    pub(crate) keys: Vec<LiveKey>,
    /// Of the project, its organisation, and against spikes.
    pub(crate) quotas: Quotas,
    /// `None` when nothing is filtered.
    pub(crate) filters: Option<Filters>,
    /// `None` when the project switched scrubbing off.
    pub(crate) scrubber: Option<JsonScrubber>,
    /// Addresses of people are not stored.
    pub(crate) drops_addresses: bool,
    pub(crate) groupers: Groupers,
    /// Beyond so many events of an issue in an hour bodies thin out; 0 never.
    pub(crate) bodies_per_hour: u32,
}

/// An active key.
#[derive(Debug)]
pub(crate) struct LiveKey {
    pub(crate) public: String,
    pub(crate) quotas: Quotas,
}

/// A project that a request was let in to, and by which of its keys.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) project: Arc<LiveProject>,
    pub(crate) key: usize,
}

impl LiveProject {
    /// Compiles what the store has; `hourly` is how many events the project usually gets in an hour, `known` what was
    /// compiled before.
    pub(crate) fn new(
        id: ProjectId,
        organization: OrgId,
        keys: &[&ClientKey],
        settings: &AllSettings,
        hourly: Option<u64>,
        known: Option<&Self>,
    ) -> Self {
        let own = settings.projects.get(&id).cloned().unwrap_or_default();
        let mut quotas = Quotas::default();
        quotas.add(Scope::Project, id, &own.quotas);
        if let Some(shared) = settings.organizations.get(&organization) {
            quotas.add(Scope::Organization, organization, &shared.quotas);
        }
        if own.spike_protection
            && let Some(hourly) = hourly
        {
            quotas.add_spike(id, hourly);
        }
        let keys = keys.iter().map(|key| {
            let mut quotas = Quotas::default();
            if let Some(settings) = settings.keys.get(&key.id) {
                quotas.add(Scope::Key, key.id, &settings.quotas);
            }
            LiveKey { public: key.public.clone(), quotas }
        });
        let texts = |list: &[String]| list.iter().map(|text| Text::from(text.as_str())).collect::<Vec<_>>();
        let scrub = &own.scrub;
        let patterns = ScrubPatterns { cards: scrub.cards, tokens: scrub.tokens, emails: scrub.emails };
        let (fields, safe) = (texts(&scrub.sensitive_fields), texts(&scrub.safe_fields));
        Self {
            id,
            keys: keys.collect(),
            quotas,
            filters: Filters::new(&own.filters),
            scrubber: scrub.enabled.then(|| JsonScrubber::new(&fields, &safe, patterns, !scrub.addresses)),
            drops_addresses: scrub.enabled && scrub.addresses,
            groupers: Groupers::new(&own.grouping, known.map(|known| &known.groupers)),
            bodies_per_hour: own.bodies_per_hour,
        }
    }
}

impl Admitted {
    pub(crate) fn id(&self) -> ProjectId {
        self.project.id
    }
}
