"""The functions and methods that are called by a convention of their own take arguments as any other function does."""

import gc
import inspect
import sys
import threading

import pytest

import watchpost
from watchpost import testing


@pytest.mark.parametrize(
    "call",
    [
        lambda: watchpost.set_tag("a"),
        lambda: watchpost.set_tag(),
        lambda: watchpost.set_tag("a", "b", "c"),
        lambda: watchpost.set_tag("a", "b", key="c"),
        lambda: watchpost.set_tag("a", "b", unknown="c"),
        lambda: watchpost.add_breadcrumb({}, {}, {}),
        lambda: watchpost.get_current_scope().set_tag("a"),
        lambda: watchpost.Scope.set_tag(5, "a", "b"),
        lambda: watchpost.start_transaction("a", {}, "c"),
    ],
)
def test_wrong_calls_are_type_errors(call):
    testing.init()
    with pytest.raises(TypeError):
        call()


def test_names_and_places():
    testing.init(traces_sample_rate=1.0)
    watchpost.set_tag(value="b", key="a")
    watchpost.get_isolation_scope().set_tag("c", value="d")
    name = "".join(["mess", "age"])  # Not the interned text.
    watchpost.add_breadcrumb({"category": "c"}, **{name: "m", "own": 1}, data={str(n): n for n in range(20)})
    watchpost.add_breadcrumb("only text", data=5)
    watchpost.add_breadcrumb(data={1: {"deep": [1, {"er": None}]}, "x" * 20000: "y" * 20000}, level="WARN")
    watchpost.capture_message("m")
    with watchpost.start_span("op", "name", "unused") as span:
        span.set_data(value=1, key="k")
        span.set_attribute("l", 2)
        assert (span.op, span.name) == ("op", "name")
    (event,) = [item["payload"] for item in testing.envelopes()[0]["items"]]
    assert event["tags"] == {"a": "b", "c": "d"}
    first, second, third = event["breadcrumbs"]["values"]
    assert first["message"] == "m" and first["category"] == "c" and first["data"]["own"] == 1
    assert first["data"]["19"] == 19 and second["message"] == "only text" and second["data"] == {"value": 5}
    assert third["level"] == "warning" and third["data"]["1"] == {"deep": [1, {"er": None}]}


def test_they_have_signatures():
    for function in (watchpost.add_breadcrumb, watchpost.set_tag, watchpost.start_span, watchpost.start_transaction):
        assert function.__doc__ and "(" not in function.__doc__.split()[0]
        assert list(inspect.signature(function).parameters)
    assert list(inspect.signature(watchpost.Scope.set_tag).parameters) == ["self", "key", "value"]


def test_no_reference_is_kept_or_lost():
    testing.init(traces_sample_rate=1.0)
    value, key = object(), "a key that is not interned %s" % 1
    before = sys.getrefcount(value), sys.getrefcount(key)
    gc.collect()  # What other tests have left behind holds it, too.
    none = sys.getrefcount(None)
    for _ in range(1000):
        watchpost.add_breadcrumb(message="m", data={"value": value, key: 1})
        watchpost.set_tag(key, "v")
        with watchpost.new_scope() as scope:
            scope.set_tag(key, value)
        with watchpost.start_span(op="o", name=key) as span:
            span.set_data(key, value)
        with pytest.raises(TypeError):
            watchpost.set_tag(key, value, wrong=value)
    testing.envelopes()
    gc.collect()
    assert (sys.getrefcount(value), sys.getrefcount(key)) == before
    assert abs(sys.getrefcount(None) - none) < 500


def test_threads_at_once():
    testing.init(traces_sample_rate=0.0)
    failures = []

    def work():
        try:
            for number in range(500):
                watchpost.add_breadcrumb(message=str(number), data={"n": number})
                with watchpost.start_span(op="o"), watchpost.new_scope() as scope:
                    scope.set_tag("n", number)
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert failures == []
