//! Captures.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use napi_derive::napi;
use serde::Deserialize;
use watchpost_bindings::{describe_request, global_scope, guard, parse};
use watchpost_core::{
    Category, Client, DiscardReason, Errno, Event, EventId, Exception, Hint, Level, LogEntry, Mechanism,
    MechanismMeta, Scopes, Text, Thread,
};

use crate::aim::Aim;
use crate::call::{Dispatcher, Hook, event_hook, with_dispatcher};
use crate::client::NativeClient;
use crate::locals::{self, Locals};
use crate::stack::Stacks;
use crate::trail;
use crate::words::Words;

/// Between fields, as in `trail`.
const SEPARATOR: char = '\u{1F}';

/// One error of a chain, as JavaScript found it. That of the first has neither class nor message nor stack.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    /// Its class.
    r#type: Option<String>,
    /// Its message.
    value: Option<String>,
    /// Its `stack`.
    stack: Option<String>,
    /// The place in the list of the error that this one belongs to.
    parent: Option<u32>,
    /// The property of the parent it came from, like `cause` or `errors[1]`.
    source: Option<String>,
    /// It holds several others.
    group: bool,
    /// It was no error object.
    synthetic: bool,
    /// The system's code and number, like `ENOENT` and -2.
    code: Option<String>,
    /// See `code`.
    errno: Option<i32>,
    /// The variables of the calls that threw it, the innermost first.
    locals: Vec<Locals>,
}

/// Captures a chain of errors, the one that was caught first: its class, its message and its `stack`, then whatever
/// else is to be said of it and the others: see `links`. The mechanism is `generic` for captures by the application,
/// else `auto.<what>`; `handled` is false when nobody else caught it; the level counts unless a scope has one; extra
/// values come as JSON. `trail` are breadcrumbs that are held, for an event without hooks: see `trail`. The answer is the
/// event's id, if there is one.
#[napi]
pub fn capture_errors(
    #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
    dispatcher: Option<Dispatcher<'_>>,
    processors: bool,
    #[napi(ts_arg_type = "string | undefined")] request: Words,
    #[napi(ts_arg_type = "string | undefined")] kind: Words,
    #[napi(ts_arg_type = "string | undefined")] value: Words,
    #[napi(ts_arg_type = "string | undefined")] stack: Words,
    #[napi(ts_arg_type = "string | undefined")] rest: Words,
    #[napi(ts_arg_type = "string")] mechanism: Words,
    handled: bool,
    #[napi(ts_arg_type = "string | undefined")] level: Words,
    #[napi(ts_arg_type = "string | undefined")] extra: Words,
    #[napi(ts_arg_type = "string | undefined")] trail: Words,
    trail_fields: u32,
    trail_start_ms: f64,
) -> Option<String> {
    let read = |client: &Client, stacks: &Stacks| {
        let mut links = rest.as_deref().map(links).unwrap_or_default();
        if links.is_empty() {
            links.push(Link::default());
        }
        if let Some(first) = links.first_mut() {
            (first.r#type, first.value, first.stack) = (kind.into(), value.into(), stack.into());
        }
        let mechanism = mechanism.as_deref().unwrap_or("generic");
        let mut event = Event::exception(chain(links, mechanism, handled, stacks));
        event.level = level.as_deref().and_then(Level::parse_lenient);
        if let Some(extra) = extra.as_deref() {
            event.extra = parse("extra", extra)?;
        }
        if let Some(trail) = trail.as_deref() {
            event.held_breadcrumbs = trail::hold(client, trail, trail_fields, trail_start_ms).map(Box::new);
            if event.held_breadcrumbs.is_none() {
                client.options().diagnostics().say(|| "held breadcrumbs could not be read".to_owned());
            }
        }
        Ok(event)
    };
    capture(&Hooks { dispatcher, processors }, request.as_deref(), false, read)
}

/// Captures a message, perhaps with the caller's `stack`.
#[napi]
pub fn capture_message(
    #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
    dispatcher: Option<Dispatcher<'_>>,
    processors: bool,
    #[napi(ts_arg_type = "string | undefined")] request: Words,
    text: String,
    #[napi(ts_arg_type = "string | undefined")] level: Words,
    #[napi(ts_arg_type = "string | undefined")] stack: Words,
) -> Option<String> {
    let read = |_: &Client, stacks: &Stacks| {
        let level = level.as_deref().and_then(Level::parse_lenient);
        let mut event = Event { logentry: Some(LogEntry::plain(text)), level, ..Event::default() };
        if let Some(stack) = stack.as_deref() {
            event.threads.push(Thread {
                current: Some(true),
                crashed: Some(false),
                stacktrace: stacks.read(stack, ""),
                ..Thread::default()
            });
        }
        Ok(event)
    };
    capture(&Hooks { dispatcher, processors }, request.as_deref(), true, read)
}

/// Captures an event from JSON.
#[napi]
pub fn capture_event(
    #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
    dispatcher: Option<Dispatcher<'_>>,
    processors: bool,
    #[napi(ts_arg_type = "string | undefined")] request: Words,
    json: String,
) -> Option<String> {
    let read = |_: &Client, _: &Stacks| parse("event", &json);
    capture(&Hooks { dispatcher, processors }, request.as_deref(), false, read)
}

#[napi]
impl NativeClient {
    /// Sends the answer of a `beforeSend` that was waited for.
    #[napi]
    pub fn resume(&self, json: String) -> Option<String> {
        guard(|| match parse::<Event>("event", &json) {
            Ok(event) => self.host.client().resume_event(event),
            Err(error) => {
                self.host.options().client.diagnostics().say(|| format!("beforeSend gave no event: {error}"));
                self.count_drop(true);
                None
            }
        })
        .flatten()
        .map(|id| id.to_string())
    }
}

struct Hooks<'env> {
    dispatcher: Option<Dispatcher<'env>>,
    processors: bool,
}

