//! Lists and objects.

use serde::ser::{self, Serialize};

use super::{Unknown, Writer, Written};

/// A list or an object that is being written.
#[derive(Debug)]
pub(super) struct Compound<'w, 'a> {
    writer: &'w mut Writer<'a>,
    kind: Kind,
    is_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Object,
    /// One text that is JSON already.
    Prepared,
}

impl<'w, 'a> Compound<'w, 'a> {
    pub(super) fn list(writer: &'w mut Writer<'a>) -> Self {
        writer.out.push(b'[');
        Self { writer, kind: Kind::List, is_first: true }
    }

    pub(super) fn object(writer: &'w mut Writer<'a>) -> Self {
        writer.out.push(b'{');
        Self { writer, kind: Kind::Object, is_first: true }
    }

    pub(super) fn prepared(writer: &'w mut Writer<'a>) -> Self {
        Self { writer, kind: Kind::Prepared, is_first: true }
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.out.push(b',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.room(1)?;
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Written {
        match self.kind {
            Kind::List => self.writer.out.push(b']'),
            Kind::Object => self.writer.out.push(b'}'),
            Kind::Prepared => {}
        }
        Ok(())
    }
}

impl ser::SerializeSeq for Compound<'_, '_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.element(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeTuple for Compound<'_, '_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.element(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeTupleStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.element(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.writer.room(1)?;
        self.comma();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        // A key is text; whatever else there may be goes the slow way.
        if self.writer.out.get(start) == Some(&b'"') { Ok(()) } else { Err(Unknown) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        if self.kind == Kind::Prepared {
            self.writer.is_raw = true;
            let written = value.serialize(&mut *self.writer);
            self.writer.is_raw = false;
            return written;
        }
        self.comma();
        // Names of fields are known at compile time, and plain.
        self.writer.out.reserve(key.len() + 3);
        self.writer.out.push(b'"');
        self.writer.out.extend_from_slice(key.as_bytes());
        self.writer.out.extend_from_slice(b"\":");
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Written {
        self.close()
    }
}
