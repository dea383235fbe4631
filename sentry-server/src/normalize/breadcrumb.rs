use super::notes::{Notes, Path};
use super::{Level, list, trim};
use crate::json::{Map, Value};

/// More would not be read by anybody; the newest are kept.
const MAX_BREADCRUMBS: usize = 250;

/// Brings `breadcrumbs` into canonical form; their order is the client's.
pub(super) fn normalize(body: &mut Map, notes: &mut Notes) {
    list::wrap(body, "breadcrumbs", notes);
    let root = Path::root("breadcrumbs");
    let root = root.name("values");
    if let Some(Value::Array(items)) = body.get_mut("breadcrumbs").and_then(|v| v.get_mut("values"))
        && items.len() > MAX_BREADCRUMBS
    {
        notes.cut_items(&root, items.len());
        items.drain(..items.len() - MAX_BREADCRUMBS);
    }
    for (index, crumb) in list::values_mut(body, "breadcrumbs").enumerate() {
        let path = root.index(index);
        if let Some(level) = crumb.get_mut("level") {
            let known = Level::from_json(level).unwrap_or(Level::Info);
            if level.as_str() != Some(known.as_str()) {
                *level = known.as_str().into();
            }
        }
        match crumb.get_mut("message") {
            None | Some(Value::String(_)) => {}
            Some(Value::Null) => {
                crumb.remove("message");
            }
            Some(other) => *other = Value::String(other.to_string()),
        }
        trim::text(crumb, "message", trim::MESSAGE, &path, notes);
        if let Some(Value::Object(data)) = crumb.get_mut("data") {
            trim::map(data, trim::CRUMB_DATA, &path.name("data"), notes);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    #[test]
    fn levels_and_messages_are_mended_and_the_newest_kept() {
        let crumbs: Vec<Value> = (0..300).map(|n| json!({"message": n, "level": "warn"})).collect();
        let Value::Object(mut body) = json!({ "breadcrumbs": crumbs }) else { panic!() };
        let mut notes = Notes::default();
        normalize(&mut body, &mut notes);
        notes.write(&mut body);
        let values = body["breadcrumbs"]["values"].as_array().unwrap();
        assert_eq!(values.len(), 250);
        assert_eq!(values[249], json!({"message": "299", "level": "warning"}));
        assert_eq!(body["_meta"]["breadcrumbs"]["values"][""]["len"], 300);
    }
}
