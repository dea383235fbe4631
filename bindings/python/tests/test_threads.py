"""Which code shares scopes with which."""

import asyncio
import contextvars
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import watchpost
from watchpost import testing
from watchpost.integrations.threading import ThreadingIntegration


@pytest.fixture(autouse=True)
def client():
    testing.init()


def tags():
    """The tags that an event would get here."""
    watchpost.capture_message("m")
    (event,) = testing.events()
    return event.get("tags", {})


def in_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_starts_with_the_main_threads_tags_and_keeps_its_own():
    watchpost.set_tag("service", "shop")

    def work():
        watchpost.set_tag("thread", "1")
        watchpost.add_breadcrumb(message="mine")
        return tags()

    assert in_thread(work) == {"service": "shop", "thread": "1"}
    assert tags() == {"service": "shop"}
    assert in_thread(tags) == {"service": "shop"}


@pytest.fixture
def carrying():
    testing.init(traces_sample_rate=1.0, integrations=[ThreadingIntegration()])


def in_pool(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def in_executor(work):
    async def main():
        return await asyncio.get_running_loop().run_in_executor(None, work)

    return asyncio.run(main())


@pytest.mark.parametrize("run", [in_thread, in_pool, in_executor])
def test_a_thread_of_a_request_belongs_to_it(carrying, run):
    def work():
        watchpost.set_tag("thread", "1")
        watchpost.add_breadcrumb(message="in the thread")
        watchpost.get_current_scope().set_tag("block", "thread")
        with watchpost.start_span(op="thread"):
            watchpost.capture_message("in the thread")

    watchpost.set_tag("service", "shop")
    with watchpost.isolation_scope(), watchpost.start_transaction(name="request") as transaction:
        watchpost.set_tag("request", "5")
        watchpost.set_user({"id": "7"})
        watchpost.add_breadcrumb(message="before")
        watchpost.get_current_scope().set_tag("block", "request")
        run(work)
        watchpost.capture_message("in the request")
    watchpost.capture_message("behind it")
    sent = [item["payload"] for envelope in testing.envelopes() for item in envelope["items"]]
    thread, request, ended, behind = sent
    assert thread["tags"] == {"service": "shop", "request": "5", "block": "thread", "thread": "1"}
    assert thread["user"] == request["user"] == {"id": "7"}
    assert [crumb["message"] for crumb in thread["breadcrumbs"]["values"]] == ["before", "in the thread"]
    assert request["tags"] == {"service": "shop", "request": "5", "block": "request"}
    assert [crumb["message"] for crumb in request["breadcrumbs"]["values"]] == ["before"]
    assert behind["tags"] == {"service": "shop"} and "user" not in behind
    assert {one["contexts"]["trace"]["trace_id"] for one in (thread, request)} == {transaction.trace_id}
    assert [span["op"] for span in ended["spans"]] == ["thread"]


def test_a_thread_sees_what_was_set_before_it_started(carrying):
    go, found = threading.Event(), []

    def work():
        go.wait(30)
        found.append(tags())

    with watchpost.isolation_scope() as scope:
        scope.set_tag("when", "before")
        thread = threading.Thread(target=work)
        thread.start()
        scope.set_tag("when", "after")
    go.set()
    thread.join()
    assert found == [{"when": "before"}]


def test_a_worker_of_a_pool_keeps_nothing_of_the_request_that_made_it(carrying):
    with ThreadPoolExecutor(1) as pool:
        with watchpost.isolation_scope() as scope:
            scope.set_tag("request", "1")
            assert pool.submit(tags).result() == {"request": "1"}
        with watchpost.isolation_scope() as scope:
            scope.set_tag("other", "2")
            assert pool.submit(tags).result() == {"other": "2"}
        assert list(pool.map(lambda _: tags(), range(3))) == [{}] * 3


def test_an_error_of_a_thread_has_the_tags_of_its_request(carrying):
    def work():
        watchpost.set_tag("thread", "1")
        raise ValueError("in the thread")

    with watchpost.isolation_scope() as scope:
        scope.set_tag("request", "5")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    (event,) = testing.events()
    assert event["tags"] == {"request": "5", "thread": "1"}
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.threading", "handled": False}


@pytest.mark.parametrize("option", ["propagate_scope", "propagate_hub"])
def test_threads_that_take_nothing_along(option):
    testing.init(integrations=[ThreadingIntegration(**{option: False})])
    watchpost.set_tag("service", "shop")
    with watchpost.isolation_scope() as scope:
        scope.set_tag("request", "5")
        assert in_thread(tags) == in_pool(tags) == {"service": "shop"}


def test_a_thread_of_the_process_sees_what_is_set_before_it_asks(carrying):
    go, found = threading.Event(), []

    def work():
        go.wait(30)
        found.append(tags())

    watchpost.set_tag("when", "at start")
    thread = threading.Thread(target=work)
    thread.start()
    watchpost.set_tag("service", "shop")
    go.set()
    thread.join()
    assert found == [{"when": "at start", "service": "shop"}]


def test_threads_and_calls_keep_no_scopes(carrying):
    class Kept:
        def __call__(self, event, hint):
            return event

    processor = Kept()
    gone = weakref.ref(processor)
    with watchpost.isolation_scope() as scope:
        scope.add_event_processor(processor)
        thread = threading.Thread(target=tags)
        thread.start()
        thread.join()
        assert in_pool(tags) == {}
    del processor, scope
    gc.collect()
    assert gone() is None and not any(name.startswith("_watchpost") for name in vars(thread))


def test_what_a_pool_calls_is_passed_on_as_it_is(carrying):
    def work(*args, fn=None, **named):
        if fn == "fail":
            raise LookupError("as it is")
        return args, fn, named

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work, 1, fn=2, function=3).result() == ((1,), 2, {"function": 3})
        with pytest.raises(LookupError, match="as it is"):
            pool.submit(work, fn="fail").result()
        with pytest.raises(TypeError):
            pool.submit()


