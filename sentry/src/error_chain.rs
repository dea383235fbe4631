//! From `std::error::Error` to the exceptions of an event.

use std::error::Error;
use std::fmt::Debug;

use watchpost_core::{Exception, Mechanism, Text, contain};

use crate::shown::{display, start_of_debug};

/// How many errors of a chain are reported.
const MAX_CHAIN: usize = 50;
/// So many bytes of a `Debug` form are looked at for a type's name.
const MAX_NAME: usize = 256;

/// The error and its sources, oldest cause first, as the protocol wants them; ids count from the root, which is last.
pub(crate) fn exceptions<E: Error + ?Sized>(error: &E) -> Vec<Exception> {
    let mut chain = vec![Exception {
        ty: Some(own_type(error)),
        value: Some(display(error).into()),
        ..Exception::default()
    }];
    let mut source = contain(|| error.source()).flatten();
    while let Some(error) = source.filter(|_| chain.len() < MAX_CHAIN) {
        chain.push(Exception {
            ty: Some(debug_type(error)),
            value: Some(display(error).into()),
            ..Exception::default()
        });
        source = contain(|| error.source()).flatten();
    }
    if chain.len() > 1 {
        for (id, exception) in (0..).zip(chain.iter_mut()) {
            exception.mechanism = Some(Mechanism {
                ty: Text::from_static("chained"),
                exception_id: Some(id),
                parent_id: (id > 0).then(|| id - 1),
                source: (id > 0).then_some(Text::from_static("source()")),
                ..Mechanism::default()
            });
        }
    }
    chain.reverse();
    chain
}

/// The type's name; of a trait object, what its `Debug` form begins with.
fn own_type<E: Error + ?Sized>(error: &E) -> Text {
    let name = std::any::type_name::<E>();
    if name.starts_with("dyn ") || name.starts_with("alloc::boxed::Box<") {
        return debug_type(error);
    }
    // `a::b::Kind<c::d::T>` is shown as `Kind<c::d::T>`.
    let generics = name.find('<').unwrap_or(name.len());
    let start = name[..generics].rfind("::").map_or(0, |at| at + 2);
    name[start..].into()
}

/// A derived `Debug` begins with the name of the type or variant.
pub(crate) fn debug_type<T: Debug + ?Sized>(value: &T) -> Text {
    let debug = start_of_debug(value, MAX_NAME);
    let end = debug.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(debug.len());
    let name = debug[..end].trim_end_matches(':');
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase());
    if is_name { name.into() } else { Text::from_static("Error") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("cannot read the order")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_cause_comes_first_and_the_root_last() {
        let error = Outer("x".parse::<u32>().unwrap_err());
        let chain = exceptions(&error);
        let types: Vec<_> = chain.iter().map(|e| e.ty.as_deref().unwrap()).collect();
        assert_eq!(types, ["ParseIntError", "Outer"]);
        let root = chain[1].mechanism.as_ref().unwrap();
        assert_eq!((root.exception_id, root.parent_id), (Some(0), None));
        assert_eq!(chain[0].mechanism.as_ref().unwrap().parent_id, Some(0));
        let boxed: Box<dyn Error> = Box::new(error);
        assert_eq!(exceptions(&*boxed)[1].ty.as_deref(), Some("Outer"));
    }
}
