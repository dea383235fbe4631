"""ASGI applications, Starlette's and FastAPI's among them."""

import pytest

from support import framework, recorded, serve_asgi

import watchpost
from watchpost import testing
from watchpost.integrations.asgi import WatchpostAsgiMiddleware
from watchpost.integrations.fastapi import FastApiIntegration
from watchpost.integrations.starlette import StarletteIntegration

TRACE = "771a43a4192642f0b136d5159a501700"
HEADERS = [(b"sentry-trace", f"{TRACE}-b7ad6b7169203331-1".encode()), (b"authorization", b"planted")]


@pytest.fixture
def app():
    fastapi = framework("fastapi")
    app = fastapi.FastAPI()
    inner = fastapi.FastAPI()
    router = fastapi.APIRouter(prefix="/v1")

    @app.get("/book/{number}")
    async def book(number: int):
        watchpost.set_tag("number", number)
        if number == 5:
            raise ValueError("cannot book")
        return "booked"

    @router.get("/sync/{number}")
    def sync(number: int):
        watchpost.set_tag("thread", number)
        raise ValueError("in a thread")

    @inner.get("/in/{number}")
    async def mounted(number: int):
        raise fastapi.HTTPException(503)

    app.include_router(router)
    app.mount("/mounted", inner)
    return app


def start(**options):
    testing.init(release="shop@1", traces_sample_rate=1.0, auto_session_tracking=True,
                 integrations=[FastApiIntegration(), StarletteIntegration()], **options)


def test_requests(app):
    start()
    assert serve_asgi(app, "/book/1", HEADERS) == 200
    assert str(serve_asgi(app, "/book/5", HEADERS, query=b"q=1&token=planted")) == "cannot book"
    assert serve_asgi(app, "/book/x", HEADERS) == 422
    assert serve_asgi(app, "/mounted/in/3", HEADERS) == 503
    assert serve_asgi(app, "/nowhere", HEADERS) == 404
    testing.advance_clock(61)
    watchpost.flush()
    found = recorded()
    assert [(one["transaction"], one["transaction_info"]["source"]) for one in found["transaction"]] == [
        ("/book/{number}", "route"), ("/book/{number}", "route"), ("/book/{number}", "route"),
        ("/mounted/in/{number}", "route"), ("/nowhere", "url"),
    ]
    traces = [one["contexts"]["trace"] for one in found["transaction"]]
    assert {one["trace_id"] for one in traces} == {TRACE} and {one["op"] for one in traces} == {"http.server"}
    assert [one["data"]["http.response.status_code"] for one in traces] == [200, 500, 422, 503, 404]
    event, answer = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.starlette", "handled": False}
    assert answer["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.starlette", "handled": True}
    assert answer["exception"]["values"][-1]["type"] == "HTTPException" and answer["transaction"] == "/mounted/in/{number}"
    assert event["transaction"] == "/book/{number}" and event["tags"] == {"number": "5"}
    assert event["contexts"]["trace"]["trace_id"] == TRACE
    request = event["request"]
    assert request["url"] == "http://shop.example/book/5" and request["method"] == "GET"
    assert request["query_string"] == "q=1&token=[Filtered]" and "planted" not in str(request)
    assert "user" not in event
    (sessions,) = found["sessions"]
    (counts,) = sessions["aggregates"]
    assert (counts["exited"], counts["errored"], counts["crashed"]) == (3, 1, 1)


def test_endpoints_in_threads_belong_to_their_request(app):
    start(send_default_pii=True)
    assert str(serve_asgi(app, "/v1/sync/7")) == "in a thread"
    (event,) = recorded()["event"]
    assert event["tags"] == {"thread": "7"} and event["transaction"] == "/v1/sync/{number}"
    assert event["user"] == {"ip_address": "10.0.0.7"}
    watchpost.capture_message("after")
    assert "tags" not in testing.events()[0]


def test_any_asgi_application():
    testing.init(traces_sample_rate=1.0)

    async def app(scope, receive, send):
        watchpost.set_tag("path", scope["path"])
        if scope["path"] == "/bad":
            raise ValueError("bad")
        await send({"type": "http.response.start", "status": 204, "headers": []})

    wrapped = WatchpostAsgiMiddleware(WatchpostAsgiMiddleware(app))
    assert serve_asgi(wrapped, "/good") == 204
    assert str(serve_asgi(wrapped, "/bad")) == "bad"
    found = recorded()
    (event,) = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.asgi", "handled": False}
    assert event["tags"] == {"path": "/bad"} and event["transaction"] == "/bad"
    assert [one["transaction"] for one in found["transaction"]] == ["/good", "/bad"]