def test_global_scope_is_everywhere():
    in_thread(lambda: watchpost.get_global_scope().set_tag("everywhere", "yes"))
    assert tags() == {"everywhere": "yes"}
    assert in_thread(tags) == {"everywhere": "yes"}


def test_new_scope_ends_and_nests():
    with watchpost.new_scope() as outer:
        outer.set_tag("a", "1")
        with watchpost.new_scope() as inner:
            inner.set_tag("b", "2")
            assert tags() == {"a": "1", "b": "2"}
        assert tags() == {"a": "1"}
        watchpost.set_tag("isolation", "stays")
    assert tags() == {"isolation": "stays"}


def test_scope_ends_by_an_exception_too():
    with pytest.raises(ValueError, match="x"), watchpost.new_scope() as scope:
        scope.set_tag("a", "1")
        raise ValueError("x")
    assert tags() == {}


def test_isolation_scope():
    watchpost.set_tag("a", "1")
    with watchpost.isolation_scope() as scope:
        watchpost.set_tag("b", "2")
        scope.set_tag("c", "3")
        id = watchpost.capture_message("m")
        assert testing.events()[0]["tags"] == {"a": "1", "b": "2", "c": "3"}
        assert watchpost.last_event_id() == id
    assert tags() == {"a": "1"} and watchpost.last_event_id() != id


