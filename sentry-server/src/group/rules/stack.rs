//! Stack-trace rules: `[caller] | matchers | [callee] actions`.
//!
//! First every rule that changes frames (`app`, `category`) is applied, each to all frames that it matches; then those
//! that say what counts (`group`, `min-frames`, `max-frames`). A later rule wins over an earlier one.

mod index;
mod read;

use std::sync::Arc;

use self::index::Index;

use super::RuleError;
use super::frame::{FrameMatcher, Start, View};
use super::glob::Glob;
use super::line;
use crate::json::Value;

/// Compiled rules.
#[derive(Debug, Clone, Default)]
pub(in crate::group) struct StackRules {
    rules: Vec<Arc<StackRule>>,
    index: Index,
}

#[derive(Debug)]
struct StackRule {
    text: String,
    exception: Vec<ExceptionMatcher>,
    caller: Vec<FrameMatcher>,
    frame: Vec<FrameMatcher>,
    callee: Vec<FrameMatcher>,
    /// Families of frames that may match.
    families: u8,
    actions: Vec<Action>,
}

#[derive(Debug)]
struct ExceptionMatcher {
    negated: bool,
    /// `type`, `value` or `mechanism`.
    field: &'static str,
    glob: Glob,
}

#[derive(Debug, Clone)]
enum Action {
    App(bool, Range),
    Group(bool, Range),
    Category(String),
    MaxFrames(usize),
    MinFrames(usize),
}

/// Which frames an action is about, seen from the one that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    This,
    /// Those called from it, towards the crash: `^`.
    After,
    /// Those that led to it: `v`.
    Before,
}

/// What rules made of the frames of one stack trace.
#[derive(Debug, Default)]
pub(in crate::group) struct Judged {
    /// In the order of the frames.
    pub(in crate::group) frames: Vec<Verdict>,
    /// At most so many count, from the crash on; 0 for all.
    pub(in crate::group) max_frames: usize,
    /// The stack trace does not count with fewer than this.
    pub(in crate::group) min_frames: usize,
}

/// What rules made of one frame.
#[derive(Debug, Clone, Default)]
pub(in crate::group) struct Verdict {
    pub(in crate::group) in_app: bool,
    /// Whether `in_app` is a rule's word.
    pub(in crate::group) marked: bool,
    pub(in crate::group) category: Option<String>,
    /// The last rule that said whether the frame counts, and what it said.
    pub(in crate::group) group: Option<(bool, String)>,
}

impl StackRules {
    /// Compiles rules.
    ///
    /// # Errors
    /// With line and column of what cannot be understood.
    pub(in crate::group) fn parse(text: &str) -> Result<Self, RuleError> {
        line::lines(text)?
            .into_iter()
            .map(|line| read::rule(line).map(Arc::new))
            .collect::<Result<_, _>>()
            .map(Self::of)
    }

    fn of(rules: Vec<Arc<StackRule>>) -> Self {
        Self { index: Index::new(rules.iter().map(Arc::as_ref)), rules }
    }

    /// These and then others.
    pub(in crate::group) fn then(&self, more: &Self) -> Self {
        Self::of(self.rules.iter().chain(&more.rules).cloned().collect())
    }

