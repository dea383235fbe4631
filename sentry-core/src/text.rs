//! Text that is cheap to clone.

use std::borrow::Borrow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An immutable string that is static, short or shared, so that a clone hardly ever allocates.
///
/// Scopes, breadcrumbs and frames are copied into every event; with `Text` each copy is a pointer or, up to 22 bytes,
/// the characters themselves. One made from a longer `String` keeps its memory and is copied by a clone; what is cloned
/// often, like all that a scope holds, is [`shared`](Self::shared) first.
pub struct Text(Repr);

enum Repr {
    Static(&'static str),
    Short(Short),
    Shared(Arc<str>),
    Owned(Owned),
}

/// A `String` in two words, so that it fits beside the other forms: it keeps its memory, as making that fit its length
/// costs as much as a copy.
struct Owned {
    start: NonNull<u8>,
    length: u32,
    capacity: u32,
}

/// The first `length` bytes are the text.
#[derive(Clone, Copy)]
struct Short {
    length: u8,
    bytes: [u8; SHORT],
}

/// What fits beside the other forms.
const SHORT: usize = 22;

impl Text {
    /// Text known at compile time; costs nothing.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text))
    }

    /// The characters.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Short(short) => short.as_str(),
            Repr::Shared(text) => text,
            Repr::Owned(text) => text.as_str(),
        }
    }

    /// The same text, of which a clone never allocates.
    #[must_use]
    #[inline]
    pub fn shared(self) -> Self {
        match self.0 {
            Repr::Owned(text) => Self(Repr::Shared(text.as_str().into())),
            other => Self(other),
        }
    }
}

#[expect(unsafe_code, reason = "a `String` with shorter numbers")]
impl Owned {
    /// The text back if it is too long.
    #[inline]
    fn new(text: String) -> Result<Self, String> {
        let (Ok(length), Ok(capacity)) = (u32::try_from(text.len()), u32::try_from(text.capacity())) else {
            return Err(text);
        };
        let mut text = ManuallyDrop::new(text);
        // SAFETY: the pointer of a `String` is never null.
        let start = unsafe { NonNull::new_unchecked(text.as_mut_ptr()) };
        Ok(Self { start, length, capacity })
    }

    fn as_str(&self) -> &str {
        // SAFETY: these are the bytes of the `String` that `new` took apart. Nothing changes them, and they are freed
        // only by `drop`.
        unsafe {
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(
                self.start.as_ptr(),
                self.length as usize,
            ))
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "a `String` with shorter numbers")]
        // SAFETY: pointer, length and capacity are those of the `String` that `new` took apart and left undropped, and
        // this is the only place that puts it together again.
        let text = unsafe {
            String::from_raw_parts(self.start.as_ptr(), self.length as usize, self.capacity as usize)
        };
        drop(text);
    }
}

#[expect(unsafe_code, reason = "raw pointers are neither by themselves")]
// SAFETY: an owned, immutable text, as `String` is, which is both.
unsafe impl Send for Owned {}
#[expect(unsafe_code, reason = "raw pointers are neither by themselves")]
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Clone for Text {
    #[inline]
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Repr::Static(text) => Repr::Static(text),
            Repr::Short(short) => Repr::Short(*short),
            Repr::Shared(text) => Repr::Shared(Arc::clone(text)),
            Repr::Owned(text) => Repr::Shared(text.as_str().into()),
        })
    }
}

impl Short {
    /// The text, if it is short enough.
    #[inline]
    fn new(text: &str) -> Option<Self> {
        if text.len() > SHORT {
            return None;
        }
        let mut bytes = [0; SHORT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { length: text.len() as u8, bytes })
    }

    #[inline]
    fn as_str(&self) -> &str {
        #[expect(
            unsafe_code,
            reason = "these bytes were a `str`, and checking them again costs more than copying them"
        )]
        // SAFETY: `new` is the only place that makes one; it copies the whole of a `str` into the first `length` bytes,
        // and nothing changes them afterwards.
        unsafe {
            std::str::from_utf8_unchecked(self.bytes.get_unchecked(..usize::from(self.length)))
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from_static("")
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    // Inlined, a text that the compiler knows is a few stores.
    #[inline]
    fn from(text: &str) -> Self {
        Self(Short::new(text).map_or_else(|| Repr::Shared(text.into()), Repr::Short))
    }
}

impl From<String> for Text {
    #[inline]
    fn from(text: String) -> Self {
        Self(match Short::new(&text) {
            Some(short) => Repr::Short(short),
            None => Owned::new(text).map_or_else(|text| Repr::Shared(text.into()), Repr::Owned),
        })
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self(Repr::Shared(text))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// Numbers and flags become text: hosts hand in plain values.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(text.into())
            }
            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Text, E> {
                Ok(text.into())
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(number.to_string().into())
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(number.to_string().into())
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Text, E> {
                Ok(number.to_string().into())
            }
            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Text, E> {
                Ok(Text::from_static(if flag { "true" } else { "false" }))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_come_back() {
        let long = "täglich ".repeat(20);
        for end in (0..=long.len()).filter(|end| long.is_char_boundary(*end)) {
            let text = &long[..end];
            assert_eq!(Text::from(text).as_str(), text);
            assert_eq!(Text::from(text.to_owned()).clone().as_str(), text);
            assert_eq!(matches!(Text::from(text).0, Repr::Short(_)), end <= SHORT);
            let shared = Text::from(text.to_owned()).shared();
            assert_eq!(shared.as_str(), text);
            assert!(!matches!(shared.clone().0, Repr::Owned(_)));
        }
        assert_eq!(size_of::<Text>(), 24);
    }
}
