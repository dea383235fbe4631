//! The smallest Rust program that reports an error.

fn main() {}
