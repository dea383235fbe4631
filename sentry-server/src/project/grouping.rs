//! How a project's events are grouped: its settings, and what they are compiled to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::group::{Config, Grouper, RulesError};
use crate::instant::{DAY, Micros};

/// Settings of a project's grouping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct GroupingSettings {
    /// The version of the rules; the newest when `None`.
    pub(crate) config: Option<String>,
    /// One rule a line.
    pub(crate) fingerprint_rules: String,
    /// One rule a line.
    pub(crate) stack_rules: String,
    /// Whether the project goes on to a newer version by itself.
    pub(crate) auto_update: bool,
    /// Whether issues are also looked for by the hashes that Sentry gives events: some were imported from there.
    pub(crate) sentry_hashes: bool,
    /// What held before the last change.
    #[schema(inline)]
    pub(crate) previous: Option<PreviousGrouping>,
}

/// What held before: its hashes still lead to the issues that they made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct PreviousGrouping {
    pub(crate) config: Option<String>,
    pub(crate) fingerprint_rules: String,
    pub(crate) stack_rules: String,
    /// Microseconds; from then on they do not.
    #[schema(value_type = i64)]
    pub(crate) until: Micros,
}

impl Default for GroupingSettings {
    fn default() -> Self {
        Self {
            config: None,
            fingerprint_rules: String::new(),
            stack_rules: String::new(),
            auto_update: true,
            sentry_hashes: false,
            previous: None,
        }
    }
}

impl GroupingSettings {
    pub(crate) fn config(&self) -> &str {
        self.config.as_deref().unwrap_or(Config::newest().id)
    }

    /// Compiles what holds now.
    ///
    /// # Errors
    /// With the field, line and column of what cannot be understood.
    pub(crate) fn compile(&self) -> Result<Arc<Grouper>, RulesError> {
        compile(self.config.as_deref(), &self.fingerprint_rules, &self.stack_rules)
    }

    /// Keeps what held before, for the time of a transition, if events may be grouped otherwise by these settings.
    pub(crate) fn keep_old(&mut self, old: &Self, now: Micros) {
        let rules = |settings: &Self| {
            (settings.config().to_owned(), settings.fingerprint_rules.clone(), settings.stack_rules.clone())
        };
        if rules(self) == rules(old) {
            if self.previous.is_none() {
                self.previous.clone_from(&old.previous);
            }
            return;
        }
        // Changed twice in a row: issues are known by the hashes from before the first change or after it; the older ones
        // have led to an issue of the newer kind by then, or to none.
        self.previous = Some(PreviousGrouping {
            config: Some(old.config().to_owned()),
            fingerprint_rules: old.fingerprint_rules.clone(),
            stack_rules: old.stack_rules.clone(),
            until: now + TRANSITION,
        });
    }

    /// Goes on to the newest version, if the project follows it and is not there yet; true when that changed something.
    pub(crate) fn update(&mut self, now: Micros) -> bool {
        if !self.auto_update || self.config() == Config::newest().id {
            return false;
        }
        let old = self.clone();
        self.config = Some(Config::newest().id.to_owned());
        self.keep_old(&old, now);
        true
    }
}

/// What a project's events are grouped by.
#[derive(Debug, Clone)]
pub(crate) struct Groupers {
    /// What these were made of.
    settings: GroupingSettings,
    pub(crate) now: Arc<Grouper>,
    before: Option<(Arc<Grouper>, Micros)>,
}

impl Default for Groupers {
    fn default() -> Self {
        Self { settings: GroupingSettings::default(), now: Grouper::shared(), before: None }
    }
}

impl Groupers {
    /// Compiles settings, unless `known` was made of the same. Rules that cannot be read are said and left out.
    pub(crate) fn new(settings: &GroupingSettings, known: Option<&Self>) -> Self {
        if let Some(known) = known.filter(|known| known.settings == *settings) {
            return known.clone();
        }
        let now = settings.compile().unwrap_or_else(|error| {
            crate::log::error(format_args!("the grouping rules of a project are ignored: {error}"));
            Grouper::shared()
        });
        let before = settings.previous.as_ref().and_then(|previous| {
            let grouper =
                compile(previous.config.as_deref(), &previous.fingerprint_rules, &previous.stack_rules);
            Some((grouper.ok()?, previous.until))
        });
        Self { settings: settings.clone(), now, before }
    }

    /// Whether an event may belong to an issue that was imported from Sentry.
    pub(crate) fn knows_imported(&self) -> bool {
        self.settings.sentry_hashes
    }

    /// What held before, while its hashes still count.
    pub(crate) fn before(&self, now: Micros) -> Option<&Grouper> {
        self.before.as_ref().filter(|(_, until)| now < *until).map(|(grouper, _)| grouper.as_ref())
    }
}

fn compile(config: Option<&str>, fingerprints: &str, stack: &str) -> Result<Arc<Grouper>, RulesError> {
    let is_standard = config.is_none_or(|config| config == Config::newest().id);
    if is_standard && fingerprints.trim().is_empty() && stack.trim().is_empty() {
        return Ok(Grouper::shared());
    }
    Grouper::new(config, fingerprints, stack).map(Arc::new)
}

/// As long as issues are kept without new events, by default.
pub(crate) const TRANSITION: Micros = 90 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_held_before_is_kept_for_a_while() {
        let old = GroupingSettings::default();
        let mut new = GroupingSettings { stack_rules: "function:a -group".to_owned(), ..old.clone() };
        new.keep_old(&old, 5);
        let previous = new.previous.clone().unwrap();
        assert_eq!((previous.until, previous.stack_rules.as_str()), (5 + TRANSITION, ""));
        let mut same = GroupingSettings { previous: None, ..new.clone() };
        same.keep_old(&new, 6);
        assert_eq!(same, new, "nothing changed, and the transition goes on");
        let groupers = Groupers::new(&new, None);
        assert!(groupers.before(5).is_some() && groupers.before(5 + TRANSITION).is_none());
        assert!(Arc::ptr_eq(&Groupers::new(&new, Some(&groupers)).now, &groupers.now), "compiled once");
        assert!(Arc::ptr_eq(&Groupers::new(&old, None).now, &Grouper::shared()));
    }

    #[test]
    fn projects_follow_the_newest_version_unless_they_do_not_want_to() {
        let mut old =
            GroupingSettings { config: Some("wp:2026-11-22".to_owned()), ..GroupingSettings::default() };
        let mut fixed = GroupingSettings { auto_update: false, ..old.clone() };
        assert!(old.update(7) && !old.update(8) && !fixed.update(7));
        assert_eq!(old.config(), Config::newest().id);
        assert_eq!(old.previous.unwrap().config.as_deref(), Some("wp:2026-11-22"));
        assert_eq!(fixed.config(), "wp:2026-11-22");
    }
}
