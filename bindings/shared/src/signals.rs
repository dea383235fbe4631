//! Logs, metrics, check-ins, feedback, attachments, flags and consent for hosts that speak JSON.

use std::path::PathBuf;

use watchpost_core::{
    Attachment, Attribute, Attributes, Error, EventId, Hint, Log, LogLevel, Metric, MetricType, Result,
    Scopes, Text, Value,
};

use crate::client::HostClient;
use crate::payload::parse;
use crate::scope::HostScope;

impl HostClient {
    /// True if log lines can lead anywhere: ask before building an expensive one.
    pub fn logs_enabled(&self) -> bool {
        self.client().logs_enabled()
    }

    /// Writes a line of the structured log. `level` by name; `attributes` is a JSON object of plain values or of
    /// `{"value", "unit"}`, `parameters` a JSON list; either may be empty text.
    ///
    /// # Errors
    /// When the level is none, or the JSON has another shape.
    pub fn log(
        &self,
        level: &str,
        body: &str,
        template: Option<(&str, &str)>,
        attributes: &str,
        scopes: Scopes<'_>,
    ) -> Result<()> {
        if !self.logs_enabled() {
            return Ok(());
        }
        let level = LogLevel::parse_lenient(level).ok_or_else(|| {
            let wanted = "trace, debug, info, warn, error or fatal";
            Error::payload("level", format!("`{level}` is not one of {wanted}"))
        })?;
        let mut log = Log { attributes: attributes_of(attributes)?, ..Log::new(level, body) };
        if let Some((template, parameters)) = template.filter(|(_, parameters)| !parameters.is_empty()) {
            let list: Vec<Value> = parse("parameters", parameters)?;
            let shown = |value: &Value| {
                Attribute::from_json(value).unwrap_or_else(|| Attribute::from(value.to_string()))
            };
            log.set_template(template, list.iter().map(shown));
        }
        self.client().capture_log(log, scopes);
        Ok(())
    }

    /// Notes a measurement: `kind` is `counter`, `gauge` or `distribution`; `attributes` as for [`log`](Self::log).
    ///
    /// # Errors
    /// When the kind is none, or the JSON has another shape.
    pub fn metric(
        &self,
        kind: &str,
        name: &str,
        value: f64,
        unit: Option<&str>,
        attributes: &str,
        scopes: Scopes<'_>,
    ) -> Result<()> {
        let kind = MetricType::parse(kind).ok_or_else(|| {
            Error::payload("type", format!("`{kind}` is not one of counter, gauge or distribution"))
        })?;
        let mut metric = Metric::new(kind, name, value);
        metric.unit = unit.map(Text::from);
        metric.attributes = attributes_of(attributes)?;
        self.client().capture_metric(metric, scopes);
        Ok(())
    }

    /// Captures a check-in from JSON.
    ///
    /// # Errors
    /// When the text is no check-in, or a field has a value that no server takes; the error names it.
    pub fn capture_check_in_json(&self, json: &str, scopes: Scopes<'_>) -> Result<Option<EventId>> {
        self.client().capture_check_in(parse("check_in", json)?, scopes)
    }

    /// Captures feedback from JSON: `message`, `contact_email`, `name`, `url`, `associated_event_id`, `replay_id`.
    ///
    /// # Errors
    /// When the text is no feedback, or it says nothing; the error names the field.
    pub fn capture_feedback_json(
        &self,
        json: &str,
        hint: &Hint,
        scopes: Scopes<'_>,
    ) -> Result<Option<EventId>> {
        self.client().capture_feedback(parse("feedback", json)?, hint, scopes)
    }

    /// Says whether the user agrees; see [`Client::set_consent`](watchpost_core::Client::set_consent).
    pub fn set_consent(&self, given: bool) {
        self.client().set_consent(given);
    }
}

impl HostScope {
    /// Adds a file that goes with every event of the scope.
    pub fn add_attachment(&self, attachment: Attachment) {
        self.shared().update(|scope| scope.add_attachment(attachment));
    }

    /// Forgets the attachments.
    pub fn clear_attachments(&self) {
        self.shared().update(watchpost_core::Scope::clear_attachments);
    }

    /// Notes that a feature flag was asked for.
    pub fn add_feature_flag(&self, flag: &str, result: bool) {
        let flag = Text::from(flag);
        self.shared().update(|scope| scope.add_feature_flag(flag, result));
    }

    /// Forgets a feature flag.
    pub fn remove_feature_flag(&self, flag: &str) {
        self.shared().update(|scope| scope.remove_feature_flag(flag));
    }

    /// Sets an attribute of every log, metric and streamed span from JSON: a plain value or `{"value", "unit"}`.
    ///
    /// # Errors
    /// When the text is no JSON, or a value without a type: null, an object, a nested or mixed list.
    pub fn set_attribute(&self, name: &str, json: &str) -> Result<()> {
        let (name, value) = (Text::from(name), parse::<Attribute>("attribute", json)?);
        self.shared().update(|scope| scope.set_attribute(name, value));
        Ok(())
    }

