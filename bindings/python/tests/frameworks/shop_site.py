"""A site of Django for the tests: its settings can be made only once in a process."""

import functools
import sys
import types

from support import framework

import watchpost


def note_shipped(order, **_):
    """A receiver of the site's own signal."""


@functools.lru_cache(maxsize=None)
def site():
    """Configures Django; the module with its addresses."""
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
                "page.html": "<p>{{ name }}</p>",
                "base.html": "<html>\n{% block body %}{% endblock %}\n{{ foot }}\n</html>",
                "list.html": "{% extends 'base.html' %}\n{% block body %}\n<ul>\n{% for row in rows %}\n"
                             "  {% include 'row.html' %}\n{% endfor %}\n</ul>\n{% endblock %}",
                "row.html": "<li>\n  {{ row.price }}\n</li>",
                "wrong.html": "<p>\n{% if name %}\n  {{ name|unheard_of }}\n{% endif %}",
                "bad.html": "{{ name|add:missing.call }}{% widthratio name 0 name %}{{ fail }}",
            })]},
        }],
    )
    import django

    django.setup()
    from django.core.handlers.asgi import ASGIHandler  # noqa: F401
    from django.core.management import call_command
    from django.db import connection
    from django.dispatch import Signal
    from django.http import HttpResponse, StreamingHttpResponse
    from django.shortcuts import render
    from django.urls import include, path, re_path

    shipped = Signal()
    shipped.connect(note_shipped)
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

    class Row:
        def __init__(self, broken):
            self.broken = broken

        def price(self):
            if self.broken:
                raise ValueError("no price")
            return 5

    def show(request, name, foot=None):
        context = {"rows": [Row(False), Row(name == "list")], "foot": foot, "name": "x"}
        return render(request, f"{name}.html", context)

    def remember(request):
        from django.core.cache import cache

        cache.get("order:1", "planted")
        cache.set("order:1", "planted")
        cache.get("order:1")
        cache.get_many(["order:1", "order:2"])
        cache.delete("order:1")
        cache.get("django.contrib.sessions.cacheplanted")
        shipped.send(sender=None, order="planted")
        return HttpResponse("remembered")

    async def soon(request):
        return HttpResponse("soon")

    async def later(request):
        raise ValueError("later")

    urls = types.ModuleType("site_urls")
    urls.shipped = shipped
    inner = [path("book/<int:number>/", book)]
    urls.urlpatterns = [
        path("shop/", include(inner)), path("echo/", echo), path("query/", query), path("rows/", rows),
        path("later/", later), path("show/<str:name>/", show), path("remember/", remember), path("soon/", soon),
        re_path(r"^old/(?P<year>[0-9]{4})/$", lambda request, year: book(request, 5)),
    ]
    sys.modules["site_urls"] = urls
    return urls
