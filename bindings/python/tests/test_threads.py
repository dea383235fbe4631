"""Which code shares scopes with which."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import watchpost
from watchpost import testing


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
