//! Fingerprint rules: `matchers -> value, value title="..."`.
//!
//! Matchers about exceptions must hold on one exception, those about frames on one frame, those about threads on one
//! thread. The first rule that matches decides.

use super::RuleError;
use super::frame::{self, FrameMatcher, View, family_of};
use super::glob::{Glob, Kind};
use super::line::{self, Line, Written};
use crate::json::{Map, Value};
use crate::normalize::{NormalizedEvent, trimmed_str};

/// Compiled rules in order.
#[derive(Debug, Clone, Default)]
pub(in crate::group) struct FingerprintRules(Vec<FingerprintRule>);

/// One rule.
#[derive(Debug, Clone)]
pub(in crate::group) struct FingerprintRule {
    /// As it is written.
    pub(in crate::group) text: String,
    /// Its line, from 1.
    pub(in crate::group) line: usize,
    event: Vec<EventMatcher>,
    exception: Vec<TextMatcher>,
    thread: Vec<TextMatcher>,
    frame: Vec<FrameMatcher>,
    caller: Vec<FrameMatcher>,
    callee: Vec<FrameMatcher>,
    /// What the fingerprint is made of; variables are still in it.
    pub(in crate::group) values: Vec<String>,
    pub(in crate::group) title: Option<String>,
}

#[derive(Debug, Clone)]
struct EventMatcher {
    negated: bool,
    test: EventTest,
}

#[derive(Debug, Clone)]
enum EventTest {
    Message(Glob),
    Logger(Glob),
    Level(Glob),
    Sdk(Glob),
    Release(Glob),
    Tag(String, Glob),
    Family(u8),
}

/// A condition on a text or flag of an exception or a thread.
#[derive(Debug, Clone)]
struct TextMatcher {
    negated: bool,
    field: &'static str,
    glob: Glob,
}

impl FingerprintRules {
    /// Compiles rules.
    ///
    /// # Errors
    /// With line and column of what cannot be understood.
    pub(in crate::group) fn parse(text: &str) -> Result<Self, RuleError> {
        line::lines(text)?.into_iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// The first rule that is about this event.
    pub(in crate::group) fn find(&self, event: &NormalizedEvent) -> Option<&FingerprintRule> {
        self.0.iter().find(|rule| rule.matches(event))
    }
}

impl FingerprintRule {
    fn matches(&self, event: &NormalizedEvent) -> bool {
        self.event.iter().all(|matcher| matcher.matches(event))
            && any(&self.exception, event, "exception")
            && any(&self.thread, event, "threads")
            && (self.has_no_frames() || self.matches_frames(event))
    }

    fn has_no_frames(&self) -> bool {
        self.frame.is_empty() && self.caller.is_empty() && self.callee.is_empty()
    }

    fn matches_frames(&self, event: &NormalizedEvent) -> bool {
        ["exception", "threads"].iter().flat_map(|holder| list(&event.body, holder)).any(|owner| {
            let frames = owner.get("stacktrace").and_then(|stack| stack.get("frames")?.as_array());
            let frames = frames.map(Vec::as_slice).unwrap_or_default();
            let views: Vec<View<'_>> =
                frames.iter().map(|frame| View::marked(frame, &event.platform)).collect();
            let all = |matchers: &[FrameMatcher], at: Option<usize>| {
                matchers.is_empty()
                    || at
                        .and_then(|at| views.get(at))
                        .is_some_and(|view| matchers.iter().all(|matcher| matcher.matches(view)))
            };
            (0..views.len()).any(|at| {
                all(&self.frame, Some(at))
                    && all(&self.caller, at.checked_sub(1))
                    && all(&self.callee, Some(at + 1))
            })
        })
    }
}

/// Whether all hold on one of the list; nothing to hold is no condition.
fn any(matchers: &[TextMatcher], event: &NormalizedEvent, holder: &str) -> bool {
    matchers.is_empty()
        || list(&event.body, holder).iter().any(|one| matchers.iter().all(|matcher| matcher.matches(one)))
}

fn list<'a>(body: &'a Map, holder: &str) -> &'a [Value] {
    let values = body.get(holder).and_then(|holder| holder.get("values")?.as_array());
    values.map(Vec::as_slice).unwrap_or_default()
}

impl EventMatcher {
    fn matches(&self, event: &NormalizedEvent) -> bool {
        let text = |text: Option<&str>, glob: &Glob| text.is_some_and(|text| glob.matches(text));
        let found = match &self.test {
            EventTest::Message(glob) => {
                let entry = event.body.get("logentry");
                let in_entry = |key: &str| entry.and_then(|entry| trimmed_str(entry.get(key)));
                text(in_entry("formatted"), glob)
                    || text(in_entry("message"), glob)
                    || list(&event.body, "exception")
                        .iter()
                        .any(|one| text(trimmed_str(one.get("value")), glob))
            }
            EventTest::Logger(glob) => text(event.logger.as_deref(), glob),
            EventTest::Level(glob) => glob.matches(event.level.as_str()),
            EventTest::Sdk(glob) => {
                text(event.body.get("sdk").and_then(|sdk| sdk.get("name")?.as_str()), glob)
            }
            EventTest::Release(glob) => text(event.release.as_deref(), glob),
            EventTest::Tag(key, glob) => {
                event.tags.iter().any(|(own, value)| own == key && glob.matches(value))
            }
            EventTest::Family(families) => family_of(&event.platform) & families != 0,
        };
        found != self.negated
    }
}

