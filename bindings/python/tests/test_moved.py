"""A program that was written for `sentry-sdk` starts, and finds what it knows."""

import importlib
import logging
import re
import warnings

import pytest

from support import recorded, serve_asgi, serve_wsgi

import watchpost
from watchpost import consts, testing
from watchpost.integrations.argv import ArgvIntegration
from watchpost.integrations.asgi import SentryAsgiMiddleware, WatchpostAsgiMiddleware
from watchpost.integrations.asyncio import AsyncioIntegration
from watchpost.integrations.atexit import AtexitIntegration
from watchpost.integrations.celery import CeleryIntegration
from watchpost.integrations.dedupe import DedupeIntegration
from watchpost.integrations.django import DjangoIntegration
from watchpost.integrations.logging import LoggingIntegration, ignore_logger, unignore_logger
from watchpost.integrations.redis import RedisIntegration
from watchpost.integrations.stdlib import StdlibIntegration
from watchpost.integrations.threading import ThreadingIntegration
from watchpost.integrations.wsgi import SentryWsgiMiddleware, WatchpostWsgiMiddleware
from watchpost.scrubber import DEFAULT_DENYLIST, EventScrubber

#: Every option of `sentry_sdk.init` 2.75, with a value that a program may well have.
OFFICIAL = {
    "dsn": "https://key@errors.example.com/42", "max_breadcrumbs": 50, "release": "shop@1", "environment": "staging",
    "server_name": "web-1", "shutdown_timeout": 1, "integrations": [LoggingIntegration()], "ignore_spans": ["health"],
    "in_app_include": ["shop"], "in_app_exclude": ["vendored"], "default_integrations": False, "dist": "1",
    "sample_rate": 1.0, "send_default_pii": True, "data_collection": {"user_info": False}, "http_proxy": "http://p:1",
    "https_proxy": "http://p:1", "ignore_errors": [KeyError, "ValueError"], "max_request_body_size": "medium",
    "keep_alive": True, "before_send": lambda event, hint: event, "before_breadcrumb": lambda crumb, hint: crumb,
    "debug": False, "attach_stacktrace": True, "ca_certs": None, "propagate_traces": True, "traces_sample_rate": 0.5,
    "trace_lifecycle": "static", "traces_sampler": lambda context: 1.0, "auto_enabling_integrations": False,
    "disabled_integrations": [DedupeIntegration, StdlibIntegration()], "auto_session_tracking": True,
    "send_client_reports": True, "before_send_transaction": lambda event, hint: event, "project_root": "/srv/shop",
    "enable_tracing": True, "include_local_variables": True, "include_source_context": True,
    "trace_propagation_targets": [".*"], "functions_to_trace": [{"qualified_name": "shop_of_nobody.cart.add"}],
    "event_scrubber": EventScrubber(), "enable_backpressure_handling": True,
    "error_sampler": lambda event, hint: 1.0, "spotlight": False, "cert_file": None, "key_file": None,
    "max_stack_frames": 50, "enable_logs": True, "before_send_log": lambda log, hint: log,
    "trace_ignore_status_codes": {404}, "enable_metrics": True, "before_send_metric": lambda metric, hint: metric,
    "before_send_span": lambda span, hint: span, "org_id": "1", "strict_trace_continuation": False,
}
#: Those of which nothing comes.
IDLE = {
    "transport": lambda event: None, "transport_queue_size": 10, "socket_options": [(1, 2, 3)],
    "profiles_sample_rate": 1.0, "profiles_sampler": lambda context: 1.0, "profiler_mode": "thread",
    "profile_lifecycle": "trace", "profile_session_sample_rate": 1.0, "_experiments": {"continuous_profiling_auto_start": True},
    "proxy_headers": {"A": "b"}, "instrumenter": "otel", "max_value_length": 1024, "enable_db_query_source": True,
    "db_query_source_threshold_ms": 10, "enable_http_request_source": True, "http_request_source_threshold_ms": 10,
    "custom_repr": lambda value: None, "add_full_stack": True, "stream_gen_ai_spans": True,
}


