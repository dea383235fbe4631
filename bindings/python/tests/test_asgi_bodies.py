"""Bodies of requests to Starlette, FastAPI and any other ASGI application: copied while the application reads them."""

import pytest

from support import framework, recorded, serve_asgi

from watchpost import testing
from watchpost.integrations.asgi import WatchpostAsgiMiddleware
from watchpost.integrations.starlette import StarletteIntegration

JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")


@pytest.fixture
def app():
    fastapi = framework("fastapi")
    app = fastapi.FastAPI()

    @app.post("/read")
    async def read(request: fastapi.Request):
        await request.body()
        raise ValueError("read")

    @app.post("/parsed")
    async def parsed(order: dict):
        raise ValueError("parsed")

    @app.post("/first")
    async def first(request: fastapi.Request):
        async for _ in request.stream():
            raise ValueError("first")

    @app.post("/unread")
    async def unread():
        raise ValueError("unread")

    return app


def fail(app, path, parts, *headers, **options):
    """What the event says of the request."""
    testing.init(integrations=[StarletteIntegration()], **{"send_default_pii": True, **options})
    assert str(serve_asgi(app, path, headers, "POST", body=parts)) == path[1:]
    (event,) = recorded()["event"]
    return event["request"]


@pytest.mark.parametrize("path", ["/read", "/parsed"])
def test_what_the_application_reads_is_on_the_event(app, path):
    request = fail(app, path, [b'{"amount": 5, ', b'"password": "planted"}'], JSON)
    assert request["data"] == {"amount": 5, "password": "[Filtered]"}


def test_forms(app):
    request = fail(app, "/read", [b"amount=5&password=planted"], FORM)
    assert request["data"] == "amount=5&password=[Filtered]"


@pytest.mark.parametrize(
    "options", [{"send_default_pii": False}, {"data_collection": {"http_bodies": []}}, {"max_request_body_size": "never"}]
)
def test_nothing_is_copied_that_nobody_asked_for(app, options):
    assert "data" not in fail(app, "/read", [b'{"amount": "planted"}'], JSON, **options)


def test_what_is_too_large_is_left_out(app):
    # Said beforehand, and found out while reading.
    large = b'{"amount": "' + b"planted" * 200 + b'"}'
    for headers in [(JSON, (b"content-length", str(len(large)).encode())), (JSON,)]:
        request = fail(app, "/read", [large[:700], large[700:]], *headers, max_request_body_size="small")
        assert "planted" not in str(request)


def test_what_is_not_read_to_its_end_is_left_out(app):
    assert "data" not in fail(app, "/first", [b'{"amount":', b"5}"], JSON)
    assert "data" not in fail(app, "/unread", [b'{"amount": 5}'], JSON)
    assert "data" not in fail(app, "/read", [b"planted"], (b"content-type", b"application/octet-stream"))


def test_any_application():
    async def app(scope, receive, send):
        while (await receive())["more_body"]:
            pass
        raise ValueError("read")

    request = fail(WatchpostAsgiMiddleware(app), "/read", [b'{"amount"', b": 5}"], JSON)
    assert request["data"] == {"amount": 5}