impl TextMatcher {
    fn matches(&self, owner: &Value) -> bool {
        let found = match owner.get(self.field) {
            Some(Value::String(text)) => self.glob.matches(text),
            Some(Value::Bool(on)) => {
                let names = if *on { ["true", "yes", "1"] } else { ["false", "no", "0"] };
                names.iter().any(|name| self.glob.matches(name))
            }
            Some(Value::Number(number)) => self.glob.matches(&number.to_string()),
            _ => false,
        };
        found != self.negated
    }
}

fn rule(mut line: Line<'_>) -> Result<FingerprintRule, RuleError> {
    let mut rule = FingerprintRule {
        text: line.text().to_owned(),
        line: line.number(),
        event: Vec::new(),
        exception: Vec::new(),
        thread: Vec::new(),
        frame: Vec::new(),
        caller: Vec::new(),
        callee: Vec::new(),
        values: Vec::new(),
        title: None,
    };
    line.skip_space();
    if line.take("[") {
        let caller = line.bracketed()?;
        rule.caller = FrameMatcher::read_all(&line, &caller)?;
        line.skip_space();
        if !line.take("|") {
            return Err(line.error(line.column(), "expected | after the caller's brackets"));
        }
    }
    let mut some = false;
    loop {
        line.skip_space();
        if line.take("->") {
            break;
        }
        if line.take("|") {
            line.skip_space();
            if !line.take("[") {
                return Err(line.error(line.column(), "expected the callee in brackets after |"));
            }
            let callee = line.bracketed()?;
            rule.callee = FrameMatcher::read_all(&line, &callee)?;
            continue;
        }
        if line.peek().is_none() {
            return Err(line.error(line.column(), "expected -> and a fingerprint"));
        }
        let written = line.matcher(false)?;
        add_matcher(&mut rule, &line, &written)?;
        some = true;
    }
    if !some && rule.caller.is_empty() && rule.callee.is_empty() {
        return Err(line.error(1, "expected a matcher before ->, like error.type:ValueError"));
    }
    while !line.is_done() {
        value(&mut rule, &mut line)?;
        line.skip_space();
        line.take(",");
    }
    if rule.values.is_empty() {
        return Err(line.error(line.column(), "expected a fingerprint after ->, like -> {{ default }}, eu"));
    }
    Ok(rule)
}

fn add_matcher(rule: &mut FingerprintRule, line: &Line<'_>, written: &Written) -> Result<(), RuleError> {
    let glob = |kind| Glob::new(&written.argument, kind).map_err(|error| line.error(written.column, error));
    let negated = written.negated;
    let test = match written.key.as_str() {
        "error.type" | "type" => {
            rule.exception.push(TextMatcher { negated, field: "type", glob: glob(Kind::Exact)? });
            return Ok(());
        }
        "error.value" | "value" => {
            rule.exception.push(TextMatcher { negated, field: "value", glob: glob(Kind::Text)? });
            return Ok(());
        }
        "thread.id" | "thread.name" | "thread.state" | "thread.crashed" | "thread.current" => {
            let field = match written.key.as_str() {
                "thread.id" => "id",
                "thread.name" => "name",
                "thread.state" => "state",
                "thread.crashed" => "crashed",
                _ => "current",
            };
            rule.thread.push(TextMatcher { negated, field, glob: glob(Kind::Text)? });
            return Ok(());
        }
        "message" => EventTest::Message(glob(Kind::Text)?),
        "logger" => EventTest::Logger(glob(Kind::Exact)?),
        "level" => EventTest::Level(glob(Kind::Text)?),
        "sdk" => EventTest::Sdk(glob(Kind::Text)?),
        "release" => EventTest::Release(glob(Kind::Text)?),
        "family" => EventTest::Family(frame::families(line, written)?),
        key => match (key.strip_prefix("tags."), FrameMatcher::read(line, written)?) {
            (Some(tag), _) if !tag.is_empty() => EventTest::Tag(tag.to_owned(), glob(Kind::Exact)?),
            (_, Some(matcher)) => {
                rule.frame.push(matcher);
                return Ok(());
            }
            _ => {
                let what = format!(
                    "{key:?} is not known here; there are error.type, error.value, message, logger, level, stack.function, \
                     stack.module, stack.abs_path, stack.package, family, app, sdk, release, tags.NAME and thread.name"
                );
                return Err(line.error(written.column, what));
            }
        },
    };
    rule.event.push(EventMatcher { negated, test });
    Ok(())
}

