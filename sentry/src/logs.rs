//! The structured log: what the `log_*` macros write to.
//!
//! ```
//! let (user, rows) = ("ada", 42);
//! watchpost::log_info!("{} imported {} rows", user, rows);
//! watchpost::log_warn!(queue.depth = rows, retry = true, "the queue of {user} is long");
//! ```
//!
//! Lines are sent if the option `enable_logs` is on, up to a hundred together and after five seconds at the latest. What
//! a macro is given is only looked at then. The template and the parameters that are given after it are kept beside the
//! finished text, so that lines can be searched by them; what a template takes from the surroundings (`{user}`) is only
//! in the text.

use watchpost_core::{Attributes, Log, LogLevel, Text};

use crate::init::with_client;
use crate::scopes::with_all;

/// Writes a line without a template. Its attributes win over those of the scopes.
///
/// ```
/// use watchpost::{Attributes, LogLevel, logs};
/// logs::log(LogLevel::Info, "imported", Attributes::from([("rows", 42)]));
/// ```
pub fn log(level: LogLevel, body: impl Into<Text>, attributes: Attributes) {
    with_client(|client| {
        if client.logs_enabled() {
            with_all(|scopes| client.log(level, body, attributes, scopes));
        }
    });
}

/// Writes a line that the caller made, perhaps with a template, a time or a trace of its own.
pub fn capture(log: Log) {
    with_client(|client| with_all(|scopes| client.capture_log(log, scopes)));
}

/// True if lines can lead anywhere: the option `enable_logs` is on, and the client sends.
pub fn enabled() -> bool {
    with_client(watchpost_core::Client::logs_enabled).unwrap_or(false)
}

/// Writes a line of level `trace`, as [`log_info!`](crate::log_info) does.
#[macro_export]
macro_rules! log_trace { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Trace, [], $($all)+) } }

/// Writes a line of level `debug`, as [`log_info!`](crate::log_info) does.
#[macro_export]
macro_rules! log_debug { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Debug, [], $($all)+) } }

/// Writes a line of the structured log: attributes if any, then what `format!` takes. See [`logs`](crate::logs).
///
/// ```
/// # let (order, total) = (7, 19.9);
/// watchpost::log_info!("order {} is paid", order);
/// watchpost::log_info!(order.id = order, order.total = total, "paid by {method}", method = "card");
/// ```
#[macro_export]
macro_rules! log_info { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Info, [], $($all)+) } }

/// Writes a line of level `warn`, as [`log_info!`](crate::log_info) does.
#[macro_export]
macro_rules! log_warn { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Warn, [], $($all)+) } }

/// Writes a line of level `error`, as [`log_info!`](crate::log_info) does. It is no error event.
#[macro_export]
macro_rules! log_error { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Error, [], $($all)+) } }

/// Writes a line of level `fatal`, as [`log_info!`](crate::log_info) does. It ends nothing.
#[macro_export]
macro_rules! log_fatal { ($($all:tt)+) => { $crate::__log!(@attributes $crate::LogLevel::Fatal, [], $($all)+) } }

