//! Trees of exceptions: several errors raised as one.

use crate::json::Value;

/// What counts of a list of exceptions, in payload order.
pub(super) struct Selection<'a> {
    /// The exceptions that take part.
    pub(super) exceptions: Vec<&'a Value>,
    /// The one that names the issue, if it is not the last of the list.
    pub(super) main: Option<&'a Value>,
}

struct Node<'a> {
    id: i64,
    parent: Option<i64>,
    is_group: bool,
    exception: &'a Value,
}

/// Picks the exceptions that tell what failed.
///
/// Without groups, all of them. With groups, those directly below the groups, each distinct kind once (`distinct` says
/// what kind is). If there is one kind, it names the issue together with its causes; if there are several, they count
/// together with the root. A tree that does not hold together is left as the flat list it came in.
pub(super) fn select<'a, K: PartialEq>(
    exceptions: &'a [Value],
    distinct: impl Fn(&Value) -> K,
) -> Selection<'a> {
    let flat = || Selection { exceptions: exceptions.iter().collect(), main: inside_of_wrapper(exceptions) };
    let Some(nodes) = tree(exceptions) else { return flat() };
    let mut top: Vec<&Node<'a>> = Vec::new();
    collect_top(&nodes, 0, &mut top);
    top.sort_by_key(|node| (node.exception.get("type").and_then(Value::as_str).unwrap_or(""), node.id));
    let mut kinds: Vec<(K, &Node<'a>)> = Vec::new();
    for node in top {
        let kind = distinct(node.exception);
        if kinds.iter().all(|(known, _)| *known != kind) {
            kinds.push((kind, node));
        }
    }
    match kinds.as_slice() {
        [] => flat(),
        [(_, only)] => {
            let mut path = vec![only.exception];
            let mut at = only.id;
            while let Some(child) =
                nodes.iter().filter(|node| node.parent == Some(at)).min_by_key(|node| node.id)
            {
                path.push(child.exception);
                at = child.id;
            }
            path.reverse();
            Selection { exceptions: path, main: Some(only.exception) }
        }
        several => {
            let root = nodes.iter().find(|node| node.id == 0).map(|node| node.exception);
            let exceptions = several.iter().map(|(_, node)| node.exception).chain(root).collect();
            Selection { exceptions, main: None }
        }
    }
}

/// What an outermost exception only wraps, by the custom of its library: React says that it recovered, RxJava that
/// nobody handled. The wrapper counts like every exception, but what it wraps names the issue.
fn inside_of_wrapper(exceptions: &[Value]) -> Option<&Value> {
    let [.., cause, outer] = exceptions else { return None };
    let text = |key: &str| outer.get(key).and_then(Value::as_str).unwrap_or("");
    let is_wrapper = match text("type") {
        "Error" => REACT.iter().any(|start| text("value").starts_with(start)),
        "OnErrorNotImplementedException" | "CompositeException" | "UndeliverableException" => {
            text("module").starts_with("io.reactivex.")
        }
        _ => false,
    };
    is_wrapper.then_some(cause)
}

const REACT: [&str; 2] =
    ["There was an error during concurrent rendering", "There was an error while hydrating"];

/// The tree, or nothing if there is no group or the ids do not make a tree below root 0.
fn tree(exceptions: &[Value]) -> Option<Vec<Node<'_>>> {
    let nodes: Option<Vec<Node<'_>>> = exceptions
        .iter()
        .map(|exception| {
            let mechanism = exception.get("mechanism")?;
            Some(Node {
                id: mechanism.get("exception_id")?.as_i64()?,
                parent: mechanism.get("parent_id").and_then(Value::as_i64),
                is_group: mechanism.get("is_exception_group").and_then(Value::as_bool) == Some(true),
                exception,
            })
        })
        .collect();
    let nodes = nodes?;
    let is_tree = nodes.iter().enumerate().all(|(index, node)| {
        let unique = nodes[..index].iter().all(|other| other.id != node.id);
        // A parent always has the smaller number, so a walk towards the children ends.
        let rooted = match node.parent {
            None => node.id == 0,
            Some(parent) => parent < node.id && nodes.iter().any(|other| other.id == parent),
        };
        unique && rooted
    });
    (is_tree && nodes.iter().any(|node| node.is_group && node.id == 0)).then_some(nodes)
}

/// The exceptions reached from `id` through groups only that are no groups themselves.
fn collect_top<'t, 'a>(nodes: &'t [Node<'a>], id: i64, top: &mut Vec<&'t Node<'a>>) {
    for node in nodes.iter().filter(|node| node.parent == Some(id)) {
        if node.is_group {
            collect_top(nodes, node.id, top);
        } else {
            top.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn exception(kind: &str, id: i64, parent: Option<i64>, group: bool) -> Value {
        json!({"type": kind, "mechanism": {"exception_id": id, "parent_id": parent, "is_exception_group": group}})
    }

    fn selected(list: &[Value]) -> (Vec<&str>, Option<&str>) {
        let kind = |value: &Value| value["type"].as_str().unwrap_or("").to_owned();
        let selection = select(list, kind);
        let name = |value: &Value| {
            list.iter().find(|known| *known == value).and_then(|known| known["type"].as_str())
        };
        (selection.exceptions.iter().filter_map(|e| name(e)).collect(), selection.main.and_then(name))
    }

    #[test]
    fn one_kind_names_the_issue_with_its_causes() {
        let list = [
            exception("Cause", 3, Some(1), false),
            exception("A", 2, Some(0), false),
            exception("A", 1, Some(0), false),
            exception("Group", 0, None, true),
        ];
        assert_eq!(selected(&list), (vec!["Cause", "A"], Some("A")));
    }

    #[test]
    fn several_kinds_count_with_the_root() {
        let list = [
            exception("B", 3, Some(1), false),
            exception("A", 2, Some(0), false),
            exception("Inner", 1, Some(0), true),
            exception("Group", 0, None, true),
        ];
        assert_eq!(selected(&list), (vec!["A", "B", "Group"], None));
    }

    #[test]
    fn wrappers_are_named_after_what_they_wrap() {
        let cause = json!({"type": "TypeError", "value": "x is undefined"});
        let react = json!({"type": "Error", "value": "There was an error while hydrating but React was able to recover"});
        let rx = json!({"type": "CompositeException", "module": "io.reactivex.rxjava3.exceptions"});
        let other = json!({"type": "CompositeException", "module": "com.shop"});
        for (outer, wanted) in [(react, Some("TypeError")), (rx, Some("TypeError")), (other, None)] {
            let list = [cause.clone(), outer];
            assert_eq!(selected(&list).1, wanted);
            assert_eq!(selected(&list).0.len(), 2);
            assert_eq!(selected(&list[1..]).1, None, "without a cause it is its own");
        }
    }

    #[test]
    fn broken_trees_stay_lists() {
        let loops = [exception("A", 1, Some(1), false), exception("G", 0, None, true)];
        let double = [exception("A", 0, None, false), exception("G", 0, None, true)];
        let orphan = [exception("A", 5, Some(4), false), exception("G", 0, None, true)];
        let chain = [exception("A", 1, Some(0), false), exception("B", 0, None, false)];
        for list in [&loops, &double, &orphan, &chain] {
            assert_eq!(selected(list).0.len(), 2);
            assert_eq!(selected(list).1, None);
        }
    }
}
