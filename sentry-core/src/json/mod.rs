//! Writing JSON fast.
//!
//! The bytes are those of `serde_json::to_vec`. What makes the difference is that most of an event is text that needs
//! no escape: it is looked at sixteen bytes at a time, and keys that are known at compile time not at all. What this
//! writer does not know (keys that are no text, bytes, enums with fields) is left to `serde_json`.

mod compound;
mod escape;

use std::{fmt, io};

use serde::ser::{self, Serialize};

use self::compound::Compound;
use crate::protocol::Timestamp;

/// Appends `value` to `out` as JSON, in the bytes of `serde_json`.
///
/// # Errors
/// When the value cannot be written as JSON; `out` is then as it was.
pub fn write(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let start = out.len();
    if value.serialize(&mut Writer { out, max: usize::MAX, is_raw: false, is_over: false }).is_ok() {
        return Ok(());
    }
    out.truncate(start);
    serde_json::to_writer(&mut *out, value).inspect_err(|_| out.truncate(start))
}

/// Appends `value` to `out`, which is then at most `max` bytes long. False if it were longer, or cannot be written;
/// `out` is then as it was. Stops at the limit: what is too large is never built.
pub(crate) fn write_within(value: &impl Serialize, max: usize, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut writer = Writer { out, max, is_raw: false, is_over: false };
    let written = value.serialize(&mut writer);
    let is_over = writer.is_over || writer.out.len() > max;
    if written.is_ok() && !is_over {
        return true;
    }
    out.truncate(start);
    if is_over {
        return false;
    }
    let fits = serde_json::to_writer(Bounded { out, max }, value).is_ok();
    if !fits {
        out.truncate(start);
    }
    fits
}

/// Appends a text in quotes.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    escape::text(text, out);
}

/// Appends a time in seconds.
pub(crate) fn write_time(time: Timestamp, out: &mut Vec<u8>) {
    let written = match u64::try_from(time.micros()) {
        Ok(micros) if (FROM_MICROS..TO_MICROS).contains(&micros) => {
            Writer { out, max: usize::MAX, is_raw: false, is_over: false }.micros(micros).is_ok()
        }
        _ => write(&time, out).is_ok(),
    };
    debug_assert!(written, "a number can always be written");
}

/// The same limit for what is left to `serde_json`.
struct Bounded<'a> {
    out: &'a mut Vec<u8>,
    max: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.max.saturating_sub(self.out.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.out.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How `serde_json` passes on text that is JSON already: as a struct of this kind of name with one text in it.
const PREPARED: &str = "$serde_json::private::";

#[derive(Debug)]
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// So long may `out` become.
    max: usize,
    /// The next text is JSON already.
    is_raw: bool,
    /// It would have become longer.
    is_over: bool,
}

/// From 2001 to 2033.
const FROM_MICROS: u64 = 1_000_000_000_000_000;
const TO_MICROS: u64 = 2 * FROM_MICROS;

/// A time of our days, in seconds, as whole microseconds: most numbers with a fraction are times.
///
/// Doubles of this size are less than half a microsecond apart, so six decimals name one, and with trailing zeros cut off
/// no shorter number does.
fn micros(seconds: f64) -> Option<u64> {
    if !(1e9..2e9).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 2e15, and positive")]
    let micros = (seconds * 1e6).round() as u64;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let back = micros as f64 / 1e6;
    (back.to_bits() == seconds.to_bits()).then_some(micros)
}

/// What this writer does not know.
#[derive(Debug)]
struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not written here")
    }
}

impl std::error::Error for Unknown {}

impl ser::Error for Unknown {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Written = Result<(), Unknown>;

impl Writer<'_> {
    /// Refuses `more` bytes that do not fit any more.
    fn room(&mut self, more: usize) -> Written {
        if more <= self.max.saturating_sub(self.out.len()) {
            return Ok(());
        }
        self.is_over = true;
        Err(Unknown)
    }

