//! The options of `init`, by name.

mod functions;
mod names;
mod privacy;
mod signals;
mod tracing;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use self::functions::FUNCTIONS;
use self::names::{camel, distance, snake};
use watchpost_core::{ClientOptions, DiagnosticSink, Diagnostics, Error, Map, Pattern, Result, Text, Value};

/// How a host writes names: decides what its error messages say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStyle {
    /// `sample_rate`
    Snake,
    /// `sampleRate`
    Camel,
}

/// The checked options of `init`.
#[derive(Debug, Clone, Default)]
pub struct HostOptions {
    /// What the core needs to know.
    pub client: ClientOptions,
    /// False keeps everything in memory.
    pub spool: bool,
    /// Collect local variables, where the host can.
    pub include_local_variables: bool,
    /// True shows of each variable no more than its type.
    pub local_variable_types_only: bool,
    /// Collect the source lines around frames, where the host can.
    pub include_source_context: bool,
    /// Integrations that are switched off, by name.
    pub disabled_integrations: Vec<Text>,
}

const KNOWN: [&str; 51] = [
    "dsn",
    "release",
    "enable_logs",
    "enable_metrics",
    "require_consent",
    "max_attachment_size",
    "environment",
    "dist",
    "server_name",
    "modules",
    "sample_rate",
    "max_breadcrumbs",
    "attach_stacktrace",
    "send_default_pii",
    "data_collection",
    "sanitize_fields",
    "scrub_patterns",
    "max_request_body_size",
    "send_client_reports",
    "auto_session_tracking",
    "report_killed",
    "mark_sigterm",
    "shutdown_timeout",
    "storage_dir",
    "in_app_include",
    "in_app_exclude",
    "ignore_errors",
    "debug",
    "spool",
    "include_local_variables",
    "include_source_context",
    "disabled_integrations",
    "compression",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ca_certs",
    "cert_file",
    "key_file",
    "tunnel",
    "spotlight",
    "enable_backpressure_handling",
    "keep_alive",
    "traces_sample_rate",
    "max_spans",
    "trace_propagation_targets",
    "propagate_traceparent",
    "strict_trace_continuation",
    "org_id",
    "ignore_spans",
    "trace_lifecycle",
];

impl HostOptions {
    /// Reads options from an object of plain values; `null` means not given. What is not given comes from the
    /// environment ([`ClientOptions::with_variables`]), read through `env`, else it has its default. `shutdown_timeout` is in seconds, in camel case (`shutdownTimeout`) in
    /// milliseconds, as each language's users expect.
    ///
    /// # Errors
    /// When an option is unknown or has a wrong value. The error names the option as the host writes it and shows a
    /// right value.
    pub fn parse(given: Map, style: NameStyle, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut options = Self {
            spool: true,
            include_local_variables: true,
            local_variable_types_only: false,
            include_source_context: true,
            ..Self::default()
        };
        let mut given: Map = given.into_iter().filter(|(_, value)| !value.is_null()).collect();
        if style == NameStyle::Camel {
            given = given.into_iter().map(|(key, value)| (snake(&key), value)).collect();
        }
        for (name, value) in given {
            options = options.set(&name, value, style)?;
        }
        options.client = options.client.with_variables(env).map_err(|error| in_style(error, style))?;
        let collection = options.client.data_collection();
        options.include_local_variables &= collection.stack_frame_variables;
        options.include_source_context &= collection.frame_context_lines > 0;
        Ok(options)
    }

    /// Where diagnostic lines go.
    #[must_use]
    pub fn with_diagnostics(mut self, sink: DiagnosticSink) -> Self {
        self.client = self.client.with_diagnostics(Diagnostics::to(sink));
        self
    }