    pub(in crate::group) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Applies all rules; `None` when none says anything about these frames.
    pub(in crate::group) fn judge(
        &self,
        frames: &[Value],
        platform: &str,
        exception: Option<&Value>,
    ) -> Option<Judged> {
        if self.rules.is_empty() || frames.is_empty() {
            return None;
        }
        let mut views: Vec<View<'_>> = frames.iter().map(|frame| View::new(frame, platform)).collect();
        let families = views.iter().fold(0, |all, view| all | view.family);
        let mut judged: Option<Judged> = None;
        let candidates = self.index.candidates(&views);
        let mut places: Vec<u32> = candidates.iter().map(|(rule, _)| *rule).collect();
        places.dedup();
        places.extend(self.index.others());
        places.sort_unstable();
        places.retain(|place| {
            let rule = &self.rules[*place as usize];
            rule.families & families != 0 && rule.lets(exception)
        });
        for pass in [Pass::Change, Pass::Count] {
            for place in &places {
                let rule = &*self.rules[*place as usize];
                if !rule.actions.iter().any(|action| action.pass() == pass) {
                    continue;
                }
                // All matches first: what a rule changes does not decide where else it matches.
                let found: Vec<usize> = if rule.start().is_some() {
                    let from = candidates.partition_point(|(other, _)| other < place);
                    let own = candidates[from..].iter().take_while(|(other, _)| other == place);
                    own.map(|(_, at)| *at as usize).filter(|at| rule.matches(&views, *at)).collect()
                } else {
                    (0..views.len()).filter(|at| rule.matches(&views, *at)).collect()
                };
                if found.is_empty() {
                    continue;
                }
                let judged = judged.get_or_insert_with(|| Judged {
                    frames: vec![Verdict::default(); views.len()],
                    ..Judged::default()
                });
                for at in found {
                    rule.act(pass, at, &mut views, judged);
                }
            }
        }
        if let Some(judged) = &mut judged {
            for (verdict, view) in judged.frames.iter_mut().zip(&views) {
                verdict.in_app = view.in_app();
                verdict.category = view.category.as_deref().map(str::to_owned);
            }
        }
        judged
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Change,
    Count,
}

impl Action {
    fn pass(&self) -> Pass {
        match self {
            Self::App(..) | Self::Category(_) => Pass::Change,
            Self::Group(..) | Self::MaxFrames(_) | Self::MinFrames(_) => Pass::Count,
        }
    }
}

impl Range {
    fn of(self, at: usize, len: usize) -> std::ops::Range<usize> {
        match self {
            Self::This => at..at + 1,
            Self::After => at + 1..len,
            Self::Before => 0..at,
        }
    }
}

impl StackRule {
    /// What each frame that it matches begins with.
    fn start(&self) -> Option<Start> {
        self.frame.iter().find_map(FrameMatcher::start)
    }

    /// Whether the exception is one that the rule is about.
    fn lets(&self, exception: Option<&Value>) -> bool {
        self.exception.iter().all(|matcher| {
            let text = exception.and_then(|exception| match matcher.field {
                "mechanism" => exception.get("mechanism")?.get("type")?.as_str(),
                field => exception.get(field)?.as_str(),
            });
            text.is_some_and(|text| matcher.glob.matches(text)) != matcher.negated
        })
    }