@pytest.mark.parametrize("init", [watchpost.init, testing.init])
@pytest.mark.parametrize("option", OFFICIAL)
def test_each_option_is_taken_without_a_word(option, init, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Those of Python itself stay: where they put themselves, the test runner puts something else afterwards.
        init(**{"dsn": None, "default_integrations": False, "storage_dir": str(tmp_path), option: OFFICIAL[option]})


@pytest.mark.parametrize("option", IDLE)
def test_an_option_that_nothing_comes_of_is_told_once(option):
    with pytest.warns(UserWarning, match=re.escape(f"`{option}")) as told:
        testing.init(**{option: IDLE[option]})
    assert len(told) == 1 and "without effect" in str(told[0].message) and told[0].filename == __file__
    assert watchpost.capture_message("m")


def test_several_are_told_in_one_line_and_those_that_ask_for_nothing_not_at_all():
    with pytest.warns(UserWarning) as told:
        watchpost.init(None, default_integrations=False, profiles_sample_rate=0.1, add_full_stack=True, max_value_length=None, _experiments={})
    (line,) = told
    assert "`profiles_sample_rate`" in str(line.message) and "`add_full_stack`" in str(line.message)
    assert "max_value_length" not in str(line.message) and line.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        testing.init(profiles_sample_rate=0, add_full_stack=False, instrumenter="sentry", profile_lifecycle="manual")
    with pytest.raises(TypeError, match="did you mean `sample_rate`"):
        testing.init(sampel_rate=1)


def test_experiments_that_have_become_options():
    testing.init(_experiments={"enable_logs": True, "before_send_log": lambda log, hint: {**log, "body": "changed"}})
    watchpost.logger.info("as it was")
    watchpost.flush()
    assert recorded()["log"][0]["items"][0]["body"] == "changed"


def transactions():
    with watchpost.start_transaction(name="t"):
        pass
    return len(recorded().get("transaction", ()))


def test_enable_tracing():
    testing.init(enable_tracing=True)
    assert transactions() == 1
    testing.init(enable_tracing=True, traces_sample_rate=0.0)
    assert transactions() == 0
    testing.init(enable_tracing=False, traces_sample_rate=1.0)
    assert transactions() == 0


def test_statuses_of_no_interest():
    seen = []
    testing.init(traces_sample_rate=1.0, trace_ignore_status_codes={404},
                 before_send_transaction=lambda event, hint: seen.append(event["transaction"]) or event)
    app = WatchpostWsgiMiddleware(lambda environ, start: start(environ["PATH_INFO"][1:] + " x", []) or [])
    assert [serve_wsgi(app, path) for path in ("/200", "/404", "/410")] == [200, 404, 410]
    assert [one["transaction"] for one in recorded()["transaction"]] == ["/200", "/410"] == seen


def targets(*given):
    testing.init(traces_sample_rate=1.0, trace_propagation_targets=list(given))
    urls = ("https://api.example.com/v1", "http://api.example.com/v1", "https://example.org/api")
    return [bool(watchpost.get_trace_headers(url)) for url in urls]


def test_targets_are_regular_expressions():
    assert targets(".*") == [True, True, True]
    assert targets(r"^https://api\.") == [True, False, False]
    assert targets("api.example") == [True, True, False]
    assert targets(re.compile("^HTTPS://", re.I)) == [True, False, True]
    assert targets({"text": ".*"}) == targets() == [False, False, False]
    testing.init(propagate_traces=False)
    assert watchpost.get_trace_headers("https://api.example.com") == {}
    for wrong in ("(", "(?=x)"):
        with pytest.raises(ValueError, match="`trace_propagation_targets`.*is no regular expression"):
            testing.init(trace_propagation_targets=[wrong])


class ShopError(Exception):
    pass


class Empty(ShopError):
    pass


def kept(*rules):
    testing.init(ignore_errors=list(rules), integrations=[LoggingIntegration()])
    for error in (ZeroDivisionError("KeyError"), KeyError("x"), Empty("lost"), ShopError("x")):
        try:
            raise error
        except Exception as error:
            watchpost.capture_exception(error)
    logging.getLogger("shop").error("KeyError")
    dropped = sum(count["quantity"] for count in testing.discarded() if count["reason"] == "event_processor")
    events = testing.events()
    assert dropped + len(events) == 5
    return [event["exception"]["values"][-1]["type"] if "exception" in event else "message" for event in events]


def test_ignored_errors():
    everything = ["ZeroDivisionError", "KeyError", "Empty", "ShopError", "message"]
    without = lambda *names: [name for name in everything if name not in names]  # noqa: E731
    assert kept(ArithmeticError) == without("ZeroDivisionError")
    assert kept(ShopError, "KeyError") == without("ShopError", "Empty", "KeyError")
    assert kept(Empty) == without("Empty")
    assert kept(f"{__name__}.Empty", "builtins.KeyError") == without("Empty", "KeyError")
    # A text is a whole name: neither a part of one nor what a message says.
    assert kept("Key", "Error", "lost", "shop") == everything
    assert kept({"text": "Key"}) == without("ZeroDivisionError", "KeyError", "message")
    assert kept(re.compile("^empty$", re.I)) == without("Empty")
    assert kept(Exception) == ["message"]
    with pytest.raises(ValueError, match="`ignore_errors`"):
        testing.init(ignore_errors=[int])


def test_frames():
    def deeper(levels):
        return deeper(levels - 1) if levels else 1 / 0

    def frames(**options):
        testing.init(**options)
        try:
            deeper(200)
        except ZeroDivisionError:
            watchpost.capture_exception()
        return testing.events()[0]["exception"]["values"][-1]["stacktrace"]["frames"]

    assert [len(frames(max_stack_frames=most)) for most in (1, 7, 100)] == [1, 7, 100]
    assert frames(max_stack_frames=5)[-1]["context_line"].strip().startswith("return deeper")
    assert {frame["in_app"] for frame in frames(project_root="/srv/elsewhere")} == {False}
    assert {frame["in_app"] for frame in frames(project_root=__file__.rpartition("/")[0] + "/")} == {True}
    for wrong in (0, -1, "many"):
        with pytest.raises(ValueError, match="max_stack_frames"):
            testing.init(max_stack_frames=wrong)


def test_a_scrubber_of_ones_own():
    def extra(scrubber):
        testing.init(event_scrubber=scrubber)
        watchpost.capture_event({"message": "m", "extra": {"password": "x", "deep": {"blue": "x", "green": "x"}}})
        return testing.events()[0]["extra"]

    assert extra(EventScrubber(denylist=[*DEFAULT_DENYLIST, "blue"])) == {
        "password": "[Filtered]", "deep": {"blue": "[Filtered]", "green": "x"},
    }
    assert extra(EventScrubber(pii_denylist=["green"]))["deep"] == {"blue": "x", "green": "[Filtered]"}
    assert extra(EventScrubber(send_default_pii=True, pii_denylist=["green"]))["deep"]["green"] == "x"


def test_functions_to_trace(tmp_path, monkeypatch):
    (tmp_path / "traced_shop.py").write_text("def add():\n    return 5\n\nclass Cart:\n    def empty(self):\n        return 6\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ["traced_shop.add", "traced_shop.Cart.empty", "traced_shop.gone", "gone.gone"]
    testing.init(traces_sample_rate=1.0, functions_to_trace=[{"qualified_name": name} for name in names])
    shop = importlib.import_module("traced_shop")
    with watchpost.start_transaction(name="t"):
        assert (shop.add(), shop.Cart().empty()) == (5, 6)
    (transaction,) = recorded()["transaction"]
    assert [span["description"] for span in transaction["spans"]] == names[:2]


def test_scopes_capture_and_can_be_read():
    testing.init(traces_sample_rate=1.0)
    scope = watchpost.Scope()
    assert scope.level is None and scope.span is None
    scope.set_level(value="warning")
    scope.set_user(value={"id": "7"})
    assert scope.level == "warning"
    scope.set_tag("own", "yes")
    watchpost.set_tag("isolation", "yes")
    ids = [scope.capture_message("m", "error"), scope.capture_exception(ValueError("e")),
           scope.capture_event({"message": "m"}, scope=lambda scope: scope.set_tag("more", "1"))]
    assert scope.last_event_id() == watchpost.last_event_id() == ids[-1]
    events = testing.events()
    assert [event["event_id"] for event in events] == ids
    assert all({"own": "yes", "isolation": "yes"}.items() <= event["tags"].items() for event in events)
    assert [event["level"] for event in events] == ["error", "warning", "warning"] and events[2]["tags"]["more"] == "1"
    assert events[0]["user"] == {"id": "7"}
    watchpost.Scope.get_isolation_scope().set_tag("static", "yes")
    with watchpost.new_scope() as current:
        assert watchpost.Scope.get_current_scope().capture_message("m")
        current.set_tag("block", "yes")
        watchpost.Scope.get_current_scope().capture_message("m")
    first, second = testing.events()
    assert first["tags"] == {"isolation": "yes", "static": "yes"} and second["tags"]["block"] == "yes"
    assert watchpost.Scope.get_client().is_active() and watchpost.Scope.get_global_scope().level is None
    # The scopes that are active anyway count once.
    watchpost.add_breadcrumb(message="once")
    watchpost.get_isolation_scope().capture_message("m")
    assert len(testing.events()[0]["breadcrumbs"]["values"]) == 1


def test_scopes_and_traces():
    testing.init(traces_sample_rate=1.0)
    scope = watchpost.get_current_scope()
    assert scope.get_traceparent() == watchpost.get_traceparent()
    assert dict(scope.iter_trace_propagation_headers()) == watchpost.get_trace_headers()
    before = scope.get_traceparent()
    scope.set_new_propagation_context()
    assert scope.get_traceparent()[:32] != before[:32]
    transaction = scope.start_transaction(name="t", op="o")
    with watchpost.new_scope() as scope:
        scope.span = transaction
        assert watchpost.get_current_span() == scope.span == transaction
        assert scope.get_traceparent().startswith(transaction.trace_id)
        assert dict(scope.iter_trace_propagation_headers(transaction))["sentry-trace"] == transaction.to_traceparent()
        with scope.start_span(op="inner") as span:
            span.set_flag("dark-mode", True)
        scope.span = None
        assert watchpost.get_current_span() is None
    transaction.set_context("order", {"number": 5, "password": "x"})
    transaction.set_context("trace", {"trace_id": "nonsense"})
    transaction.finish()
    (sent,) = recorded()["transaction"]
    assert sent["contexts"]["order"] == {"number": 5, "password": "[Filtered]"}
    assert sent["contexts"]["trace"]["trace_id"] == transaction.trace_id
    assert sent["spans"][0]["data"]["flag.evaluation.dark-mode"] is True


def test_callbacks():
    testing.init()
    watchpost.set_user(value={"id": "7"})
    watchpost.set_level(value="warning")
    assert watchpost.configure_scope(lambda scope: scope.set_tag("configured", "yes")) is None
    with watchpost.configure_scope() as scope:
        scope.set_tag("block", "yes")
    assert watchpost.push_scope(lambda scope: scope.set_tag("pushed", "yes") or watchpost.capture_message("in")) is None
    watchpost.capture_message("out")
    inside, outside = testing.events()
    assert outside["tags"] == {"configured": "yes", "block": "yes"} and inside["tags"]["pushed"] == "yes"
    calls = []
    assert watchpost.flush(timeout=2, callback=lambda *told: calls.append(told)) is True and calls == []


def test_flush_tells_that_it_waits(tmp_path):
    # A port that nobody listens on.
    watchpost.init("http://key@127.0.0.1:9/1", default_integrations=False, storage_dir=str(tmp_path))
    watchpost.capture_message("m")
    calls = []
    assert watchpost.flush(0.3, lambda *told: calls.append(told)) is False
    ((pending, left),) = calls
    assert pending >= 1 and 0 < left <= 0.2


def test_templates_of_trace():
    testing.init(traces_sample_rate=1.0)
    for template in (consts.SPANTEMPLATE.DEFAULT, consts.SPANTEMPLATE.AI_TOOL, consts.SPANTEMPLATE.AI_CHAT):
        with watchpost.start_transaction(name=template):
            watchpost.trace(template=template)(lambda: None)()
    spans = {one["transaction"]: one["spans"][0] for one in recorded()["transaction"]}
    assert spans["default"]["op"] == "function" and spans["ai_tool"]["op"] == consts.OP.GEN_AI_EXECUTE_TOOL
    assert spans["ai_chat"]["data"][consts.SPANDATA.GEN_AI_OPERATION_NAME] == "chat"


def test_names():
    assert watchpost.VERSION == consts.VERSION == watchpost.__version__
    assert SentryWsgiMiddleware is WatchpostWsgiMiddleware and SentryAsgiMiddleware is WatchpostAsgiMiddleware
    types = importlib.import_module("watchpost.types")
    assert {"Event", "Hint", "Breadcrumb", "BreadcrumbHint", "Log", "Metric", "SpanJSON"} <= set(types.__all__)
    assert all(hasattr(types, name) for name in types.__all__)


def test_methods_of_a_middleware():
    def names(**settings):
        testing.init(traces_sample_rate=1.0)
        wsgi = SentryWsgiMiddleware(lambda environ, start: start("204 x", []) or [], **settings)
        assert [serve_wsgi(wsgi, "/", method=method) for method in ("GET", "HEAD")] == [204, 204]

        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 204, "headers": []})

        asgi = SentryAsgiMiddleware(app, **settings)
        assert [serve_asgi(asgi, "/", method=method) for method in ("GET", "HEAD")] == [204, 204]
        return [one["request"]["method"] for one in recorded()["transaction"]]

    assert names() == ["GET", "GET"] and names(http_methods_to_capture=["HEAD"]) == ["HEAD", "HEAD"]