    fn plain(&mut self, text: &[u8]) -> Written {
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn number(&mut self, value: impl Serialize) -> Written {
        serde_json::to_writer(&mut *self.out, &value).map_err(|_| Unknown)
    }

    /// Seconds with as many decimals as they need.
    fn micros(&mut self, micros: u64) -> Written {
        self.integer(micros / 1_000_000)?;
        // Six digits behind a one, which becomes the point.
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(1_000_000 + micros % 1_000_000).as_bytes();
        let length = digits.iter().rposition(|digit| *digit != b'0').unwrap_or_default();
        self.plain(b".")?;
        self.plain(&digits[1..=length.max(1)])
    }

    fn integer(&mut self, value: impl itoa::Integer) -> Written {
        self.plain(itoa::Buffer::new().format(value).as_bytes())
    }
}

impl<'w, 'a> ser::Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Unknown;
    type SerializeSeq = Compound<'w, 'a>;
    type SerializeTuple = Compound<'w, 'a>;
    type SerializeTupleStruct = Compound<'w, 'a>;
    type SerializeTupleVariant = ser::Impossible<(), Unknown>;
    type SerializeMap = Compound<'w, 'a>;
    type SerializeStruct = Compound<'w, 'a>;
    type SerializeStructVariant = ser::Impossible<(), Unknown>;

    fn serialize_bool(self, value: bool) -> Written {
        self.plain(if value { b"true" } else { b"false" })
    }

    fn serialize_i8(self, value: i8) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Written {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Written {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Written {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Written {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Written {
        self.integer(value)
    }

    fn serialize_f32(self, value: f32) -> Written {
        self.number(value)
    }

    fn serialize_f64(self, value: f64) -> Written {
        match micros(value) {
            Some(micros) => self.micros(micros),
            None => self.number(value),
        }
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Written {
        self.room(text.len())?;
        if self.is_raw {
            return self.plain(text.as_bytes());
        }
        escape::text(text, self.out);
        Ok(())
    }

    fn serialize_bytes(self, _value: &[u8]) -> Written {
        Err(Unknown)
    }

    fn serialize_none(self) -> Written {
        self.plain(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.plain(b"null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Written {
        self.plain(b"null")
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Written {
        Err(Unknown)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq, Unknown> {
        Ok(Compound::list(self))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Unknown> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeSeq, Unknown> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Unknown> {
        Err(Unknown)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap, Unknown> {
        Ok(Compound::object(self))
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Self::SerializeStruct, Unknown> {
        Ok(if name.starts_with(PREPARED) { Compound::prepared(self) } else { Compound::object(self) })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Unknown> {
        Err(Unknown)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{json, value::RawValue};

    use super::*;

    fn same(value: &impl Serialize) {
        let mut out = b"before".to_vec();
        write(value, &mut out).unwrap();
        let expected = [b"before".to_vec(), serde_json::to_vec(value).unwrap()].concat();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }

    #[test]
    fn it_writes_what_serde_json_writes() {
        same(&json!(null));
        same(&json!({"a": [1, -2, 3.5, 1e300, true, {}, [], ""], "": {"b": i64::MIN, "c": u64::MAX}}));
        same(&(0..=0x2FF_u32).filter_map(char::from_u32).collect::<String>());
        for length in 0..70 {
            for at in 0..length {
                let mut text = "é".repeat(length / 2) + &"x".repeat(length % 2 + 3);
                text.insert_str(text.char_indices().nth(at).map_or(0, |(at, _)| at), "\u{1}\"\\\n");
                same(&text);
            }
        }
        same(&RawValue::from_string("[{\"a\": \"b\\n\"}]".to_owned()).unwrap());
        same(&BTreeMap::from([(1, "keys that are no text"), (2, "go the slow way")]));
        same(&(f64::NAN, f32::MAX, 'x', Some("some"), None::<()>, ()));
        same(&Result::<&str, ()>::Ok("an enum with a field"));
    }

    #[test]
    fn times_are_written_as_others_write_them() {
        for micros in
            (0..2_000).chain((0..6).flat_map(|place| (0..10).map(move |digit| digit * 10_u32.pow(place))))
        {
            for second in
                [999_999_999_u32, 1_000_000_000, 1_234_567_890, 1_799_999_999, 1_999_999_999, 2_000_000_000]
            {
                same(&(f64::from(second) + f64::from(micros) / 1e6));
            }
        }
        same(&1_799_999_999.123_456_7_f64);
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let mut out = b"before".to_vec();
        assert!(write(&BTreeMap::from([(vec![1], 1)]), &mut out).is_err());
        assert_eq!(out, b"before");
    }
}
