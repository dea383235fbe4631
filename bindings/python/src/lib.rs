//! Watchpost for Python: the native module `watchpost._watchpost`.
//!
//! Python objects are read into the core's shapes here, and hooks get dictionaries back; what an event means is decided
//! by the core. Functions that an application calls raise nothing, `init` excepted.

mod active;
mod asgi;
mod attachment;
mod attributes;
mod beside;
mod block;
mod call;
mod capture;
mod carried;
mod check_ins;
mod client;
mod code;
mod contextvar;
mod convert;
mod exception;
mod exchange;
mod fast;
mod feedback;
mod framework;
mod hook;
mod in_app;
mod init;
mod late;
mod logs;
mod metrics;
mod note;
mod once;
mod options;
mod otel;
mod pending;
mod propagation;
mod recent;
mod repr;
mod sampler;
mod scope;
mod serverless;
mod session;
mod sessions;
mod setters;
mod source;
mod span;
mod stacktrace;
mod start;
mod status;
mod task;
mod template;
mod text;
mod time;
mod transaction;
mod types;
mod vars;
mod verbs;
mod wsgi;

/// The native half of the package `watchpost`; its names are not API.
#[pyo3::pymodule(gil_used = false)]
mod _watchpost {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn prepare(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        crate::active::prepare(py)?;
        crate::verbs::add_to(module)?;
        crate::start::add_to(module)?;
        crate::scope::hasten(py)?;
        crate::block::hasten(py)?;
        crate::wsgi::add_to(module)?;
        crate::span::hasten(py)
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python gives it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use crate::asgi::{AsgiBody, AsgiExchange, AsgiSend, begin_asgi};
    #[pymodule_export]
    use crate::attachment::Attachment;
    #[pymodule_export]
    use crate::block::{ScopeBlock, isolation_scope, new_scope, use_isolation_scope, use_scope};
    #[pymodule_export]
    use crate::call::{Call, Child, begin_call, begin_child};
    #[pymodule_export]
    use crate::capture::{
        capture_event, capture_event_from, capture_exception, capture_exception_from, capture_message,
        pass_over,
    };
    #[pymodule_export]
    use crate::carried::{Carried, carry};
    #[pymodule_export]
    use crate::check_ins::{MonitorRun, capture_checkin, start_monitor};
    #[pymodule_export]
    use crate::client::{Client, get_client};
    #[pymodule_export]
    use crate::exchange::{note_request, request_failed};
    #[pymodule_export]
    use crate::feedback::capture_feedback;
    #[pymodule_export]
    use crate::framework::Framework;
    #[pymodule_export]
    use crate::init::{
        add_integration, advance_clock, close, dsn_facts, flush, init, init_testing, is_initialized,
        restart_testing, say, set_consent, take_discarded, take_recorded,
    };
    #[pymodule_export]
    use crate::logs::{log_debug, log_error, log_fatal, log_info, log_record, log_trace, log_warning};
    #[pymodule_export]
    use crate::metrics::{count, distribution, gauge};
    #[pymodule_export]
    use crate::otel::{end_otel_span, otel_headers, otel_remote, start_otel_span};
    #[pymodule_export]
    use crate::propagation::{
        continue_trace, get_baggage, get_trace_headers, get_traceparent, trace_propagation_meta,
    };
    #[pymodule_export]
    use crate::scope::Scope;
    #[pymodule_export]
    use crate::serverless::delivery_time;
    #[pymodule_export]
    use crate::sessions::{
        RequestSession, end_session, pause_session, resume_session, sessions_by_request,
        start_request_session, start_session,
    };
    #[pymodule_export]
    use crate::span::Span;
    #[pymodule_export]
    use crate::start::{SpanBlock, get_current_span, start_inner_span, start_new_trace, use_span};
    #[pymodule_export]
    use crate::task::{Task, begin_task, message_headers};
    #[pymodule_export]
    use crate::template::read_templates;
    #[pymodule_export]
    use crate::transaction::Transaction;
    #[pymodule_export]
    use crate::verbs::{
        add_attachment, add_feature_flag, add_global_event_processor, get_current_scope, get_global_scope,
        get_isolation_scope, last_event_id, remove_attribute, remove_tag, set_attribute, set_attributes,
        set_context, set_extra, set_fingerprint, set_level, set_measurement, set_tags, set_transaction_name,
        set_user, update_current_span,
    };
}
