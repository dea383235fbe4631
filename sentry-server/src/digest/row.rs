//! A normalised event as the row that is stored: grouped, compressed, with what it tells about its issue.

use std::cell::Cell;
use std::sync::LazyLock;

use watchpost_core::{Category, EventId};

use super::samples::Samples;
use super::telemetry;
use super::trees::{self, Trees};
use crate::group::{self, Grouping};
use crate::ingest::RecordHead;
use crate::instant;
use crate::json::Map;
use crate::normalize::{EventKind, NormalizedEvent};
use crate::project::Groupers;
use crate::store::{GroupingTree, NewEvent, NewGroup, Rows, packed};

/// What a row is made with: the rules of its project, and bodies like its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) groupers: Option<&'a Groupers>,
    pub(super) samples: Option<&'a Samples>,
    pub(super) trees: Option<&'a Trees>,
}

/// `None` when it cannot be written, which only a bug can bring about. `keeps` says whether an issue's event, by the hash
/// that names the issue, keeps its body.
pub(super) fn row(
    seq: u64,
    head: &RecordHead,
    mut event: NormalizedEvent,
    means: Means<'_>,
    size_bytes: usize,
    category: Category,
    keeps: impl FnOnce([u8; 16]) -> bool,
) -> Option<NewEvent> {
    let Means { groupers, samples, trees } = means;
    let groupers = groupers.unwrap_or(&DEFAULT_GROUPERS);
    if groupers.now.mark(&mut event.body) {
        event.rename();
    }
    let event_id: EventId = event.event_id.parse().ok()?;
    let kind = event.kind.as_str();
    let belongs_to_issue = !matches!(event.kind, EventKind::Transaction | EventKind::Feedback);
    let grouping = belongs_to_issue.then(|| groupers.now.group(&event));
    let old = grouping.as_ref().and_then(|_| Some(groupers.before(head.received)?.group(&event)));
    let imported = grouping.as_ref().filter(|_| groupers.knows_imported()).map(group::sentry_hashes);
    let first_hash = grouping.as_ref().and_then(|grouping| grouping.hashes.first());
    let first_hash = first_hash.map(|hash| *hash.as_bytes());
    let (mut body, mut dictionary) = (None, None);
    if first_hash.is_none_or(keeps) {
        let mut json = ROOM.take();
        json.clear();
        crate::json::write(&event.body, &mut json).ok()?;
        dictionary = samples.and_then(Samples::dictionary);
        body = Some(packed(&json, dictionary.as_deref())?);
        if let (Some(samples), Some(hash)) = (samples, first_hash) {
            samples.offer(hash, instant::day(head.received), &json);
        }
        if json.capacity() <= KEPT_BYTES {
            ROOM.set(json);
        }
    }
    let (title, culprit) = match &grouping {
        Some(grouping) => (grouping.title.clone(), grouping.culprit.clone()),
        None => (event.title.clone(), event.culprit.clone()),
    };
    let rows = match event.kind {
        EventKind::Transaction => {
            Rows { spans: telemetry::of_transaction(&event, head.project, seq), ..Rows::default() }
        }
        EventKind::Feedback => Rows {
            feedback: telemetry::feedback_of(&event, head.project, seq, *event_id.as_bytes()),
            ..Rows::default()
        },
        _ => Rows::default(),
    };
    Some(NewEvent {
        rows,
        seq,
        project: head.project,
        event_id: *event_id.as_bytes(),
        kind,
        category: category.as_str(),
        received: head.received,
        timestamp: event.timestamp_us,
        title,
        culprit,
        level: event.level.as_str().to_owned(),
        size_bytes,
        body,
        dictionary,
        group: grouping.map(|grouping| {
            let tree = match trees {
                Some(trees) => trees.of(&grouping, instant::day(head.received)),
                None => trees::whole(&grouping),
            };
            new_group(event, grouping, tree, (old, imported.unwrap_or_default()), kind)
        }),
    })
}

fn new_group(
    event: NormalizedEvent,
    grouping: Grouping,
    tree: GroupingTree,
    (old, imported): (Option<Grouping>, Vec<[u8; 16]>),
    kind: &'static str,
) -> NewGroup {
    let old = old.map(|old| old.hashes).unwrap_or_default();
    NewGroup {
        old_hashes: old
            .iter()
            .filter(|hash| !grouping.hashes.contains(hash))
            .map(|hash| *hash.as_bytes())
            .chain(imported)
            .collect(),
        config: grouping.config,
        basis: grouping.basis.as_str(),
        pieces: grouping.pieces(),
        tree,
        hashes: grouping.hashes.iter().map(|hash| *hash.as_bytes()).collect(),
        kind,
        metadata: serde_json::to_string(&grouping.metadata).unwrap_or_else(|_| "{}".to_owned()),
        platform: event.platform,
        logger: event.logger,
        release: event.release,
        unhandled: is_unhandled(&event.body),
        user: event.user_key.map(|key| truncated(blake3::hash(key.as_bytes()).as_bytes())),
        tags: event.tags,
    }
}

/// Whether any exception got past the application's own handling.
fn is_unhandled(body: &Map) -> bool {
    let exceptions = body.get("exception").and_then(|exception| exception.get("values")?.as_array());
    exceptions.is_some_and(|values| {
        values.iter().any(|exception| {
            exception.get("mechanism").and_then(|mechanism| mechanism.get("handled")?.as_bool())
                == Some(false)
        })
    })
}

/// The first half of a hash.
pub(super) fn truncated(hash: &[u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

thread_local! {
    /// Where a thread writes out one event after the other.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room that a thread keeps for the next event.
const KEPT_BYTES: usize = 1024 * 1024;

/// What holds where a project says nothing of its own.
static DEFAULT_GROUPERS: LazyLock<Groupers> = LazyLock::new(Groupers::default);