    fn set(mut self, name: &str, value: Value, style: NameStyle) -> Result<Self> {
        let option = Given { name, value, style };
        let client = self.client;
        self.client = match name {
            "dsn" => client.with_dsn(&option.text("\"https://public_key@errors.example.com/42\"")?)?,
            "release" => client.with_release(option.text("\"shop@1.2.3\"")?),
            "environment" => client.with_environment(option.text("\"staging\"")?),
            "dist" => client.with_dist(option.text("\"42\"")?),
            "server_name" => client.with_server_name(option.text("\"web-1\"")?),
            "modules" => client.with_modules(option.pairs("{\"flask\": \"3.1.0\"}")?),
            "sample_rate" => {
                let rate = option.number("0.25")?;
                client
                    .with_sample_rate(rate)
                    .map_err(|_| option.refuse("a number between 0 and 1, like 0.25"))?
            }
            "max_breadcrumbs" => client.with_max_breadcrumbs(option.count("100")?),
            "attach_stacktrace" => client.with_attach_stacktrace(option.flag()?),
            "send_default_pii" => client.with_send_default_pii(option.flag()?),
            "auto_session_tracking" => client.with_auto_session_tracking(option.flag()?),
            "report_killed" => client.with_report_killed(option.flag()?),
            "mark_sigterm" => client.with_mark_sigterm(option.flag()?),
            "send_client_reports" => client.with_send_client_reports(option.flag()?),
            "shutdown_timeout" => client.with_shutdown_timeout(option.duration()?),
            "storage_dir" => {
                client.with_storage_dir(Some(PathBuf::from(option.text("\"/var/lib/shop/errors\"")?)))
            }
            "in_app_include" => client.with_in_app_include(option.texts("[\"shop\"]")?),
            "in_app_exclude" => client.with_in_app_exclude(option.texts("[\"vendored\"]")?),
            "debug" => client.with_debug(option.flag()?),
            "ignore_errors" => client
                .with_ignore_errors(option.patterns("[\"BrokenPipeError\", {\"regex\": \"^timeout\"}]")?),
            _ => {
                let client = tracing::set(transport::set(client, &option)?, &option)?;
                privacy::set(signals::set(client, &option)?, &option)?
            }
        };
        match name {
            "spool" => {
                self.spool = option.flag()?;
                self.client = self.client.with_spool(self.spool);
            }
            "include_local_variables" if option.value == "types" => self.local_variable_types_only = true,
            "include_local_variables" => self.include_local_variables = option.flag()?,
            "include_source_context" => self.include_source_context = option.flag()?,
            "disabled_integrations" => self.disabled_integrations = option.texts("[\"logging\"]")?,
            function if FUNCTIONS.contains(&function) => return Err(option.refuse("a function")),
            known if KNOWN.contains(&known) => {}
            unknown => return Err(unknown_option(unknown, style)),
        }
        Ok(self)
    }
}

/// One option with its value, and how to complain about it.
struct Given<'a> {
    name: &'a str,
    value: Value,
    style: NameStyle,
}

impl Given<'_> {
    /// The core's complaint under the name that the host writes.
    fn rename(&self, error: &Error) -> Error {
        let text = error.to_string();
        let detail = text.split_once("`: ").map_or(text.as_str(), |(_, detail)| detail);
        Error::option(written(self.name, self.style), detail)
    }

    fn refuse(&self, wanted: &str) -> Error {
        let name = written(self.name, self.style);
        Error::option(name, format!("{} is not {wanted}", shown(&self.value.to_string())))
    }

    fn text(&self, example: &str) -> Result<String> {
        let text = self.value.as_str().map(str::to_owned);
        text.ok_or_else(|| self.refuse(&format!("text, like {example}")))
    }

    fn number(&self, example: &str) -> Result<f64> {
        self.value.as_f64().ok_or_else(|| self.refuse(&format!("a number, like {example}")))
    }

    fn count(&self, example: &str) -> Result<usize> {
        let count = self.value.as_u64().or_else(|| {
            let number = self.value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0);
            number.map(|n| n as u64)
        });
        let count = count.and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.refuse(&format!("a whole number that is not negative, like {example}")))
    }

    fn flag(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.refuse("true or false"))
    }

    fn duration(&self) -> Result<Duration> {
        let (unit, example, per_second) = match self.style {
            NameStyle::Snake => ("seconds", "2", 1.0),
            NameStyle::Camel => ("milliseconds", "2000", 1000.0),
        };
        let seconds = self.value.as_f64().filter(|n| *n >= 0.0).map(|n| n / per_second);
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration.ok_or_else(|| self.refuse(&format!("a number of {unit}, like {example}")))
    }

    /// A list of texts and regular expressions.
    fn patterns(&self, example: &str) -> Result<Vec<Pattern>> {
        let wanted = || self.refuse(&format!("a list of texts and patterns, like {example}"));
        let list = self.value.as_array().ok_or_else(wanted)?;
        list.iter().map(Pattern::from_json).collect::<Result<_>>().map_err(|error| self.rename(&error))
    }

    /// An object of texts.
    fn pairs<P: FromIterator<(Text, Text)>>(&self, example: &str) -> Result<P> {
        let pair = |(name, value): (&String, &Value)| Some((name.into(), value.as_str()?.into()));
        let pairs = self.value.as_object().and_then(|object| object.iter().map(pair).collect());
        pairs.ok_or_else(|| self.refuse(&format!("names and texts, like {example}")))
    }

    fn texts(&self, example: &str) -> Result<Vec<Text>> {
        let list = self.value.as_array().map(|list| list.iter().map(|item| item.as_str().map(Text::from)));
        let texts: Option<Vec<Text>> = list.and_then(|list| list.collect());
        texts.ok_or_else(|| self.refuse(&format!("a list of texts, like {example}")))
    }
}

/// The core's complaint about a variable under the option's name as the host writes it.
fn in_style(error: Error, style: NameStyle) -> Error {
    if error.is_dsn() || style == NameStyle::Snake {
        return error;
    }
    Given { name: error.field(), value: Value::Null, style }.rename(&error)
}

/// So many letters may be wrong in a name for it to be taken for another.
const MAX_DISTANCE: usize = 3;

