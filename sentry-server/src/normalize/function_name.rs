//! Makes a native function's full signature into the name a person would say, for grouping and for the page.

mod strip;

use std::cell::RefCell;
use std::collections::HashMap;

/// Whether functions of a platform carry signatures, generics and compiler decoration.
pub(super) fn applies_to(platform: &str) -> bool {
    matches!(platform, "native" | "rust" | "c" | "cocoa" | "objc" | "swift")
}

/// `<shop::Cart<T> as core::ops::Drop>::drop::h0123456789abcdef` becomes `shop::Cart<T>::drop`.
///
/// Compiler decoration, return types and argument lists go, generic arguments become `<T>`, lambdas and anonymous
/// namespaces get one spelling. Objective-C methods stay as they are.
pub(super) fn trim(raw: &str) -> String {
    let name = raw.trim();
    if name.starts_with(['[']) || name.starts_with("+[") || name.starts_with("-[") || name.starts_with("at /")
    {
        return name.to_owned();
    }
    let name = strip::suffixes(name);
    let name = strip::unify(name);
    let shielded = strip::shield(&name);
    let flat = strip::brackets(&shielded);
    let short = strip::unshield(&strip::last_token(&flat));
    // Something went wrong in a grammar we do not know; the raw name is better than none.
    if short.is_empty() { raw.to_owned() } else { short }
}

/// The short name, where it is another. Frames of a program have the same names again and again, so those that a thread met
/// are remembered.
pub(super) fn shortened(raw: &str) -> Option<String> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Option<Box<str>>>> = RefCell::default();
    }
    let other = || Some(trim(raw)).filter(|short| short != raw);
    if raw.len() > MAX_KEPT_BYTES {
        return other();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(short) = known.get(raw) {
            return short.as_deref().map(str::to_owned);
        }
        let short = other();
        if known.len() >= MAX_KEPT {
            known.clear();
        }
        known.insert(raw.into(), short.as_deref().map(Box::from));
        short
    })
}

/// What a thread remembers: some hundred kilobytes.
const MAX_KEPT: usize = 1_024;
const MAX_KEPT_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_when_they_come_again() {
        // More than are remembered.
        for _ in 0..2 {
            for n in 0..1_500 {
                let raw = format!("shop::Cart<u{n}>::add_{n}::h0123456789abcdef");
                assert_eq!(shortened(&raw), Some(format!("shop::Cart<T>::add_{n}")));
                assert_eq!(shortened(&format!("add_{n}")), None);
            }
        }
        let long = "a".repeat(2 * MAX_KEPT_BYTES);
        assert_eq!(shortened(&format!("{long}::h0123456789abcdef")), Some(long));
    }

    #[test]
    fn rust() {
        for (raw, short) in [
            ("shop::main::h0123456789abcdef", "shop::main"),
            ("<shop::Cart<T> as core::ops::Drop>::drop", "shop::Cart<T>::drop"),
            ("core::result::Result<T,E>::map_err", "core::result::Result<T>::map_err"),
            ("std::panicking::panic_handler::{closure#0}", "std::panicking::panic_handler::{{closure}}"),
            ("shop::run::{{closure}}::{{closure}}", "shop::run::{{closure}}::{{closure}}"),
            (
                "anyhow::error::<impl core::convert::From<E> for anyhow::Error>::from",
                "anyhow::error::<T>::from",
            ),
            (
                "std::sys::backtrace::__rust_end_short_backtrace::<std::panicking::f::{closure#0}, !>",
                "std::sys::backtrace::__rust_end_short_backtrace::<T>",
            ),
            ("<std::backtrace::Backtrace>::capture", "std::backtrace::Backtrace::capture"),
            (
                "<alloc::boxed::Box<dyn for<'a> core::ops::function::Fn<(&'a u8,), Output = ()> + core::marker::Sync> as core::ops::function::Fn<(&u8,)>>::call",
                "alloc::boxed::Box<T>::call",
            ),
        ] {
            assert_eq!(trim(raw), short, "{raw}");
        }
    }

    #[test]
    fn c_and_cpp() {
        for (raw, short) in [
            ("main", "main"),
            ("void shop::Cart::add(std::string const&, int) const", "shop::Cart::add"),
            ("std::vector<int, std::allocator<int> >::push_back(int&&)", "std::vector<T>::push_back"),
            ("(anonymous namespace)::run(int)", "(anonymous namespace)::run"),
            ("shop::run() [clone .cold]", "shop::run"),
            ("shop::Point::operator<<(std::ostream&)", "shop::Point::operator<<"),
            ("bool Foo::operator()(int) const", "Foo::operator()"),
            ("shop::{lambda(int, char)#3}::operator()(int) const", "shop::lambda::operator()"),
            ("memcpy@@GLIBC_2.14", "memcpy"),
            ("Foo::`anonymous namespace'::bar", "Foo::`anonymous namespace'::bar"),
            ("_Handler@16", "_Handler"),
        ] {
            assert_eq!(trim(raw), short, "{raw}");
        }
    }

    #[test]
    fn apple() {
        assert_eq!(trim("-[Cart addItem:count:]"), "-[Cart addItem:count:]");
        assert_eq!(trim("Shop.Cart.add(item: Swift.String) throws -> Swift.Int"), "Shop.Cart.add");
        assert_eq!(trim("closure #1 () -> () in Shop.Cart.load()"), "closure in Shop.Cart.load");
    }

    #[test]
    fn odd_input_neither_panics_nor_vanishes() {
        for raw in
            ["<", ">", "((", "))", "operator", "价<格", "", "a->b->", "<>", "operator<<<>>", "{lambda("]
        {
            assert_eq!(trim(raw).is_empty(), raw.is_empty(), "{raw}");
        }
    }
}
