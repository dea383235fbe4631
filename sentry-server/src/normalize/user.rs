use std::net::IpAddr;

use super::notes::{Notes, Path};
use super::{NormalizeContext, text, trim};
use crate::json::{Map, Value};

/// Cleans `user`, resolves its address and returns the identity that users are counted by.
///
/// `{{auto}}` stands for the connection's address. The address is also inferred when the SDK asked for it
/// (`sdk.settings.infer_ip`: `auto`), or said nothing and is one of the client platforms that always relied on it.
pub(super) fn normalize(
    body: &mut Map,
    platform: &str,
    context: &NormalizeContext<'_>,
    notes: &mut Notes,
) -> Option<String> {
    let path = Path::root("user");
    let mut user = match body.remove("user") {
        Some(Value::Object(user)) => user,
        None | Some(Value::Null) => Map::new(),
        Some(other) => {
            notes.invalid(&path, Some(&other), "expected an object");
            Map::new()
        }
    };
    for key in ["id", "email", "username", "name", "ip_address"] {
        let Some(value) = user.get_mut(key) else { continue };
        match text::scalar(value) {
            Some(text) => *value = text.into(),
            None => {
                user.remove(key);
            }
        }
    }
    let address = address(&user, body, platform, context);
    match (address, user.remove("ip_address")) {
        (Some(address), _) => {
            user.insert("ip_address".into(), address.into());
        }
        (None, Some(given)) if given != "{{auto}}" => {
            notes.invalid(&path.name("ip_address"), Some(&given), "expected an IP address or {{auto}}");
        }
        (None, _) => {}
    }
    trim::map(&mut user, trim::USER, &path, notes);
    if user.is_empty() {
        return None;
    }
    let key = identity(&user);
    body.insert("user".into(), Value::Object(user));
    key
}

fn address(user: &Map, body: &Map, platform: &str, context: &NormalizeContext<'_>) -> Option<String> {
    let setting = body.get("sdk").and_then(|sdk| sdk.get("settings")).and_then(|s| s.get("infer_ip"));
    let setting = setting.and_then(Value::as_str);
    let connection = || context.remote_addr.map(|address| address.to_canonical().to_string());
    match user.get("ip_address").and_then(Value::as_str) {
        Some("{{auto}}") if setting == Some("never") => None,
        Some("{{auto}}") => connection(),
        Some(given) => given.parse::<IpAddr>().ok().map(|address| address.to_string()),
        None => {
            let env = body.get("request").and_then(|r| r.get("env")).and_then(|env| env.get("REMOTE_ADDR"));
            let env = env.and_then(Value::as_str).filter(|address| address.parse::<IpAddr>().is_ok());
            let client = matches!(platform, "javascript" | "cocoa" | "objc");
            match setting {
                Some("never") => None,
                Some("auto") => connection(),
                _ => env.map(str::to_owned).or_else(|| client.then(connection)?),
            }
        }
    }
}

fn identity(user: &Map) -> Option<String> {
    [("id", "id"), ("email", "email"), ("username", "username"), ("ip_address", "ip")]
        .iter()
        .find_map(|(key, prefix)| Some(format!("{prefix}:{}", user.get(*key)?.as_str()?)))
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::super::event::tests::context;
    use super::*;

    fn run(body: Value, platform: &str) -> (Option<String>, Value) {
        let Value::Object(mut body) = body else { panic!() };
        let mut context = context();
        context.remote_addr = Some([203, 0, 113, 9].into());
        let key = normalize(&mut body, platform, &context, &mut Notes::default());
        (key, body.remove("user").unwrap_or_default())
    }

    #[test]
    fn identity_prefers_what_is_most_stable() {
        let (key, user) = run(json!({"user": {"id": 42, "email": "a@b.c", "plan": "x"}}), "python");
        assert_eq!(key.as_deref(), Some("id:42"));
        assert_eq!(user["id"], "42");
        assert_eq!(run(json!({"user": {"email": "a@b.c"}}), "python").0.as_deref(), Some("email:a@b.c"));
        assert_eq!(run(json!({"user": "bob"}), "python"), (None, Value::Null));
    }

    #[test]
    fn addresses_are_resolved_only_when_asked_for() {
        let auto = json!({"user": {"ip_address": "{{auto}}"}});
        assert_eq!(run(auto.clone(), "python").0.as_deref(), Some("ip:203.0.113.9"));
        let never = json!({"user": {"ip_address": "{{auto}}"}, "sdk": {"settings": {"infer_ip": "never"}}});
        assert_eq!(run(never, "javascript").0, None);
        assert_eq!(run(json!({}), "javascript").0.as_deref(), Some("ip:203.0.113.9"));
        assert_eq!(run(json!({}), "python").0, None);
        assert_eq!(run(json!({"user": {"ip_address": "nonsense"}}), "python").0, None);
        let env = json!({"request": {"env": {"REMOTE_ADDR": "192.0.2.7"}}});
        assert_eq!(run(env, "python").0.as_deref(), Some("ip:192.0.2.7"));
    }
}
