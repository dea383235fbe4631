//! Decides which events are the same problem.
//!
//! A pure function from a [`NormalizedEvent`] to the hashes that name its issue. Each event has up to two variants:
//! `app`, in which only the application's own frames count, and `system`, in which all do. Hashes are looked up in
//! the order given; the first that is known decides, and the others are attached to the same issue.
//!
//! A project's rules come on top: fingerprint rules give an event its fingerprint, stack-trace rules say which frames
//! count ([`Grouper`]).
//!
//! *Order of strategies*: exceptions, threads, template, security report, message. The first that has something to say
//! wins. A client's `checksum` or `fingerprint` comes before all of them.
//!
//! Line and column numbers never take part.

mod component;
mod exception;
mod exception_group;
mod fingerprint;
mod frame;
mod grouper;
mod hash;
pub mod message;
mod rules;
mod sentry;
mod shingle;
mod simple;
mod stacktrace;
mod strategy;

use std::hash::{Hash, Hasher};

use serde::Serialize;

use self::component::Shared;
pub use self::component::{Component, Content};
use self::grouper::Lens;
pub(crate) use self::grouper::unmark;
pub use self::grouper::{CONFIGS, Config, Grouper, RulesError};
pub use self::hash::GroupHash;
pub use self::rules::RuleError;
pub(crate) use self::sentry::hashes as sentry_hashes;
pub(crate) use self::shingle::{SKETCH, likeness, sketch};
use crate::json::Value;
use crate::normalize::{self, EventKind, Metadata, NormalizedEvent};

/// Names the newest version of the rules. It changes whenever the same event could get another hash; the old one stays
/// in [`CONFIGS`] then, so that issues are found by their old hashes for a while.
pub const CONFIG: &str = "wp:2026-11-29";

/// How an event was grouped.
#[derive(Debug, Clone, Serialize)]
pub struct Grouping {
    /// The version of the rules that were applied.
    pub config: &'static str,
    /// Distinct hashes in lookup order. Never empty.
    pub hashes: Vec<GroupHash>,
    /// What the hashes rest on.
    pub basis: Basis,
    /// The fingerprint rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<MatchedRule>,
    /// The fingerprint with its variables filled in, where a client or a rule gave one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fingerprint: Vec<String>,
    /// What contributed, what did not, and why; the first variant's hash is the first of `hashes`.
    pub variants: Vec<Variant>,
    /// One line for the list of issues; differs from the event's if another exception of a group is the main one.
    pub title: String,
    /// Where it happened, in a few words.
    pub culprit: String,
    /// What the title was made of.
    pub metadata: Metadata,
    /// What sort of issue this makes.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// False if the event holds nothing that tells it from others of its kind.
    pub groupable: bool,
}

impl Grouping {
    /// Names the reasons, as 63 bits of a BLAKE3: the same for all events that have the same tree.
    pub(crate) fn tree_id(&self) -> i64 {
        let mut bytes = Bytes(Vec::with_capacity(8_192));
        let Tree { config, basis, groupable, rule, fingerprint, variants } = self.reasons();
        (config, basis, groupable, rule, fingerprint).hash(&mut bytes);
        let mut shared = Shared::default();
        for Variant { name, hash, hint, component } in variants {
            (name, hash, hint).hash(&mut bytes);
            component.name(&mut bytes, &mut shared);
            shared.again();
        }
        let mut short = [0; 8];
        short.copy_from_slice(&blake3::hash(&bytes.0).as_bytes()[..8]);
        i64::from_le_bytes(short) & i64::MAX
    }

    fn reasons(&self) -> Tree<'_> {
        Tree {
            config: self.config,
            basis: self.basis,
            groupable: self.groupable,
            rule: self.rule.as_ref(),
            fingerprint: &self.fingerprint,
            variants: &self.variants,
        }
    }

    /// What is stored of it, as JSON: the same bytes for all events that were grouped for the same reasons.
    pub(crate) fn tree(&self) -> Vec<u8> {
        let tree = self.reasons();
        let mut json = Vec::with_capacity(4_096);
        watchpost_core::write_json(&tree, &mut json).unwrap_or_default();
        json
    }

    /// Small pieces of what contributed, as numbers: what makes two groups alike.
    pub(crate) fn pieces(&self) -> Vec<u64> {
        shingle::of(self)
    }
}

