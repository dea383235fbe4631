"""Requests of WSGI applications, Flask's among them."""

import contextlib

import pytest

from support import framework, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.flask import FlaskIntegration
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware

HEADERS = {
    "Cookie": "sid=planted-1",
    "Authorization": "planted-2",
    "X-Forwarded-For": "203.0.113.9",
    "User-Agent": "test",
}


@pytest.fixture
def app():
    flask = framework("flask")
    app = flask.Flask(__name__)

    @app.route("/book/<number>")
    def book(number):
        watchpost.set_tag("number", number)
        watchpost.add_breadcrumb(message=f"book {number}")
        if number == "5":
            raise ValueError("cannot book")
        return "booked"

    @app.errorhandler(KeyError)
    def handled(error):
        return "handled", 400

    @app.route("/handled")
    def raises_handled():
        raise KeyError

    @app.route("/rows")
    def rows():
        def generate():
            yield "1"
            watchpost.set_tag("row", "2")
            yield "2"
            if flask.request.args.get("fail"):
                raise ValueError("row 3")

        return flask.stream_with_context(generate())

    @app.post("/echo")
    def echo():
        flask.request.get_json()
        raise ValueError("echo")

    return app


TRACE = "771a43a4192642f0b136d5159a501700"


def traced(app, *paths, **options):
    testing.init(release="shop@1", traces_sample_rate=1.0, auto_session_tracking=True,
                 integrations=[FlaskIntegration(**options)])
    client = app.test_client()
    for path in paths:
        # An error amid a body reaches the server.
        with contextlib.suppress(ValueError):
            client.get(path, buffered=True, headers={"sentry-trace": f"{TRACE}-b7ad6b7169203331-1"})
    testing.advance_clock(61)
    watchpost.flush()
    return recorded()


def test_a_transaction_is_named_by_its_route_and_continues_the_trace(app):
    found = traced(app, "/book/1?q=1", "/book/5", "/nowhere", "/handled")
    names = [(one["transaction"], one["transaction_info"]["source"]) for one in found["transaction"]]
    assert names == [("/book/<number>", "route"), ("/book/<number>", "route"), ("/nowhere", "url"), ("/handled", "route")]
    traces = [one["contexts"]["trace"] for one in found["transaction"]]
    assert {one["trace_id"] for one in traces} == {TRACE}
    assert {(one["op"], one["origin"], one["parent_span_id"]) for one in traces} == {
        ("http.server", "auto.http.flask", "b7ad6b7169203331")
    }
    statuses = [(one["status"], one["data"]["http.response.status_code"]) for one in traces]
    assert statuses == [("ok", 200), ("internal_error", 500), ("not_found", 404), ("invalid_argument", 400)]
    (error,) = found["event"]
    assert error["contexts"]["trace"]["trace_id"] == TRACE
    assert error["contexts"]["trace"]["span_id"] == traces[1]["span_id"]
    assert found["transaction"][0]["request"]["url"] == "http://localhost/book/1"


def test_requests_are_sessions(app):
    (sessions,) = traced(app, "/book/1", "/book/1", "/book/5")["sessions"]
    counts = [(bucket["exited"], bucket.get("crashed")) for bucket in sessions["aggregates"]]
    assert counts == [(2, 1)] and sessions["attrs"]["release"] == "shop@1"


def test_names_by_endpoint(app):
    found = traced(app, "/book/5", transaction_style="endpoint")
    assert found["transaction"][0]["transaction"] == found["event"][0]["transaction"] == "book"
    with pytest.raises(ValueError, match="neither"):
        FlaskIntegration(transaction_style="nonsense")


def test_a_body_is_made_in_the_scopes_of_its_request(app):
    found = traced(app, "/rows", "/rows?fail=1")
    (event,) = found["event"]
    assert event["tags"] == {"row": "2"} and event["transaction"] == "/rows"
    assert event["exception"]["values"][0]["value"] == "row 3"
    assert [one["contexts"]["trace"]["status"] for one in found["transaction"]] == ["ok", "internal_error"]
    watchpost.capture_message("after")
    assert "tags" not in testing.events()[0]


