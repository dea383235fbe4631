//! The rules of one project, compiled, and what they make of an event.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::rules::{BEFORE_RULES, Builtin, FingerprintRule, FingerprintRules, Judged, RuleError, StackRules};
use crate::json::{Map, Value};
use crate::normalize::NormalizedEvent;

/// A version of the rules by which events are grouped.
#[derive(Debug)]
pub struct Config {
    /// Its name, as it is stored.
    pub id: &'static str,
    /// What it brought.
    pub note: &'static str,
    builtin: fn() -> Builtin,
}

/// All versions, oldest first. One stays as long as hashes of it may be stored.
pub static CONFIGS: [Config; 2] = [
    Config {
        id: "wp:2026-11-22",
        note: "Variants app and system, exception groups, messages without what varies.",
        builtin: Builtin::default,
    },
    Config {
        id: super::CONFIG,
        note: "Built-in rules: frames that begin a thread or end a program do not count, chunks that could not be loaded \
               and pages that could not be hydrated have fingerprints of their own.",
        builtin: Builtin::of_2026_11_29,
    },
];

impl Config {
    /// The version of this name.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        CONFIGS.iter().find(|config| config.id == id)
    }

    /// The newest.
    #[must_use]
    pub fn newest() -> &'static Self {
        &CONFIGS[CONFIGS.len() - 1]
    }
}

/// A version of the rules with a project's own, compiled once.
#[derive(Debug)]
pub struct Grouper {
    pub(super) config: &'static Config,
    fingerprints: FingerprintRules,
    built_in: FingerprintRules,
    stack: StackRules,
    /// Whether the project has stack-trace rules of its own, which may change what an event shows.
    has_own_stack_rules: bool,
}

static STANDARD: LazyLock<Arc<Grouper>> = LazyLock::new(|| Arc::new(Grouper::of(Config::newest())));

/// Which rules cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesError {
    /// Nobody knows a version of this name.
    Config(String),
    /// Fingerprint rules.
    Fingerprint(RuleError),
    /// Stack-trace rules.
    Stack(RuleError),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(id) => {
                write!(f, "groupingConfig: {id:?} is not known; the newest is {:?}", Config::newest().id)
            }
            Self::Fingerprint(error) => write!(f, "fingerprintingRules: {error}"),
            Self::Stack(error) => write!(f, "groupingEnhancements: {error}"),
        }
    }
}

impl std::error::Error for RulesError {}

impl Grouper {
    /// Compiles a project's rules on top of a version's own; no version means the newest.
    ///
    /// # Errors
    /// With the field, and the line and column in it, of what cannot be understood.
    pub fn new(config: Option<&str>, fingerprints: &str, stack: &str) -> Result<Self, RulesError> {
        let config = match config {
            None => Config::newest(),
            Some(id) => Config::named(id).ok_or_else(|| RulesError::Config(id.to_owned()))?,
        };
        let Builtin { stack: base, fingerprints: built_in } = (config.builtin)();
        let own = StackRules::parse(stack).map_err(RulesError::Stack)?;
        Ok(Self {
            config,
            fingerprints: FingerprintRules::parse(fingerprints).map_err(RulesError::Fingerprint)?,
            built_in,
            has_own_stack_rules: !own.is_empty(),
            stack: base.then(&own),
        })
    }

    /// A version without a project's rules.
    #[must_use]
    pub fn of(config: &'static Config) -> Self {
        let Builtin { stack, fingerprints: built_in } = (config.builtin)();
        Self {
            config,
            fingerprints: FingerprintRules::default(),
            built_in,
            stack,
            has_own_stack_rules: false,
        }
    }

    /// The newest version without a project's rules.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The same, shared.
    pub(crate) fn shared() -> Arc<Self> {
        Arc::clone(&STANDARD)
    }

    /// Writes into the event's frames what the project's rules say of them; true when something changed. What stood
    /// there before is kept in `data.in_app_before_rules`.
    pub fn mark(&self, body: &mut Map) -> bool {
        if !self.has_own_stack_rules {
            return false;
        }
        let platform = body.get("platform").and_then(Value::as_str).unwrap_or("other").to_owned();
        let mut changed = false;
        for holder in ["exception", "threads"] {
            let owners = body.get_mut(holder).and_then(|holder| holder.get_mut("values")?.as_array_mut());
            for owner in owners.into_iter().flatten() {
                let exception = (holder == "exception").then_some(&*owner);
                let frames = owner.get("stacktrace").and_then(|stack| stack.get("frames")?.as_array());
                let Some(judged) = frames.and_then(|frames| self.stack.judge(frames, &platform, exception))
                else {
                    continue;
                };
                let frames = owner.get_mut("stacktrace").and_then(|s| s.get_mut("frames")?.as_array_mut());
                for (frame, verdict) in frames.into_iter().flatten().zip(&judged.frames) {
                    changed |=
                        write(frame, verdict.marked.then_some(verdict.in_app), verdict.category.as_deref());
                }
            }
        }
        changed
    }

