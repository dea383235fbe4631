//! Text that crosses in one call.

use std::mem::MaybeUninit;

use napi::bindgen_prelude::FromNapiValue;
use napi::sys;
use watchpost_core::Text;

/// What is read at once: stacks fit, and breadcrumbs that were held. Longer text takes three calls.
const AT_ONCE: usize = 16_384;

/// Text, or nothing for anything else.
#[derive(Debug)]
pub struct Words(Option<String>);

impl FromNapiValue for Words {
    #[expect(
        unsafe_code,
        reason = "several calls of the interface for every text would be several times the price"
    )]
    // SAFETY: `env` and `value` are those of the call under way, as the trait asks of its caller.
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let mut short = [MaybeUninit::<u8>::uninit(); AT_ONCE];
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
            // SAFETY: Node has written this many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(short.as_ptr().cast::<u8>(), length) };
            let text = std::str::from_utf8(bytes);
            return Ok(Self(Some(
                text.map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned),
            )));
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

    /// The text for the core.
    pub(crate) fn text(self) -> Option<Text> {
        self.0.map(Text::from)
    }

    /// The characters.
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl From<Words> for Option<String> {
    fn from(words: Words) -> Self {
        words.0
    }
}
