//! What a matcher asks of a frame.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::RuleError;
use super::glob::{Begin, Glob, Kind, fold};
use super::line::{Line, Written};
use crate::json::Value;

/// A frame as rules see it. Its fields are looked up when a rule first asks: most rules ask for one.
#[derive(Debug)]
pub(super) struct View<'a> {
    frame: &'a Value,
    pub(super) family: u8,
    function: OnceCell<&'a str>,
    module: OnceCell<&'a str>,
    path: OnceCell<Cow<'a, str>>,
    package: OnceCell<Cow<'a, str>>,
    /// Whether what stack-trace rules wrote into the frame counts.
    is_marked: bool,
    in_app: Option<bool>,
    /// What an earlier rule called it.
    pub(super) category: Option<Cow<'a, str>>,
}

/// A condition on a frame.
#[derive(Debug, Clone)]
pub(super) struct FrameMatcher {
    negated: bool,
    test: FrameTest,
}

#[derive(Debug, Clone)]
enum FrameTest {
    Function(Glob),
    Module(Glob),
    Path(Glob),
    Package(Glob),
    Family(u8),
    App(bool),
    Category(Glob),
}

/// What a frame begins with in one of its fields: the first byte of a text, or of the last part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Start {
    Function(u8),
    Module(u8),
    Path(Begin),
    Package(Begin),
}

pub(super) const NATIVE: u8 = 1;
pub(super) const JAVASCRIPT: u8 = 2;
pub(super) const OTHER: u8 = 4;
pub(super) const ALL: u8 = 7;

/// The family of a platform.
pub(super) fn family_of(platform: &str) -> u8 {
    match platform {
        "javascript" | "node" => JAVASCRIPT,
        "native" | "rust" | "c" | "cocoa" | "objc" | "swift" => NATIVE,
        _ => OTHER,
    }
}

impl<'a> View<'a> {
    /// The frame as it was before any rule.
    pub(super) fn new(frame: &'a Value, platform: &str) -> Self {
        let own = frame.get("platform").and_then(Value::as_str).map(str::trim).filter(|own| !own.is_empty());
        Self {
            frame,
            family: family_of(own.unwrap_or(platform)),
            function: OnceCell::new(),
            module: OnceCell::new(),
            path: OnceCell::new(),
            package: OnceCell::new(),
            is_marked: false,
            in_app: None,
            category: None,
        }
    }

    /// The frame as stack-trace rules left it.
    pub(super) fn marked(frame: &'a Value, platform: &str) -> Self {
        let category = frame.get("data").and_then(|data| data.get("category")).and_then(Value::as_str);
        let category = category.map(Cow::Borrowed);
        Self { is_marked: true, category, ..Self::new(frame, platform) }
    }

    pub(super) fn in_app(&self) -> bool {
        self.in_app.unwrap_or_else(|| {
            let data = self.frame.get("data").filter(|_| !self.is_marked);
            let before = data.and_then(|data| data.get(BEFORE_RULES)).and_then(Value::as_bool);
            before.or_else(|| self.frame.get("in_app").and_then(Value::as_bool)) == Some(true)
        })
    }

    pub(super) fn set_in_app(&mut self, in_app: bool) {
        self.in_app = Some(in_app);
    }

    fn text(&self, key: &str) -> &'a str {
        self.frame.get(key).and_then(Value::as_str).map_or("", str::trim)
    }

    fn function(&self) -> &'a str {
        self.function.get_or_init(|| self.text("function"))
    }

    fn module(&self) -> &'a str {
        self.module.get_or_init(|| self.text("module"))
    }

    fn path(&self) -> &str {
        self.path.get_or_init(|| {
            let path = self.text("abs_path");
            folded(if path.is_empty() { self.text("filename") } else { path })
        })
    }

    fn package(&self) -> &str {
        self.package.get_or_init(|| folded(self.text("package")))
    }

    /// What the frame begins with; a path also as if it began with a slash.
    pub(super) fn each_start(&self, mut see: impl FnMut(Start)) {
        let first = |text: &str| text.bytes().next();
        first(self.function()).into_iter().for_each(|byte| see(Start::Function(byte)));
        first(self.module()).into_iter().for_each(|byte| see(Start::Module(byte)));
        let mut path = |path: &str, field: fn(Begin) -> Start| {
            let Some(byte) = first(path) else { return };
            see(field(Begin::Text(byte)));
            if byte != b'/' {
                see(field(Begin::Text(b'/')));
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            first(name).into_iter().for_each(|byte| see(field(Begin::Name(byte))));
        };
        path(self.path(), Start::Path);
        path(self.package(), Start::Package);
    }
}

