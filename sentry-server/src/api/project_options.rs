//! A project's scrubbing and patterns of filters, by the names that clients of the API know. They are settings as well.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::project::ProjectSettings;

/// What a PUT on a project may say about them.
#[derive(Debug, Default)]
pub(super) struct Privacy {
    /// Whether secrets are masked before anything is stored.
    pub(super) data_scrubber: Option<bool>,
    pub(super) scrub_ip_addresses: Option<bool>,
    pub(super) sensitive_fields: Option<Vec<String>>,
    pub(super) safe_fields: Option<Vec<String>>,
    pub(super) options: Options,
}

/// Patterns, one a line.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
pub(super) struct Options {
    #[serde(rename = "filters:releases")]
    releases: Option<String>,
    #[serde(rename = "filters:error_messages")]
    error_messages: Option<String>,
    #[serde(rename = "filters:blacklisted_ips")]
    addresses: Option<String>,
}

impl Privacy {
    pub(super) fn is_empty(&self) -> bool {
        let Options { releases, error_messages, addresses } = &self.options;
        let texts = [releases, error_messages, addresses];
        let flags = [self.data_scrubber, self.scrub_ip_addresses];
        let lists = [&self.sensitive_fields, &self.safe_fields];
        texts.iter().all(|text| text.is_none())
            && flags == [None; 2]
            && lists.iter().all(|list| list.is_none())
    }

    /// What is left out stays.
    pub(super) fn put_over(self, settings: &mut ProjectSettings) {
        let (scrub, filters) = (&mut settings.scrub, &mut settings.filters);
        scrub.enabled = self.data_scrubber.unwrap_or(scrub.enabled);
        scrub.addresses = self.scrub_ip_addresses.unwrap_or(scrub.addresses);
        let Options { releases, error_messages, addresses } = self.options;
        for (given, own) in [
            (self.sensitive_fields, &mut scrub.sensitive_fields),
            (self.safe_fields, &mut scrub.safe_fields),
            (releases.map(lines), &mut filters.releases),
            (error_messages.map(lines), &mut filters.error_messages),
            (addresses.map(lines), &mut filters.ip_addresses),
        ] {
            if let Some(given) = given {
                *own = given;
            }
        }
    }
}

fn lines(text: String) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What a project shows of them.
pub(super) fn shape(settings: &ProjectSettings) -> Map<String, Value> {
    let (scrub, filters) = (&settings.scrub, &settings.filters);
    let shape = json!({
        "dataScrubber": scrub.enabled,
        "scrubIPAddresses": scrub.addresses,
        "sensitiveFields": scrub.sensitive_fields,
        "safeFields": scrub.safe_fields,
        "options": {
            "filters:releases": filters.releases.join("\n"),
            "filters:error_messages": filters.error_messages.join("\n"),
            "filters:blacklisted_ips": filters.ip_addresses.join("\n"),
        },
    });
    match shape {
        Value::Object(shape) => shape,
        _ => Map::new(),
    }
}
