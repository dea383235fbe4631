//! Inbound filters: what was sent and is not wanted.

use std::net::IpAddr;

use super::settings::FilterSettings;
use super::{agent, glob};
use crate::json::Value;
use crate::normalize::{EventKind, NormalizedEvent};
use crate::proxy::TrustedProxy;

/// The filters of a project.
#[derive(Debug)]
pub(crate) struct Filters {
    settings: FilterSettings,
    networks: Vec<TrustedProxy>,
}

impl Filters {
    /// Why what says an unwanted release is not wanted.
    pub(crate) const RELEASE: &'static str = "release-version";

    /// `None` when nothing is filtered. An address that is none was refused when it was set, and is ignored here.
    pub(super) fn new(settings: &FilterSettings) -> Option<Self> {
        if *settings == FilterSettings::default() {
            return None;
        }
        let networks = settings.ip_addresses.iter().filter_map(|text| text.parse().ok()).collect();
        Some(Self { settings: settings.clone(), networks })
    }

    /// Why an event is not wanted; the names are those that official outcomes have.
    pub(crate) fn reason(
        &self,
        event: &NormalizedEvent,
        address: Option<IpAddr>,
        user_agent: Option<&str>,
    ) -> Option<&'static str> {
        let settings = &self.settings;
        if let Some(reason) = self.of_address(address) {
            return Some(reason);
        }
        if event.release.as_deref().is_some_and(|release| self.is_unwanted_release(release)) {
            return Some(Self::RELEASE);
        }
        if event.kind == EventKind::Transaction {
            let name = event.transaction.as_deref().unwrap_or_default();
            let is_check = || HEALTH_CHECKS.iter().any(|pattern| glob::matches(pattern, name));
            if settings.health_checks && is_check() {
                return Some("filtered-transaction");
            }
        } else {
            if !settings.error_messages.is_empty() && self.is_unwanted_message(event) {
                return Some("error-message");
            }
            if settings.browser_extensions && is_of_extension(event) {
                return Some("browser-extensions");
            }
        }
        if settings.localhost && is_local(event) {
            return Some("localhost");
        }
        let user_agent = header(event, "user-agent").or(user_agent);
        if let Some(user_agent) = user_agent {
            if settings.legacy_browsers && agent::is_legacy(user_agent) {
                return Some("legacy-browsers");
            }
            if settings.web_crawlers && agent::is_crawler(user_agent) {
                return Some("web-crawlers");
            }
        }
        None
    }

    /// Why nothing from an address is wanted, whatever it is.
    pub(crate) fn of_address(&self, address: Option<IpAddr>) -> Option<&'static str> {
        let address = address?;
        self.networks.iter().any(|network| network.holds(address)).then_some("ip-address")
    }

    /// Whether nothing of a release is wanted, whatever it is: see [`Self::RELEASE`].
    pub(crate) fn is_unwanted_release(&self, release: &str) -> bool {
        self.settings.releases.iter().any(|pattern| glob::matches(pattern, release))
    }

    fn is_unwanted_message(&self, event: &NormalizedEvent) -> bool {
        let is_unwanted =
            |text: &str| self.settings.error_messages.iter().any(|pattern| glob::matches(pattern, text));
        let formatted = event.body.get("logentry").and_then(|entry| entry.get("formatted")?.as_str());
        if formatted.is_some_and(is_unwanted) {
            return true;
        }
        exceptions(event).any(|exception| {
            let part = |key: &str| exception.get(key).and_then(Value::as_str).unwrap_or_default();
            let (kind, value) = (part("type"), part("value"));
            is_unwanted(value) || is_unwanted(kind) || is_unwanted(&format!("{kind}: {value}"))
        })
    }
}

fn exceptions(event: &NormalizedEvent) -> impl Iterator<Item = &Value> {
    let values = event.body.get("exception").and_then(|exception| exception.get("values")?.as_array());
    values.into_iter().flatten()
}

/// A frame inside of an extension, or an error that only extensions make.
fn is_of_extension(event: &NormalizedEvent) -> bool {
    exceptions(event).any(|exception| {
        let value = exception.get("value").and_then(Value::as_str).unwrap_or_default();
        if EXTENSION_ERRORS.iter().any(|text| value.contains(text)) {
            return true;
        }
        let frames = exception.get("stacktrace").and_then(|stack| stack.get("frames")?.as_array());
        frames.into_iter().flatten().any(|frame| {
            ["abs_path", "filename"].iter().any(|key| {
                let path = frame.get(*key).and_then(Value::as_str).unwrap_or_default();
                EXTENSION_PLACES.iter().any(|place| path.contains(place))
            })
        })
    })
}

fn is_local(event: &NormalizedEvent) -> bool {
    let user = event.body.get("user").and_then(|user| user.get("ip_address")?.as_str());
    if user.is_some_and(|address| matches!(address, "127.0.0.1" | "::1")) {
        return true;
    }
    let url = event.body.get("request").and_then(|request| request.get("url")?.as_str()).unwrap_or_default();
    let Some((_, rest)) = url.split_once("://") else { return url.starts_with("file:") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let name = name.unwrap_or_default();
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
}

fn header<'a>(event: &'a NormalizedEvent, name: &str) -> Option<&'a str> {
    crate::normalize::header(&event.body, name)
}

/// Names of transactions that only machines ask for.
const HEALTH_CHECKS: [&str; 16] = [
    "*healthcheck*",
    "*heartbeat*",
    "*/health",
    "*/healthy",
    "*/healthz",
    "*/health_check",
    "*/_health",
    "*/live",
    "*/livez",
    "*/liveness",
    "*/ready",
    "*/readyz",
    "*/readiness",
    "*/ping",
    "*/up",
    "*/_/health",
];

const EXTENSION_ERRORS: [&str; 8] = [
    "top.GLOBALS",
    "originalCreateNotification",
    "canvas.contentDocument",
    "MyApp_RemoveAllHighlights",
    "atomicFindClose",
    "fb_xd_fragment",
    "conduitPage",
    "EBCallBackMessageReceived",
];

const EXTENSION_PLACES: [&str; 6] = [
    "chrome-extension://",
    "moz-extension://",
    "safari-extension://",
    "safari-web-extension://",
    "webkit-masked-url://",
    "127.0.0.1:4001/isrunning",
];
