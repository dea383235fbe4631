//! What the options leave open and the environment says (configuration, published spec 1.0.0). One meaning for every
//! language: code wins over the environment.

use super::ClientOptions;
use crate::error::{Error, Result};

/// Which options were set in code, even if to what is their default, or to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said(u8);

impl Said {
    pub(super) const DSN: Self = Self(1);
    pub(super) const RELEASE: Self = Self(1 << 1);
    pub(super) const ENVIRONMENT: Self = Self(1 << 2);
    pub(super) const SAMPLE_RATE: Self = Self(1 << 3);
    pub(super) const DEBUG: Self = Self(1 << 4);
    pub(super) const KEEP_ALIVE: Self = Self(1 << 5);

    pub(super) fn note(&mut self, option: Self) {
        self.0 |= option.0;
    }

    const fn has(self, option: Self) -> bool {
        self.0 & option.0 != 0
    }
}

impl ClientOptions {
    /// Fills in what was not set from `SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`, `SENTRY_SAMPLE_RATE`,
    /// `SENTRY_TRACES_SAMPLE_RATE`, `SENTRY_DEBUG`, `SENTRY_KEEP_ALIVE` and `SENTRY_SPOTLIGHT`, read through `variable`.
    /// A variable of blanks is none.
    ///
    /// # Errors
    /// When a variable has a value that its option cannot have. The error's field is the option; its text names the
    /// variable and shows a right value.
    pub fn with_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let read = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let open = |options: &Self, option: Said, name: &str| {
            if options.said.has(option) { None } else { read(name) }
        };
        if let Some(text) = open(&self, Said::DSN, DSN) {
            self = self.with_dsn(&text).map_err(|error| error.of_variable(DSN))?;
        }
        if let Some(text) = open(&self, Said::RELEASE, "SENTRY_RELEASE") {
            self = self.with_release(text);
        }
        if let Some(text) = open(&self, Said::ENVIRONMENT, "SENTRY_ENVIRONMENT") {
            self = self.with_environment(text);
        }
        if let Some(text) = open(&self, Said::SAMPLE_RATE, SAMPLE_RATE) {
            let rate = number("sample_rate", SAMPLE_RATE, &text)?;
            self = self.with_sample_rate(rate).map_err(|error| error.of_variable(SAMPLE_RATE))?;
        }
        if self.traces_sample_rate().is_none()
            && let Some(text) = read(TRACES)
        {
            let rate = number("traces_sample_rate", TRACES, &text)?;
            self = self.with_traces_sample_rate(rate).map_err(|error| error.of_variable(TRACES))?;
        }
        if let Some(text) = open(&self, Said::DEBUG, "SENTRY_DEBUG") {
            self = self.with_debug(flag("debug", "SENTRY_DEBUG", &text)?);
        }
        if let Some(text) = open(&self, Said::KEEP_ALIVE, "SENTRY_KEEP_ALIVE") {
            self = self.with_keep_alive(flag("keep_alive", "SENTRY_KEEP_ALIVE", &text)?);
        }
        if let Some(text) = read(SPOTLIGHT) {
            self = self.with_spotlight_variable(&text).map_err(|error| error.of_variable(SPOTLIGHT))?;
        }
        Ok(self)
    }
}

const DSN: &str = "SENTRY_DSN";
const SAMPLE_RATE: &str = "SENTRY_SAMPLE_RATE";
const TRACES: &str = "SENTRY_TRACES_SAMPLE_RATE";
const SPOTLIGHT: &str = "SENTRY_SPOTLIGHT";

fn number(option: &'static str, variable: &str, text: &str) -> Result<f64> {
    let refused = |_| {
        let detail = format!("{:?} is not a number between 0 and 1, like 0.25", shown(text));
        Error::option(option, detail).of_variable(variable)
    };
    text.trim().parse().map_err(refused)
}

fn flag(option: &'static str, variable: &str, text: &str) -> Result<bool> {
    truth(text).ok_or_else(|| {
        Error::option(option, format!("{:?} is not true or false", shown(text))).of_variable(variable)
    })
}

