//! What a matcher asks of a frame.

use std::cell::OnceCell;

use serde_json::Value;

use super::RuleError;
use super::glob::{Glob, Kind, fold};
use super::line::{Line, Written};

/// A frame as rules see it.
#[derive(Debug)]
pub(in crate::group) struct View<'a> {
    function: &'a str,
    module: &'a str,
    raw_path: &'a str,
    raw_package: &'a str,
    path: OnceCell<Option<String>>,
    package: OnceCell<Option<String>>,
    pub(super) family: u8,
    pub(in crate::group) in_app: bool,
    /// What the client or an earlier rule called it.
    pub(in crate::group) category: Option<std::borrow::Cow<'a, str>>,
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
    pub(in crate::group) fn new(frame: &'a Value, platform: &str) -> Self {
        let text = |key: &str| frame.get(key).and_then(Value::as_str).map_or("", str::trim);
        let data = frame.get("data");
        let before = data.and_then(|data| data.get(BEFORE_RULES)).and_then(Value::as_bool);
        let in_app = before.or_else(|| frame.get("in_app").and_then(Value::as_bool));
        let platform = Some(text("platform")).filter(|own| !own.is_empty()).unwrap_or(platform);
        Self {
            function: text("function"),
            module: text("module"),
            raw_path: Some(text("abs_path"))
                .filter(|path| !path.is_empty())
                .unwrap_or_else(|| text("filename")),
            raw_package: text("package"),
            path: OnceCell::new(),
            package: OnceCell::new(),
            family: family_of(platform),
            in_app: in_app == Some(true),
            category: None,
        }
    }

    /// The frame as stack-trace rules left it.
    pub(super) fn marked(frame: &'a Value, platform: &str) -> Self {
        let mut view = Self::new(frame, platform);
        view.in_app = frame.get("in_app").and_then(Value::as_bool) == Some(true);
        let category = frame.get("data").and_then(|data| data.get("category")).and_then(Value::as_str);
        view.category = category.map(std::borrow::Cow::Borrowed);
        view
    }

    fn path(&self) -> &str {
        let folded = self.path.get_or_init(|| fold(self.raw_path, Kind::Path));
        folded.as_deref().unwrap_or(self.raw_path)
    }

    fn package(&self) -> &str {
        let folded = self.package.get_or_init(|| fold(self.raw_package, Kind::Path));
        folded.as_deref().unwrap_or(self.raw_package)
    }
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
            FrameTest::Function(glob) => !frame.function.is_empty() && glob.matches(frame.function),
            FrameTest::Module(glob) => !frame.module.is_empty() && glob.matches(frame.module),
            FrameTest::Path(glob) => path_matches(glob, frame.path()),
            FrameTest::Package(glob) => path_matches(glob, frame.package()),
            FrameTest::Family(families) => frame.family & families != 0,
            FrameTest::App(wanted) => frame.in_app == *wanted,
            FrameTest::Category(glob) => frame.category.as_deref().is_some_and(|own| glob.matches(own)),
        };
        found != self.negated
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

/// Also as if it began with a slash, so that `**/app/**` finds `app/cart.py`.
pub(super) fn path_matches(glob: &Glob, path: &str) -> bool {
    if path.is_empty() {
        return false;
    }
    glob.matches_folded(path) || (!path.starts_with('/') && glob.matches_folded(&format!("/{path}")))
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