def test_tasks_are_isolated_from_each_other():
    async def task(number):
        watchpost.set_tag("task", number)
        watchpost.set_tag(f"only {number}", "yes")
        await asyncio.sleep(0.001)
        with watchpost.new_scope() as scope:
            scope.set_tag("block", number)
            await asyncio.sleep(0.001)
            watchpost.capture_message(str(number))

    async def main():
        watchpost.set_tag("main", "1")
        await asyncio.gather(*(task(n) for n in range(20)))
        return tags_after()

    def tags_after():
        events = {event["logentry"]["formatted"]: event["tags"] for event in testing.events()}
        assert events == {
            str(n): {"start": "1", "main": "1", "task": str(n), f"only {n}": "yes", "block": str(n)}
            for n in range(20)
        }
        return tags()

    watchpost.set_tag("start", "1")
    assert asyncio.run(main()) == {"start": "1", "main": "1"}
    assert tags() == {"start": "1"}


def test_tasks_of_a_request_share_its_isolation_scope():
    async def child(number):
        watchpost.set_tag(f"child {number}", "yes")
        watchpost.get_current_scope().set_tag("block", number)
        await asyncio.sleep(0.001)
        with watchpost.new_scope() as scope:
            scope.set_tag("block", f"inner {number}")
            await asyncio.sleep(0.001)
        return number

    async def alone():
        with watchpost.isolation_scope():
            watchpost.set_tag("alone", "yes")

    async def request(number):
        with watchpost.isolation_scope():
            watchpost.set_tag("request", number)
            watchpost.get_current_scope().set_tag("block", "request")
            await asyncio.gather(child(1), child(2))
            await asyncio.wait_for(child(3), 10)
            await asyncio.create_task(alone())
            id = watchpost.capture_message("m")
            await asyncio.create_task(asyncio.sleep(0))
            assert watchpost.last_event_id() == id

    async def main():
        await asyncio.gather(*(request(n) for n in range(5)))

    asyncio.run(main())
    events = testing.events()
    assert sorted(event["tags"]["request"] for event in events) == list("01234")
    for event in events:
        assert event["tags"] == {
            "request": event["tags"]["request"], "block": "request", "child 1": "yes", "child 2": "yes", "child 3": "yes",
        }
    assert tags() == {}


def test_traces_stay_together_in_a_request():
    async def main():
        with watchpost.isolation_scope():
            watchpost.capture_message("outside")
            await asyncio.create_task(child())

    async def child():
        watchpost.capture_message("inside")

    asyncio.run(main())
    first, second = testing.events()
    assert first["contexts"]["trace"]["trace_id"] == second["contexts"]["trace"]["trace_id"]


@pytest.mark.skipif(not hasattr(asyncio, "to_thread"), reason="needs asyncio.to_thread")
def test_to_thread_shares_with_its_task():
    async def main():
        with watchpost.isolation_scope():
            await asyncio.to_thread(watchpost.set_tag, "handler", "ran")
            return tags()

    assert asyncio.run(main()) == {"handler": "ran"}


def test_a_pool_thread_does_not_leak_between_requests():
    def request(number):
        with watchpost.isolation_scope():
            watchpost.set_tag(f"request {number}", "yes")

    with ThreadPoolExecutor(1) as pool:
        list(pool.map(request, range(3)))
        assert pool.submit(tags).result() == {}


def test_a_block_left_in_another_context_harms_nobody():
    block = watchpost.new_scope()
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    block.__exit__(None, None, None)
    assert tags() == {}


def test_threads_that_change_one_scope_lose_nothing():
    scope = watchpost.get_global_scope()
    workers = [
        threading.Thread(target=lambda n=n: [scope.set_tag(f"{n}.{i}", "x") for i in range(100)]) for n in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(tags()) == 800


def test_captures_of_many_threads_at_once():
    def work(number):
        for round in range(20):
            watchpost.set_tag("me", number)
            watchpost.add_breadcrumb(message=f"{number}")
            try:
                raise ValueError(number)
            except ValueError:
                watchpost.capture_exception()

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    events = testing.events()
    assert len(events) == 160
    for event in events:
        assert event["exception"]["values"][0]["value"] == event["tags"]["me"]
        assert {crumb["message"] for crumb in event["breadcrumbs"]["values"]} == {event["tags"]["me"]}