fn unknown_option(name: &str, style: NameStyle) -> Error {
    // The distance is never less than the difference in length; a name may be as long as somebody likes.
    let similar = names().filter(|known| known.len().abs_diff(name.len()) <= MAX_DISTANCE);
    let closest = similar.map(|known| (distance(name, known), known)).min();
    let hint = match closest {
        Some((distance, known)) if distance <= MAX_DISTANCE => {
            format!("did you mean `{}`?", written(known, style))
        }
        _ => {
            let names: Vec<_> = names().map(|known| written(known, style)).collect();
            format!("the options are {}", names.join(", "))
        }
    };
    let name = if style == NameStyle::Camel { camel(name) } else { name.to_owned() };
    Error::option("options", format!("there is no option `{}`; {hint}", shown(&name)))
}

/// So much of a wrong value as says which one it is.
fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} ...", &text[..end]).into(),
        None => text.into(),
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().chain(FUNCTIONS)
}

/// A known name as the host writes it. Leaks nothing: the camel forms are made once.
fn written(name: &str, style: NameStyle) -> &'static str {
    static CAMEL: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| names().map(camel).collect());
    match (names().enumerate().find(|(_, known)| *known == name), style) {
        (Some((_, known)), NameStyle::Snake) => known,
        (Some((index, _)), NameStyle::Camel) => &CAMEL[index],
        (None, _) => "options",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: Value, style: NameStyle) -> Result<HostOptions> {
        let Value::Object(map) = value else { panic!("not an object") };
        HostOptions::parse(map, style, |_| None)
    }

    #[test]
    fn errors_name_the_option_as_the_host_writes_it() {
        for (given, style, field, part) in [
            (json!({"sampleRate": 2}), NameStyle::Camel, "sampleRate", "between 0 and 1"),
            (json!({"sample_rate": "x"}), NameStyle::Snake, "sample_rate", "like 0.25"),
            (json!({"sampel_rate": 1}), NameStyle::Snake, "options", "did you mean `sample_rate`?"),
            (json!({"maxBreadcrumb": 1}), NameStyle::Camel, "options", "did you mean `maxBreadcrumbs`?"),
            (json!({"max_breadcrumbs": -1}), NameStyle::Snake, "max_breadcrumbs", "like 100"),
            (json!({"dsn": "x"}), NameStyle::Snake, "dsn", "https://public_key@"),
            (json!({"dsn": 5}), NameStyle::Snake, "dsn", "https://public_key@"),
            (json!({"ignore_errors": ["a", 1]}), NameStyle::Snake, "ignore_errors", "1 is neither text nor"),
            (json!({"ignoreErrors": "a"}), NameStyle::Camel, "ignoreErrors", "a list of texts and patterns"),
            (
                json!({"ignoreErrors": [{"regex": "("}]}),
                NameStyle::Camel,
                "ignoreErrors",
                "no regular expression",
            ),
            (json!({"tracesSampler": 1}), NameStyle::Camel, "tracesSampler", "1 is not a function"),
            (json!({"before_send_logs": 1}), NameStyle::Snake, "options", "mean `before_send_log`?"),
            (json!({"shutdownTimeout": "1"}), NameStyle::Camel, "shutdownTimeout", "milliseconds"),
        ] {
            let error = parse(given.clone(), style).unwrap_err();
            assert_eq!(error.field(), field, "{given}: {error}");
            assert!(error.to_string().contains(part), "{given}: {error}");
        }
    }

    #[test]
    fn a_wrong_variable_is_named_beside_the_option_as_the_host_writes_it() {
        for (style, option) in [(NameStyle::Snake, "sample_rate"), (NameStyle::Camel, "sampleRate")] {
            let env = |name: &str| (name == "SENTRY_SAMPLE_RATE").then(|| "half".to_owned());
            let error = HostOptions::parse(Map::new(), style, env).unwrap_err();
            assert_eq!(error.field(), option);
            assert!(error.to_string().contains("SENTRY_SAMPLE_RATE: \"half\""), "{error}");
        }
    }

    #[test]
    fn code_wins_over_the_environment() {
        let env = |name: &str| match name {
            "SENTRY_DSN" => Some("http://env@h/1".to_owned()),
            "SENTRY_RELEASE" => Some("env".to_owned()),
            "SENTRY_SAMPLE_RATE" => Some("0.5".to_owned()),
            _ => None,
        };
        let given = json!({"release": "code", "shutdown_timeout": 1.5, "dsn": null});
        let Value::Object(given) = given else { panic!() };
        let options = HostOptions::parse(given, NameStyle::Snake, env).unwrap().client;
        assert_eq!(options.release().unwrap(), &"code");
        assert_eq!(options.dsn().unwrap().public_key(), "env");
        assert_eq!(options.sample_rate().to_string(), "0.5");
        assert_eq!(options.shutdown_timeout(), Duration::from_millis(1500));
    }
}
