"""Requests of WSGI applications, Flask's among them."""

import pytest

import watchpost
from watchpost import testing
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware

HEADERS = {
    "Cookie": "sid=planted-1",
    "Authorization": "planted-2",
    "X-Forwarded-For": "203.0.113.9",
    "User-Agent": "test",
}


@pytest.fixture
def app():
    flask = pytest.importorskip("flask")
    from watchpost.integrations import flask as integration

    integration.set_up()
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

    return app


def test_an_unhandled_error_of_a_request(app):
    testing.init()
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
    testing.init(send_default_pii=True)
    app.test_client(use_cookies=False).get("/book/5", headers=HEADERS)
    (event,) = testing.events()
    assert event["request"]["headers"]["X-Forwarded-For"] == "203.0.113.9"
    assert event["request"]["env"] == {"REMOTE_ADDR": "127.0.0.1"}
    assert event["request"]["cookies"] == "sid=[Filtered]" and event["user"] == {"ip_address": "203.0.113.9"}
    assert "planted" not in str(event["request"])


def test_data_collection_decides_what_is_collected_of_a_request(app):
    testing.init(data_collection={"cookies": True, "query_params": False, "http_headers": {"request": False}})
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