fn folded(path: &str) -> Cow<'_, str> {
    fold(path, Kind::Path).map_or(Cow::Borrowed(path), Cow::Owned)
}

impl FrameMatcher {
    /// Reads a matcher; `None` when its key is not about frames.
    pub(super) fn read(line: &Line<'_>, written: &Written) -> Result<Option<Self>, RuleError> {
        let glob =
            |kind| Glob::new(&written.argument, kind).map_err(|error| line.error(written.column, error));
        let test = match written.key.as_str() {
            "stack.function" | "function" => FrameTest::Function(glob(Kind::Exact)?),
            "stack.module" | "module" => FrameTest::Module(glob(Kind::Exact)?),
            "stack.abs_path" | "path" => FrameTest::Path(glob(Kind::Path)?),
            "stack.package" | "package" => FrameTest::Package(glob(Kind::Path)?),
            "family" => FrameTest::Family(families(line, written)?),
            "app" | "in_app" => FrameTest::App(yes_or_no(line, written)?),
            "category" => FrameTest::Category(glob(Kind::Exact)?),
            _ => return Ok(None),
        };
        Ok(Some(Self { negated: written.negated, test }))
    }

    /// Reads matchers all of which must be about frames.
    pub(super) fn read_all(line: &Line<'_>, written: &[Written]) -> Result<Vec<Self>, RuleError> {
        let read = |one: &Written| {
            Self::read(line, one)?
                .ok_or_else(|| line.error(one.column, format!("{:?} is not about a frame", one.key)))
        };
        written.iter().map(read).collect()
    }

    pub(super) fn matches(&self, frame: &View<'_>) -> bool {
        let found = match &self.test {
            FrameTest::Function(glob) => !frame.function().is_empty() && glob.matches(frame.function()),
            FrameTest::Module(glob) => !frame.module().is_empty() && glob.matches(frame.module()),
            FrameTest::Path(glob) => glob.matches_path(frame.path()),
            FrameTest::Package(glob) => glob.matches_path(frame.package()),
            FrameTest::Family(families) => frame.family & families != 0,
            FrameTest::App(wanted) => frame.in_app() == *wanted,
            FrameTest::Category(glob) => frame.category.as_deref().is_some_and(|own| glob.matches(own)),
        };
        found != self.negated
    }

    /// What a frame begins with if it matches; `None` where that may be anything.
    pub(super) fn start(&self) -> Option<Start> {
        if self.negated {
            return None;
        }
        let text = |glob: &Glob| match glob.begin()? {
            Begin::Text(byte) => Some(byte),
            Begin::Name(_) => None,
        };
        match &self.test {
            FrameTest::Function(glob) => text(glob).map(Start::Function),
            FrameTest::Module(glob) => text(glob).map(Start::Module),
            FrameTest::Path(glob) => glob.begin().map(Start::Path),
            FrameTest::Package(glob) => glob.begin().map(Start::Package),
            FrameTest::Family(_) | FrameTest::App(_) | FrameTest::Category(_) => None,
        }
    }

    /// Whether it asks for nothing else than the family.
    pub(super) fn is_family(&self) -> bool {
        matches!(self.test, FrameTest::Family(_))
    }

    /// The families of frames that may match.
    pub(super) fn families(&self) -> u8 {
        match self.test {
            FrameTest::Family(families) if self.negated => ALL & !families,
            FrameTest::Family(families) => families,
            _ => ALL,
        }
    }
}

pub(super) fn families(line: &Line<'_>, written: &Written) -> Result<u8, RuleError> {
    let mut all = 0;
    for name in written.argument.split(',') {
        all |= match name.trim() {
            "native" => NATIVE,
            "javascript" => JAVASCRIPT,
            "other" => OTHER,
            "all" => ALL,
            _ => {
                let what = format!("{name:?} is no family; there are native, javascript, other and all");
                return Err(line.error(written.column, what));
            }
        };
    }
    Ok(all)
}

pub(super) fn yes_or_no(line: &Line<'_>, written: &Written) -> Result<bool, RuleError> {
    match written.argument.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" => Ok(true),
        "0" | "no" | "false" => Ok(false),
        other => Err(line.error(written.column, format!("{other:?} is neither yes nor no"))),
    }
}

/// Member of a frame's `data` that keeps `in_app` as it was before rules changed it.
pub(in crate::group) const BEFORE_RULES: &str = "in_app_before_rules";
