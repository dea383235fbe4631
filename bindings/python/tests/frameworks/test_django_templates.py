"""Errors in templates of Django: each template is a frame, at the line that was being rendered."""

import pytest

import shop_site
from support import recorded, serve_wsgi

import watchpost
from watchpost import testing
from watchpost.integrations.django import DjangoIntegration


@pytest.fixture(scope="module")
def site():
    return shop_site.site()


def fail(path, **options):
    from django.core.handlers.wsgi import WSGIHandler

    testing.init(integrations=[DjangoIntegration()], **options)
    assert serve_wsgi(WSGIHandler(), path) == 500
    (event,) = recorded()["event"]
    return event["exception"]["values"][-1]


def templates(error):
    frames = error["stacktrace"]["frames"]
    return [(one["filename"], one["lineno"], one.get("context_line")) for one in frames if ".html" in one["filename"]]


def test_every_template_on_the_way_is_a_frame(site):
    error = fail("/show/list/")
    assert (error["type"], error["value"]) == ("ValueError", "no price")
    assert templates(error) == [
        ("list.html", 1, "{% extends 'base.html' %}"),
        ("base.html", 2, "{% block body %}{% endblock %}"),
        ("list.html", 5, "  {% include 'row.html' %}"),
        ("row.html", 2, "  {{ row.price }}"),
    ]
    frames = error["stacktrace"]["frames"]
    at = next(number for number, one in enumerate(frames) if one["filename"] == "row.html")
    row = frames[at]
    assert row["in_app"] is True and "function" not in row and "vars" not in row
    assert (row["pre_context"], row["post_context"]) == (["<li>"], ["</li>"])
    # It stands behind the engine's frame that worked on it, and before what that called.
    assert frames[at - 1]["module"] == "django.template.base" and frames[-1]["function"].endswith("Row.price")


def test_a_template_that_cannot_be_read(site):
    error = fail("/show/wrong/")
    assert error["type"] == "TemplateSyntaxError"
    assert templates(error) == [("wrong.html", 3, "  {{ name|unheard_of }}")]


def test_without_source(site):
    error = fail("/show/list/", include_source_context=False)
    assert [(name, line) for name, line, _ in templates(error)] == [
        ("list.html", 1), ("base.html", 2), ("list.html", 5), ("row.html", 2)
    ]
    assert all("context_line" not in one for one in error["stacktrace"]["frames"])


def test_one_that_was_made_of_a_string(site):
    from django.template import Context, Template

    testing.init(integrations=[DjangoIntegration()])
    try:
        Template("<p>\n{{ row.price }}").render(Context({"row": {"price": lambda: 1 / 0}}))
    except ZeroDivisionError as error:
        watchpost.capture_exception(error)
    (event,) = testing.events()
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    (frame,) = [one for one in frames if one.get("context_line") == "{{ row.price }}"]
    assert (frame["filename"], frame["lineno"]) == ("<unknown source>", 2)
