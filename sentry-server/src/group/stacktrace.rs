use super::component::Component;
use super::frame::Frame;
use super::rules::{BEFORE_RULES, Judged};
use crate::json::Value;
use crate::normalize::is_sdk;

/// Which frames count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The application's own.
    App,
    /// All.
    System,
}

/// Something in each scope.
#[derive(Debug)]
pub(super) struct Scoped<T> {
    pub(super) app: T,
    pub(super) system: T,
}

impl<T> Scoped<T> {
    /// Something else made of both.
    pub(super) fn map<U>(self, mut make: impl FnMut(Scope, T) -> U) -> Scoped<U> {
        Scoped { app: make(Scope::App, self.app), system: make(Scope::System, self.system) }
    }
}

/// The contribution of a list of frames, oldest call first, as rules judge them, in each scope. What does not depend on the
/// scope is made once.
pub(super) fn components(
    frames: &[Value],
    event_platform: &str,
    judged: Option<&Judged>,
) -> Scoped<Component> {
    let mut views: Vec<Frame<'_>> = Vec::with_capacity(frames.len());
    // Whether a rule said that the frame counts or does not.
    let mut said: Vec<Option<&(bool, String)>> = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        let Some(mut view) = Frame::new(frame, event_platform) else { continue };
        if let Some(verdict) = judged.and_then(|judged| judged.frames.get(at)) {
            view.in_app = verdict.in_app;
            said.push(verdict.group.as_ref());
        }
        views.push(view);
    }
    let minified = !views.is_empty() && views.iter().all(Frame::looks_minified);
    let mut previous: Option<&Frame<'_>> = None;
    let mut all: Scoped<Vec<Component>> =
        Scoped { app: Vec::with_capacity(views.len()), system: Vec::with_capacity(views.len()) };
    for (at, frame) in views.iter().enumerate() {
        let mut component = frame.component();
        if minified {
            component.switch_off("minified, and no source map was applied");
        } else if views.len() == 1 && frame.is_lone_page_frame() {
            component.switch_off("a page's only frame, without a function");
        } else if previous.is_some_and(|previous| previous.is_same_call(frame)) {
            component.switch_off("recursion");
        }
        let mut of_app = component.clone();
        if component.contributes {
            if !frame.in_app {
                of_app.switch_off("not the application's");
            }
            if let Some((false, rule)) = said.get(at).copied().flatten() {
                let why = format!("left out by the rule: {rule}");
                if frame.in_app {
                    of_app.switch_off(why.clone());
                }
                component.switch_off(why);
            }
        }
        all.app.push(of_app);
        all.system.push(component);
        previous = Some(frame);
    }
    let finished = |scope: Scope, frames: Vec<Component>| {
        let mut stack = Component::node("stacktrace", frames);
        if let Some(judged) = judged {
            limit(&mut stack, judged);
        }
        if !stack.contributes && stack.hint.is_none() {
            let any_in_app = views.iter().any(|frame| frame.in_app);
            stack.switch_off(if views.is_empty() {
                "no frames"
            } else if scope == Scope::App && !any_in_app {
                "no frame of the application"
            } else {
                "no frame contributes"
            });
        }
        stack
    };
    Scoped { app: finished(Scope::App, all.app), system: finished(Scope::System, all.system) }
}

/// What rules say about how many frames count.
fn limit(stack: &mut Component, judged: &Judged) {
    let counting = stack.children().filter(|frame| frame.contributes).count();
    if judged.max_frames > 0 && counting > judged.max_frames {
        let mut left = counting - judged.max_frames;
        for frame in stack.children_mut().filter(|frame| frame.contributes) {
            if left == 0 {
                break;
            }
            frame.switch_off("too far from the crash for the rules' max-frames");
            left -= 1;
        }
    }
    if counting > 0 && counting < judged.min_frames {
        stack.switch_off("fewer frames count than the rules' min-frames");
    }
}

/// Frames of an exception or a thread.
pub(super) fn frames(owner: &Value) -> Option<&[Value]> {
    let frames = owner.get("stacktrace")?.get("frames")?.as_array()?;
    (!frames.is_empty()).then_some(frames)
}

/// The frame to blame: the application's last, else the last.
pub(super) fn crash_frame(owner: &Value) -> Option<&Value> {
    let frames = frames(owner)?;
    frames
        .iter()
        .rev()
        .find(|frame| is_in_app(frame))
        .or_else(|| frames.iter().rev().find(|frame| !is_sdk(frame)))
}

/// Whether any frame is the application's own.
pub(super) fn any_in_app(frames: &[Value], judged: Option<&Judged>) -> bool {
    match judged {
        Some(judged) => judged.frames.iter().any(|frame| frame.in_app),
        None => frames.iter().any(|frame| {
            let before = frame.get("data").and_then(|data| data.get(BEFORE_RULES)?.as_bool());
            before.unwrap_or_else(|| is_in_app(frame))
        }),
    }
}

fn is_in_app(frame: &Value) -> bool {
    frame.get("in_app").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn stack(frames: Value, scope: Scope) -> Component {
        let both = components(frames.as_array().unwrap(), "python", None);
        if scope == Scope::App { both.app } else { both.system }
    }

    #[test]
    fn recursion_counts_once() {
        let call = json!({"function": "f", "module": "m", "lineno": 3, "in_app": true});
        let once = stack(json!([call]), Scope::App);
        let thrice = stack(json!([call, call, call]), Scope::App);
        let contributing = |c: &Component| c.children().filter(|frame| frame.contributes).count();
        assert_eq!((contributing(&once), contributing(&thrice)), (1, 1));
    }

    #[test]
    fn only_the_applications_frames_count_in_app() {
        let frames = json!([{"function": "f", "in_app": true}, {"function": "g", "in_app": false}]);
        let count = |scope| stack(frames.clone(), scope).children().filter(|frame| frame.contributes).count();
        assert_eq!((count(Scope::App), count(Scope::System)), (1, 2));
        let library = stack(json!([{"function": "g", "in_app": false}]), Scope::App);
        assert_eq!(library.hint.as_deref(), Some("no frame of the application"));
    }

    #[test]
    fn minified_stacks_say_nothing() {
        let frame = |name: &str| json!({"function": name, "abs_path": "https://x/a.js", "platform": "javascript", "in_app": true});
        assert!(!stack(json!([frame("o"), frame("d")]), Scope::System).contributes);
        assert!(stack(json!([frame("o"), frame("checkout")]), Scope::System).contributes);
    }
}
