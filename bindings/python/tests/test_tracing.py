"""Transactions and spans as Python programs use them."""

import asyncio
import gc
import threading
from datetime import datetime, timedelta, timezone

import pytest

import watchpost
from watchpost import testing

TRACE = "771a43a4192642f0b136d5159a501700"
INCOMING = {"sentry-trace": f"{TRACE}-b7ad6b7169203331-1", "baggage": f"sentry-trace_id={TRACE},sentry-sample_rate=0.5"}


def transactions():
    items = [item for envelope in testing.envelopes() for item in envelope["items"]]
    return [item["payload"] for item in items if item["header"]["type"] == "transaction"]


def the_transaction():
    (transaction,) = transactions()
    return transaction


def test_nested_blocks():
    testing.init(traces_sample_rate=1.0)
    with watchpost.start_transaction(op="task", name="import") as transaction:
        assert watchpost.get_current_span() == transaction
        assert watchpost.get_current_scope().transaction == transaction
        with watchpost.start_span(op="db", name="SELECT 1") as span:
            assert watchpost.get_current_span() == span and span.is_recording()
            assert span.containing_transaction == transaction
            with span.start_child(op="inner", description="deep") as inner:
                assert inner.parent_span_id == span.span_id
            span.set_data("rows", [1, 2])
            span.set_tag("shard", 7)
        assert watchpost.get_current_span() == transaction
    assert watchpost.get_current_span() is None
    sent = the_transaction()
    assert sent["transaction"] == "import" and sent["contexts"]["trace"]["op"] == "task"
    inner, outer = sent["spans"]
    assert inner["parent_span_id"] == outer["span_id"] == span.span_id
    assert outer["data"] == {"rows": [1, 2]} and outer["tags"] == {"shard": "7"}


def test_names_of_the_official_sdk():
    testing.init(traces_sample_rate=1.0)
    transaction = watchpost.start_transaction(name="before", op="task", source="route")
    transaction.name = "after"
    transaction.source = "url"
    transaction.op = "queue"
    transaction.description = "unused"
    transaction.set_measurement("size", 3, "byte")
    span = transaction.start_child(op="db")
    span.description, span.op = "SELECT 2", "db.query"
    span.set_http_status(404)
    assert span.status == "not_found" and not span.is_success()
    start = span.start_timestamp
    span.finish(end_timestamp=start + timedelta(seconds=2))
    assert span.timestamp - start == timedelta(seconds=2) and start.tzinfo is timezone.utc
    assert (transaction.name, transaction.source, transaction.op) == ("after", "url", "queue")
    assert transaction.get_trace_context()["trace_id"] == transaction.trace_id
    assert transaction.to_traceparent() == f"{transaction.trace_id}-{transaction.span_id}-1"
    assert dict(transaction.iter_headers())["baggage"] == transaction.get_baggage()
    transaction.finish()
    sent = the_transaction()
    assert sent["transaction_info"] == {"source": "url"} and sent["measurements"]["size"]["unit"] == "byte"
    assert sent["spans"][0]["description"] == "SELECT 2" and sent["spans"][0]["status"] == "not_found"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError(), "internal_error"),
        (KeyboardInterrupt(), "internal_error"),
        (SystemExit(0), None),
        (SystemExit(3), "internal_error"),
        (asyncio.CancelledError(), "cancelled"),
        (GeneratorExit(), None),
    ],
)
def test_what_an_exception_says_about_the_span(error, status):
    testing.init(traces_sample_rate=1.0)
    with pytest.raises(type(error)), watchpost.start_transaction(name="n", op="o"):
        raise error
    assert the_transaction()["contexts"]["trace"].get("status") == status


def test_a_status_that_was_set_stays():
    testing.init(traces_sample_rate=1.0)
    with pytest.raises(ValueError), watchpost.start_transaction(name="n", op="o") as transaction:
        transaction.set_status("not_found")
        raise ValueError
    assert the_transaction()["contexts"]["trace"]["status"] == "not_found"


def test_tasks_have_spans_of_their_own():
    testing.init(traces_sample_rate=1.0)
    meet = []

    async def work(name):
        with watchpost.start_span(op="work", name=name) as span:
            meet.append(name)
            while len(meet) < 3:
                await asyncio.sleep(0)
            with watchpost.start_span(op="inner", name=f"in {name}") as inner:
                await asyncio.sleep(0)
                assert inner.parent_span_id == span.span_id
            assert watchpost.get_current_span() == span

    async def main():
        with watchpost.start_transaction(name="all", op="task") as transaction:
            await asyncio.gather(*(work(name) for name in "abc"))
            # A thread that is given the context shares the span, and keeps what it starts to itself.
            await asyncio.gather(*(asyncio.to_thread(work_in_thread, transaction) for _ in range(2)))
            assert watchpost.get_current_span() == transaction

    both = threading.Barrier(2)

    def work_in_thread(transaction):
        with watchpost.start_span(op="thread") as span:
            both.wait(30)
            assert span.parent_span_id == transaction.span_id
            assert watchpost.get_current_span() == span
            both.wait(30)

    asyncio.run(main())
    sent = the_transaction()
    parents = {span["span_id"]: span for span in sent["spans"]}
    assert len(parents) == 8
    for span in sent["spans"]:
        if span["op"] == "inner":
            assert span["description"] == f"in {parents[span['parent_span_id']]['description']}"


