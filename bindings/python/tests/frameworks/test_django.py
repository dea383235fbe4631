"""Django, by both of its handlers."""

import sys
import types

import pytest

from support import framework, recorded, serve_asgi, serve_wsgi

import watchpost
from watchpost import testing
from watchpost.integrations.django import DjangoIntegration, readable

TRACE = "771a43a4192642f0b136d5159a501700"


@pytest.fixture(scope="module")
def site():
    framework("django")
    from django.conf import settings

    settings.configure(
        DEBUG=False,
        SECRET_KEY="planted-key",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="site_urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:shop?mode=memory&cache=shared"}},
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
                "page.html": "<p>{{ name }}</p>", "bad.html": "{{ name|add:missing.call }}{% widthratio name 0 name %}{{ fail }}",
            })]},
        }],
    )
    import django

    django.setup()
    from django.core.handlers.asgi import ASGIHandler  # noqa: F401
    from django.core.management import call_command
    from django.db import connection
    from django.http import HttpResponse, StreamingHttpResponse
    from django.shortcuts import render
    from django.urls import include, path, re_path

    connection.ensure_connection()
    call_command("migrate", verbosity=0)

    def book(request, number):
        watchpost.set_tag("number", number)
        if number == 5:
            raise ValueError("cannot book")
        return HttpResponse("booked")

    def echo(request):
        request.POST.get("amount")
        raise ValueError("echo")

    def query(request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", ["planted"])
        return render(request, "page.html", {"name": "x"})

    def rows(request):
        def generate():
            yield "1"
            watchpost.set_tag("row", "2")
            raise ValueError("row 2")

        return StreamingHttpResponse(generate())

    async def later(request):
        raise ValueError("later")

    urls = types.ModuleType("site_urls")
    inner = [path("book/<int:number>/", book)]
    urls.urlpatterns = [
        path("shop/", include(inner)), path("echo/", echo), path("query/", query), path("rows/", rows),
        path("later/", later), re_path(r"^old/(?P<year>[0-9]{4})/$", lambda request, year: book(request, 5)),
    ]
    sys.modules["site_urls"] = urls
    return urls


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
