//! MessagePack, as native crash handlers write it: what JSON can say, in another form.

use serde_json::Number;

use crate::json::{Key, Map, Value};

/// All values that stand one behind the other, up to what cannot be read: a crash may have cut the last one.
pub(crate) fn read_all(bytes: &[u8]) -> Vec<Value> {
    let mut reader = Reader(bytes);
    let mut all = Vec::new();
    while !reader.0.is_empty()
        && let Some(value) = reader.value(0)
    {
        all.push(value);
    }
    all
}

/// The map that stands first.
pub(crate) fn read_map(bytes: &[u8]) -> Option<Map> {
    match Reader(bytes).value(0)? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        let tag = self.bytes(1)?[0];
        Some(match tag {
            0x00..=0x7F => tag.into(),
            0x80..=0x8F => self.map(u64::from(tag & 0x0F), depth)?,
            0x90..=0x9F => self.list(u64::from(tag & 0x0F), depth)?,
            0xA0..=0xBF => self.text(u64::from(tag & 0x1F))?,
            0xC2 | 0xC3 => Value::Bool(tag == 0xC3),
            // Bytes are of no use in an event.
            0xC4..=0xC6 => self.size(tag - 0xC4).and_then(|size| self.skip(size))?,
            0xC7..=0xC9 => self.size(tag - 0xC7).and_then(|size| self.skip(size + 1))?,
            0xCA => float(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xCB => float(f64::from_bits(self.unsigned(8)?)),
            0xCC..=0xCF => self.unsigned(1 << (tag - 0xCC))?.into(),
            0xD0 => i64::from(self.unsigned(1)? as u8 as i8).into(),
            0xD1 => i64::from(self.unsigned(2)? as u16 as i16).into(),
            0xD2 => i64::from(self.unsigned(4)? as u32 as i32).into(),
            0xD3 => (self.unsigned(8)? as i64).into(),
            0xD4..=0xD8 => self.skip((1 << (tag - 0xD4)) + 1)?,
            0xD9..=0xDB => self.size(tag - 0xD9).and_then(|size| self.text(size))?,
            0xDC | 0xDD => self.size(tag - 0xDB).and_then(|size| self.list(size, depth))?,
            0xDE | 0xDF => self.size(tag - 0xDD).and_then(|size| self.map(size, depth))?,
            0xE0..=0xFF => i64::from(tag as i8).into(),
            _ => Value::Null,
        })
    }

    /// Nothing is reserved for what a length promises: each entry takes a byte at least.
    fn list(&mut self, size: u64, depth: usize) -> Option<Value> {
        let mut list = Vec::new();
        for _ in 0..size {
            list.push(self.inner(depth)?);
        }
        Some(Value::Array(list))
    }

    fn map(&mut self, size: u64, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        for _ in 0..size {
            let key = match self.inner(depth)? {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let value = self.inner(depth)?;
            map.insert(Key::of(&key), value);
        }
        Some(Value::Object(map))
    }

    fn inner(&mut self, depth: usize) -> Option<Value> {
        if depth < MAX_DEPTH { self.value(depth + 1) } else { None }
    }

    fn text(&mut self, size: u64) -> Option<Value> {
        let bytes = self.bytes(usize::try_from(size).ok()?)?;
        Some(String::from_utf8_lossy(bytes).into_owned().into())
    }

    fn skip(&mut self, size: u64) -> Option<Value> {
        self.bytes(usize::try_from(size).ok()?).map(|_| Value::Null)
    }

    /// A length of 1, 2 or 4 bytes.
    fn size(&mut self, power: u8) -> Option<u64> {
        self.unsigned(1 << power)
    }

    fn unsigned(&mut self, size: usize) -> Option<u64> {
        Some(self.bytes(size)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(bytes)
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// As deep as JSON may be.
const MAX_DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn all_forms_are_read() {
        let cases: &[(&[u8], Value)] = &[
            (b"\x07", json!(7)),
            (b"\xff", json!(-1)),
            (b"\xc0", json!(null)),
            (b"\xc3", json!(true)),
            (b"\xa2ab", json!("ab")),
            (b"\xd9\x02ab", json!("ab")),
            (b"\xda\x00\x02ab", json!("ab")),
            (b"\xdb\x00\x00\x00\x02ab", json!("ab")),
            (b"\xcc\xff", json!(255)),
            (b"\xcd\x01\x00", json!(256)),
            (b"\xce\x00\x01\x00\x00", json!(65_536)),
            (b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00", json!(4_294_967_296_u64)),
            (b"\xd0\x80", json!(-128)),
            (b"\xd1\xff\x00", json!(-256)),
            (b"\xd2\xff\xff\x00\x00", json!(-65_536)),
            (b"\xd3\xff\xff\xff\xff\xff\xff\xff\xfe", json!(-2)),
            (b"\xca\x3f\x00\x00\x00", json!(0.5)),
            (b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", json!(0.5)),
            (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", json!(null)),
            (b"\x92\x01\x02", json!([1, 2])),
            (b"\xdc\x00\x01\x01", json!([1])),
            (b"\xdd\x00\x00\x00\x01\x01", json!([1])),
            (b"\x82\xa1a\x01\x02\x03", json!({ "a": 1, "2": 3 })),
            (b"\xde\x00\x01\xa1a\x01", json!({ "a": 1 })),
            (b"\xdf\x00\x00\x00\x01\xa1a\x01", json!({ "a": 1 })),
            (b"\x92\xc4\x01x\xd4\x01y", json!([null, null])),
            (b"\x92\xc7\x01\x05x\x01", json!([null, 1])),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(read_all(bytes), std::slice::from_ref(wanted), "{bytes:x?}");
            for end in 0..bytes.len() {
                assert!(read_all(&bytes[..end]).is_empty(), "{bytes:x?} to {end}");
            }
        }
        assert_eq!(read_all(b"\x01\x02\xa5ab"), [json!(1), json!(2)], "the last is cut off");
    }

    #[test]
    fn what_promises_much_or_is_deep_costs_nothing() {
        let bombs: [&[u8]; 4] = [
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff\x01",
            b"\xdb\xff\xff\xff\xffab",
            &[0x91; 1 << 20],
        ];
        for bomb in bombs {
            assert!(read_all(bomb).is_empty());
        }
        assert!(read_map(b"\x91\x01").is_none());
    }
}