def test_threads_begin_without_a_span():
    testing.init(traces_sample_rate=1.0)
    seen = []
    with watchpost.start_transaction(name="main", op="task"):
        thread = threading.Thread(target=lambda: seen.append(watchpost.get_current_span()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_isolation_leaves_the_span_and_a_new_scope_keeps_it():
    testing.init(traces_sample_rate=1.0)
    with watchpost.start_transaction(name="main", op="task") as transaction:
        with watchpost.new_scope() as scope:
            assert scope.span == transaction == watchpost.get_current_span()
        with watchpost.isolation_scope():
            assert watchpost.get_current_span() is None
        assert watchpost.get_current_span() == transaction


def test_decorator():
    testing.init(traces_sample_rate=1.0)

    @watchpost.trace
    def plain(number):
        """Its words."""
        assert watchpost.get_current_span().op == "function"
        return number + 1

    @watchpost.trace(op="db", name="named", attributes={"a": 1})
    async def waits(number):
        await asyncio.sleep(0)
        return watchpost.get_current_span().name, number

    @watchpost.trace
    def items():
        received = yield 1
        yield received

    @watchpost.trace()
    def fails():
        raise KeyError

    assert plain.__doc__ == "Its words." and plain.__name__ == "plain"
    # Nothing is active, so nothing starts.
    with watchpost.new_scope():
        assert list(items()) == [1, None]
    with watchpost.start_transaction(name="t", op="o"):
        assert plain(1) == 2
        assert asyncio.run(waits(3)) == ("named", 3)
        generator = items()
        assert next(generator) == 1 and generator.send("sent") == "sent"
        generator.close()
        with pytest.raises(KeyError):
            fails()
    spans = the_transaction()["spans"]
    names = [span["description"].rsplit(".")[-1] for span in spans]
    assert names == ["plain", "named", "items", "fails"]
    assert spans[1]["data"] == {"a": 1} and spans[3]["status"] == "internal_error"


def test_sampler_sees_everything():
    class Request:
        pass

    seen = []
    request = Request()

    def traces_sampler(context):
        seen.append(context)
        return True

    testing.init(traces_sampler=traces_sampler)
    continued = watchpost.continue_trace(INCOMING, op="http.server", name="GET /", source="route")
    with watchpost.start_transaction(continued, custom_sampling_context={"request": request, "user": {"id": 7}}):
        pass
    (context,) = seen
    assert context["request"] is request and context["user"]["id"] == 7
    assert context["parent_sampled"] is True and context["parent_sample_rate"] == 0.5
    assert context["transaction_context"] == {"name": "GET /", "op": "http.server", "source": "route", "data": {}}
    sent = the_transaction()
    assert sent["contexts"]["trace"]["trace_id"] == TRACE
    assert sent["contexts"]["trace"]["parent_span_id"] == "b7ad6b7169203331"


@pytest.mark.parametrize("answer", ["0.5", None, 2, -1, float("nan"), object()])
def test_a_rate_that_is_none(answer):
    testing.init(traces_sampler=lambda context: answer, traces_sample_rate=1.0)
    with watchpost.start_transaction(name="n", op="o"):
        pass
    assert len(transactions()) == 1


def test_what_is_continued_can_be_changed_before_it_starts():
    testing.init(traces_sample_rate=1.0)
    transaction = watchpost.continue_trace(INCOMING)
    transaction.name = "late"
    transaction.set_status("ok")
    transaction.set_tag("a", "b")
    with watchpost.start_transaction(transaction) as started:
        assert started is transaction
    sent = the_transaction()
    assert sent["transaction"] == "late" and sent["tags"] == {"a": "b"}
    assert sent["contexts"]["trace"]["status"] == "ok"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sentry-Trace": INCOMING["sentry-trace"]},
        {"HTTP_SENTRY_TRACE": INCOMING["sentry-trace"], "HTTP_BAGGAGE": INCOMING["baggage"], "wsgi.input": object()},
        [(b"host", b"h"), (b"sentry-trace", INCOMING["sentry-trace"].encode())],
        {"SENTRY_TRACE": INCOMING["sentry-trace"]},
        {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", 5: None},
    ],
)
def test_headers_in_all_forms(headers):
    testing.init()
    watchpost.continue_trace(headers)
    assert watchpost.get_traceparent().startswith(TRACE)
    assert watchpost.get_trace_headers()["sentry-trace"].startswith(TRACE)
    assert f"sentry-trace\" content=\"{TRACE}" in watchpost.trace_propagation_meta()


def test_the_environment_is_continued(monkeypatch):
    monkeypatch.setenv("SENTRY_TRACE", INCOMING["sentry-trace"])
    testing.init()
    assert watchpost.get_traceparent().startswith(TRACE)


def test_links():
    testing.init(traces_sample_rate=1.0)
    other = watchpost.start_transaction(name="other", op="o")
    context = {"trace_id": TRACE, "span_id": "b7ad6b7169203331"}
    with watchpost.start_transaction(name="n", op="o", links=[(other, {"sentry.link.type": "previous_trace"})]) as span:
        span.add_link(context, {"a": 1})
        span.add_link("nonsense")
    links = the_transaction()["contexts"]["trace"]["links"]
    assert [link["trace_id"] for link in links] == [other.trace_id, TRACE]
    assert links[0]["attributes"] == {"sentry.link.type": "previous_trace"} and links[1]["attributes"] == {"a": 1}


def test_nothing_is_read_of_what_is_not_sampled():
    class Costly:
        def __str__(self):
            raise AssertionError("was asked")

        __repr__ = __str__

    testing.init(traces_sample_rate=0.0)
    with watchpost.start_transaction(name="n", op="o") as transaction:
        with watchpost.start_span(op="o", name=Costly(), attributes={"a": Costly()}) as span:
            span.set_data("a", Costly())
            span.set_tag("a", Costly())
            span.update_data(Costly())
            assert not span.is_recording() and span.sampled is False
            assert span.trace_id == transaction.trace_id
            assert watchpost.get_current_span() == transaction
    assert transactions() == []
    assert {drop["reason"] for drop in testing.discarded()} == {"sample_rate"}


def test_without_a_client():
    watchpost.close(0)
    with watchpost.start_transaction(name="n", op="o") as transaction:
        with watchpost.start_span(op="o") as span:
            span.set_data("a", 1)
    assert not transaction.is_recording()


def test_mistakes_raise_nothing():
    testing.init(traces_sample_rate=1.0)
    with watchpost.start_transaction(name="n", op="o", source="nonsense", status=5, unknown=1) as transaction:
        transaction.set_status("nonsense")
        transaction.set_http_status("x")
        transaction.set_measurement("a", "b")
        transaction.start_child(start_timestamp="nonsense", links=5).finish(end_timestamp="nonsense")
        transaction.update_data(5)
    watchpost.continue_trace(None)
    watchpost.continue_trace([5, ("a",)])


def test_out_of_order_and_twice():
    testing.init(traces_sample_rate=1.0)
    transaction = watchpost.start_transaction(name="n", op="o")
    with transaction:
        with transaction:
            assert watchpost.get_current_span() == transaction
        assert watchpost.get_current_span() is None  # It has ended.
    assert watchpost.get_current_span() is None
    outer, inner = watchpost.start_transaction(name="a", op="o"), watchpost.start_transaction(name="b", op="o")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert watchpost.get_current_span() is None
    assert [sent["transaction"] for sent in transactions()] == ["n", "a", "b"]


def test_before_send_transaction():
    def before_send_transaction(event, hint):
        event["transaction"] += "!"
        event["spans"] = [span for span in event["spans"] if span["op"] != "noise"]
        return event

    testing.init(traces_sample_rate=1.0, before_send_transaction=before_send_transaction)
    with watchpost.start_transaction(name="n", op="o"):
        for op in ("noise", "db"):
            with watchpost.start_span(op=op):
                pass
    sent = the_transaction()
    assert sent["transaction"] == "n!" and [span["op"] for span in sent["spans"]] == ["db"]


def test_spans_are_freed():
    import weakref

    testing.init(traces_sample_rate=1.0)
    span = watchpost.start_transaction(name="n", op="o")
    with span:
        reference = weakref.ref(span)
    del span
    gc.collect()
    assert reference() is None


def test_starts_at_another_time():
    testing.init(traces_sample_rate=1.0)
    start = datetime(2023, 11, 14, tzinfo=timezone.utc)
    transaction = watchpost.start_transaction(name="n", op="o", start_timestamp=start)
    transaction.start_child(op="o", start_timestamp=start.timestamp() + 1).finish(end_timestamp=start.timestamp() + 2)
    transaction.finish(end_timestamp=start + timedelta(seconds=3))
    sent = the_transaction()
    assert sent["start_timestamp"] == start.timestamp() and sent["timestamp"] == start.timestamp() + 3
    assert sent["spans"][0]["start_timestamp"] == start.timestamp() + 1
