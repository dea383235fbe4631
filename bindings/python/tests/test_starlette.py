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
    (event,) = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.starlette", "handled": False}
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
