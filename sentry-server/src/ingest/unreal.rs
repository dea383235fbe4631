//! Unreal Engine's crash reports: one compressed container of a minidump, a description in XML, and logs.

use serde_json::{Map, Value, json};
use symbolic_unreal::{Unreal4Crash, Unreal4FileType};
use watchpost_core::EventId;

use super::framed::Framed;
use super::refusal::Refusal;

/// An envelope with an event made of the description, and every file of the report.
pub(super) fn envelope(
    id: EventId,
    report: &[u8],
    user: Option<&str>,
    max_bytes: usize,
) -> Result<Vec<u8>, Refusal> {
    let refuse = |error: symbolic_unreal::Unreal4Error| match error.kind() {
        symbolic_unreal::Unreal4ErrorKind::TooLarge => {
            Refusal::exceeds("the inflated crash report", max_bytes)
        }
        _ => Refusal::malformed(format!("Unreal crash report: {error}")),
    };
    let crash = Unreal4Crash::parse_with_limit(report, max_bytes).map_err(refuse)?;
    let mut envelope = Framed::new(id);
    envelope.add_json("event", &event(&crash, user));
    for file in crash.files() {
        let (kind, media) = match file.ty() {
            Unreal4FileType::Minidump => ("event.minidump", Some("application/x-dmp")),
            Unreal4FileType::AppleCrashReport => ("event.applecrashreport", Some("text/plain")),
            Unreal4FileType::Log => ("unreal.logs", Some("text/plain")),
            Unreal4FileType::Context => ("unreal.context", Some("application/xml")),
            _ => ("event.attachment", None),
        };
        envelope.add_attachment(file.name(), kind, media, file.data());
    }
    Ok(envelope.into_bytes())
}

fn event(crash: &Unreal4Crash, user: Option<&str>) -> Value {
    let mut event = json!({ "platform": "native", "level": "fatal" });
    // A description that cannot be read costs what it says, not the crash.
    let is_sane = crash.file_by_type(Unreal4FileType::Context).is_some_and(|file| is_shallow(file.data()));
    let context = if is_sane { crash.context().ok().flatten() } else { None };
    let Some(properties) = context.as_ref().and_then(|context| context.runtime_properties.as_ref()) else {
        return event;
    };
    if let Some(message) = &properties.error_message {
        event["logentry"] = json!({ "formatted": message });
    }
    let release = properties.build_version.as_ref().or(properties.engine_version.as_ref());
    if let Some(release) = release {
        event["release"] = json!(release);
    }
    let user = user.or(properties.login_id.as_deref()).or(properties.epic_account_id.as_deref());
    if let Some(user) = user {
        event["user"] = json!({ "id": user });
    }
    let mut extra = Map::new();
    let facts = [
        ("crash_type", &properties.crash_type),
        ("game_name", &properties.game_name),
        ("engine_version", &properties.engine_version),
        ("engine_mode", &properties.engine_mode),
        ("build_configuration", &properties.build_configuration),
        ("platform_name", &properties.platform_name),
        ("user_description", &properties.user_description),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            extra.insert(name.to_owned(), fact.clone().into());
        }
    }
    event["contexts"] = json!({ "unreal": extra });
    event
}

/// Whether XML is small and flat enough for a parser that builds trees.
fn is_shallow(xml: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for at in memchr::memchr_iter(b'<', xml) {
        match xml.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'?' | b'!') | None => {}
            Some(_) => depth += 1,
        }
        deepest = deepest.max(depth);
    }
    xml.len() <= MAX_XML_BYTES && deepest <= MAX_XML_DEPTH
}

const MAX_XML_BYTES: usize = 1_024 * 1_024;
/// Elements that are closed in their own tag count too; a description has a few hundred of them.
const MAX_XML_DEPTH: usize = 2_000;