    /// Removes an attribute.
    pub fn remove_attribute(&self, name: &str) {
        self.shared().update(|scope| scope.remove_attribute(name));
    }
}

/// An attachment as a host hands it over: by its path, or as bytes with a name.
#[derive(Debug, Clone, Default)]
pub struct HostAttachment {
    /// Where the file is; read when an event is captured.
    pub path: Option<PathBuf>,
    /// Or what is in it.
    pub bytes: Option<Vec<u8>>,
    /// Its name; needed for bytes.
    pub filename: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// What it is for; `event.attachment` if missing.
    pub attachment_type: Option<String>,
    /// Whether it goes with transactions too.
    pub add_to_transactions: bool,
}

impl HostAttachment {
    /// The core's attachment.
    ///
    /// # Errors
    /// When there is neither a path nor bytes with a name, or both.
    pub fn into_attachment(self) -> Result<Attachment> {
        let mut attachment = match (self.path, self.bytes, &self.filename) {
            (Some(path), None, _) => Attachment::from_path(path),
            (None, Some(bytes), Some(name)) => Attachment::from_bytes(name, bytes),
            _ => {
                let wanted = "it needs either a path, or bytes and a filename";
                return Err(Error::payload("attachment", wanted));
            }
        };
        if let Some(name) = &self.filename {
            attachment = attachment.with_filename(name);
        }
        if let Some(content_type) = self.content_type {
            attachment = attachment.with_content_type(content_type);
        }
        if let Some(attachment_type) = self.attachment_type {
            attachment = attachment.with_attachment_type(attachment_type);
        }
        Ok(attachment.with_add_to_transactions(self.add_to_transactions))
    }
}

fn attributes_of(json: &str) -> Result<Attributes> {
    if json.is_empty() { Ok(Attributes::new()) } else { parse("attributes", json) }
}

#[cfg(test)]
mod tests {
    use watchpost_core::{Map, SharedScope};

    use super::*;
    use crate::{HostOptions, NameStyle, TestSetup};

    fn client(options: Value) -> HostClient {
        let Value::Object(map) = options else { panic!("not an object") };
        let options = HostOptions::parse(map, NameStyle::Snake, |_| None).unwrap();
        HostClient::start_testing(options, TestSetup::new(1_767_323_045.0, 1))
    }

    fn options(more: Map) -> Value {
        let mut options =
            serde_json::json!({"dsn": "https://key@errors.example.com/42", "enable_logs": true});
        options.as_object_mut().unwrap().extend(more);
        options
    }

    #[test]
    fn everything_goes_through_json() {
        let client = client(options(Map::new()));
        let (global, isolation, current) = (SharedScope::new(), SharedScope::new(), SharedScope::new());
        let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
        let scope = HostScope::from_shared(isolation.clone());
        scope.set_attribute("shard", "7").unwrap();
        scope.add_feature_flag("new-cart", true);
        let file = HostAttachment {
            bytes: Some(b"{}".to_vec()),
            filename: Some("a/state.json".into()),
            ..HostAttachment::default()
        };
        scope.add_attachment(file.into_attachment().unwrap());
        client.log("warning", "1 left", Some(("{} left", "[1]")), "{\"stock\": true}", scopes).unwrap();
        client.metric("gauge", "stock", 1.0, Some("item"), "", scopes).unwrap();
        assert!(
            client
                .capture_feedback_json("{\"message\": \"slow\"}", &Hint::default(), scopes)
                .unwrap()
                .is_some()
        );
        let check_in = "{\"monitor_slug\": \"job\", \"status\": \"ok\"}";
        assert!(client.capture_check_in_json(check_in, scopes).unwrap().is_some());
        client.flush(None);
        let sent: Value = serde_json::from_str(&client.take_recorded_json()).unwrap();
        let of = |at: usize| &sent[at]["items"][0];
        assert_eq!(of(0)["payload"]["contexts"]["flags"]["values"][0]["flag"], "new-cart");
        assert_eq!(sent[0]["items"][1]["header"]["filename"], "state.json");
        assert_eq!(of(1)["payload"]["monitor_slug"], "job");
        let line = &of(2)["payload"]["items"][0];
        assert_eq!((&line["level"], &line["attributes"]["shard"]["value"]), (&"warn".into(), &7.into()));
        assert_eq!(line["attributes"]["sentry.message.parameter.0"]["value"], 1);
        assert_eq!(of(3)["payload"]["items"][0]["unit"], "item");
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let client = client(options(Map::new()));
        let scope = SharedScope::new();
        let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
        let refused = client.capture_check_in_json("{\"monitor_slug\": \"a b\", \"status\": \"ok\"}", scopes);
        assert_eq!(refused.unwrap_err().field(), "monitor_slug");
        let refused = client.log("loud", "x", None, "", scopes);
        assert_eq!(refused.unwrap_err().field(), "level");
        assert!(HostAttachment::default().into_attachment().is_err());
        assert!(HostScope::new().set_attribute("a", "{}").is_err());
    }
}
