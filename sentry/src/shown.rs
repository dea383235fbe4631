//! Texts that foreign code makes of its values. It may fail or panic: the capture goes on with what there is.

use std::fmt::{self, Debug, Display, Write as _};

use watchpost_core::contain;

/// Stands for what could not be written.
const UNPRINTABLE: &str = "<unprintable>";

/// What `Display` says.
pub(crate) fn display<T: Display + ?Sized>(value: &T) -> String {
    write(usize::MAX, |out| write!(out, "{value}"))
}

/// What `Debug` says.
pub(crate) fn debug<T: Debug + ?Sized>(value: &T) -> String {
    write(usize::MAX, |out| write!(out, "{value:?}"))
}

/// The first `max` bytes of what `Debug` says. The rest is never made.
pub(crate) fn start_of_debug<T: Debug + ?Sized>(value: &T, max: usize) -> String {
    write(max, |out| write!(out, "{value:?}"))
}

fn write(max: usize, write: impl FnOnce(&mut Bounded) -> fmt::Result) -> String {
    let mut out = Bounded { text: String::new(), max, is_full: false };
    let written = contain(|| write(&mut out));
    if !matches!(written, Some(Ok(()))) && !out.is_full {
        out.text.push_str(UNPRINTABLE);
    }
    out.text
}

struct Bounded {
    text: String,
    max: usize,
    is_full: bool,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.max - self.text.len();
        if part.len() <= room {
            self.text.push_str(part);
            return Ok(());
        }
        self.is_full = true;
        self.text.push_str(&part[..part.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fails(fn() -> fmt::Result);

    impl Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far ")?;
            (self.0)()
        }
    }

    #[test]
    fn what_fails_leaves_what_it_had_written() {
        assert_eq!(display(&Fails(|| Ok(()))), "so far ");
        assert_eq!(display(&Fails(|| Err(fmt::Error))), "so far <unprintable>");
        assert_eq!(display(&Fails(|| panic!("broken"))), "so far <unprintable>");
    }

    #[test]
    fn no_more_is_made_than_is_wanted() {
        assert_eq!(start_of_debug(&vec![7; 1_000_000], 6), "[7, 7,");
        assert_eq!(start_of_debug("äö", 4), "\"ä");
        assert_eq!(debug("ä"), "\"ä\"");
    }
}