#[derive(Serialize)]
struct Tree<'a> {
    config: &'static str,
    basis: Basis,
    groupable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a MatchedRule>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fingerprint: &'a [String],
    variants: &'a [Variant],
}

/// Gathers what is hashed: many small pieces are hashed faster as a whole.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Not asked for: who gathers hashes.
    fn finish(&self) -> u64 {
        0
    }
}

/// What the hashes of an event rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The client's checksum.
    Checksum,
    /// The client's or a rule's fingerprint, without `{{ default }}`.
    Fingerprint,
    /// The client's or a rule's fingerprint around the default grouping.
    Hybrid,
    /// Frames.
    Stacktrace,
    /// Exception types and values, no frame.
    Exception,
    /// A template and its line.
    Template,
    /// A browser security report.
    Csp,
    /// A message.
    Message,
    /// A transaction's name.
    Transaction,
    /// Platform, level, logger and transaction, for want of anything better.
    Fallback,
}

impl Basis {
    /// Name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Fingerprint => "fingerprint",
            Self::Hybrid => "hybrid",
            Self::Stacktrace => "stacktrace",
            Self::Exception => "exception",
            Self::Template => "template",
            Self::Csp => "csp",
            Self::Message => "message",
            Self::Transaction => "transaction",
            Self::Fallback => "fallback",
        }
    }
}

/// A fingerprint rule that matched an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct MatchedRule {
    /// As it is written.
    pub text: String,
    /// Its line among the rules, from 1.
    pub line: usize,
    /// Whether it is one that holds for every project.
    pub built_in: bool,
}

/// One way of looking at an event.
#[derive(Debug, Clone, Serialize)]
pub struct Variant {
    /// `app`, `system`, `default`, `custom` or `fallback`.
    pub name: &'static str,
    /// Hash of what contributed; absent if nothing did or if an earlier variant has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<GroupHash>,
    /// Why there is no hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    /// The tree of contributions.
    pub component: Component,
}

/// Groups one event by the newest version of the rules.
#[must_use]
pub fn group(event: &NormalizedEvent) -> Grouping {
    Grouper::standard().group(event)
}

impl Grouper {
    /// Groups one event.
    #[must_use]
    pub fn group(&self, event: &NormalizedEvent) -> Grouping {
        let lens = Lens::new(self);
        let mut choice = strategy::choose(event, &lens);
        fingerprint::apply(event, &mut choice, &lens);
        grouping(self.config.id, event, choice)
    }
}

fn grouping(config: &'static str, event: &NormalizedEvent, mut choice: Choice<'_>) -> Grouping {
    let mut hashes: Vec<GroupHash> = Vec::with_capacity(2);
    for variant in &mut choice.variants {
        if !variant.component.contributes {
            continue;
        }
        let hash = GroupHash::of(&variant.component);
        if hashes.contains(&hash) {
            variant.hint = Some("same as an earlier variant");
        } else {
            variant.hash = Some(hash);
            hashes.push(hash);
        }
    }
    let (metadata, title, culprit) = match choice.main_exception {
        Some(main) => {
            let metadata = normalize::metadata_of_exception(main);
            let title = normalize::title_of(event.kind, &metadata, event.transaction.as_deref());
            let frame = stacktrace::crash_frame(main);
            let culprit = normalize::culprit_of(event.transaction.as_deref(), frame, &event.platform);
            (metadata, title, culprit.unwrap_or_else(|| event.culprit.clone()))
        }
        None => (event.metadata.clone(), event.title.clone(), event.culprit.clone()),
    };
    let title = choice.title.unwrap_or(title);
    Grouping {
        config,
        hashes,
        rule: choice.rule,
        fingerprint: choice.fingerprint,
        basis: choice.basis,
        variants: choice.variants,
        title,
        culprit,
        metadata,
        kind: event.kind,
        groupable: choice.basis != Basis::Fallback,
    }
}

/// What the strategies settled on.
struct Choice<'a> {
    basis: Basis,
    variants: Vec<Variant>,
    /// The exception that names the issue, if it is not the last one.
    main_exception: Option<&'a Value>,
    rule: Option<MatchedRule>,
    fingerprint: Vec<String>,
    /// What a rule calls the issue.
    title: Option<String>,
}