def test_integrations_can_be_asked_for_and_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["shop", "--verbose"])
    logs = LoggingIntegration(event_level=None)
    testing.init(integrations=[logs, ArgvIntegration(), DedupeIntegration(), AtexitIntegration(), StdlibIntegration()])
    client = watchpost.get_client()
    assert client.get_integration(LoggingIntegration) is client.get_integration("logging") is logs
    assert client.get_integration(RedisIntegration) is None
    watchpost.capture_message("m")
    assert testing.events()[0]["extra"] == {"sys.argv": ["shop", "--verbose"]}
    testing.init()
    watchpost.capture_message("m")
    assert "extra" not in testing.events()[0]


def test_arguments_of_integrations():
    assert CeleryIntegration(monitor_beat_tasks=True, exclude_beat_tasks=["^mail"]).monitors("report.nightly")
    assert not CeleryIntegration(monitor_beat_tasks=True, exclude_beat_tasks=["^mail"]).monitors("mail.send")
    assert not CeleryIntegration(True, False).monitors("report.nightly")
    assert ThreadingIntegration(propagate_hub=False).propagate_scope is False
    DjangoIntegration(signals_denylist=[object()], http_methods_to_capture=("GET",), failed_request_status_codes={404})
    RedisIntegration(max_data_size=100, cache_prefixes=["cache:"])
    for make in (lambda: AsyncioIntegration(task_spans=True), lambda: AtexitIntegration(callback=print)):
        with pytest.warns(UserWarning, match="without effect") as told:
            make()
        assert told[0].filename == __file__


def test_loggers_that_are_heard_again():
    testing.init(integrations=[LoggingIntegration()])
    ignore_logger("shop.noisy")
    logging.getLogger("shop.noisy").error("ignored")
    unignore_logger("shop.noisy")
    unignore_logger("shop.never")
    logging.getLogger("shop.noisy").error("heard")
    assert [event["logentry"]["formatted"] for event in testing.events()] == ["heard"]