def answers(**settings):
    """The types of the errors of an application whose answers have these statuses."""
    fastapi = framework("fastapi")
    testing.init(integrations=[FastApiIntegration(**settings), StarletteIntegration(**settings)])
    app = fastapi.FastAPI()

    class Teapot(Exception):
        status_code = 507

    @app.exception_handler(Teapot)
    def steam(request, error):
        return fastapi.Response(status_code=507)

    @app.get("/{status}")
    async def answer(status: int):
        raise Teapot("t") if status == 507 else fastapi.HTTPException(status, str(status))

    statuses = [400, 404, 500, 503, 507, 599]
    assert [serve_asgi(app, f"/{status}") for status in statuses] == statuses
    return [event["exception"]["values"][-1]["value"] for event in recorded().get("event", ())]


def test_answers_that_are_errors():
    assert answers() == ["500: 500", "503: 503", "t", "599: 599"]
    assert answers(failed_request_status_codes={404, 507}) == ["404: 404", "t"]
    assert answers(failed_request_status_codes=set()) == []
    assert answers(failed_request_status_codes=[400, range(500, 504)]) == ["400: 400", "500: 500", "503: 503"]


def test_which_requests_are_transactions():
    fastapi = framework("fastapi")

    def names(**settings):
        testing.init(traces_sample_rate=1.0, integrations=[FastApiIntegration(**settings)])
        app = fastapi.FastAPI()
        app.add_api_route("/", lambda: watchpost.capture_message("m"), methods=["GET", "HEAD", "OPTIONS"])
        for method in ("GET", "HEAD", "OPTIONS"):
            assert serve_asgi(app, "/", HEADERS, method=method) == 200
        found = recorded()
        # Their errors belong to the trace that came along all the same.
        assert [event["contexts"]["trace"]["trace_id"] for event in found["event"]] == [TRACE] * 3
        return [one["request"]["method"] for one in found.get("transaction", ())]

    assert names() == ["GET"]
    assert names(http_methods_to_capture=("head", "OPTIONS")) == ["HEAD", "OPTIONS"]
    assert names(http_methods_to_capture=()) == []


def test_what_an_endpoint_sets_is_seen_behind_a_middleware():
    fastapi = framework("fastapi")
    import asyncio
    from starlette.middleware.base import BaseHTTPMiddleware

    testing.init(traces_sample_rate=1.0, integrations=[FastApiIntegration()])
    app = fastapi.FastAPI()

    async def user():
        watchpost.set_user({"id": "7"})
        watchpost.add_breadcrumb(message="dependency")

    class Outer(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            watchpost.set_tag("outer", "yes")
            answer = await call_next(request)
            if request.url.path == "/fine":
                watchpost.capture_message("behind it")
            return answer

    @app.middleware("http")
    async def inner(request, call_next):
        watchpost.set_tag("inner", "yes")
        return await call_next(request)

    app.add_middleware(Outer)

    @app.get("/{path}", dependencies=[fastapi.Depends(user)])
    async def endpoint(path: str):
        watchpost.set_tag("endpoint", path)

        async def part():
            watchpost.set_tag("part", "yes")
            await asyncio.sleep(0)

        await asyncio.gather(part(), part())
        watchpost.add_breadcrumb(message="endpoint")
        if path == "bad":
            raise ValueError("bad")

    assert serve_asgi(app, "/fine") == 200
    assert str(serve_asgi(app, "/bad")) == "bad"
    found = recorded()
    for event, path in zip(found["event"], ("fine", "bad")):
        assert event["tags"] == {"outer": "yes", "inner": "yes", "endpoint": path, "part": "yes"}
        assert event["user"] == {"id": "7"}
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["dependency", "endpoint"]
    assert len(found["event"]) == 2
    assert [one["tags"]["endpoint"] for one in found["transaction"]] == ["fine", "bad"]
    watchpost.capture_message("after")
    assert "tags" not in testing.events()[0]