/// Takes attributes off the front, then binds each argument once, then writes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    (@attributes $level:expr, [$($set:tt)*], $($key:ident).+ = $value:expr, $($rest:tt)+) => {
        $crate::__log!(@attributes $level, [$($set)* ($($key).+ = $value)], $($rest)+)
    };
    (@attributes $level:expr, $set:tt, $template:literal $(,)?) => {
        if $crate::logs::enabled() {
            $crate::__log!(@write $level, $set, $template, [], [])
        }
    };
    (@attributes $level:expr, $set:tt, $template:literal, $($arguments:tt)+) => {
        if $crate::logs::enabled() {
            $crate::__log!(@bind $level, $set, $template, [], [], $($arguments)+,)
        }
    };
    (@bind $level:expr, $set:tt, $template:literal, $bound:tt, $named:tt, $(,)?) => {
        $crate::__log!(@write $level, $set, $template, $bound, $named)
    };
    (@bind $level:expr, $set:tt, $template:literal, $bound:tt, [$($named:tt)*], $name:ident = $value:expr, $($rest:tt)*) => {
        match &$value {
            argument => $crate::__log!(@bind $level, $set, $template, $bound, [$($named)* ($name argument)], $($rest)*),
        }
    };
    (@bind $level:expr, $set:tt, $template:literal, [$($bound:tt)*], $named:tt, $value:expr, $($rest:tt)*) => {
        match &$value {
            argument => $crate::__log!(@bind $level, $set, $template, [$($bound)* argument], $named, $($rest)*),
        }
    };
    (@write $level:expr, [$(($($key:ident).+ = $value:expr))*], $template:literal, [$($bound:ident)*], [$(($name:ident $given:ident))*]) => {{
        #[allow(unused_imports, reason = "which of them a parameter needs depends on its type")]
        use $crate::__private::{ByDebug as _, ByDisplay as _, ByValue as _};
        #[allow(unused_mut, reason = "a line may have no attributes")]
        let mut attributes = $crate::Attributes::new();
        $(attributes.insert($crate::Text::from_static(concat!($crate::__key!($($key).+))), $value);)*
        let parameters = [
            $(("", $crate::__private::parameter(|| (&&$crate::__private::Given($bound)).parameter())),)*
            $((concat!("sentry.message.parameter.", stringify!($name)),
                $crate::__private::parameter(|| (&&$crate::__private::Given($given)).parameter())),)*
        ];
        $crate::__private::write(
            $level,
            $template,
            format_args!($template $(, $bound)* $(, $name = $given)*),
            &parameters,
            attributes,
        );
    }};
}

/// `a.b.c` as the text `a.b.c`.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:ident) => { stringify!($key) };
    ($key:ident . $($rest:ident).+) => { concat!(stringify!($key), ".", $crate::__key!($($rest).+)) };
}

/// What the macros expand to. Not for direct use.
#[doc(hidden)]
pub mod private {
    use std::fmt;

    use watchpost_core::{AttributeValue, Attributes, Log, LogLevel, Text};

    use crate::init::with_client;
    use crate::scopes::with_all;
    use crate::shown::{debug, display};

    /// A parameter, to be turned into a value by the first of three ways that its type knows.
    #[derive(Debug)]
    pub struct Given<'a, T: ?Sized>(pub &'a T);

    /// Types that attributes know.
    pub trait ByValue {
        /// The value.
        fn parameter(&self) -> AttributeValue;
    }

    /// Types that can be shown.
    pub trait ByDisplay {
        /// The value.
        fn parameter(&self) -> AttributeValue;
    }

    /// Types that can be shown to developers.
    pub trait ByDebug {
        /// The value.
        fn parameter(&self) -> AttributeValue;
    }

    impl<T: Clone + Into<AttributeValue>> ByValue for &Given<'_, T> {
        fn parameter(&self) -> AttributeValue {
            self.0.clone().into()
        }
    }

    impl<T: fmt::Display + ?Sized> ByDisplay for &&Given<'_, T> {
        fn parameter(&self) -> AttributeValue {
            display(self.0).into()
        }
    }

    impl<T: fmt::Debug + ?Sized> ByDebug for Given<'_, T> {
        fn parameter(&self) -> AttributeValue {
            debug(self.0).into()
        }
    }

    /// Makes a parameter's value.
    pub fn parameter(make: impl FnOnce() -> AttributeValue) -> AttributeValue {
        make()
    }

    /// Writes a line. Parameters without a name are numbered.
    pub fn write(
        level: LogLevel,
        template: &'static str,
        body: fmt::Arguments<'_>,
        parameters: &[(&'static str, AttributeValue)],
        attributes: Attributes,
    ) {
        let body = body.as_str().map_or_else(|| Text::from(display(&body)), Text::from_static);
        let mut log = Log { attributes, ..Log::new(level, body) };
        let positional = parameters.iter().filter(|(name, _)| name.is_empty());
        log.set_template(Text::from_static(template), positional.map(|(_, value)| value.clone()));
        for (name, value) in parameters.iter().filter(|(name, _)| !name.is_empty()) {
            log.attributes.insert(Text::from_static(name), value.clone());
            log.attributes.insert(Text::from_static("sentry.message.template"), Text::from_static(template));
        }
        with_client(|client| with_all(|scopes| client.capture_log(log, scopes)));
    }
}
