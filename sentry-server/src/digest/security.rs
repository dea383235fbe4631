//! Reports of browsers as events: violated policies, certificates without proof, failed requests.

use watchpost_core::ItemHeader;

use crate::json::{Map, Value, json};
use crate::normalize;

/// The payload of an event that says what a report says; `None` for one that says nothing.
pub(super) fn event(header: &ItemHeader, payload: &[u8]) -> Option<Vec<u8>> {
    let report = normalize::object(payload).ok()?;
    let mut event = of_report(&report)?;
    for (ours, theirs) in [("release", "sentry_release"), ("environment", "sentry_environment")] {
        if let Some(value) = header.other.get(theirs) {
            event[ours] = value.clone().into();
        }
    }
    event["platform"] = "javascript".into();
    Some(event.to_string().into_bytes())
}

fn of_report(report: &Map) -> Option<Value> {
    // What the reporting API sends has the report in `body` and the page in `url`.
    let kind = report.get("type").and_then(Value::as_str).unwrap_or_default();
    let body = report.get("body").and_then(Value::as_object);
    match (kind, body) {
        ("csp-violation" | "csp", Some(body)) => return csp(body, report),
        ("network-error", Some(body)) => return network_error(body, report),
        (_, Some(body)) if !kind.is_empty() => return other(kind, body, report),
        _ => {}
    }
    if let Some(body) = report.get("csp-report").and_then(Value::as_object) {
        return csp(body, report);
    }
    for (name, what, host) in
        [("expect-ct-report", "Expect-CT", "hostname"), ("expect-staple-report", "Expect-Staple", "hostname")]
    {
        if let Some(body) = report.get(name).and_then(Value::as_object) {
            return certificate(what, host, body);
        }
    }
    if report.contains_key("known-pins") {
        return certificate("Public key pinning", "hostname", report);
    }
    report.contains_key("phase").then(|| network_error(report, report)).flatten()
}

/// Keys as the legacy form (`blocked-uri`) and the reporting API (`blockedURL`) spell them become `blocked_uri`.
fn csp(body: &Map, report: &Map) -> Option<Value> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| body.get(*name)?.as_str()).map(str::to_owned);
    let fields = [
        ("document_uri", ["document-uri", "documentURL"]),
        ("referrer", ["referrer", "referrer"]),
        ("blocked_uri", ["blocked-uri", "blockedURL"]),
        ("violated_directive", ["violated-directive", "effectiveDirective"]),
        ("effective_directive", ["effective-directive", "effectiveDirective"]),
        ("original_policy", ["original-policy", "originalPolicy"]),
        ("source_file", ["source-file", "sourceFile"]),
        ("script_sample", ["script-sample", "sample"]),
        ("disposition", ["disposition", "disposition"]),
    ];
    let mut csp = Map::new();
    for (name, names) in fields {
        if let Some(value) = text(names) {
            csp.insert(name.into(), value.into());
        }
    }
    for (name, names) in [
        ("line_number", ["line-number", "lineNumber"]),
        ("column_number", ["column-number", "columnNumber"]),
        ("status_code", ["status-code", "statusCode"]),
    ] {
        if let Some(number) = names.iter().find_map(|name| body.get(*name)?.as_i64()) {
            csp.insert(name.into(), number.into());
        }
    }
    let directive = csp.get("effective_directive").or_else(|| csp.get("violated_directive"))?.as_str()?;
    let directive = directive.split_whitespace().next()?.to_owned();
    csp.insert("effective_directive".into(), directive.clone().into());
    let blocked = csp.get("blocked_uri").and_then(Value::as_str).unwrap_or("self").to_owned();
    let what = directive.trim_end_matches("-elem").trim_end_matches("-attr").trim_end_matches("-src");
    let from = host(&blocked).unwrap_or(&blocked);
    let page = csp.get("document_uri").and_then(Value::as_str).or(report.get("url").and_then(Value::as_str));
    let mut event = json!({
        "type": "csp",
        "logger": "csp",
        "logentry": { "formatted": format!("Blocked '{what}' from '{from}'") },
        "tags": { "effective-directive": directive, "blocked-uri": blocked },
    });
    if let Some(page) = page {
        event["request"] = json!({ "url": page });
    }
    event["csp"] = Value::Object(csp);
    Some(event)
}

