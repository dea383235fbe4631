"""One exception in one piece of work is one event, whoever sees it; the same exception in other work is another."""

import asyncio
import gc
import logging
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import framework, recorded, serve_asgi, serve_wsgi

import watchpost
from watchpost import testing
from watchpost.integrations.asgi import WatchpostAsgiMiddleware
from watchpost.integrations.asyncio import AsyncioIntegration
from watchpost.integrations.logging import LoggingIntegration
from watchpost.integrations.threading import ThreadingIntegration
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware

LOG = logging.getLogger("shop.once")


class ShopError(Exception):
    """Knows weak references; those of Python's own classes do not."""


@pytest.fixture(autouse=True)
def client():
    testing.init(integrations=[LoggingIntegration(), ThreadingIntegration(), AsyncioIntegration()])


def kinds():
    return [event["exception"]["values"][-1]["mechanism"]["type"] for event in testing.events()]


@pytest.mark.parametrize("error", [ShopError("cached"), ValueError("cached")], ids=["own", "builtin"])
def test_an_object_that_is_raised_in_each_request_is_an_event_of_each(error):
    def fail(environ, start_response):
        raise error

    app = WatchpostWsgiMiddleware(fail)
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            serve_wsgi(app, "/")
        # As a server does, outside of the request.
        LOG.error("a request failed", exc_info=caught.value)
    assert kinds() == ["auto.http.wsgi"] * 3

    async def fail_later(scope, receive, send):
        try:
            raise error
        except type(error):
            LOG.exception("seen inside")
            raise

    app = WatchpostAsgiMiddleware(fail_later)
    for _ in range(3):
        assert serve_asgi(app, "/") is error
    assert kinds() == ["auto.logging"] * 3


def test_flask_and_the_log_of_its_server():
    flask = framework("flask")
    from watchpost.integrations.flask import FlaskIntegration

    testing.init(integrations=[FlaskIntegration(), LoggingIntegration()])
    app, error = flask.Flask("once"), ValueError("module level")

    @app.route("/")
    def index():
        raise error

    for _ in range(3):
        assert serve_wsgi(app, "/") == 500
    assert kinds() == ["auto.http.flask"] * 3


@pytest.mark.parametrize("kind", [ShopError, ValueError])
def test_what_leaves_a_block_is_known_outside(kind):
    with pytest.raises(kind) as caught, watchpost.isolation_scope():
        try:
            raise kind("x")
        except kind as error:
            watchpost.capture_exception(error)
            raise
    LOG.error("outside", exc_info=caught.value)
    assert kinds() == ["generic"]
    with watchpost.isolation_scope():
        LOG.error("in other work", exc_info=caught.value)
    # Whoever captures by hand means it.
    watchpost.capture_exception(caught.value)
    assert kinds() == ["auto.logging", "generic"]


def test_an_error_that_comes_out_of_a_task_or_a_pool():
    def fail():
        try:
            raise ValueError("inside")
        except ValueError:
            LOG.exception("seen inside")
            raise

    async def fail_later():
        fail()

    async def main():
        with pytest.raises(ValueError) as caught:
            await asyncio.create_task(fail_later())
        LOG.error("seen outside", exc_info=caught.value)

    asyncio.run(main())
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError) as caught:
        pool.submit(fail).result()
    LOG.error("seen outside", exc_info=caught.value)
    assert kinds() == ["auto.logging"] * 2


def test_a_task_that_nobody_awaited_is_one_event():
    async def fail():
        raise ShopError("never awaited")

    async def main():
        asyncio.create_task(fail())
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    assert kinds() == ["auto.asyncio"]


@pytest.mark.parametrize("kind", [ShopError, ValueError])
def test_nothing_is_left_on_an_exception(kind):
    error = kind("x")
    try:
        raise error
    except kind:
        watchpost.capture_exception()
    assert vars(error) == {} == vars(pickle.loads(pickle.dumps(error)))
    # An exception that comes from another process was captured there, perhaps; here it is news.
    testing.events()
    LOG.error("arrived", exc_info=pickle.loads(pickle.dumps(error)))
    assert kinds() == ["auto.logging"]


def test_nothing_of_a_request_outlives_it():
    class Basket:
        pass

    baskets = []

    def fail():
        basket = Basket()
        baskets.append(weakref.ref(basket))
        raise ValueError("of a class that knows no weak references")

    for _ in range(3):
        with watchpost.isolation_scope():
            try:
                fail()
            except ValueError:
                watchpost.capture_exception()
    gc.collect()
    assert [basket() for basket in baskets] == [None] * 3
    assert len(testing.events()) == 3


def test_a_server_keeps_nothing_of_a_request_that_failed():
    class Environ(dict):
        pass

    def fail(environ, start_response):
        raise ValueError("leaves the application")

    app = WatchpostWsgiMiddleware(fail)
    environ = Environ(REQUEST_METHOD="GET", PATH_INFO="/")
    gone = weakref.ref(environ)
    with pytest.raises(ValueError) as caught:
        app(environ, lambda *_: None)
    watchpost.get_isolation_scope()
    del environ, caught
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("args", [(), ("again",)])
def test_equal_errors_are_not_the_same(args):
    for number in range(50):
        try:
            raise ValueError(*args)
        except ValueError:
            LOG.exception("round %d", number)
    assert len(testing.events()) == 50


def test_a_record_that_asks_for_an_exception_where_there_is_none():
    LOG.exception("first")
    LOG.error("second", exc_info=True)
    watchpost.capture_event({"message": "third"}, hint={"exc_info": (None, None, None)})
    events = testing.events()
    assert [event["logentry"]["formatted"] for event in events] == ["first", "second", "third"]
    for event in events:
        (thread,) = event["threads"]["values"]
        assert "exception" not in event and thread["current"] is True
        functions = [frame["function"] for frame in thread["stacktrace"]["frames"]]
        assert "test_a_record_that_asks_for_an_exception_where_there_is_none" in functions