    fn matches(&self, views: &[View<'_>], at: usize) -> bool {
        let all = |matchers: &[FrameMatcher], at: Option<usize>| {
            matchers.is_empty()
                || at
                    .and_then(|at| views.get(at))
                    .is_some_and(|view| matchers.iter().all(|matcher| matcher.matches(view)))
        };
        views[at].family & self.families != 0
            && all(&self.frame, Some(at))
            && all(&self.caller, at.checked_sub(1))
            && all(&self.callee, Some(at + 1))
    }

    fn act(&self, pass: Pass, at: usize, views: &mut [View<'_>], judged: &mut Judged) {
        for action in self.actions.iter().filter(|action| action.pass() == pass) {
            match action {
                Action::App(on, range) => {
                    for at in range.of(at, views.len()) {
                        views[at].set_in_app(*on);
                        judged.frames[at].marked = true;
                    }
                }
                Action::Category(name) => views[at].category = Some(name.clone().into()),
                Action::Group(on, range) => {
                    for at in range.of(at, views.len()) {
                        judged.frames[at].group = Some((*on, self.text.clone()));
                    }
                }
                Action::MaxFrames(frames) => judged.max_frames = *frames,
                Action::MinFrames(frames) => judged.min_frames = *frames,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn judge(rules: &str, frames: &Value) -> Judged {
        let frames = frames.as_array().unwrap();
        StackRules::parse(rules).unwrap().judge(frames, "native", None).unwrap_or_default()
    }

    fn on(judged: &Judged) -> Vec<Option<bool>> {
        judged.frames.iter().map(|frame| frame.group.as_ref().map(|(on, _)| *on)).collect()
    }

    #[test]
    fn later_rules_win_and_ranges_reach_both_ways() {
        let frames = json!([{"function": "main"}, {"function": "handler"}, {"function": "abort"}]);
        assert_eq!(on(&judge("function:handler -group", &frames)), [None, Some(false), None]);
        assert_eq!(on(&judge("function:handler ^-group", &frames)), [None, None, Some(false)]);
        assert_eq!(on(&judge("function:handler v-group", &frames)), [Some(false), None, None]);
        let rules = "function:* -group\nfunction:main +group";
        assert_eq!(on(&judge(rules, &frames)), [Some(true), Some(false), Some(false)]);
        let rules = "function:a* category=end\ncategory:end -app ^-app v+app";
        let judged = judge(rules, &frames);
        assert_eq!(judged.frames.iter().map(|f| f.in_app).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(judged.frames[2].category.as_deref(), Some("end"));
        assert!(judge("function:nobody -group", &frames).frames.is_empty());
    }

    /// Each rule by itself finds the frames that it matches when it is shown all of them.
    #[test]
    fn the_index_leaves_no_frame_out() {
        let texts = [
            "",
            " ",
            "a",
            "ab",
            "/",
            "/a",
            "a/",
            "/x/ab",
            "C:\\X\\Ab",
            "x/y.dll",
            "/x.dll",
            "äb",
            "/system/lib/libGL.so",
            "b/ä.so",
        ];
        let patterns = [
            "a",
            "a*",
            "*b",
            "**/a*",
            "/a**",
            "**/*.dll",
            "**/x/**",
            "?b",
            "[a-b]*",
            "**",
            "**/libgl*",
            "/system/**",
            "ä*",
            "**/ä*",
            "a?",
            "x/**",
            "*",
        ];
        let mut frames = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let other = texts[(at * 5 + 3) % texts.len()];
            frames.push(json!({"function": text, "module": other, "package": text, "abs_path": other}));
            frames.push(json!({"function": other, "filename": text, "in_app": at % 2 == 0}));
        }
        let frames = Value::from(frames);
        for key in ["function", "module", "path", "package"] {
            for pattern in patterns {
                for rule in [
                    format!("{key}:\"{pattern}\" -group"),
                    format!("!{key}:\"{pattern}\" -group"),
                    format!("app:yes {key}:\"{pattern}\" -group"),
                    format!("!function:a {key}:\"{pattern}\" -group"),
                ] {
                    let rules = StackRules::parse(&rule).unwrap();
                    let list = frames.as_array().unwrap();
                    let views: Vec<View<'_>> = list.iter().map(|frame| View::new(frame, "native")).collect();
                    let all: Vec<bool> =
                        (0..views.len()).map(|at| rules.rules[0].matches(&views, at)).collect();
                    let judged = rules.judge(list, "native", None).unwrap_or_default();
                    let found: Vec<bool> = judged.frames.iter().map(|frame| frame.group.is_some()).collect();
                    assert!(found == all || (found.is_empty() && !all.contains(&true)), "{rule}");
                }
            }
        }
    }

    #[test]
    fn neighbours_and_exceptions_decide() {
        let frames = json!([{"function": "a"}, {"function": "b"}, {"function": "c"}, {"function": "b"}]);
        let wanted = [None, Some(false), None, None];
        assert_eq!(on(&judge("[ function:a ] | function:b -group", &frames)), wanted);
        assert_eq!(on(&judge("function:b | [function:c] -group", &frames)), wanted);
        assert_eq!(on(&judge("[function:a] | function:b | [ function:c ] -group", &frames)), wanted);
        let rules =
            StackRules::parse("error.type:Panic error.mechanism:sig* function:a max-frames=2").unwrap();
        let with = |exception: Value| rules.judge(frames.as_array().unwrap(), "rust", Some(&exception));
        let found = with(json!({"type": "Panic", "mechanism": {"type": "signal"}})).unwrap();
        assert_eq!((found.max_frames, found.min_frames), (2, 0));
        assert!(with(json!({"type": "Error", "mechanism": {"type": "signal"}})).is_none());
        assert!(with(json!({"type": "Panic"})).is_none());
    }

    #[test]
    fn errors_name_line_and_column() {
        for (rules, line, column, what) in [
            ("function:a -group\nfunction:b", 2, 11, "expected an action"),
            ("function:a -grp", 1, 12, "cannot be switched"),
            ("colour:a -group", 1, 1, "is not known here"),
            ("function a -group", 1, 9, "expected a colon"),
            ("\n# c\nfunction:\"a -group", 3, 10, "not closed"),
            ("[ function:a | function:b -group", 1, 14, "expected a matcher"),
            ("[ function:a ] function:b -group", 1, 16, "expected |"),
            ("function:a | function:b -group", 1, 14, "expected the callee"),
            ("function:a max-frames=many", 1, 12, "takes a number"),
            ("function:a[ -group", 1, 1, "has no ]"),
            ("family:web -group", 1, 1, "is no family"),
            ("app:maybe -group", 1, 1, "neither yes nor no"),
            ("-group", 1, 1, "expected a matcher"),
            ("function:a invert-stacktrace=1", 1, 12, "cannot be set"),
        ] {
            let error = StackRules::parse(rules).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{rules}: {error}");
            assert!(error.to_string().contains(what), "{rules}: {error}");
        }
    }
}
