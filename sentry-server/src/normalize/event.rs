use super::notes::{Notes, Path};
use super::tags::{Derived, Tags};
use super::{
    EventKind, Level, Metadata, NormalizeContext, NormalizedEvent, agent, breadcrumb, exception, logentry,
    request, tags, text, time, title, trim, user,
};
use crate::json::{Map, Value};

/// Runs every step on a parsed payload, in the order the module's head names.
pub(super) fn normalize(mut body: Map, context: &NormalizeContext<'_>) -> NormalizedEvent {
    let mut notes = Notes::default();
    text::drop_nulls(&mut body);

    let event_id = event_id(&mut body, context, &mut notes);
    let platform = line(&mut body, "platform", 64, &mut notes).unwrap_or_else(|| "other".into());
    let platform = platform.to_ascii_lowercase();
    body.insert("platform".into(), platform.clone().into());

    logentry::normalize(&mut body, &mut notes);
    exception::normalize(&mut body, &platform, &mut notes);
    exception::normalize_threads(&mut body, &platform, &mut notes);
    breadcrumb::normalize(&mut body, &mut notes);
    request::normalize(&mut body, &mut notes);
    for (key, limit) in [("extra", trim::EXTRA), ("contexts", trim::CONTEXTS), ("modules", trim::MODULES)] {
        bag(&mut body, key, limit, &mut notes);
    }
    for key in ["sdk", "debug_meta"] {
        object_or_nothing(&mut body, key, &mut notes);
    }
    let timestamp_us = time::normalize(&mut body, context.received_us, context.sent_at_us, &mut notes);
    body.insert("received".into(), time::seconds(context.received_us));
    body.insert("project".into(), context.project_id.into());

    let kind = kind(&body, context);
    body.insert("type".into(), kind.as_str().into());
    let level = level(&mut body, kind, &mut notes);
    let user_key = user::normalize(&mut body, &platform, context, &mut notes);
    fingerprint(&mut body, &mut notes);

    let mut tags = tags::collect(&mut body, &mut notes);
    let mut field = |key, max| line(&mut body, key, max, &mut notes);
    let (logger, transaction) = (field("logger", 64), field("transaction", 200));
    let (release, dist) = (field("release", 250), field("dist", 64));
    let server_name = field("server_name", 256);
    let environment = field("environment", 64);
    let environment =
        environment.or_else(|| tag_as_field(&tags, "environment")).unwrap_or_else(|| "production".into());
    body.insert("environment".into(), environment.clone().into());

    let user_agent = request::header(&body, "user-agent");
    let user_agent = user_agent.or_else(|| context.user_agent.filter(|_| platform == "javascript"));
    if let Some(user_agent) = user_agent.map(str::to_owned) {
        agent::describe(&mut body, &user_agent);
    }
    let derived = Derived {
        level,
        environment: &environment,
        release: release.as_deref(),
        dist: dist.as_deref(),
        server_name: server_name.as_deref(),
        transaction: transaction.as_deref(),
        logger: logger.as_deref(),
        user: user_key.as_deref(),
    };
    tags.derive(&body, &derived);
    let tags = tags.finish();
    let pair = |(key, value): &(String, String)| Value::from(vec![key.as_str(), value.as_str()]);
    body.insert("tags".into(), tags.iter().map(pair).collect());

    let (metadata, title, culprit) = name(&mut body, kind, transaction.as_deref());
    notes.write(&mut body);

    NormalizedEvent {
        body,
        event_id,
        kind,
        timestamp_us,
        received_us: context.received_us,
        platform,
        level,
        logger,
        transaction,
        release,
        environment,
        dist,
        server_name,
        user_key,
        tags,
        title,
        culprit,
        metadata,
    }
}

/// Says in a few words what happened and where: `metadata`, `title` and `culprit`, also written into the body.
pub(super) fn name(body: &mut Map, kind: EventKind, transaction: Option<&str>) -> (Metadata, String, String) {
    let metadata = title::metadata(body, kind);
    let title = title::title_of(kind, &metadata, transaction);
    let culprit = title::culprit(body, transaction);
    body.insert("title".into(), title.clone().into());
    body.insert("culprit".into(), culprit.clone().into());
    body.insert("metadata".into(), metadata.to_json());
    (metadata, title, culprit)
}