fn network_error(body: &Map, report: &Map) -> Option<Value> {
    let kind = body.get("type").and_then(Value::as_str)?;
    let url = report.get("url").and_then(Value::as_str).unwrap_or_default();
    let mut event = json!({
        "logger": "nel",
        "logentry": { "formatted": format!("Request to {} failed: {kind}", host(url).unwrap_or(url)) },
        "tags": { "nel.type": kind },
        "contexts": { "nel": body },
    });
    if !url.is_empty() {
        event["request"] = json!({ "url": url });
    }
    Some(event)
}

fn certificate(what: &str, host: &str, body: &Map) -> Option<Value> {
    let host = body.get(host).and_then(Value::as_str)?;
    Some(json!({
        "logger": "csp",
        "logentry": { "formatted": format!("{what} failed for '{host}'") },
        "tags": { "hostname": host },
        "contexts": { "security_report": body },
    }))
}

/// Deprecations, interventions, crashes and whatever browsers will report next.
fn other(kind: &str, body: &Map, report: &Map) -> Option<Value> {
    let message = ["message", "reason", "id"].iter().find_map(|name| body.get(*name)?.as_str());
    let mut event = json!({
        "logger": "report",
        "level": "warning",
        "logentry": { "formatted": message.map_or_else(|| kind.to_owned(), |text| format!("{kind}: {text}")) },
        "tags": { "report.type": kind },
        "contexts": { "report": body },
    });
    if let Some(url) = report.get("url").and_then(Value::as_str) {
        event["request"] = json!({ "url": url });
    }
    Some(event)
}

fn host(uri: &str) -> Option<&str> {
    let rest = uri.split_once("://")?.1;
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use watchpost_core::ItemType;

    use super::*;

    fn made(report: &Value) -> Value {
        let mut header = ItemHeader::new(ItemType::RawSecurity);
        header.other.insert("sentry_release".into(), "r@1".into());
        serde_json::from_slice(&event(&header, report.to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn both_forms_of_a_policy_report_say_the_same() {
        let old = made(&json!({ "csp-report": { "document-uri": "https://shop.example/pay",
            "blocked-uri": "https://evil.example/x.js", "violated-directive": "script-src 'self'",
            "line-number": 3 } }));
        let new = made(&json!({ "type": "csp-violation", "url": "https://shop.example/pay", "body": {
            "documentURL": "https://shop.example/pay", "blockedURL": "https://evil.example/x.js",
            "effectiveDirective": "script-src", "lineNumber": 3 } }));
        for event in [&old, &new] {
            assert_eq!(event["logentry"]["formatted"], "Blocked 'script' from 'evil.example'");
            assert_eq!(event["csp"]["effective_directive"], "script-src");
            assert_eq!(event["csp"]["line_number"], 3);
            assert_eq!(event["request"]["url"], "https://shop.example/pay");
            assert_eq!(event["release"], "r@1");
        }
    }

    #[test]
    fn other_reports_become_messages() {
        let nel = made(&json!({ "type": "network-error", "url": "https://shop.example/a",
            "body": { "type": "tcp.timed_out", "phase": "connection" } }));
        assert_eq!(nel["logentry"]["formatted"], "Request to shop.example failed: tcp.timed_out");
        let ct = made(&json!({ "expect-ct-report": { "hostname": "shop.example" } }));
        assert_eq!(ct["logentry"]["formatted"], "Expect-CT failed for 'shop.example'");
        let old = made(&json!({ "type": "deprecation", "url": "https://a/b", "body": { "id": "unload" } }));
        assert_eq!(old["logentry"]["formatted"], "deprecation: unload");
        let header = ItemHeader::new(ItemType::RawSecurity);
        assert!(event(&header, b"{}").is_none() && event(&header, b"[]").is_none());
    }
}