/// A part of the fingerprint, or `title="..."`.
fn value(rule: &mut FingerprintRule, line: &mut Line<'_>) -> Result<(), RuleError> {
    let column = line.column();
    if line.peek() == Some('"') {
        rule.values.push(line.quoted()?);
        return Ok(());
    }
    let name = line.rest().iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').count();
    if name > 0 && line.rest().get(name) == Some(&'=') && line.rest().get(name + 1) == Some(&'"') {
        let name = line.name()?;
        line.take("=");
        let text = line.quoted()?;
        if name != "title" {
            return Err(line.error(column, format!("{name:?} is no attribute; there is title=\"...\"")));
        }
        rule.title = Some(text);
        return Ok(());
    }
    let mut text = String::new();
    while let Some(c) = line.peek() {
        if line.take("{{") {
            text.push_str("{{");
            while !line.take("}}") {
                let Some(c) = line.peek() else {
                    return Err(line.error(column, "this variable is not closed; write {{ name }}"));
                };
                text.push(c);
                line.step();
            }
            text.push_str("}}");
        } else if c.is_whitespace() || c == ',' {
            break;
        } else {
            text.push(c);
            line.step();
        }
    }
    if text.is_empty() {
        return Err(line.error(column, "expected a part of the fingerprint; \"\" is an empty one"));
    }
    rule.values.push(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;
    use crate::group::tests::event;

    fn event_of_all() -> NormalizedEvent {
        event(json!({
            "platform": "javascript", "level": "warning", "logger": "shop.db", "release": "Shop@1.0", "message": "Out of Stock",
            "tags": {"region": "eu"}, "sdk": {"name": "sentry.javascript.react", "version": "8"},
            "threads": {"values": [{"id": 7, "name": "Worker", "crashed": true, "state": "RUNNABLE"}]},
            "exception": {"values": [
                {"type": "Cause", "value": "connection refused"},
                {"type": "TypeError", "value": "x is not a function", "stacktrace": {"frames": [
                    {"function": "main", "module": "app", "abs_path": "/srv/App/main.js", "filename": "main.js", "in_app": true},
                    {"function": "get", "module": "lib", "abs_path": "/srv/node_modules/lib/get.js", "in_app": false}]}}]},
        }))
    }

    #[test]
    fn every_key_matches_what_it_says() {
        let event = event_of_all();
        for (matchers, wanted) in [
            ("error.type:TypeError", true),
            ("type:typeerror", false),
            ("error.type:Cause error.value:\"x is*\"", false),
            ("error.type:Cause error.value:\"CONNECTION*\"", true),
            ("!error.type:TypeError", true),
            ("message:\"out of stock\"", true),
            ("message:*refused", true),
            ("logger:shop.*", true),
            ("logger:Shop.*", false),
            ("level:Warning", true),
            ("!level:warning", false),
            ("sdk:sentry.javascript.*", true),
            ("release:shop@1.*", true),
            ("tags.region:eu", true),
            ("tags.region:us", false),
            ("tags.zone:*", false),
            ("family:javascript,native", true),
            ("family:other", false),
            ("stack.function:get stack.module:lib", true),
            ("stack.function:get stack.module:app", false),
            ("path:**/app/*.js", true),
            ("path:**/node_modules/** app:no", true),
            ("path:**/node_modules/** app:yes", false),
            ("thread.name:worker thread.crashed:yes", true),
            ("thread.id:7 thread.state:runnable", true),
            ("thread.current:true", false),
            ("[ function:main ] | function:get", true),
            ("function:main | [ function:get ]", true),
            ("[ function:get ] | function:main", false),
        ] {
            let rules = FingerprintRules::parse(&format!("{matchers} -> x")).unwrap();
            assert_eq!(rules.find(&event).is_some(), wanted, "{matchers}");
        }
    }

    #[test]
    fn values_and_titles_are_read() {
        let text = "# first\ntype:A -> {{ default }}, db-{{ tags.region }} \"a, b\" title=\"Gone: {{ type }}\" # why\ntype:B -> b";
        let rules = FingerprintRules::parse(text).unwrap();
        assert_eq!(rules.0[0].values, ["{{ default }}", "db-{{ tags.region }}", "a, b"]);
        assert_eq!(rules.0[0].title.as_deref(), Some("Gone: {{ type }}"));
        assert_eq!((rules.0[1].line, rules.0[1].text.as_str()), (3, "type:B -> b"));
    }

    #[test]
    fn errors_name_line_and_column() {
        for (rules, line, column, what) in [
            ("type:A", 1, 7, "expected ->"),
            ("type:A ->", 1, 10, "expected a fingerprint"),
            ("\ntype:A -> {{ x", 2, 11, "not closed"),
            ("-> x", 1, 1, "expected a matcher"),
            ("colour:red -> x", 1, 1, "is not known here"),
            ("type:A -> x level=\"info\"", 1, 13, "is no attribute"),
            ("tags.:A -> x", 1, 1, "is not known here"),
            ("type: -> x", 1, 6, "has no pattern"),
            ("type:A -> ,", 1, 11, "expected a part"),
        ] {
            let error = FingerprintRules::parse(rules).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{rules}: {error}");
            assert!(error.to_string().contains(what), "{rules}: {error}");
        }
    }
}
