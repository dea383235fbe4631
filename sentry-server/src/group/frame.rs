//! One frame's contribution: module, else file name; function; the line of code for some platforms.

mod path;
mod symbol;

use super::component::Component;
use super::rules::BEFORE_RULES;
use crate::json::Value;
use crate::normalize::is_url;

/// A frame's fields, read once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frame<'a> {
    platform: &'a str,
    pub(super) in_app: bool,
    abs_path: &'a str,
    package: &'a str,
    module: &'a str,
    filename: &'a str,
    function: &'a str,
    raw_function: &'a str,
    context_line: &'a str,
    lineno: Option<u64>,
    colno: Option<u64>,
    mapped: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(frame: &'a Value, event_platform: &'a str) -> Option<Self> {
        let mut view = Self { platform: event_platform, ..Self::default() };
        let mut before_rules = None;
        for (key, value) in frame.as_object()? {
            let text = value.as_str().map_or("", str::trim);
            match key.as_str() {
                "platform" if !text.is_empty() => view.platform = text,
                "in_app" => view.in_app = value.as_bool() == Some(true),
                "abs_path" => view.abs_path = text,
                "package" => view.package = text,
                "module" => view.module = text,
                "filename" => view.filename = text,
                "function" => view.function = text,
                "raw_function" => view.raw_function = text,
                "context_line" => view.context_line = text,
                "lineno" => view.lineno = value.as_u64(),
                "colno" => view.colno = value.as_u64(),
                "data" => {
                    before_rules = value.get(BEFORE_RULES).and_then(Value::as_bool);
                    view.mapped = value.get("sourcemap").or_else(|| value.get("symbolicated")).is_some()
                }
                _ => {}
            }
        }
        view.in_app = before_rules.unwrap_or(view.in_app);
        Some(view)
    }

    /// The same place called again: what a recursion looks like.
    pub(super) fn is_same_call(&self, other: &Self) -> bool {
        let key = |f: &Self| (f.lineno, f.colno);
        key(self) == key(other)
            && self.function == other.function
            && self.module == other.module
            && self.filename == other.filename
            && self.abs_path == other.abs_path
            && self.package == other.package
    }

    /// A minifier's one- or two-letter name in a script from the web, without a source map.
    pub(super) fn looks_minified(&self) -> bool {
        let name = self.function.rsplit('.').next().unwrap_or("");
        self.is_javascript()
            && !self.mapped
            && (name.chars().count() <= 2 || !symbol::is_named_js(name))
            && (is_url(self.abs_path) || self.abs_path == "<anonymous>" || self.filename == "<anonymous>")
    }

    /// A page's inline script, of which nothing is known.
    pub(super) fn is_lone_page_frame(&self) -> bool {
        self.is_javascript() && !symbol::is_named_js(self.function) && is_url(self.abs_path)
    }

    pub(super) fn component(&self) -> Component {
        let context_line = self.context_line();
        let context_counts = context_line.as_ref().is_some_and(|line| line.contributes);
        let module = self.module_part();
        let module_counts = module.as_ref().is_some_and(|module| module.contributes);
        let parts =
            [module, self.filename_part(module_counts), self.function_part(context_counts), context_line];
        let mut frame = Component::node("frame", parts.into_iter().flatten());
        if self.is_javascript() && self.is_engine_frame() {
            frame.switch_off("the engine's own");
        } else if !frame.contributes {
            frame.switch_off("nothing to go by");
        }
        frame
    }

    fn is_javascript(&self) -> bool {
        matches!(self.platform, "javascript" | "node")
    }

    fn is_engine_frame(&self) -> bool {
        let engine =
            |path: &str| matches!(path, "[native code]" | "native code" | "eval code" | "<anonymous>");
        self.function == "eval"
            || engine(self.abs_path)
            || (self.abs_path.is_empty() && engine(self.filename))
    }

    fn module_part(&self) -> Option<Component> {
        if self.module.is_empty() {
            return None;
        }
        if self.is_javascript()
            && self.module.contains('/')
            && path::without_extension(self.abs_path).ends_with(self.module)
        {
            return Some(Component::leaf_off("module", self.module, "the page's path"));
        }
        if self.is_javascript() && self.module == "<anonymous>" {
            return Some(Component::leaf_off("module", self.module, "anonymous"));
        }
        if self.platform == "java" {
            return Some(if self.module.contains("$$Lambda") {
                Component::leaf_off("module", self.module, "a lambda's number")
            } else {
                Component::leaf("module", symbol::java_module(self.module))
            });
        }
        Some(Component::leaf("module", self.module))
    }

    fn filename_part(&self, module_counts: bool) -> Option<Component> {
        if self.filename.is_empty() {
            return None;
        }
        let name = path::base_name(self.filename).to_lowercase();
        let off = if is_url(self.abs_path) {
            Some("from a URL")
        } else if matches!(name.as_str(), "<anonymous>" | "[native code]") {
            Some("no real file")
        } else if module_counts {
            Some("the module is enough")
        } else {
            None
        };
        let name = if self.platform == "java" { symbol::java_module(&name) } else { name };
        Some(match off {
            Some(hint) => Component::leaf_off("filename", name, hint),
            None => Component::leaf("filename", name),
        })
    }

    fn function_part(&self, context_counts: bool) -> Option<Component> {
        let raw_first = self.platform == "csharp" && !self.raw_function.is_empty();
        let function = if raw_first || self.function.is_empty() { self.raw_function } else { self.function };
        if function.is_empty() {
            return None;
        }
        Some(match symbol::function(function, self.platform) {
            Ok(_) if self.is_javascript() && self.mapped && context_counts => {
                Component::leaf_off("function", function, "the line of code is more exact than a mapped name")
            }
            Ok(name) => Component::leaf("function", name),
            Err(hint) => Component::leaf_off("function", function, hint),
        })
    }

    fn context_line(&self) -> Option<Component> {
        let counts = matches!(self.platform, "javascript" | "node" | "python" | "php" | "ruby");
        if self.context_line.is_empty() || !counts {
            return None;
        }
        let line = self.context_line.split_whitespace().collect::<Vec<_>>().join(" ");
        let on_page = is_url(self.abs_path) || self.abs_path.starts_with("file:");
        Some(if line.chars().count() > 120 {
            Component::leaf_off("context_line", super::super::normalize::shorten(&line, 60), "too long")
        } else if self.is_javascript() && on_page && self.function.is_empty() {
            Component::leaf_off("context_line", line, "a page without a function")
        } else {
            Component::leaf("context_line", path::spawn_arguments(line))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn contributing(frame: Value, platform: &str) -> Vec<String> {
        let component = Frame::new(&frame, platform).unwrap().component();
        let parts = component.children().filter(|part| part.contributes && component.contributes);
        parts.map(|part| serde_json::to_value(part).unwrap()["v"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn module_beats_file_and_lines_never_count() {
        let frame =
            json!({"module": "shop.cart", "filename": "shop/cart.py", "function": "add", "lineno": 3});
        assert_eq!(contributing(frame, "python"), ["shop.cart", "add"]);
        assert_eq!(
            contributing(json!({"filename": "C:\\a\\Cart.CPP", "function": "add"}), "native"),
            ["cart.cpp", "add"]
        );
    }

    #[test]
    fn javascript_from_the_web() {
        let frame = json!({"abs_path": "https://x/static/app.8f3a.js", "filename": "/static/app.8f3a.js", "function": "Object.render"});
        assert_eq!(contributing(frame, "javascript"), ["render"]);
        let page = json!({"abs_path": "https://x/cart", "filename": "/cart", "function": "?", "context_line": "foo.bar()"});
        assert_eq!(contributing(page, "javascript"), ["foo.bar()"]);
        assert!(contributing(json!({"filename": "<anonymous>", "function": "BigInt"}), "node").is_empty());
        assert!(contributing(json!({"function": "eval", "filename": "a.js"}), "node").is_empty());
    }

    #[test]
    fn a_mapped_function_gives_way_to_its_line() {
        let mut frame = json!({"abs_path": "https://x/a.js", "function": "render", "context_line": "a  =\tb", "data": {"sourcemap": "a.js.map"}});
        assert_eq!(contributing(frame.clone(), "javascript"), ["a = b"]);
        frame["context_line"] = "x".repeat(121).into();
        assert_eq!(contributing(frame, "javascript"), ["render"]);
    }

    #[test]
    fn java_lambdas_have_no_name() {
        let frame = json!({"module": "com.shop.Cart$$Lambda$14/0x0000000800c1", "filename": "Cart.java", "function": "lambda$add$0"});
        assert_eq!(contributing(frame, "java"), ["cart.java"]);
    }
}
