//! Decides which events are the same problem.
//!
//! A pure function from a [`NormalizedEvent`] to the hashes that name its issue. Each event has up to two variants:
//! `app`, in which only the application's own frames count, and `system`, in which all do. Hashes are looked up in
//! the order given; the first that is known decides, and the others are attached to the same issue.
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
mod hash;
pub mod message;
mod simple;
mod stacktrace;
mod strategy;

use serde::Serialize;
use serde_json::Value;

pub use self::component::{Component, Part};
pub use self::hash::GroupHash;
use crate::normalize::{self, EventKind, Metadata, NormalizedEvent};

/// Names the rules below. It changes whenever the same event could get another hash.
pub const CONFIG: &str = "wp:2026-11-22";

/// How an event was grouped.
#[derive(Debug, Clone, Serialize)]
pub struct Grouping {
    /// The rules that were applied, [`CONFIG`].
    pub config: &'static str,
    /// Distinct hashes in lookup order. Never empty.
    pub hashes: Vec<GroupHash>,
    /// What the hashes rest on.
    pub basis: Basis,
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

/// What the hashes of an event rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The client's checksum.
    Checksum,
    /// The client's fingerprint, without `{{ default }}`.
    Fingerprint,
    /// The client's fingerprint around the default grouping.
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

/// Groups one event.
#[must_use]
pub fn group(event: &NormalizedEvent) -> Grouping {
    let mut choice = strategy::choose(event);
    fingerprint::apply(event, &mut choice);
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
    Grouping {
        config: CONFIG,
        hashes,
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
}

impl Variant {
    fn new(name: &'static str, component: Component) -> Self {
        let hint = (!component.contributes).then_some("nothing contributes");
        Self { name, hash: None, hint, component }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    pub(super) fn group_of(raw: Value) -> Grouping {
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
}
