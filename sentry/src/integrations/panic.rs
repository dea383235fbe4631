//! Panics become events of level fatal; the hook that was there before still runs.

use std::panic::PanicHookInfo;
use std::sync::Once;

use watchpost_core::{Event, Exception, Level, Mechanism, Text, in_hook};

use crate::api::send;
use crate::init::with_client;

/// Puts the hook in front of the present one, once per process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            capture(info);
            previous(info);
        }));
    });
}

/// Reports a panic. For programs that set their own hook after `init`.
///
/// ```
/// std::panic::set_hook(Box::new(|info| {
///     watchpost::integrations::panic::capture(info);
///     // What the application does about panics comes here.
/// }));
/// ```
pub fn capture(info: &PanicHookInfo<'_>) {
    // A panicking `before_send` is a dropped event, not another event; the worker is not the application.
    if in_hook() || watchpost_transport::is_worker_thread() {
        return;
    }
    with_client(|client| {
        if client.is_enabled() {
            send(client, event(info));
            if cfg!(panic = "abort") {
                client.announce_end();
                // The abort that follows is this panic, and no crash of its own.
                #[cfg(feature = "crash")]
                super::crash::uninstall();
            }
        }
    });
}

fn event(info: &PanicHookInfo<'_>) -> Event {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("the panic carried no text");
    let mechanism =
        Mechanism { ty: Text::from_static("auto.panic"), handled: Some(false), ..Mechanism::default() };
    let thread = super::thread::current();
    let exception = Exception {
        ty: Some(Text::from_static("panic")),
        value: Some(text.into()),
        thread_id: thread.id.clone(),
        mechanism: Some(mechanism),
        #[cfg(feature = "backtrace")]
        stacktrace: super::backtrace::stored(),
        ..Exception::default()
    };
    Event { level: Some(Level::Fatal), threads: vec![thread], ..Event::exception(vec![exception]) }
}
