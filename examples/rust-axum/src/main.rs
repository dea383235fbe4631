//! An axum service that reports errors.

fn main() {}