impl<'a> Choice<'a> {
    fn new(basis: Basis, variants: Vec<Variant>, main_exception: Option<&'a Value>) -> Self {
        Self { basis, variants, main_exception, rule: None, fingerprint: Vec::new(), title: None }
    }
}

impl Variant {
    fn new(name: &'static str, component: Component) -> Self {
        let hint = (!component.contributes).then_some("nothing contributes");
        Self { name, hash: None, hint, component }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::json::json;

    use super::*;
    use crate::normalize::NormalizeContext;

    pub(super) fn event(raw: Value) -> NormalizedEvent {
        let context = NormalizeContext {
            project_id: 1,
            received_us: 1_795_365_081_000_000,
            sent_at_us: None,
            remote_addr: None,
            user_agent: None,
            header_event_id: None,
            item_kind: None,
            new_id: &|| [0xab; 16],
        };
        normalize::normalize(raw.to_string().as_bytes(), &context).unwrap()
    }

    pub(crate) fn group_of(raw: Value) -> Grouping {
        group(&event(raw))
    }

    #[test]
    fn app_comes_first_and_a_repeated_hash_is_given_once() {
        let own = json!({"function": "f", "in_app": true});
        let library = json!({"function": "g", "in_app": false});
        let of = |frames: Value| {
            group_of(
                json!({"platform": "python", "exception": {"type": "A", "stacktrace": {"frames": frames}}}),
            )
        };
        let both = of(json!([own, library]));
        assert_eq!((both.hashes.len(), both.basis), (2, Basis::Stacktrace));
        assert_eq!(both.variants[0].hash, Some(both.hashes[0]));
        let alone = of(json!([own]));
        assert_eq!(alone.hashes, both.hashes[..1]);
        assert_eq!(alone.variants[1].hint, Some("same as an earlier variant"));
        assert_eq!(of(json!([library])).variants[0].hash, None);
    }

    #[test]
    fn an_event_without_content_is_marked() {
        let empty = group_of(json!({"platform": "node"}));
        assert!(!empty.groupable);
        assert_eq!((empty.basis, empty.hashes.len()), (Basis::Fallback, 1));
        assert_ne!(empty.hashes, group_of(json!({"platform": "python"})).hashes);
    }

    /// Run by hand, in release mode: `cargo test --release -p watchpost-server -- --ignored --nocapture grouping_speed`.
    #[test]
    #[ignore = "a measurement"]
    fn grouping_speed() {
        let frame = |at: usize| {
            json!({"function": format!("function_{at}"), "module": format!("shop.part{at}"),
            "abs_path": format!("/srv/app/shop/part{at}.py"), "filename": format!("shop/part{at}.py"),
            "context_line": "    return self.inner(value)", "in_app": at.is_multiple_of(3)})
        };
        let frames: Vec<Value> = (0..30).map(frame).collect();
        let own = "stack.module:shop.retry -group\npath:**/generated/** -app\nfunction:handle* category=web\ncategory:web v-group";
        let groupers = [
            ("the first version", Grouper::of(&CONFIGS[0])),
            ("the newest", Grouper::of(Config::newest())),
            ("four own rules", Grouper::new(None, "error.type:A logger:x -> y", own).unwrap()),
        ];
        for platform in ["python", "javascript", "native"] {
            let exception = json!({"type": "PaymentError", "value": "order 1041 failed", "stacktrace": {"frames": frames}});
            let event = event(json!({"platform": platform, "exception": exception}));
            for (name, grouper) in &groupers {
                let rounds = 20_000;
                let started = std::time::Instant::now();
                for _ in 0..rounds {
                    std::hint::black_box(grouper.group(std::hint::black_box(&event)));
                }
                let each = started.elapsed().as_nanos() / rounds;
                let grouping = grouper.group(&event);
                let started = std::time::Instant::now();
                for _ in 0..rounds {
                    std::hint::black_box((grouping.tree(), grouping.pieces()));
                }
                let kept = started.elapsed().as_nanos() / rounds;
                println!(
                    "{each:>7} ns, {kept:>6} ns for what is kept ({} bytes)  {platform}, {name}",
                    grouping.tree().len()
                );
            }
        }
    }
}
