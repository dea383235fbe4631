"""Nothing of the application is kept alive by a capture."""

import gc
import sys
import weakref

import pytest

import watchpost
from watchpost import testing


class Thing:
    """Something that can be watched."""


class ShopError(Exception):
    """Built-in exceptions cannot be referred to weakly."""


@pytest.fixture(autouse=True)
def client():
    testing.init(before_send=lambda event, hint: event)


def test_exception_frames_and_locals_are_freed():
    watched = []

    def inner(thing):
        local = Thing()
        watched.append(weakref.ref(local))
        raise ShopError(thing)

    def outer():
        thing = Thing()
        watched.append(weakref.ref(thing))
        try:
            inner(thing)
        except ShopError as error:
            watched.append(weakref.ref(error))
            watchpost.capture_exception(error, hint={"thing": thing}, extra={"thing": thing}, tags={"t": thing})

    outer()
    gc.collect()
    assert [reference() for reference in watched] == [None, None, None]
    assert len(testing.events()) == 1


def test_what_scopes_are_given_is_not_kept():
    thing = Thing()
    reference = weakref.ref(thing)
    watchpost.set_extra("thing", thing)
    watchpost.set_context("thing", {"thing": thing})
    watchpost.set_tag("thing", thing)
    watchpost.add_breadcrumb(message="m", data={"thing": thing})
    del thing
    gc.collect()
    assert reference() is None


def test_reference_counts_stay():
    marker, data = object(), {"a": [1, 2, 3]}

    def fail():
        local, more = marker, data
        raise ShopError

    def once():
        try:
            fail()
        except ShopError:
            watchpost.capture_exception()
        watchpost.add_breadcrumb({"data": data})
        with watchpost.new_scope() as scope:
            scope.set_context("c", data)
            scope.set_tag("m", marker)

    once()
    before = sys.getrefcount(marker), sys.getrefcount(data), sys.getrefcount(None)
    for _ in range(100):
        once()
    after = sys.getrefcount(marker), sys.getrefcount(data), sys.getrefcount(None)
    assert before[:2] == after[:2] and abs(before[2] - after[2]) < 50


def test_memory_does_not_grow():
    import resource

    def round():
        for number in range(2000):
            code = compile(f"def f():\n  x = {number}\n  raise ValueError(x)", f"<made {number}>", "exec")
            scope = {}
            exec(code, scope)  # noqa: S102
            try:
                scope["f"]()
            except ValueError:
                watchpost.capture_exception()
            watchpost.add_breadcrumb(message=str(number))
            if number % 20 == 0:
                testing.envelopes()

    for _ in range(5):
        round()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(4):
        round()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 12_000, f"{grown} kB more after 8,000 captures of fresh code"
