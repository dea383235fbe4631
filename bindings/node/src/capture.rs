//! Captures.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use std::borrow::Cow;

use napi_derive::napi;
use watchpost_bindings::{describe_request, global_scope, guard, parse};
use watchpost_core::{
    Category, DiscardReason, Errno, Event, EventId, Exception, Hint, Level, LogEntry, Mechanism,
    MechanismMeta, Scopes, SharedScope, Text, Thread,
};

use crate::call::{Dispatcher, Hook, event_hook, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::NativeScope;

/// One error of a chain, as JavaScript found it.
#[napi(object)]
#[derive(Debug, Default)]
pub struct Link {
    /// Its class.
    pub r#type: Option<String>,
    /// Its message.
    pub value: Option<String>,
    /// Its `stack`.
    pub stack: Option<String>,
    /// The place in the list of the error that this one belongs to.
    pub parent: Option<u32>,
    /// The property of the parent it came from, like `cause` or `errors[1]`.
    pub source: Option<String>,
    /// It holds several others.
    pub group: Option<bool>,
    /// It was no error object.
    pub synthetic: Option<bool>,
    /// The system's code and number, like `ENOENT` and -2.
    pub code: Option<String>,
    /// See `code`.
    pub errno: Option<i32>,
}

/// How errors came to us, and what was said at the call.
#[napi(object)]
#[derive(Debug, Default)]
pub struct Caught {
    /// `generic` for captures by the application, else `auto.<what>`.
    pub mechanism: String,
    /// False when nobody else caught it.
    pub handled: bool,
    /// The level, unless a scope has one.
    pub level: Option<String>,
    /// Extra values, as JSON.
    pub extra: Option<String>,
}

#[napi]
impl NativeClient {
    /// Captures a chain of errors, the one that was caught first. The event's id, if there is one.
    #[napi]
    pub fn capture_errors(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
        processors: bool,
        request: Option<String>,
        links: Vec<Link>,
        caught: Caught,
    ) -> Option<String> {
        let read = || {
            let mut event = Event::exception(self.chain(links, &caught));
            event.level = caught.level.as_deref().and_then(Level::parse_lenient);
            if let Some(extra) = &caught.extra {
                event.extra = parse("extra", extra)?;
            }
            Ok(event)
        };
        let hooks = Hooks { dispatcher, processors };
        self.capture(isolation, current, &hooks, request.as_deref(), read)
    }

    /// Captures a message, perhaps with the caller's `stack`.
    #[napi]
    pub fn capture_message(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
        processors: bool,
        request: Option<String>,
        text: String,
        level: Option<String>,
        stack: Option<String>,
    ) -> Option<String> {
        let read = || {
            let level = level.as_deref().and_then(Level::parse_lenient);
            let mut event = Event { logentry: Some(LogEntry::plain(text)), level, ..Event::default() };
            if let Some(stack) = &stack {
                let stacktrace = self.stacks.read(stack, "");
                event.threads.push(Thread {
                    current: Some(true),
                    crashed: Some(false),
                    stacktrace,
                    ..Thread::default()
                });
            }
            Ok(event)
        };
        let hooks = Hooks { dispatcher, processors };
        self.capture_what(isolation, current, &hooks, request.as_deref(), true, read)
    }

    /// Captures an event from JSON.
    #[napi]
    pub fn capture_event(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
        processors: bool,
        request: Option<String>,
        json: String,
    ) -> Option<String> {
        let hooks = Hooks { dispatcher, processors };
        self.capture(isolation, current, &hooks, request.as_deref(), || parse("event", &json))
    }

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

impl NativeClient {
    fn capture(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        hooks: &Hooks<'_>,
        request: Option<&str>,
        read: impl FnOnce() -> watchpost_core::Result<Event>,
    ) -> Option<String> {
        self.capture_what(isolation, current, hooks, request, false, read)
    }

    fn capture_what(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        hooks: &Hooks<'_>,
        request: Option<&str>,
        is_message: bool,
        read: impl FnOnce() -> watchpost_core::Result<Event>,
    ) -> Option<String> {
        let captured = guard(|| {
            let client = self.host.client();
            let event = match read() {
                Ok(event) => event,
                Err(error) => {
                    client.options().diagnostics().say(|| format!("a capture got no event: {error}"));
                    client.reports().record(DiscardReason::Invalid, Category::Error, 1);
                    return None;
                }
            };
            let mut forked = None;
            let current: Cow<'_, SharedScope> = match current {
                Some(scope) => Cow::Borrowed(scope.shared()),
                None => Cow::Owned(SharedScope::new()),
            };
            let request = request.and_then(|request| describe_request(client, request).ok());
            if hooks.processors || request.is_some() {
                let fork = current.fork();
                fork.update(|scope| {
                    // The application's processors see the request.
                    if let Some(describe) = request {
                        scope.add_blind_event_processor(describe);
                    }
                    if hooks.processors {
                        scope.add_event_processor(event_hook(Hook::Processors));
                    }
                });
                forked = Some(fork);
            }
            let current = forked.as_ref().unwrap_or(&current);
            let scopes = Scopes { global: global_scope(), isolation: isolation.shared(), current };
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

    /// The chain in the order of the protocol: oldest cause first (exceptions, published event payload spec).
    fn chain(&self, links: Vec<Link>, caught: &Caught) -> Vec<Exception> {
        let single = links.len() == 1;
        let mut chain: Vec<Exception> = links
            .into_iter()
            .enumerate()
            .map(|(id, link)| self.exception(id, single, link, caught))
            .collect();
        chain.reverse();
        chain
    }

    fn exception(&self, id: usize, single: bool, link: Link, caught: &Caught) -> Exception {
        let root = id == 0;
        let mut mechanism = Mechanism {
            ty: if root { self.stacks.intern(&caught.mechanism) } else { Text::from_static("chained") },
            handled: Some(caught.handled),
            synthetic: link.synthetic.filter(|synthetic| *synthetic),
            is_exception_group: link.group.filter(|group| *group),
            ..Mechanism::default()
        };
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
        let stacktrace = link.stack.as_deref().and_then(|stack| self.stacks.read(stack, &value));
        Exception {
            ty: link.r#type.map(|ty| self.stacks.intern(&ty)),
            value: Some(value.into()),
            mechanism: Some(mechanism),
            stacktrace,
            ..Exception::default()
        }
    }
}
