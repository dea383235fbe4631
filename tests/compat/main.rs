//! Real clients, unmodified, against the real server. Run by `cargo xtask test compat` and `cargo xtask soak compat`,
//! which install the clients and build the server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod sentry_cli;
mod terminal;

#[test]
fn sentry_cli_3_does_what_a_build_and_an_operator_do() {
    sentry_cli::tour(3);
}

#[test]
fn sentry_cli_2_does_what_a_build_and_an_operator_do() {
    sentry_cli::tour(2);
}
