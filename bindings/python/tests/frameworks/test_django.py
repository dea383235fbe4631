"""Django, by both of its handlers."""

import pytest

import shop_site
from support import recorded, serve_asgi, serve_wsgi

import watchpost
from watchpost import testing
from watchpost.integrations.django import DjangoIntegration, readable

TRACE = "771a43a4192642f0b136d5159a501700"


@pytest.fixture(scope="module")
def site():
    return shop_site.site()


def get(path, **headers):
    from django.core.handlers.wsgi import WSGIHandler

    return serve_wsgi(WSGIHandler(), path, **headers)


def start(**options):
    testing.init(release="shop@1", integrations=[DjangoIntegration()], auto_session_tracking=True, **options)


def test_errors_transactions_and_sessions(site):
    start(traces_sample_rate=1.0)
    headers = {"sentry_trace": f"{TRACE}-b7ad6b7169203331-1", "authorization": "planted"}
    for address, status in [("/shop/book/1/", 200), ("/shop/book/5/?q=1&token=planted", 500), ("/old/2026/", 500),
                            ("/nowhere/", 404)]:
        assert get(address, **headers) == status
    testing.advance_clock(61)
    watchpost.flush()
    found = recorded()
    assert [(one["transaction"], one["transaction_info"]["source"]) for one in found["transaction"]] == [
        ("/shop/book/<int:number>/", "route"), ("/shop/book/<int:number>/", "route"), ("/old/<year>/", "route"),
        ("/nowhere/", "url"),
    ]
    assert {one["contexts"]["trace"]["trace_id"] for one in found["transaction"]} == {TRACE}
    first, second = found["event"]
    assert first["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.django", "handled": False}
    assert first["transaction"] == "/shop/book/<int:number>/" and first["tags"] == {"number": "5"}
    assert second["transaction"] == "/old/<year>/"
    assert first["request"]["url"] == "http://shop.example/shop/book/5/"
    assert first["request"]["query_string"] == "q=1&token=[Filtered]" and "user" not in first
    assert "planted" not in str(first["request"])
    (sessions,) = found["sessions"]
    (bucket,) = sessions["aggregates"]
    assert (bucket["exited"], bucket["crashed"]) == (2, 2)


def test_who_is_logged_in(site):
    from django.contrib.auth.models import User
    from django.test import Client

    user = User.objects.create_user("ada", "ada@example.com", "planted")
    browser = Client()
    browser.force_login(user)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    start(send_default_pii=True)
    assert get("/echo/?a=1", method="POST", body=b"amount=5&password=planted", cookie=cookie) == 500
    (event,) = recorded()["event"]
    assert event["user"] == {"id": str(user.pk), "email": "ada@example.com", "username": "ada", "ip_address": "10.0.0.7"}
    assert "amount" in str(event["request"]["data"]) and "planted" not in str(event["request"])
    start()
    assert get("/echo/?a=1", method="POST", body=b"amount=5", cookie=cookie) == 500
    (event,) = recorded()["event"]
    assert "user" not in event and "data" not in event["request"]


def test_queries_and_templates(site):
    start(traces_sample_rate=1.0)
    assert get("/query/") == 200
    (transaction,) = recorded()["transaction"]
    spans = [(one["op"], one["description"]) for one in transaction["spans"]]
    assert ("db", "SELECT %s") in spans and ("template.render", "page.html") in spans
    assert "planted" not in str(transaction)


def test_bodies_belong_to_their_request(site):
    start(traces_sample_rate=1.0)
    with pytest.raises(ValueError, match="row 2"):
        get("/rows/")
    watchpost.capture_message("after")
    error, after = recorded()["event"]
    assert error["tags"] == {"row": "2"} and error["transaction"] == "/rows/" and "tags" not in after


def test_the_asynchronous_handler(site):
    from django.core.handlers.asgi import ASGIHandler

    start(traces_sample_rate=1.0, send_default_pii=True)
    assert serve_asgi(ASGIHandler(), "/later/", [(b"sentry-trace", f"{TRACE}-b7ad6b7169203331-1".encode())]) == 500
    assert serve_asgi(ASGIHandler(), "/shop/book/1/") == 200
    found = recorded()
    (event,) = found["event"]
    assert event["transaction"] == "/later/" and event["contexts"]["trace"]["trace_id"] == TRACE
    assert event["request"]["url"] == "http://shop.example/later/"
    assert [one["transaction"] for one in found["transaction"]] == ["/later/", "/shop/book/<int:number>/"]


def test_names_by_view(site):
    testing.init(integrations=[DjangoIntegration(transaction_style="function_name")])
    get("/shop/book/5/")
    assert recorded()["event"][0]["transaction"].endswith("book")


def test_switched_off(site):
    testing.init(integrations=[])
    assert get("/shop/book/5/") == 500
    assert recorded() == {}


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        ("orders/<int:number>/", "/orders/<int:number>/"),
        (r"^orders/(?P<number>[0-9]+)/$", "/orders/<number>/"),
        (r"^a/(?P<b>(x|y)+)/c\.html$", "/a/<b>/c.html"),
        (r"^list/(\d+)/\Z", "/list/<>/"),
        ("", "/"),
    ],
)
def test_readable_routes(route, shown):
    assert readable(route) == shown


def test_answers_that_are_errors(site):
    def events(**settings):
        testing.init(integrations=[DjangoIntegration(**settings)])
        assert [get(path) for path in ("/nowhere/", "/shop/book/5/")] == [404, 500]
        return [event["exception"]["values"][-1] for event in recorded().get("event", ())]

    (event,) = events()
    assert event["type"] == "ValueError" and event["mechanism"]["handled"] is False
    first, second = events(failed_request_status_codes={404})
    assert first["type"] == "Resolver404" and first["mechanism"] == {"type": "auto.http.django", "handled": True}
    assert second["type"] == "ValueError"


def test_which_requests_are_transactions(site):
    def methods(**settings):
        testing.init(traces_sample_rate=1.0, integrations=[DjangoIntegration(**settings)])
        for method in ("GET", "HEAD", "OPTIONS"):
            get("/query/", method=method)
        return [one["request"]["method"] for one in recorded()["transaction"]]

    assert methods() == ["GET"] and methods(http_methods_to_capture=("HEAD",)) == ["HEAD"]
