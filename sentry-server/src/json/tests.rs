use super::*;

/// Short as a list, long with a table.
fn maps() -> [(Map, serde_json::Map<String, serde_json::Value>); 3] {
    [0, 5, 100].map(|count| {
        let entries = (0..count).map(|n| (format!("key {n}"), n));
        (
            entries.clone().map(|(key, n)| (key, Value::from(n))).collect(),
            entries.map(|(key, n)| (key, n.into())).collect(),
        )
    })
}

fn assert_same(ours: &Map, theirs: &serde_json::Map<String, serde_json::Value>) {
    assert_eq!(serde_json::to_string(ours).unwrap(), serde_json::to_string(theirs).unwrap());
    assert_eq!(ours.len(), theirs.len());
    for (key, value) in theirs {
        assert_eq!(ours.get(key.as_str()).map(ToString::to_string), Some(value.to_string()));
    }
}

#[test]
fn a_map_does_what_that_of_serde_json_does() {
    for (mut ours, mut theirs) in maps() {
        assert_same(&ours, &theirs);
        for n in (0..150_u64).step_by(3) {
            let key = format!("key {n}");
            ours.insert(key.clone().into(), (n + 1).into());
            theirs.insert(key, (n + 1).into());
        }
        assert_same(&ours, &theirs);
        for n in (0..150_u64).step_by(4) {
            let key = format!("key {n}");
            assert_eq!(ours.remove(key.as_str()).is_some(), theirs.remove(&key).is_some());
        }
        assert_same(&ours, &theirs);
        *ours.entry("new").or_insert(1.into()) = 2.into();
        ours.entry("new").or_insert_with(|| 3.into());
        theirs.insert("new".to_owned(), 2.into());
        ours.retain(|key, value| key.ends_with('1') || *value == 2_u64);
        theirs.retain(|key, value| key.ends_with('1') || value == 2);
        assert_same(&ours, &theirs);
        assert_eq!(ours.shift_remove("key 1").is_some(), theirs.shift_remove("key 1").is_some());
        ours.iter_mut().for_each(|(_, value)| *value = Value::Null);
        theirs.iter_mut().for_each(|(_, value)| *value = serde_json::Value::Null);
        assert_same(&ours, &theirs);
        let back: serde_json::Map<String, serde_json::Value> = ours.clone().into();
        assert_eq!(back, theirs);
        assert_eq!(Map::from(theirs), ours);
    }
}

#[test]
fn text_is_that_of_serde_json() {
    let text = r#"{"function":"a\"b\\\n","lineno":3,"x\"y":[null,true,false,-1,1.5,1795949513.476223,1e300,"",[],{}],
        "vars":{"käse":"\u0001\u007f","":{"a":[[1]]}},"number":18446744073709551615}"#;
    let Ok(Value::Object(map)) = read(text.as_bytes()) else { panic!("{text}") };
    let mut written = Vec::new();
    write(&map, &mut written).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&map).unwrap());
    let mut empty = Vec::new();
    write(&Map::new(), &mut empty).unwrap();
    assert_eq!(empty, b"{}");
}

#[test]
fn maps_are_equal_whatever_their_order() {
    let ab = json!({ "a": 1, "b": [true, null, 1.5, "x"] });
    assert_eq!(ab, json!({ "b": [true, null, 1.5, "x"], "a": 1 }));
    assert_ne!(ab, json!({ "a": 1, "c": [true, null, 1.5, "x"] }));
    assert_ne!(ab, json!({ "a": 1 }));
    assert_eq!((&ab["a"], &ab["b"][3], &ab["c"]["d"]), (&1.into(), &"x".into(), &Value::Null));
    assert!(ab["a"] == 1 && ab["b"][0] == true && ab["b"][2] == 1.5 && ab["b"][3] == "x");
    let mut grown = Value::Null;
    grown["a"] = 1.into();
    grown["b"] = json!([true, null, 0, "x"]);
    grown["b"][2] = 1.5.into();
    assert_eq!(grown, ab);
}

#[test]
fn a_value_takes_no_more_than_a_text_and_a_word() {
    assert!(size_of::<Value>() <= 32, "{}", size_of::<Value>());
}
