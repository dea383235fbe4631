//! The hashes by which Sentry knows an event, so that issues that were imported from there are found.
//!
//! *Input*: the values of all that contributes, depth first, with nothing in between. *Hash*: MD5. What contributes is what does
//! here: an event that Sentry's own rules, or a project's there, saw in another way has other hashes, and finds nothing.

use md5::{Digest as _, Md5};

use super::component::{Component, Content};
use super::{Basis, Grouping};

/// In the order of the variants; of each, first as today's versions put an exception together, then as those before 2025 did.
pub(crate) fn hashes(grouping: &Grouping) -> Vec<[u8; 16]> {
    let mut all = Vec::new();
    // Without anything to go by, Sentry hashes nothing, which is the same for all such events.
    if grouping.basis == Basis::Fallback {
        return all;
    }
    for variant in grouping.variants.iter().filter(|variant| variant.hash.is_some()) {
        for frames_first in [false, true] {
            let mut bytes = Vec::with_capacity(1_024);
            values(&variant.component, frames_first, &mut bytes);
            let own = std::str::from_utf8(&bytes)
                .ok()
                .filter(|_| grouping.basis == Basis::Checksum)
                .and_then(digits);
            let hash = own.unwrap_or_else(|| Md5::digest(&bytes).into());
            if !bytes.is_empty() && !all.contains(&hash) {
                all.push(hash);
            }
        }
    }
    all
}

/// A checksum that looks like a hash is one.
fn digits(text: &str) -> Option<[u8; 16]> {
    let is_hash = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hash).map(u128::to_be_bytes)
}

fn values(component: &Component, frames_first: bool, out: &mut Vec<u8>) {
    match &component.content {
        Content::Text(text) => out.extend_from_slice(text.as_bytes()),
        Content::Nodes(nodes) => {
            let is_moved =
                |node: &Component| frames_first && component.id == "exception" && node.id == "stacktrace";
            let contributing = || nodes.iter().filter(|node| node.contributes);
            contributing().filter(|node| is_moved(node)).for_each(|node| values(node, frames_first, out));
            contributing().filter(|node| !is_moved(node)).for_each(|node| values(node, frames_first, out));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Value, json};
    use crate::normalize::{self, NormalizeContext};

    fn of(event: &Value) -> Vec<String> {
        let context = NormalizeContext {
            project_id: 1,
            received_us: 1_795_365_081_000_000,
            sent_at_us: None,
            remote_addr: None,
            user_agent: None,
            header_event_id: None,
            item_kind: None,
            new_id: &|| [1; 16],
        };
        let body = normalize::object(event.to_string().as_bytes()).unwrap();
        let event = normalize::normalize_object(body, &context);
        hashes(&super::super::group(&event))
            .iter()
            .map(|hash| format!("{:032x}", u128::from_be_bytes(*hash)))
            .collect()
    }

    /// What Sentry itself answers for such events (`newstyle:2023-01-11`).
    #[test]
    fn known_hashes_are_met() {
        let thrown = |more: Value| {
            let mut exception = json!({ "type": "ValueError", "value": "hello world" });
            if let (Value::Object(exception), Value::Object(more)) = (&mut exception, more) {
                exception.extend(more);
            }
            json!({ "platform": "python", "exception": { "values": [exception] } })
        };
        assert_eq!(of(&thrown(json!({}))), ["b23ee1963904c2ca87b145febf94b66c"]);
        let frames =
            json!({ "stacktrace": { "frames": [{ "filename": "baz.py", "lineno": 1, "in_app": true }] } });
        let both = of(&thrown(frames));
        assert_eq!(both[1], "9509e122c6175606d52862fa4f64853c", "frames first, as it was");
        let fingerprint = json!({ "message": "x", "fingerprint":
            ["celery", "SoftTimeLimitExceeded", "sentry.tasks.store.process_event"] });
        assert_eq!(of(&fingerprint), ["f30afa00b85f5cac5ee0bce01b31f08d"]);
        let checksum = "5d41402abc4b2a76b9719d911017c592";
        assert_eq!(of(&json!({ "message": "x", "checksum": checksum })), [checksum]);
        assert_eq!(
            of(&json!({ "message": "x", "checksum": "hello" })),
            [checksum],
            "anything else is hashed"
        );
        assert!(of(&json!({})).is_empty());
    }
}
