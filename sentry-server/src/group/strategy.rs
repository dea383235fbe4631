use super::component::Component;
use super::grouper::Lens;
use super::stacktrace::{self, Scoped};
use super::{Basis, Choice, Variant, exception, exception_group, simple};
use crate::json::Value;
use crate::normalize::{EventKind, NormalizedEvent};

/// Runs the strategies in order and takes the first that has something to say.
pub(super) fn choose<'e>(event: &'e NormalizedEvent, lens: &Lens<'_>) -> Choice<'e> {
    let plain = |basis, component| Some(Choice::new(basis, vec![Variant::new("default", component)], None));
    match event.kind {
        EventKind::Transaction => simple::transaction(event).and_then(|part| plain(Basis::Transaction, part)),
        EventKind::Feedback => simple::feedback(event).and_then(|part| plain(Basis::Message, part)),
        EventKind::Error | EventKind::Csp | EventKind::Default => exceptions(event, lens)
            .or_else(|| threads(event, lens))
            .or_else(|| simple::template(event).and_then(|part| plain(Basis::Template, part)))
            .or_else(|| simple::csp(event).and_then(|part| plain(Basis::Csp, part)))
            .or_else(|| simple::message(event).and_then(|part| plain(Basis::Message, part))),
    }
    .unwrap_or_else(|| {
        let variant = Variant::new("fallback", simple::fallback(event));
        Choice::new(Basis::Fallback, vec![variant], None)
    })
}

fn exceptions<'e>(event: &'e NormalizedEvent, lens: &Lens<'_>) -> Option<Choice<'e>> {
    let list = event.body.get("exception")?.get("values")?.as_array()?;
    let platform = event.platform.as_str();
    let selection = exception_group::select(list, |one| {
        // Two of a kind: the same type thrown at the same place.
        exception::components(one, platform, lens).system
    });
    let mut parts = Scoped { app: Vec::new(), system: Vec::new() };
    for one in &selection.exceptions {
        let Scoped { app, system } = exception::components(one, platform, lens);
        parts.app.push(app);
        parts.system.push(system);
    }
    let variants = parts.map(|_, mut parts| match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => Component::node("chained_exception", parts.into_iter().chain(last)),
    });
    both(variants, selection.main)
}

/// The crashed thread, else the current one, else the only one.
fn threads<'e>(event: &'e NormalizedEvent, lens: &Lens<'_>) -> Option<Choice<'e>> {
    // A trace attached to a message says where it was logged, and only for a crash without exception what failed.
    if event.body.contains_key("logentry") {
        return None;
    }
    let list = event.body.get("threads")?.get("values")?.as_array()?;
    let single = |key: &str| {
        let mut marked = list.iter().filter(|thread| thread.get(key).and_then(Value::as_bool) == Some(true));
        marked.next().filter(|_| marked.next().is_none())
    };
    let thread = single("crashed")
        .or_else(|| single("current"))
        .or_else(|| list.first().filter(|_| list.len() == 1))?;
    let frames = stacktrace::frames(thread)?;
    let judged = lens.judge(frames, &event.platform, None);
    let stacks = stacktrace::components(frames, &event.platform, judged.as_deref());
    both(stacks.map(|_, stack| Component::node("thread", [stack])), None)
}

/// The variants `app` and `system`, of which only those with frames count if one has them.
fn both(variants: Scoped<Component>, main_exception: Option<&Value>) -> Option<Choice<'_>> {
    let Scoped { mut app, system } = variants;
    if !app.contributes && !system.contributes {
        return None;
    }
    let by_frames = system.has_contributing("stacktrace");
    if by_frames && !app.has_contributing("stacktrace") {
        app.switch_off("no frame of the application; all frames are more exact");
    }
    let basis = if by_frames { Basis::Stacktrace } else { Basis::Exception };
    let variants = vec![Variant::new("app", app), Variant::new("system", system)];
    Some(Choice::new(basis, variants, main_exception))
}
