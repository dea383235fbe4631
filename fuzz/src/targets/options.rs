//! Options of a host: taken, or refused by name in a short text; and what was taken works.

use serde_json::Value;
use watchpost_bindings::{HostClient, HostOptions, NameStyle, TestSetup};
use watchpost_core::{Map, Scopes, SharedScope};

pub(crate) fn run(data: &[u8]) {
    let (Some((first, rest)), style) = (data.split_first(), data.len()) else { return };
    let style = if style % 2 == 0 { NameStyle::Snake } else { NameStyle::Camel };
    let Ok(Value::Object(given)) = serde_json::from_slice::<Value>(rest) else {
        // Not JSON: the value of an environment variable then.
        let Ok(text) = std::str::from_utf8(rest) else { return };
        let variable =
            ["SENTRY_DSN", "SENTRY_SAMPLE_RATE", "SENTRY_DEBUG", "SENTRY_RELEASE", "SENTRY_ENVIRONMENT"]
                [usize::from(*first) % 5];
        let env = |name: &str| (name == variable).then(|| text.to_owned());
        check(HostOptions::parse(Map::new(), style, env));
        return;
    };
    check(HostOptions::parse(given, style, |_| None));
}

fn check(parsed: watchpost_core::Result<HostOptions>) {
    let options = match parsed {
        Ok(options) => options,
        Err(error) => {
            let text = error.to_string();
            assert!(!error.field().is_empty() && text.contains(error.field()), "{text}");
            assert!(text.len() < 5000, "an error is a line, not the input: {} bytes", text.len());
            return;
        }
    };
    let enabled = options.client.dsn().is_some();
    let host = HostClient::start_testing(options, TestSetup::new(1_767_323_045.0, 1));
    let (global, isolation, current) = (SharedScope::new(), SharedScope::new(), SharedScope::new());
    let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
    let captured = host.capture_message("hello", None, scopes);
    assert!(captured.is_ok(), "a message with default level");
    if !enabled {
        assert!(matches!(captured, Ok(None)), "without a DSN nothing is captured");
        assert_eq!(host.take_recorded_json(), "[]");
    }
    assert!(host.close(None));
}