def test_an_error_amid_a_body_of_known_length(app):
    @app.route("/sized")
    def sized():
        def generate():
            yield "1"
            raise ValueError("row 2")

        return app.response_class(generate(), headers={"Content-Length": "2"})

    (event,) = traced(app, "/sized")["event"]
    assert event["transaction"] == "/sized" and event["exception"]["values"][0]["value"] == "row 2"


def test_bodies_where_they_are_collected(app):
    testing.init(send_default_pii=True, integrations=[FlaskIntegration()])
    app.test_client().post("/echo", json={"amount": 5, "password": "planted"})
    (event,) = testing.events()
    assert event["request"]["data"] == {"amount": 5, "password": "[Filtered]"}
    testing.init(integrations=[FlaskIntegration()])
    app.test_client().post("/echo", json={"amount": 5})
    assert "data" not in testing.events()[0]["request"]


def test_switched_off(app):
    testing.init(integrations=[])
    assert app.test_client().get("/book/5").status_code == 500
    assert testing.events() == []


def test_an_unhandled_error_of_a_request(app):
    testing.init(integrations=[FlaskIntegration()])
    client = app.test_client()
    assert client.get("/book/1").status_code == 200
    assert client.get("/book/5?q=1&token=planted-3", headers=HEADERS).status_code == 500
    assert client.get("/handled").status_code == 400
    (event,) = testing.events()
    (value,) = event["exception"]["values"]
    assert value["mechanism"] == {"type": "auto.http.flask", "handled": False}
    assert event["transaction"] == "/book/<number>" and event["tags"] == {"number": "5"}
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["book 5"]
    request = event["request"]
    assert request["method"] == "GET" and request["url"] == "http://localhost/book/5"
    assert request["headers"]["User-Agent"] == "test" and request["headers"]["Authorization"] == "[Filtered]"
    assert request["query_string"] == "q=1&token=[Filtered]"
    assert "planted" not in str(event["request"]) and "203.0.113.9" not in str(event)
    watchpost.capture_message("after")
    (after,) = testing.events()
    assert "tags" not in after and "request" not in after and "breadcrumbs" not in after


def test_personal_data_only_when_asked_for(app):
    testing.init(send_default_pii=True, integrations=[FlaskIntegration()])
    app.test_client(use_cookies=False).get("/book/5", headers=HEADERS)
    (event,) = testing.events()
    assert event["request"]["headers"]["X-Forwarded-For"] == "203.0.113.9"
    assert event["request"]["env"] == {"REMOTE_ADDR": "127.0.0.1"}
    assert event["request"]["cookies"] == "sid=[Filtered]" and event["user"] == {"ip_address": "203.0.113.9"}
    assert "planted" not in str(event["request"])


def test_data_collection_decides_what_is_collected_of_a_request(app):
    testing.init(data_collection={"cookies": True, "query_params": False, "http_headers": {"request": False}}, integrations=[FlaskIntegration()])
    app.test_client(use_cookies=False).get("/book/5?q=1", headers={"Cookie": "theme=dark"})
    (event,) = testing.events()
    request = event["request"]
    assert request["cookies"] == "theme=dark" and "query_string" not in request and "headers" not in request


def test_any_wsgi_application():
    testing.init()

    def app(environ, start_response):
        watchpost.set_tag("path", environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/bad":
            raise ValueError("bad")
        start_response("200 OK", [])
        return [b"good"]

    wrapped = WatchpostWsgiMiddleware(app)
    environ = {"REQUEST_METHOD": "POST", "SERVER_NAME": "shop", "wsgi.url_scheme": "https"}
    assert wrapped({**environ, "PATH_INFO": "/good"}, lambda *_: None) == [b"good"]
    with pytest.raises(ValueError, match="bad"):
        wrapped({**environ, "PATH_INFO": "/bad"}, lambda *_: None)
    (event,) = testing.events()
    assert event["tags"] == {"path": "/bad"} and event["request"]["url"] == "https://shop/bad"
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.wsgi", "handled": False}
