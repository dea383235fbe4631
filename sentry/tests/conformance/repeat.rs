//! Values that are too long to be written down in a vector. The server's tests read the same vectors by it.

use serde_json::{Map, Value};

/// `{"$repeat": x, "times": n, "from"?: 0, "then"?: y}` anywhere in a vector stands for `n` times `x` and then `y`: texts
/// and lists follow one another, objects become one. `{i}` in any text of `x` is the number of the round.
pub(crate) fn expanded(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("$repeat") => {
            let from = map.get("from").map_or(0, |from| from.as_u64().unwrap());
            let text = map["$repeat"].to_string();
            if let Some(text) = map["$repeat"].as_str().filter(|text| !text.contains("{i}")) {
                let then = map.get("then").map(expanded);
                let then = then.as_ref().map_or("", |then| then.as_str().unwrap());
                return (text.repeat(map["times"].as_u64().unwrap() as usize) + then).into();
            }
            let rounds = from..from + map["times"].as_u64().unwrap();
            let parts = rounds.map(|round| {
                expanded(&serde_json::from_str(&text.replace("{i}", &round.to_string())).unwrap())
            });
            parts.chain(map.get("then").map(expanded)).reduce(joined).unwrap()
        }
        Value::Object(map) => Value::Object(
            map.iter().map(|(key, value)| (key.clone(), expanded(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(list) => list.iter().map(expanded).collect(),
        other => other.clone(),
    }
}

fn joined(mut all: Value, next: Value) -> Value {
    match (&mut all, next) {
        (Value::String(all), Value::String(next)) => all.push_str(&next),
        (Value::Array(all), Value::Array(next)) => all.extend(next),
        (Value::Object(all), Value::Object(next)) => all.extend(next),
        (all, next) => panic!("{all} and {next} cannot be joined"),
    }
    all
}