fn capture(
    hooks: &Hooks<'_>,
    request: Option<&str>,
    is_message: bool,
    read: impl FnOnce(&Client, &Stacks) -> watchpost_core::Result<Event>,
) -> Option<String> {
    let captured = guard(|| {
        // A hook may aim elsewhere meanwhile.
        let Aim { host, stacks, isolation, current } = Aim::taken()?;
        let client = host.client();
        let event = match read(client, &stacks) {
            Ok(event) => event,
            Err(error) => {
                client.options().diagnostics().say(|| format!("a capture got no event: {error}"));
                client.reports().record(DiscardReason::Invalid, Category::Error, 1);
                return None;
            }
        };
        let mut current = current.unwrap_or_default();
        let request = request.and_then(|request| describe_request(client, request).ok());
        if hooks.processors || request.is_some() {
            current = current.fork();
            current.update(|scope| {
                // The application's processors see the request.
                if let Some(describe) = request {
                    scope.add_blind_event_processor(describe);
                }
                if hooks.processors {
                    scope.add_event_processor(event_hook(Hook::Processors));
                }
            });
        }
        let scopes = Scopes { global: global_scope(), isolation: &isolation, current: &current };
        with_dispatcher(hooks.dispatcher.as_ref(), || {
            let hint = Hint::default();
            if is_message {
                client.capture_message_event(event, &hint, scopes)
            } else {
                client.capture_event(event, &hint, scopes)
            }
        })
    });
    captured.flatten().map(|id: EventId| id.to_string())
}

/// The errors of a chain: a JSON list, or, behind a separator, a list of fields with separators between them: class, message,
/// stack, parent and source of every error but the first, of which there is nothing more to say.
fn links(rest: &str) -> Vec<Link> {
    let Some(plain) = rest.strip_prefix(SEPARATOR) else {
        return serde_json::from_str(rest).unwrap_or_default();
    };
    let mut links = vec![Link::default()];
    let mut fields = plain.split(SEPARATOR).map(str::to_owned);
    while let (ty @ Some(_), value, stack, Some(parent), source @ Some(_)) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    {
        links.push(Link { r#type: ty, value, stack, parent: parent.parse().ok(), source, ..Link::default() });
    }
    links
}

/// The chain in the order of the protocol: oldest cause first (exceptions, published event payload spec).
fn chain(links: Vec<Link>, mechanism: &str, handled: bool, stacks: &Stacks) -> Vec<Exception> {
    let single = links.len() == 1;
    let exceptions = links.into_iter().enumerate().map(|(id, link)| {
        let mechanism = if id == 0 { Text::from(mechanism) } else { Text::from_static("chained") };
        exception(
            id,
            single,
            link,
            Mechanism { ty: mechanism, handled: Some(handled), ..Mechanism::default() },
            stacks,
        )
    });
    let mut chain: Vec<Exception> = exceptions.collect();
    chain.reverse();
    chain
}

fn exception(id: usize, single: bool, link: Link, mut mechanism: Mechanism, stacks: &Stacks) -> Exception {
    mechanism.synthetic = link.synthetic.then_some(true);
    mechanism.is_exception_group = link.group.then_some(true);
    if !single {
        mechanism.exception_id = u32::try_from(id).ok();
        mechanism.parent_id = link.parent;
        mechanism.source = link.source.map(Text::from);
    }
    if let (Some(name), Some(number)) = (link.code, link.errno) {
        let errno = Errno { number: number.into(), name: Some(name.into()), ..Errno::default() };
        mechanism.meta = Some(Box::new(MechanismMeta { errno: Some(errno), ..MechanismMeta::default() }));
    }
    let value = link.value.unwrap_or_default();
    let mut stacktrace = link.stack.as_deref().and_then(|stack| stacks.read(stack, &value));
    if let Some(stack) = stacktrace.as_mut().filter(|_| !link.locals.is_empty()) {
        locals::attach(stack, link.locals);
    }
    Exception {
        ty: link.r#type.map(Text::from),
        value: Some(value.into()),
        mechanism: Some(mechanism),
        stacktrace,
        ..Exception::default()
    }
}
