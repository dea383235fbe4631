//! From a line to a rule.

use super::{Action, ExceptionMatcher, Range, StackRule};
use crate::group::rules::RuleError;
use crate::group::rules::frame::{ALL, FrameMatcher};
use crate::group::rules::glob::{Glob, Kind};
use crate::group::rules::line::{Line, Written};

pub(super) fn rule(mut line: Line<'_>) -> Result<StackRule, RuleError> {
    let mut rule = StackRule {
        text: line.text().to_owned(),
        exception: Vec::new(),
        caller: Vec::new(),
        frame: Vec::new(),
        callee: Vec::new(),
        families: ALL,
        actions: Vec::new(),
    };
    line.skip_space();
    if line.take("[") {
        let caller = line.bracketed()?;
        rule.caller = FrameMatcher::read_all(&line, &caller)?;
        expect_bar(&mut line)?;
    }
    let start = line.column();
    let mut has_matcher = false;
    loop {
        line.skip_space();
        if line.take("|") {
            line.skip_space();
            if !line.take("[") {
                return Err(line
                    .error(line.column(), "expected the callee in brackets after |, like | [ function:x ]"));
            }
            let callee = line.bracketed()?;
            rule.callee = FrameMatcher::read_all(&line, &callee)?;
            break;
        }
        if line.is_done() || begins_action(&line) {
            break;
        }
        let written = line.matcher(false)?;
        match FrameMatcher::read(&line, &written)? {
            Some(matcher) => {
                has_matcher = true;
                rule.families &= matcher.families();
                // A family is one of those that `families` has, or the frame is not looked at.
                if !matcher.is_family() {
                    rule.frame.push(matcher);
                }
            }
            None => {
                has_matcher = true;
                rule.exception.push(exception_matcher(&line, &written)?);
            }
        }
    }
    if !has_matcher && rule.caller.is_empty() && rule.callee.is_empty() {
        return Err(line.error(start, "expected a matcher, like stack.function:malloc"));
    }
    while !line.is_done() {
        rule.actions.push(action(&mut line)?);
    }
    if rule.actions.is_empty() {
        let what = "expected an action: +app, -app, +group, -group, category=x, max-frames=n or min-frames=n";
        return Err(line.error(line.column(), what));
    }
    Ok(rule)
}

fn expect_bar(line: &mut Line<'_>) -> Result<(), RuleError> {
    line.skip_space();
    if line.take("|") {
        Ok(())
    } else {
        Err(line.error(line.column(), "expected | after the caller's brackets"))
    }
}

fn exception_matcher(line: &Line<'_>, written: &Written) -> Result<ExceptionMatcher, RuleError> {
    let (field, kind) = match written.key.as_str() {
        "error.type" | "type" => ("type", Kind::Exact),
        "error.value" | "value" => ("value", Kind::Text),
        "error.mechanism" | "mechanism" => ("mechanism", Kind::Text),
        other => {
            let what = format!(
                "{other:?} is not known here; there are stack.function, stack.module, stack.abs_path, stack.package, family, \
                 app, category, error.type, error.value and error.mechanism"
            );
            return Err(line.error(written.column, what));
        }
    };
    let glob = Glob::new(&written.argument, kind).map_err(|error| line.error(written.column, error))?;
    Ok(ExceptionMatcher { negated: written.negated, field, glob })
}

/// Whether an action begins here: a sign, a range before a sign, or a name before an equals sign.
fn begins_action(line: &Line<'_>) -> bool {
    match line.rest() {
        ['+' | '-' | '^', ..] | ['v', '+' | '-', ..] => true,
        rest => {
            let name = rest.iter().take_while(|c| c.is_ascii_lowercase() || **c == '-').count();
            name > 0 && rest.get(name) == Some(&'=')
        }
    }
}

fn action(line: &mut Line<'_>) -> Result<Action, RuleError> {
    let column = line.column();
    let range = if line.take("^") {
        Range::After
    } else if matches!(line.rest(), ['v', '+' | '-', ..]) {
        line.take("v");
        Range::Before
    } else {
        Range::This
    };
    let sign = if line.take("+") { Some(true) } else { line.take("-").then_some(false) };
    let name = line.name()?;
    if let Some(on) = sign {
        return match name.as_str() {
            "app" => Ok(Action::App(on, range)),
            "group" => Ok(Action::Group(on, range)),
            _ => Err(line.error(column, format!("{name:?} cannot be switched; there are app and group"))),
        };
    }
    if !line.take("=") {
        return Err(
            line.error(column, "expected an action: +app, -app, +group, -group, category=x, max-frames=n")
        );
    }
    let value = line.name()?;
    let number = || {
        value
            .parse::<usize>()
            .map_err(|_| line.error(column, format!("{name} takes a number, not {value:?}")))
    };
    match name.as_str() {
        "category" if !value.is_empty() => Ok(Action::Category(value)),
        "category" => Err(line.error(column, "category= needs a name")),
        "max-frames" => Ok(Action::MaxFrames(number()?)),
        "min-frames" => Ok(Action::MinFrames(number()?)),
        _ => Err(line
            .error(column, format!("{name:?} cannot be set; there are category, max-frames and min-frames"))),
    }
}
