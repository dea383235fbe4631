"""Middleware, views, signals and the cache of Django, as spans."""

import pytest

import shop_site
from support import recorded, serve_asgi, serve_wsgi

from watchpost import testing
from watchpost.integrations.django import DjangoIntegration

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"


@pytest.fixture(scope="module")
def site():
    return shop_site.site()


def trace(path, serve=None, **settings):
    """The spans of one request, by their ids, and that of the transaction."""
    testing.init(traces_sample_rate=1.0, integrations=[DjangoIntegration(**settings)])
    if serve is None:
        from django.core.handlers.wsgi import WSGIHandler

        assert serve_wsgi(WSGIHandler(), path) == 200
    else:
        assert serve(path) == 200
    (transaction,) = recorded()["transaction"]
    return {one["span_id"]: one for one in transaction["spans"]}, transaction["contexts"]["trace"]["span_id"]


def way(spans, span):
    """From a span outwards."""
    found = []
    while span is not None:
        found.append((span["op"], span["description"]))
        span = spans.get(span["parent_span_id"])
    return found


def of(spans, op):
    return [one for one in spans.values() if one["op"] == op]


def test_middleware_and_views_stand_around_each_other(site):
    spans, root = trace("/query/")
    (query,) = of(spans, "db")
    view = ("view.render", "shop_site.site.<locals>.query")
    assert way(spans, query)[1:] == [view, ("middleware.django", USERS), ("middleware.django", SESSIONS)]
    (template,) = of(spans, "template.render")
    assert way(spans, template)[1] == view
    outermost = next(one for one in spans.values() if one["description"] == SESSIONS)
    assert outermost["parent_span_id"] == root and outermost["data"]["middleware_name"] == SESSIONS
    assert outermost["origin"] == "auto.http.django" and outermost["status"] == "ok"


def test_coroutines_stay_coroutines(site):
    from django.core.handlers.asgi import ASGIHandler

    for path, view in [("/soon/", "soon"), ("/query/", "query")]:
        spans, _ = trace(path, lambda path: serve_asgi(ASGIHandler(), path))
        (shown,) = of(spans, "view.render")
        assert way(spans, shown) == [
            ("view.render", f"shop_site.site.<locals>.{view}"), ("middleware.django", USERS),
            ("middleware.django", SESSIONS),
        ]


def test_signals(site):
    spans, _ = trace("/remember/")
    (receiver,) = [one for one in of(spans, "event.django") if one["description"] == "shop_site.note_shipped"]
    assert receiver["data"]["signal"] == "shop_site.note_shipped"
    assert way(spans, receiver)[1][0] == "view.render"
    assert not [one for one in of(spans, "event.django") if one["description"].startswith("watchpost")]


def test_the_cache_tells_keys_and_no_values(site):
    spans, _ = trace("/remember/")
    found = [
        (one["op"], one["description"], one["data"].get("cache.hit"))
        for one in spans.values() if one["op"].startswith("cache.")
    ]
    assert found == [
        ("cache.get", "order:1", False), ("cache.put", "order:1", None), ("cache.get", "order:1", True),
        ("cache.get", "order:1", True), ("cache.get", "order:2", False),
        ("cache.remove", "order:1", None), ("cache.get", "django.contrib.sessions.[Filtered]", False),
    ]
    assert "planted" not in str(spans)


def test_each_can_be_left_out(site):
    spans, _ = trace("/remember/", middleware_spans=False, signals_spans=False, cache_spans=False)
    assert {one["op"] for one in spans.values()} == {"view.render"}


def test_signals_that_nobody_wants_to_see(site):
    signals = lambda spans: {one["data"]["signal"] for one in of(spans, "event.django")}  # noqa: E731
    assert "shop_site.note_shipped" in signals(trace("/remember/")[0])
    kept = signals(trace("/remember/", signals_denylist=[site.shipped])[0])
    assert kept and "shop_site.note_shipped" not in kept