/// The words that variables have for yes and no (Spotlight, published spec), in any case.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "y" | "yes" | "on" | "1" => Some(true),
        "false" | "f" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// So much of a wrong value as says which one it is.
fn shown(text: &str) -> &str {
    crate::pipeline::prefix(text, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: ClientOptions, name: &str, text: &str) -> Result<ClientOptions> {
        options.with_variables(|asked| (asked == name).then(|| text.to_owned()))
    }

    #[test]
    fn each_variable_fills_in_its_option() {
        let new = ClientOptions::new;
        assert_eq!(read(new(), DSN, "http://k@h/1").unwrap().dsn().unwrap().public_key(), "k");
        assert_eq!(read(new(), "SENTRY_RELEASE", " r ").unwrap().release().unwrap(), &"r");
        assert_eq!(read(new(), "SENTRY_ENVIRONMENT", "e").unwrap().environment(), &"e");
        assert_eq!(read(new(), SAMPLE_RATE, " 0.5 ").unwrap().sample_rate().to_string(), "0.5");
        assert_eq!(read(new(), TRACES, "0").unwrap().traces_sample_rate().unwrap().to_string(), "0");
        for (text, wanted) in [("Yes", true), ("1", true), ("off", false), ("N", false)] {
            assert_eq!(read(new(), "SENTRY_DEBUG", text).unwrap().debug(), wanted);
            let options = read(new(), "SENTRY_KEEP_ALIVE", text).unwrap();
            assert_eq!(options.transport().keep_alive, wanted);
        }
        assert!(read(new(), SPOTLIGHT, "yes").unwrap().transport().spotlight.url().is_some());
        assert_eq!(read(new(), SAMPLE_RATE, "  ").unwrap().sample_rate().to_string(), "1");
    }

    #[test]
    fn what_code_said_stays_even_if_it_is_the_default() {
        let new = ClientOptions::new;
        assert!(read(new().with_dsn("").unwrap(), DSN, "http://k@h/1").unwrap().dsn().is_none());
        assert!(read(new().with_release(""), "SENTRY_RELEASE", "r").unwrap().release().is_none());
        let said = new().with_environment("production");
        assert_eq!(read(said, "SENTRY_ENVIRONMENT", "e").unwrap().environment(), &"production");
        let said = new().with_sample_rate(1.0).unwrap();
        assert_eq!(read(said, SAMPLE_RATE, "0").unwrap().sample_rate().to_string(), "1");
        let said = new().with_traces_sample_rate(1.0).unwrap();
        assert_eq!(read(said, TRACES, "0").unwrap().traces_sample_rate().unwrap().to_string(), "1");
        assert!(!read(new().with_debug(false), "SENTRY_DEBUG", "1").unwrap().debug());
        let said = new().with_keep_alive(true);
        assert!(read(said, "SENTRY_KEEP_ALIVE", "0").unwrap().transport().keep_alive);
        // Nobody reads a variable that cannot count.
        assert!(read(new().with_debug(true), "SENTRY_DEBUG", "perhaps").is_ok());
    }

    #[test]
    fn a_wrong_value_names_the_option_and_the_variable() {
        for (variable, text, option) in [
            (DSN, "errors.example.com", "dsn"),
            (SAMPLE_RATE, "half", "sample_rate"),
            (SAMPLE_RATE, "1.5", "sample_rate"),
            (SAMPLE_RATE, "NaN", "sample_rate"),
            (TRACES, "-1", "traces_sample_rate"),
            (TRACES, "50%", "traces_sample_rate"),
            ("SENTRY_DEBUG", "perhaps", "debug"),
            ("SENTRY_KEEP_ALIVE", "perhaps", "keep_alive"),
            (SPOTLIGHT, "perhaps", "spotlight"),
        ] {
            let error = read(ClientOptions::new(), variable, text).unwrap_err();
            assert_eq!(error.field(), option);
            assert!(error.to_string().contains(variable), "{error}");
        }
    }
}
