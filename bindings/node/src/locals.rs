//! Local variables, put to the frames that they belong to.

use serde::Deserialize;
use watchpost_core::{Frame, Map, Stacktrace};

use crate::stack::local_path;

/// The variables of one call, as the debugger told of it when the error was thrown.
#[derive(Debug, Deserialize)]
pub(crate) struct Locals {
    /// The function's own name; empty for code outside of functions.
    function: String,
    /// Its file, or a `file:` address.
    file: String,
    /// By name.
    vars: Map,
}

/// Gives frames their variables; `calls` begin with the innermost. A stack tells where its error was made and the calls where
/// it was thrown, so what has no counterpart is passed over, on either side.
pub(crate) fn attach(stack: &mut Stacktrace, mut calls: Vec<Locals>) {
    stack.look_up();
    for frame in stack.frames.iter_mut().rev() {
        if let Some(at) = calls.iter().position(|call| call.is_of(frame))
            && let Some(call) = calls.drain(..=at).next_back()
        {
            frame.vars = call.vars;
        }
    }
}

impl Locals {
    fn is_of(&self, frame: &Frame) -> bool {
        let path = local_path(&self.file);
        let named = [&frame.abs_path, &frame.filename];
        named.into_iter().flatten().next().is_some_and(|file| **file == *path) && self.is_named(frame)
    }

    /// A stack says `Cart.add`, `new Cart` and `Object.<anonymous>` where the debugger says `add`, `Cart` and nothing.
    fn is_named(&self, frame: &Frame) -> bool {
        let own = if self.function.is_empty() { "<anonymous>" } else { &self.function };
        let Some(before) = frame.function.as_deref().and_then(|name| name.strip_suffix(own)) else {
            return false;
        };
        before.is_empty() || before.ends_with('.') || before == "new "
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &'static str) -> Frame {
        let (function, file) = (Some(function.into()), "/app/pay.js");
        Frame { function, filename: Some("pay.js".into()), abs_path: Some(file.into()), ..Frame::default() }
    }

    fn call(function: &str, value: &str) -> Locals {
        let json = serde_json::json!({ "function": function, "file": "/app/pay.js", "vars": { "x": value } });
        serde_json::from_value(json).unwrap()
    }

    fn attached(frames: &[&'static str], calls: &[(&str, &str)]) -> Vec<Option<String>> {
        let frames = frames.iter().map(|function| frame(function)).collect();
        let mut stack = Stacktrace { frames, ..Stacktrace::default() };
        attach(&mut stack, calls.iter().map(|(function, value)| call(function, value)).collect());
        stack.frames.iter().map(|frame| frame.vars.get("x")?.as_str().map(str::to_owned)).collect()
    }

    fn some(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
    }

    #[test]
    fn names_of_stacks_and_of_the_debugger() {
        let frames = ["Object.<anonymous>", "new Cart", "Cart.add", "check"];
        let calls = [("check", "4"), ("add", "3"), ("Cart", "2"), ("", "1")];
        assert_eq!(attached(&frames, &calls), some(&["1", "2", "3", "4"]));
        assert_eq!(attached(&["readd"], &[("add", "1")]), some(&[""]));
    }

    #[test]
    fn recursion_keeps_its_order() {
        let calls = [("walk", "inner"), ("walk", "outer")];
        assert_eq!(attached(&["walk", "walk"], &calls), some(&["outer", "inner"]));
    }

    #[test]
    fn what_has_no_counterpart_is_passed_over() {
        // The error was made by `failure`, which had returned when `pay` threw it; `retry` is in between of both.
        assert_eq!(
            attached(&["main", "pay", "failure"], &[("retry", "0"), ("pay", "1"), ("main", "2")]),
            some(&["2", "1", ""])
        );
    }
}
