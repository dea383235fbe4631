//! Real clients, unmodified, against the real server. Run by `cargo xtask test compat` and `cargo xtask soak compat`,
//! which install the clients and build the server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod browser;
mod client;
mod event;
mod go;
mod java;
mod node;
mod otel;
mod python;
mod python_web;
mod rust;
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

#[test]
fn sdk_python_reports_all_that_a_job_has() {
    python::plain();
}

#[test]
fn sdk_python_streams_spans() {
    python::streamed();
}

#[test]
fn sdk_python_flask() {
    python_web::shop(&python_web::FLASK);
}

#[test]
fn sdk_python_django() {
    python_web::shop(&python_web::DJANGO);
}

#[test]
fn sdk_python_fastapi() {
    python_web::shop(&python_web::FASTAPI);
}

#[test]
fn sdk_browser_and_react_in_chromium() {
    browser::shop();
}

#[test]
fn sdk_node_reports_all_that_a_job_has() {
    node::job();
}

#[test]
fn sdk_node_express() {
    node::express("stream");
}

#[test]
fn sdk_node_express_in_transactions() {
    node::express("static");
}

#[test]
fn sdk_node_bundled_reads_as_it_was_written() {
    node::bundled();
}

#[test]
fn otel_python_in_protobuf() {
    otel::python("gzip");
}

#[test]
fn otel_node_in_protobuf() {
    otel::node("http/protobuf", "cumulative");
}

#[test]
fn otel_node_in_json() {
    otel::node("http/json", "delta");
}

#[test]
fn sdk_rust_reports_all_that_a_job_has() {
    rust::job();
}

#[test]
fn sdk_go_reports_all_that_a_job_has() {
    go::job();
}

#[test]
fn sdk_go_net_http() {
    go::web();
}

#[test]
fn sdk_java_reports_all_that_a_program_has() {
    java::plain();
}

#[test]
fn sdk_proguard_frames_are_as_they_were_written() {
    java::obfuscated();
}

#[test]
fn sdk_spring_boot_3() {
    java::spring("spring");
}

#[test]
fn sdk_spring_boot_4() {
    java::spring("spring-4");
}
