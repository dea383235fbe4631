//! Breadcrumbs: the call that applications make most often, so it crosses with as little as it can.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::FromNapiValue;
use napi::sys;
use napi_derive::napi;
use watchpost_bindings::{HostClient, guard, parse};
use watchpost_core::{Breadcrumb, Data, Hint, Level, SharedScope, Text, Timestamp};

use crate::call::{Dispatcher, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::NativeScope;

thread_local! {
    /// Where breadcrumbs of this thread go. Checking the classes of two receivers costs more than all the rest.
    static TARGET: RefCell<Option<(Arc<HostClient>, SharedScope)>> = const { RefCell::new(None) };
}

/// Text, or nothing for anything else. Short text crosses in one call.
#[derive(Debug)]
pub struct Words(Option<String>);

impl FromNapiValue for Words {
    #[expect(unsafe_code, reason = "two calls of the interface for every text would be twice the price")]
    // SAFETY: `env` and `value` are those of the call under way, as the trait asks of its caller.
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let mut short = [0_u8; 256];
        let mut length = 0;
        // SAFETY: the buffer is as long as is said; Node writes that many bytes at most, the zero at the end included.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                short.as_mut_ptr().cast(),
                short.len(),
                &raw mut length,
            )
        };
        if status != sys::Status::napi_ok {
            return Ok(Self(None));
        }
        // Node stops before a character that does not fit, which has four bytes at most.
        if length + 4 < short.len() {
            return Ok(Self(Some(String::from_utf8_lossy(&short[..length]).into_owned())));
        }
        // SAFETY: as above.
        unsafe { String::from_napi_value(env, value) }.map(|text| Self(Some(text)))
    }
}

impl Words {
    /// The text; empty if there is none.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("")
    }

    /// The text, unless it is empty.
    pub(crate) fn non_empty(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    fn text(self) -> Option<Text> {
        self.0.map(Text::from)
    }
}

/// Where the breadcrumbs of this thread go from now on.
#[napi]
pub fn aim_breadcrumbs(client: &NativeClient, scope: &NativeScope) {
    let target = (Arc::clone(&client.host), scope.shared().clone());
    TARGET.with(|current| current.replace(Some(target)));
}

/// Adds a breadcrumb; time in seconds since 1970, data as a JSON object. The answer is why it was refused.
#[napi]
pub fn add_breadcrumb(
    #[napi(ts_arg_type = "string | undefined")] message: Words,
    #[napi(ts_arg_type = "string | undefined")] category: Words,
    #[napi(ts_arg_type = "string | undefined")] data: Words,
    #[napi(ts_arg_type = "string | undefined")] level: Words,
    #[napi(ts_arg_type = "string | undefined")] kind: Words,
    timestamp: Option<f64>,
    #[napi(ts_arg_type = "string | undefined")] origin: Words,
    #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
    dispatcher: Option<Dispatcher<'_>>,
) -> Option<String> {
    guard(|| {
        let data = match data.0.as_deref().map(object).transpose() {
            Ok(data) => data.unwrap_or_default(),
            Err(error) => return Some(error.to_string()),
        };
        let crumb = Breadcrumb {
            timestamp: timestamp.and_then(Timestamp::from_seconds),
            ty: kind.text(),
            category: category.text(),
            message: message.text(),
            level: level.0.as_deref().and_then(Level::parse_lenient),
            origin: origin.text(),
            data,
            other: None,
        };
        // A hook may aim elsewhere meanwhile.
        let (host, scope) = TARGET.with(|target| target.borrow().clone())?;
        let add = || host.add_breadcrumb(crumb, &Hint::default(), &scope);
        match &dispatcher {
            Some(_) => with_dispatcher(dispatcher.as_ref(), add),
            None => add(),
        }
        None
    })
    .flatten()
}

/// An object of plain values; the place of a mistake is looked for only when there is one.
fn object(json: &str) -> watchpost_core::Result<Data> {
    serde_json::from_str(json).or_else(|_| parse("data", json))
}