fn event_id(body: &mut Map, context: &NormalizeContext<'_>, notes: &mut Notes) -> String {
    let given = body.get("event_id");
    let own = given.and_then(Value::as_str).and_then(hex_id);
    if let Some(given) = given.filter(|_| own.is_none()) {
        notes.invalid(&Path::root("event_id"), Some(given), "expected 32 hex digits");
    }
    let id = context.header_event_id.and_then(hex_id).or(own).unwrap_or_else(|| {
        (context.new_id)().iter().fold(String::with_capacity(32), |mut id, byte| {
            for digit in [byte >> 4, byte & 15] {
                id.extend(char::from_digit(digit.into(), 16));
            }
            id
        })
    });
    body.insert("event_id".into(), id.clone().into());
    id
}

fn hex_id(text: &str) -> Option<String> {
    let id: String = text.trim().chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

fn kind(body: &Map, context: &NormalizeContext<'_>) -> EventKind {
    let named = body.get("type").and_then(Value::as_str);
    let feedback = || body.get("contexts").is_some_and(|contexts| contexts.get("feedback").is_some());
    match (context.item_kind, named) {
        (Some(kind @ (EventKind::Transaction | EventKind::Feedback | EventKind::Csp)), _) => kind,
        (_, Some("transaction")) => EventKind::Transaction,
        (_, Some("feedback")) => EventKind::Feedback,
        _ if body.contains_key("exception") => EventKind::Error,
        _ if body.contains_key("csp") => EventKind::Csp,
        _ if feedback() => EventKind::Feedback,
        _ if body.contains_key("logentry") || !body.contains_key("threads") => EventKind::Default,
        _ => EventKind::Error,
    }
}

fn level(body: &mut Map, kind: EventKind, notes: &mut Notes) -> Level {
    let default = match kind {
        EventKind::Transaction | EventKind::Feedback => Level::Info,
        _ => Level::Error,
    };
    let level = match body.get("level") {
        None => default,
        Some(value) => Level::from_json(value).unwrap_or_else(|| {
            notes.invalid(&Path::root("level"), Some(value), "expected fatal, error, warning, info or debug");
            default
        }),
    };
    body.insert("level".into(), level.as_str().into());
    level
}

/// A list of texts; anything else is dropped, and so the default grouping applies.
fn fingerprint(body: &mut Map, notes: &mut Notes) {
    let Some(value) = body.remove("fingerprint") else { return };
    let path = Path::root("fingerprint");
    let parts: Vec<String> = match &value {
        Value::Array(parts) => parts.iter().filter_map(text::scalar).collect(),
        Value::String(_) | Value::Number(_) => text::scalar(&value).into_iter().collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        if !value.as_array().is_some_and(Vec::is_empty) {
            notes.invalid(&path, Some(&value), "expected a list of texts");
        }
    } else {
        body.insert("fingerprint".into(), parts.into());
    }
}

/// A one-line text field: scalars are taken by their face, anything else is dropped and noted.
fn line(body: &mut Map, key: &'static str, max: usize, notes: &mut Notes) -> Option<String> {
    let value = body.get(key)?;
    let path = Path::root(key);
    let Some(mut text) = text::scalar(value) else {
        if !value.is_string() {
            notes.invalid(&path, Some(value), "expected a text");
        }
        body.remove(key);
        return None;
    };
    if text.contains(['\n', '\r']) {
        text = text.replace(['\r', '\n'], " ");
    }
    trim::cut_text(&mut text, max, &path, notes);
    if value.as_str() != Some(&text) {
        body.insert(key.into(), text.clone().into());
    }
    Some(text)
}

fn tag_as_field(tags: &Tags, key: &str) -> Option<String> {
    tags.find(key).map(str::to_owned)
}

fn bag(body: &mut Map, key: &'static str, limit: trim::Limit, notes: &mut Notes) {
    object_or_nothing(body, key, notes);
    if let Some(Value::Object(map)) = body.get_mut(key) {
        text::drop_nulls(map);
        trim::map(map, limit, &Path::root(key), notes);
    }
}

fn object_or_nothing(body: &mut Map, key: &'static str, notes: &mut Notes) {
    if let Some(other) = body.get(key).filter(|value| !value.is_object()) {
        // PHP writes an empty map as an empty list.
        if !other.as_array().is_some_and(Vec::is_empty) {
            notes.invalid(&Path::root(key), Some(other), "expected an object");
        }
        body.remove(key);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::json::json;

    pub(in crate::normalize) fn context() -> NormalizeContext<'static> {
        NormalizeContext {
            project_id: 1,
            received_us: 1_795_365_081_000_000,
            sent_at_us: None,
            remote_addr: None,
            user_agent: None,
            header_event_id: None,
            item_kind: None,
            new_id: &|| [0xab; 16],
        }
    }

    fn run(raw: Value) -> NormalizedEvent {
        super::super::normalize(raw.to_string().as_bytes(), &context()).unwrap()
    }

    #[test]
    fn an_empty_object_becomes_a_full_event() {
        let event = run(json!({}));
        assert_eq!(event.event_id, "ab".repeat(16));
        assert_eq!(
            (event.platform.as_str(), event.level, event.kind),
            ("other", Level::Error, EventKind::Default)
        );
        assert_eq!(event.environment, "production");
        assert_eq!(event.timestamp_us, event.received_us);
        assert_eq!(event.title, "<no message>");
        assert_eq!(event.body["tags"], json!([["environment", "production"], ["level", "error"]]));
    }

    #[test]
    fn every_field_wrong_is_still_an_event() {
        let keys = [
            "event_id",
            "timestamp",
            "platform",
            "level",
            "logger",
            "transaction",
            "release",
            "dist",
            "environment",
            "server_name",
            "tags",
            "extra",
            "modules",
            "fingerprint",
            "errors",
            "exception",
            "logentry",
            "message",
            "threads",
            "breadcrumbs",
            "user",
            "request",
            "contexts",
            "debug_meta",
            "sdk",
            "spans",
            "stacktrace",
            "_meta",
            "type",
            "csp",
            "start_timestamp",
        ];
        let odd = [
            json!([[]]),
            json!({"a": 1}),
            json!(7),
            json!("x"),
            json!(true),
            json!([1, "a", null]),
            json!({"values": 3}),
            json!({"values": [{"stacktrace": {"frames": [1, {}, {"lineno": "x", "function": 3, "vars": 4}]}}]}),
        ];
        for value in odd {
            let body: Map = keys.iter().map(|key| ((*key).to_owned(), value.clone())).collect();
            let event = run(Value::Object(body));
            assert_eq!(event.event_id.len(), 32, "{value}");
        }
    }

    #[test]
    fn ids_numbers_and_levels_are_mended() {
        let event = run(json!({
            "event_id": "AB62C055-5006-6442-2B8B-822F7F613AE8", "release": 1.5, "level": "loud",
            "environment": " staging\n", "fingerprint": ["a", 1, null], "tags": {"environment": "dev"},
        }));
        assert_eq!(event.event_id, "ab62c055500664422b8b822f7f613ae8");
        assert_eq!(event.release.as_deref(), Some("1.5"));
        assert_eq!((event.level, event.environment.as_str()), (Level::Error, "staging"));
        assert_eq!(event.body["fingerprint"], json!(["a", "1"]));
        assert_eq!(event.body["errors"][0]["name"], "level");
        assert!(event.tags.contains(&("environment".into(), "staging".into())));
    }

    #[test]
    fn the_header_names_the_event() {
        let mut context = context();
        context.header_event_id = Some("11111111111111111111111111111111");
        let event =
            super::super::normalize(br#"{"event_id":"22222222222222222222222222222222"}"#, &context).unwrap();
        assert_eq!(event.event_id, "1".repeat(32));
    }
}