    /// The rule that gives an event its fingerprint, and whether it is a built-in one.
    pub(super) fn rule(
        &self,
        event: &NormalizedEvent,
        has_client_word: bool,
    ) -> Option<(&FingerprintRule, bool)> {
        let own = self.fingerprints.find(event).map(|rule| (rule, false));
        own.or_else(|| {
            let built_in = (!has_client_word).then(|| self.built_in.find(event))?;
            built_in.map(|rule| (rule, true))
        })
    }
}

/// Takes out of a stored event's frames what rules wrote into them.
pub(crate) fn unmark(body: &mut Map) {
    for holder in ["exception", "threads"] {
        let owners = body.get_mut(holder).and_then(|holder| holder.get_mut("values")?.as_array_mut());
        for owner in owners.into_iter().flatten() {
            let frames =
                owner.get_mut("stacktrace").and_then(|stack| stack.get_mut("frames")?.as_array_mut());
            for frame in frames.into_iter().flatten() {
                let before = frame.get_mut("data").and_then(Value::as_object_mut);
                if let Some(before) = before.and_then(|data| data.remove(BEFORE_RULES)) {
                    frame["in_app"] = before;
                }
            }
        }
    }
}

fn write(frame: &mut Value, in_app: Option<bool>, category: Option<&str>) -> bool {
    let Value::Object(frame) = frame else { return false };
    let before = frame.get("in_app").and_then(Value::as_bool).unwrap_or(false);
    let in_app = in_app.filter(|in_app| *in_app != before);
    if in_app.is_none() && category.is_none() {
        return false;
    }
    if let Some(in_app) = in_app {
        frame.insert("in_app".into(), in_app.into());
    }
    let data = frame.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(data) = data {
        if in_app.is_some() {
            data.insert(BEFORE_RULES.into(), before.into());
        }
        if let Some(category) = category {
            data.insert("category".into(), category.into());
        }
    }
    in_app.is_some()
}

/// Where a list of frames lies, and what the rules say about it.
type Known = (*const Value, Option<Rc<Judged>>);

/// A grouper at work on one event: each stack trace is judged once, however many variants look at it.
#[derive(Debug)]
pub(super) struct Lens<'g> {
    pub(super) grouper: &'g Grouper,
    judged: RefCell<Vec<Known>>,
}

impl<'g> Lens<'g> {
    pub(super) fn new(grouper: &'g Grouper) -> Self {
        Self { grouper, judged: RefCell::default() }
    }

    /// What the rules say about a list of frames of the event.
    pub(super) fn judge(
        &self,
        frames: &[Value],
        platform: &str,
        exception: Option<&Value>,
    ) -> Option<Rc<Judged>> {
        if self.grouper.stack.is_empty() {
            return None;
        }
        let place = frames.as_ptr();
        if let Some((_, known)) = self.judged.borrow().iter().find(|(known, _)| *known == place) {
            return known.clone();
        }
        let judged = self.grouper.stack.judge(frames, platform, exception).map(Rc::new);
        self.judged.borrow_mut().push((place, judged.clone()));
        judged
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;
    use crate::group::tests::event;

    #[test]
    fn what_rules_write_is_undone() {
        let frames = json!([{"function": "a", "in_app": true}, {"function": "b", "in_app": false}]);
        let mut event = event(
            json!({"platform": "python", "exception": {"type": "A", "stacktrace": {"frames": frames}}}),
        );
        let before = event.body.clone();
        let grouper = Grouper::new(None, "", "function:a -app category=x\nfunction:b +app").unwrap();
        assert!(grouper.mark(&mut event.body));
        let frames = event.body["exception"]["values"][0]["stacktrace"]["frames"].clone();
        assert_eq!((frames[0]["in_app"].as_bool(), frames[1]["in_app"].as_bool()), (Some(false), Some(true)));
        assert_eq!(frames[0]["data"]["category"], "x");
        let marked = grouper.group(&event).hashes;
        unmark(&mut event.body);
        for (frame, old) in [(0, true), (1, false)] {
            let now = &event.body["exception"]["values"][0]["stacktrace"]["frames"][frame];
            assert_eq!(now["in_app"], old);
        }
        assert_eq!(grouper.group(&event).hashes, marked, "rules start from the client's word");
        assert_ne!(Grouper::standard().group(&event).hashes, marked);
        assert!(!Grouper::standard().mark(&mut event.body));
        drop(before);
    }

    #[test]
    fn errors_name_the_field() {
        let error = Grouper::new(None, "", "function:a").unwrap_err().to_string();
        assert!(error.starts_with("groupingEnhancements: line 1, column 11: expected an action"), "{error}");
        let error = Grouper::new(None, "type:A", "").unwrap_err().to_string();
        assert!(error.starts_with("fingerprintingRules: line 1, column 7: expected ->"), "{error}");
        let error = Grouper::new(Some("old"), "", "").unwrap_err().to_string();
        assert!(error.starts_with("groupingConfig: \"old\" is not known"), "{error}");
    }
}
