use super::notes::{Notes, Path};
use crate::json::{Map, Value};

/// Brings a list interface (`exception`, `threads`, `breadcrumbs`) into the form `{"values": [objects]}`.
///
/// A bare list and one plain object are accepted; items that are not objects are dropped and noted. The key is
/// removed if nothing is left.
pub(super) fn wrap(body: &mut Map, key: &str, notes: &mut Notes) {
    let Some(value) = body.get_mut(key) else { return };
    let path = Path::root(key);
    let mut items = match value.take() {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::Object(mut map) => match map.remove("values") {
            Some(Value::Array(items)) => items,
            Some(Value::Object(one)) => vec![Value::Object(one)],
            Some(Value::Null) => Vec::new(),
            Some(other) => {
                notes.invalid(&path, Some(&other), "expected a list of objects");
                Vec::new()
            }
            None if map.is_empty() => Vec::new(),
            None => vec![Value::Object(map)],
        },
        other => {
            notes.invalid(&path, Some(&other), "expected a list of objects");
            Vec::new()
        }
    };
    let mut index = 0_usize;
    items.retain(|item| {
        if !item.is_object() && !item.is_null() {
            notes.invalid(&path.name("values").index(index), Some(item), "expected an object");
        }
        index += 1;
        item.is_object()
    });
    if items.is_empty() {
        body.remove(key);
    } else {
        // Not by the macro, which would copy them.
        *value = Value::Object(Map::from_iter([("values".to_owned(), Value::Array(items))]));
    }
}

/// The objects of a wrapped list.
pub(super) fn values_mut<'a>(body: &'a mut Map, key: &str) -> impl Iterator<Item = &'a mut Map> {
    let items = body.get_mut(key).and_then(|v| v.get_mut("values")).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn wrapped(value: Value) -> Option<Value> {
        let mut body = Map::new();
        body.insert("threads".into(), value);
        wrap(&mut body, "threads", &mut Notes::default());
        body.remove("threads")
    }

    #[test]
    fn takes_every_form_clients_send() {
        let one = Some(json!({"values": [{"id": 1}]}));
        assert_eq!(wrapped(json!([{"id": 1}, null, 7])), one);
        assert_eq!(wrapped(json!({"values": [{"id": 1}]})), one);
        assert_eq!(wrapped(json!({"id": 1})), one);
        assert_eq!(wrapped(json!({"values": {"id": 1}})), one);
        assert_eq!(wrapped(json!({"values": []})), None);
        assert_eq!(wrapped(json!("nonsense")), None);
        assert_eq!(wrapped(json!({})), None);
    }
}
