/// Whether a byte is part of a word. Bytes of characters beyond ASCII are.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
thread_local! {
    /// How many bytes were looked at, which tells linear from quadratic without a clock.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn looked_at(bytes: usize) {
    LOOKED_AT.with(|sum| sum.set(sum.get() + bytes));
}

#[cfg(not(test))]
fn looked_at(_: usize) {}

/// A place in a line, moved forward by small parsers. A parser that fails may leave it anywhere: copy it first.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at.min(self.bytes.len())..]
    }

    /// Whether no word goes on here.
    pub(super) fn is_end_of_word(&self) -> bool {
        !self.peek().is_some_and(is_word)
    }

    /// Length of the run of bytes that satisfy `accept`, looked for in at most `max` bytes.
    pub(super) fn run(&self, max: usize, accept: impl Fn(u8) -> bool) -> usize {
        let length = self.rest().iter().take(max).take_while(|byte| accept(**byte)).count();
        looked_at(length + 1);
        length
    }

    /// How far `byte` is.
    pub(super) fn distance(&self, byte: u8) -> Option<usize> {
        let found = memchr::memchr(byte, self.rest());
        looked_at(found.unwrap_or(self.rest().len()) + 1);
        found
    }

    /// Takes one of `wanted`.
    pub(super) fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    /// Takes exactly `text`, whatever its case.
    pub(super) fn literal(&mut self, text: &str) -> Option<()> {
        let next = self.rest().get(..text.len())?;
        next.eq_ignore_ascii_case(text.as_bytes()).then(|| self.at += text.len())
    }

    /// Takes a whole run of digits, if it has `min` to `max` of them.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.run(max + 1, |byte| byte.is_ascii_digit());
        if count < min || count > max {
            return None;
        }
        let number = self.rest()[..count].iter().take(9).fold(0, |n, byte| n * 10 + u32::from(byte - b'0'));
        self.at += count;
        Some(number)
    }

    /// Takes a whole run of digits whose value is within `range`.
    pub(super) fn number(
        &mut self,
        min: usize,
        max: usize,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        self.digits(min, max).filter(|number| range.contains(number))
    }

    /// Takes a run of exactly `count` hex digits.
    pub(super) fn hex(&mut self, count: usize) -> Option<()> {
        (self.run(count + 1, |byte| byte.is_ascii_hexdigit()) == count).then(|| self.at += count)
    }

    /// Runs `parser` on a copy, and moves only if it succeeds.
    pub(super) fn attempt<T>(&mut self, parser: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut copy = *self;
        let found = parser(&mut copy)?;
        self.at = copy.at;
        Some(found)
    }
}
